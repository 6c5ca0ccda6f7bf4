import type { Event } from '../../../domain/event.ts'
import type { Estimate } from '../../../domain/runs/run.ts'
import type { SchedulePolicy } from '../../../domain/runs/schedule.ts'
import type { ReadinessCheck } from '../../../health/readiness.ts'
import type { MerchantWaits } from '../../../store/store.ts'

/** How one of several merchants is. */
export interface MerchantState {
  readonly name: string
  /** Those of readiness that are its own. */
  readonly checks: readonly ReadinessCheck[]
  /** Null: the database did not answer. */
  readonly waits: MerchantWaits | null
  readonly news: MerchantNews
}

/** What this process has seen of a merchant. */
export interface MerchantNews {
  /** More orders are due than a batch takes. Null: not lately. */
  readonly backlog: Backlog | null
  readonly lastCall: { readonly at: Date; readonly outcome: string } | null
  /** When the gateway last answered "too many requests". */
  readonly throttledAt: Date | null
}

export type Backlog = Pick<Estimate, 'remaining' | 'doneInMs'>

const noNews: MerchantNews = { backlog: null, lastCall: null, throttledAt: null }

/** Collects the news by merchant; where there is one, its events have no name, and there is one entry. */
export class NewsOfMerchants {
  readonly #byName = new Map<string | undefined, MerchantNews & { readonly countedAt: number }>()

  receive(event: Event, at: Date): void {
    const { merchantName } = event
    const before = this.#byName.get(merchantName) ?? { ...noNews, countedAt: 0 }
    const changed = changeBy(event, at)
    if (changed !== null) this.#byName.set(merchantName, { ...before, ...changed })
  }

  /** A count of the backlog says nothing after `backlogMs` without another one. */
  of(name: string | undefined, { now, backlogMs }: NewsTime): MerchantNews {
    const { countedAt, ...news } = this.#byName.get(name) ?? { ...noNews, countedAt: 0 }
    return now - countedAt > backlogMs ? { ...news, backlog: null } : news
  }

  /** Of all merchants together; it is done when the last is. */
  backlog(time: NewsTime): Backlog | null {
    const all = [...this.#byName.keys()].flatMap((name) => this.of(name, time).backlog ?? [])
    if (all.length === 0) return null
    const ends = all.map(({ doneInMs }) => doneInMs ?? Number.POSITIVE_INFINITY)
    const doneInMs = Math.max(...ends)
    return {
      remaining: all.reduce((sum, { remaining }) => sum + remaining, 0),
      doneInMs: Number.isFinite(doneInMs) ? doneInMs : null,
    }
  }
}

/** By `performance.now()`. */
interface NewsTime {
  readonly now: number
  readonly backlogMs: number
}

function changeBy(
  event: Event,
  at: Date,
): (Partial<MerchantNews> & { readonly countedAt?: number }) | null {
  switch (event.type) {
    case 'gateway_called': {
      const { outcome } = event
      return isSent(outcome) ? { lastCall: { at, outcome } } : null
    }
    case 'gateway_throttled':
      return { throttledAt: at }
    case 'catching_up':
      return { backlog: event, countedAt: performance.now() }
    case 'caught_up':
      return { backlog: null }
    default:
      return null
  }
}

/** What the rate limiter refused was not sent. */
export function isSent(outcome: string): boolean {
  return outcome !== 'quota' && outcome !== 'old_order_limit'
}

/** The check that stops the merchant, or holds up its closing. */
export function faultOf({ checks }: MerchantState): ReadinessCheck | null {
  return checks.find(({ condition }) => condition === 'held' || condition === 'faulty') ?? null
}

/** How far its most overdue query is behind, beyond the threshold. */
export function latenessMs(
  { waits }: MerchantState,
  { thresholdMs }: Pick<SchedulePolicy, 'thresholdMs'>,
): number {
  return Math.max(0, (waits?.mostOverdueMs ?? 0) - thresholdMs)
}

/** As the overview judges all merchants together: see `verdict.ts`. */
export function toneOfMerchant(
  state: MerchantState,
  { policy, intervalsAllowed, intervalsBad }: Judging,
): 'good' | 'warn' | 'bad' {
  const { backlog } = state.news
  const lateMs = latenessMs(state, policy)
  const isGrowing = backlog !== null && backlog.doneInMs === null
  if (faultOf(state) !== null || isGrowing || lateMs > intervalsBad * policy.intervalMs)
    return 'bad'
  const isDoubtful = state.checks.some(({ condition }) => condition === 'warning')
  const isLate = lateMs > intervalsAllowed * policy.intervalMs
  return isDoubtful || isLate || backlog !== null ? 'warn' : 'good'
}

interface Judging {
  readonly policy: Pick<SchedulePolicy, 'thresholdMs' | 'intervalMs'>
  readonly intervalsAllowed: number
  readonly intervalsBad: number
}
