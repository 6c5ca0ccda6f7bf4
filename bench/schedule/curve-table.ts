import type { Curve, Point } from './curve.ts'
import type { Waits } from './drawn-orders.ts'
import { callsMax } from './least-p99.ts'
import { allPayers } from './payers.ts'

/** The waits in minutes, as a Markdown table. */
export function curveTable({ even, standard, others, story }: Curve): string {
  const head = ['runs every', 'waits', 'calls', ...allPayers.map(({ name }) => name)]
  const rows = [
    ...even.map((point) => rowOf(point, settingOf(point))),
    rowOf(standard, settingOf(standard, ' (default)')),
    ...others.map((point) => rowOf(point, settingOf(point))),
    rowOf(story, ['5 min', 'the story: all, in each run']),
  ]
  return markdown([head, head.map((_, at) => (at < 2 ? '---' : '---:')), ...rows])
}

/** The p99 of each setting, and the lower bound, as ratios to the story's. */
export function ratioTable({ standard, others, story, least }: Curve): string {
  const rowOfRatios = (name: string, p99s: readonly number[]) => [
    name,
    ...p99s.map((p99, at) => (p99 / (story.waits[at]?.p99 ?? Number.NaN)).toFixed(2)),
  ]
  const rowOfPoint = (point: Point, remark = '') => {
    const [every, waits] = settingOf(point, remark)
    const name = `${callsShown(point.calls)} calls: ${waits}, runs every ${every}`
    return rowOfRatios(
      name,
      point.waits.map(({ p99 }) => p99),
    )
  }
  const head = ["p99, of the story's", ...allPayers.map(({ name }) => name)]
  return markdown([
    head,
    head.map((_, at) => (at < 1 ? '---' : '---:')),
    rowOfPoint(standard, ' (default)'),
    rowOfRatios(`the least of any list of ${callsMax} calls, runs every 5 min`, least),
    ...others.map((point) => rowOfPoint(point)),
  ])
}

function markdown(lines: readonly (readonly string[])[]): string {
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function settingOf({ setting }: Point, remark = ''): readonly string[] {
  const { intervalMins, recheckMins } = setting ?? { intervalMins: 0, recheckMins: [] }
  return [`${intervalMins} min`, `\`[${recheckMins.join(', ')}]\`${remark}`]
}

function rowOf({ calls, waits }: Point, setting: readonly string[]): readonly string[] {
  return [...setting, callsShown(calls), ...waits.map(waitsShown)]
}

function callsShown(calls: number): string {
  return calls.toFixed(Number.isInteger(calls) ? 0 : 2)
}

function waitsShown({ p50, p99 }: Waits): string {
  return `${p99.toFixed(1)} (${p50.toFixed(1)})`
}
