import type { Curve, Point } from './curve.ts'
import { allPayers } from './payers.ts'

/** Colour-blind readers can distinguish these too. */
const colors = ['#000000', '#0072b2', '#009e73', '#e69f00', '#d55e00', '#cc79a7', '#56b4e9']

const plot = { left: 60, top: 20, width: 480, height: 300 }
const calls = { min: 4, max: 27, marks: [5, 9, 15, 20, 26] }
/** A logarithmic scale, so that one minute is visible among short waits. */
const mins = { min: 5, max: 75, marks: [5, 10, 20, 40, 60] }

/** An SVG with the calls on the x axis and the p99 of each kind of payers on the y axis. */
export function curvePlot({ even, standard, story }: Curve): string {
  const series = allPayers.map(({ name }, at) => {
    const color = colors[at] ?? 'black'
    const marks = [
      `<polyline points="${even.map((point) => positionOf(point, at).join(',')).join(' ')}"/>`,
      ...even.map((point) => dot(positionOf(point, at), color)),
      diamond(positionOf(standard, at), color),
      cross(positionOf(story, at)),
    ]
    return `<g stroke="${color}" fill="none" stroke-width="1.5">${marks.join('')}</g>
${legend(name, { at, color })}`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 380" font-family="sans-serif" font-size="12">
<title>p99 until a lost callback's payment is seen, by calls about an abandoned order</title>
<rect width="720" height="380" fill="#ffffff"/>
${axes()}
${series.join('\n')}
${keyOf()}
</svg>
`
}

type Position = readonly [x: number, y: number]

function positionOf({ calls: count, waits }: Point, at: number): Position {
  return [xOf(count), yOf(waits[at]?.p99 ?? 0)]
}

function xOf(count: number): number {
  return Math.round(plot.left + ((count - calls.min) / (calls.max - calls.min)) * plot.width)
}

function yOf(minutes: number): number {
  const share = Math.log(minutes / mins.min) / Math.log(mins.max / mins.min)
  return Math.round(plot.top + (1 - share) * plot.height)
}

function dot([x, y]: Position, color: string): string {
  return `<circle cx="${x}" cy="${y}" r="3" fill="${color}"/>`
}

function diamond([x, y]: Position, color: string): string {
  return `<path d="M${x} ${y - 6}l6 6l-6 6l-6-6z" fill="#ffffff" stroke="${color}"/>`
}

function cross([x, y]: Position): string {
  return `<path d="M${x - 5} ${y - 5}l10 10m0-10l-10 10"/>`
}

function axes(): string {
  const bottom = plot.top + plot.height
  const right = plot.left + plot.width
  const across = mins.marks.map(
    (mark) => `<path d="M${plot.left} ${yOf(mark)}H${right}" stroke="#dddddd"/>
<text x="${plot.left - 8}" y="${yOf(mark) + 4}" text-anchor="end">${mark}</text>`,
  )
  const along = calls.marks.map(
    (mark) => `<text x="${xOf(mark)}" y="${bottom + 18}" text-anchor="middle">${mark}</text>`,
  )
  return `${[...across, ...along].join('\n')}
<path d="M${plot.left} ${plot.top}V${bottom}H${right}" stroke="#000000" fill="none"/>
<text x="${plot.left + plot.width / 2}" y="${bottom + 40}" text-anchor="middle">calls about an abandoned order</text>
<text transform="translate(18 ${plot.top + plot.height / 2}) rotate(-90)" text-anchor="middle">p99, minutes</text>`
}

function legend(name: string, { at, color }: { at: number; color: string }): string {
  const y = plot.top + 20 + at * 20
  return `<text x="580" y="${y}" fill="${color}">${name}</text>`
}

function keyOf(): string {
  const x = 572
  const lines = [
    { mark: dot([x, 216], '#000000'), name: 'one wait, repeated' },
    { mark: diamond([x, 236], '#000000'), name: 'the default' },
    { mark: cross([x, 256]), name: 'the story' },
  ]
  const shown = lines.map(
    ({ mark, name }, at) =>
      `<g stroke="#000000" fill="none">${mark}</g><text x="584" y="${220 + at * 20}">${name}</text>`,
  )
  return shown.join('\n')
}
