import Table from 'cli-table3'
import type { Figure } from './figure.ts'

/** Lists the figures with a goal first, because the bench exists for these. */
export function tableOf(figures: readonly Figure[]): string {
  const table = new Table({
    head: ['', 'figure', 'median', '±', 'unit', 'goal', ''],
    style: { head: [], border: [], compact: true },
  })
  const sorted = [...figures].sort((a, b) => Number(a.goal === null) - Number(b.goal === null))
  for (const each of sorted) {
    table.push([
      each.target ?? '',
      each.name,
      ...[each.median, each.spread].map((value) => ({
        content: shown(value),
        hAlign: 'right' as const,
      })),
      each.unit,
      each.goal === null ? '' : `${each.goal.kind} ${each.goal.value}`,
      each.goal === null ? '' : verdict(each),
    ])
  }
  return table.toString()
}

function verdict({ goal, median, met }: Figure): string {
  if (!met) return 'missed'
  const reached = goal?.kind === 'at least' ? median >= goal.value : median <= (goal?.value ?? 0)
  return reached ? 'met' : 'within the spread'
}

function shown(value: number): string {
  if (value >= 100) return value.toFixed(0)
  return value.toPrecision(3)
}
