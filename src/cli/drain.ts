import type { Emit } from '../domain/event.ts'
import { countResults, type RunCounts, type RunResult } from '../domain/run.ts'
import type { Budan } from '../service.ts'
import { StoreError } from '../store/errors.ts'

/** Why no further run was made. */
export type DrainEnd =
  /** Nothing is due. */
  | { readonly kind: 'done' }
  | { readonly kind: 'stop_asked' }
  /** Every question fails the same way. */
  | { readonly kind: 'breaker'; readonly reason: string }
  /** The database could not be had. */
  | { readonly kind: 'failed'; readonly error: StoreError }
  /** Not one question of a run was answered, or it could ask none: asking on would be a storm. */
  | { readonly kind: 'no_progress' }
  /** All that was due at the start was asked; orders come due as fast as they are asked. */
  | { readonly kind: 'not_shrinking' }

export interface Drained {
  readonly end: DrainEnd
  readonly runs: number
  readonly counts: RunCounts
  /** Due now; null when it could not be counted. */
  readonly remaining: number | null
  /** By order number: what could not be asked or settled, and was not in a later run. */
  readonly unanswered: ReadonlyMap<string, RunResult>
}

export interface DrainRequest {
  /** No run begins after it aborts. */
  readonly signal: AbortSignal
  readonly breakerReason: () => string | null
  /** After the count at the start, and after each run. */
  readonly told: (state: { readonly asked: number; readonly remaining: number }) => void
}

/** Makes one run after the other until nothing is due, or the next would be no better than the last. */
export async function drainBacklog(budan: Budan, request: DrainRequest): Promise<Drained> {
  const sum = new Sum()
  let remaining: number | null = null
  try {
    remaining = (await budan.backlog()).remaining
    request.told({ asked: 0, remaining })
    const dueAtStart = remaining
    for (;;) {
      const before: number = remaining
      if (before === 0) return sum.drained({ kind: 'done' }, before)
      if (request.signal.aborted) return sum.drained({ kind: 'stop_asked' }, before)
      const { results } = await budan.run({ dryRun: false })
      sum.add(results)
      remaining = (await budan.backlog()).remaining
      request.told({ asked: sum.asked, remaining })
      const end = endOf({ ...request, results, sum, before, remaining, dueAtStart })
      if (end !== null) return sum.drained(end, remaining)
    }
  } catch (error) {
    // What the runs before have done is told all the same.
    if (error instanceof StoreError) return sum.drained({ kind: 'failed', error }, null)
    throw error
  }
}

interface RunMade extends DrainRequest {
  readonly results: readonly RunResult[]
  readonly sum: Sum
  readonly before: number
  readonly remaining: number
  readonly dueAtStart: number
}

/** Null: another run. One that its deadline cut short is no reason to stop: the next goes on from there. */
function endOf(made: RunMade): DrainEnd | null {
  const { signal, results, sum, before, remaining, dueAtStart } = made
  if (remaining === 0) return { kind: 'done' }
  if (signal.aborted) return { kind: 'stop_asked' }
  const reason = made.breakerReason()
  if (reason !== null) return { kind: 'breaker', reason }
  const isShrinking = remaining < before
  const isIdle = results.length === 0 ? !isShrinking : !results.some(isAnswered)
  if (isIdle) return { kind: 'no_progress' }
  if (isShrinking) return null
  return sum.asked >= dueAtStart ? { kind: 'not_shrinking' } : null
}

function isAnswered({ outcome }: RunResult): boolean {
  return outcome !== 'unknown' && outcome !== 'error'
}

/** What all runs did together. */
class Sum {
  #runs = 0
  #counts: RunCounts = countResults([])
  readonly #unanswered = new Map<string, RunResult>()

  get asked(): number {
    return this.#counts.total
  }

  add(results: readonly RunResult[]): void {
    this.#runs += 1
    this.#counts = added(this.#counts, countResults(results))
    for (const result of results) {
      if (isAnswered(result)) this.#unanswered.delete(result.orderNo)
      else this.#unanswered.set(result.orderNo, result)
    }
  }

  drained(end: DrainEnd, remaining: number | null): Drained {
    return {
      ...{ end, remaining, runs: this.#runs },
      counts: this.#counts,
      unanswered: this.#unanswered,
    }
  }
}

function added(one: RunCounts, other: RunCounts): RunCounts {
  const outcomes = { ...one.outcomes }
  for (const outcome of Object.keys(outcomes) as (keyof typeof outcomes)[]) {
    outcomes[outcome] += other.outcomes[outcome]
  }
  return {
    total: one.total + other.total,
    success: one.success + other.success,
    failed: one.failed + other.failed,
    skipped: one.skipped + other.skipped,
    outcomes,
  }
}

/** Why the breaker holds runs back, as events tell of it. */
export class BreakerWatch {
  reason: string | null = null

  readonly hear: Emit = (event) => {
    if (event.type === 'breaker_opened') this.reason = event.reason
    if (event.type === 'breaker_closed') this.reason = null
  }
}
