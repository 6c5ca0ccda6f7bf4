import {
  countResults,
  countsOf,
  outcomes,
  type RunCounts,
  type RunResult,
} from '../domain/runs/run.ts'
import type { Budan } from '../service.ts'
import { StoreError } from '../store/errors.ts'
import { localActor } from './actor.ts'

/** Why no further run was made. */
export type DrainEnd =
  /** No order is due. */
  | { readonly kind: 'done' }
  /** A signal was received. */
  | { readonly kind: 'stopped' }
  /** Every query fails for the same cause. */
  | { readonly kind: 'breaker'; readonly reason: string }
  /** The database is not available. */
  | { readonly kind: 'failed'; readonly error: StoreError }
  /** The last run got no answer, or could not send a query: more runs would only load the gateway. */
  | { readonly kind: 'no_progress' }
  /**
   * Every order that was due at the start was queried, and orders come due as fast as they are queried.
   */
  | { readonly kind: 'not_shrinking' }

export interface Drained {
  readonly end: DrainEnd
  readonly runs: number
  readonly counts: RunCounts
  /** Orders due now; null when they could not be counted. */
  readonly remaining: number | null
  /** By merchant and order number: orders that in their last run got no answer or were not settled. */
  readonly unanswered: ReadonlyMap<string, RunResult>
}

export interface DrainOptions {
  /** After it aborts, no run begins. */
  readonly signal: AbortSignal
  /** Of the merchants, where every one's breaker is open: one that is held holds up no other. */
  readonly breakerReason: () => string | null
  /** Called with the count at the start and after each run. */
  readonly onCount: (state: { readonly queried: number; readonly remaining: number }) => void
}

/** Makes one run after the other until nothing is due, or further runs make no progress. */
export async function drainBacklog(budan: Budan, options: DrainOptions): Promise<Drained> {
  const { signal, onCount } = options
  const sum = new Sum()
  const count = async () => {
    const { remaining } = await budan.backlog()
    onCount({ queried: sum.counts.total, remaining })
    return remaining
  }
  try {
    const dueAtStart = await count()
    let remaining = dueAtStart
    let end: DrainEnd | null = null
    while (end === null) {
      if (remaining === 0) end = { kind: 'done' }
      else if (signal.aborted) end = { kind: 'stopped' }
      else {
        const before = remaining
        const { results } = await budan.run({ dryRun: false, actor: localActor() })
        sum.add(results)
        remaining = await count()
        const goesOn = remaining > 0 && !signal.aborted
        if (goesOn) end = endAfter(results, { ...options, sum, before, remaining, dueAtStart })
      }
    }
    return { ...sum, end, remaining }
  } catch (error) {
    // The earlier runs are still reported.
    if (error instanceof StoreError) {
      return { ...sum, end: { kind: 'failed', error }, remaining: null }
    }
    throw error
  }
}

interface AfterRun extends DrainOptions {
  readonly sum: Sum
  readonly before: number
  readonly remaining: number
  readonly dueAtStart: number
}

/** Null: make another run. A run that was cut short by its deadline is continued by the next. */
function endAfter(results: readonly RunResult[], after: AfterRun): DrainEnd | null {
  const { sum, before, remaining, dueAtStart } = after
  const reason = after.breakerReason()
  if (reason !== null) return { kind: 'breaker', reason }
  const isShrinking = remaining < before
  const isIdle = results.length === 0 ? !isShrinking : !results.some(isAnswered)
  if (isIdle) return { kind: 'no_progress' }
  return isShrinking || sum.counts.total < dueAtStart ? null : { kind: 'not_shrinking' }
}

function isAnswered({ outcome }: RunResult): boolean {
  return outcome !== 'unknown' && outcome !== 'error'
}

class Sum {
  runs = 0
  counts: RunCounts = countResults([])
  readonly unanswered = new Map<string, RunResult>()

  add(results: readonly RunResult[]): void {
    this.runs += 1
    this.counts = added(this.counts, countResults(results))
    for (const result of results) {
      const { orderNo, merchant } = result
      const name = `${merchant?.gateway} ${merchant?.mchid} ${orderNo}`
      if (isAnswered(result)) this.unanswered.delete(name)
      else this.unanswered.set(name, result)
    }
  }
}

function added(one: RunCounts, other: RunCounts): RunCounts {
  const sums = { ...one.outcomes }
  for (const outcome of outcomes) sums[outcome] += other.outcomes[outcome]
  return countsOf(sums)
}
