import { type Source, sources } from '../../../../domain/order-states.ts'
import { termsOf } from '../../../../i18n/terms.ts'
import { useLocale } from '../../frame/rendering.ts'
import { overviewWords } from '../words.ts'
import type { CreditHistory } from './credit-history.ts'
import { countCalls } from './gateway-calls.ts'
import { type Histograms, type MinuteHistograms, totalOf } from './histogram.ts'

/** The spans of charts and percentiles, in hours; each with the width of a point, in minutes. */
export const spans = [
  { hours: 1, slotMins: 1 },
  { hours: 6, slotMins: 5 },
  { hours: 24, slotMins: 20 },
] as const

export type ChartSpan = (typeof spans)[number]

export const spanDefault: ChartSpan = spans[1]

export interface Slot {
  readonly fromMs: number
  /** Null: not read yet. */
  readonly credits: Readonly<Record<Source, number>> | null
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  readonly answered: number
  readonly failed: number
}

/** Whole slots; the last one contains `nowMs`. */
export function slotsOf(
  { credits, calls }: { credits: CreditHistory; calls: MinuteHistograms<string> },
  { nowMs, span }: { nowMs: number; span: ChartSpan },
): readonly Slot[] {
  const slotMs = span.slotMins * 60_000
  const count = (span.hours * 60) / span.slotMins
  const firstMs = Math.floor(nowMs / slotMs) * slotMs - (count - 1) * slotMs
  return Array.from({ length: count }, (_, at) => {
    const fromMs = firstMs + at * slotMs
    const slot = { fromMs, toMs: fromMs + slotMs }
    const isRead = credits.fromMs !== null && slot.toMs > credits.fromMs
    const sums = credits.sum(slot)
    const total = totalOf(sums)
    const called = countCalls(calls.sum(slot))
    return {
      fromMs,
      credits: isRead ? countsOf(sums) : null,
      p50Ms: total.percentileMs(50),
      p99Ms: total.percentileMs(99),
      answered: called.total.count - called.failed,
      failed: called.failed,
    }
  })
}

function countsOf(sums: Histograms<Source>): Record<Source, number> {
  const counts = { callback: 0, check: 0, compensation: 0, operator: 0 }
  for (const source of sources) counts[source] = sums.get(source)?.count ?? 0
  return counts
}

/** Drawn for every time below a second. */
const belowSecond = 0.5

/** What `assets/overview.js` draws. Times in seconds; null: nothing to draw there. */
export interface ChartData {
  /** Where each point begins, since 1970. */
  readonly at: readonly number[]
  readonly slotS: number
  readonly credits: readonly Series[]
  readonly latency: readonly Series[]
  readonly calls: readonly Series[]
}

export interface Series {
  readonly label: string
  readonly values: readonly (number | null)[]
}

export function chartData(slots: readonly Slot[]): ChartData {
  const words = overviewWords().charted
  const { source } = termsOf(useLocale())
  const series = (label: string, pick: (slot: Slot) => number | null): Series => ({
    label,
    values: slots.map(pick),
  })
  // The gateway dates payments in whole seconds: shorter times are not known, and 0 has no logarithm.
  const seconds = (ms: number | null) =>
    ms === null ? null : ms < 1000 ? belowSecond : Math.round(ms / 100) / 10
  return {
    at: slots.map(({ fromMs }) => fromMs / 1000),
    slotS: ((slots[1]?.fromMs ?? 0) - (slots[0]?.fromMs ?? 0)) / 1000,
    credits: sources.map((each) => series(source[each], ({ credits }) => credits?.[each] ?? null)),
    latency: [
      series(words.p50, ({ p50Ms }) => seconds(p50Ms)),
      series(words.p99, ({ p99Ms }) => seconds(p99Ms)),
    ],
    calls: [
      series(words.answered, ({ answered }) => answered),
      series(words.failed, ({ failed }) => failed),
    ],
  }
}
