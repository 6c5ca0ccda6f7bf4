import type { Curve, Point } from './curve.ts'
import { allPayers } from './payers.ts'
import type { Waits } from './shop.ts'

/** As Markdown. */
export function curveTable({ even, standard, others, story }: Curve): string {
  const head = ['runs every', 'waits', 'calls', ...allPayers.map(({ name }) => name)]
  const rows = [
    ...even.map((point) => rowOf(point, settingOf(point))),
    rowOf(standard, settingOf(standard, ' (default)')),
    ...others.map((point) => rowOf(point, settingOf(point))),
    rowOf(story, ['5 min', 'the story: all, in each run']),
  ]
  const lines = [head, head.map((_, at) => (at < 2 ? '---' : '---:')), ...rows]
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
