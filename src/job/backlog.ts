import { assert } from '../domain/assert.ts'
import type { BacklogEvent } from '../domain/event.ts'
import type { Estimate } from '../domain/runs/run.ts'

/** What bounds how fast due orders are worked off. */
export interface BacklogPolicy {
  readonly batchSize: number
  readonly intervalMs: number
  /** Whether a full batch is followed by the next at once. */
  readonly drain: boolean
  readonly qpsMax: number
}

/**
 * A million index entries are read in some tenths of a second. Where more are due, estimates say "at
 * least".
 */
export const countMax = 1_000_000

/** A queue needs no more jobs at once: the next interval plans again. */
const batchesMax = 10_000

/** How many counts a rate is taken over: one interval alone may not be typical. */
const countsKept = 6

/** Counts further apart are dropped: another node counted in between, and the backlog may be another one. */
const intervalsApartMax = 10

/** A count is used for this long: the next tick may be late. */
const freshIntervals = 3

/** How many orders are due, counted by this node at its own ticks. */
export class Backlog {
  readonly #policy: BacklogPolicy
  #counts: readonly Count[] = []
  #latest: { readonly estimate: Estimate; readonly at: number } | null = null
  #catchingUp = false

  constructor(policy: BacklogPolicy) {
    this.#policy = policy
  }

  /** By the last count. */
  get isCatchingUp(): boolean {
    return this.#catchingUp
  }

  /** Takes a count, after the run of a slot. Returns the event to emit; that the backlog is over, only once. */
  count(remaining: number, at: number): BacklogEvent | null {
    const wasCatchingUp = this.#catchingUp
    this.#catchingUp = remaining > this.#policy.batchSize
    const last = this.#counts.at(-1)
    const apart = last === undefined ? Infinity : at - last.at
    const before = apart > intervalsApartMax * this.#policy.intervalMs ? [] : this.#counts
    this.#counts = this.#catchingUp ? [...before, { remaining, at }].slice(-countsKept) : []
    const estimate = this.#catchingUp
      ? estimateOf(this.#counts, this.#policy)
      : this.estimate(remaining)
    this.#latest = { estimate, at }
    if (this.#catchingUp) return { type: 'catching_up', ...estimate }
    return wasCatchingUp ? { type: 'caught_up', remaining } : null
  }

  /** By the last count; null when another node, or none, has counted lately. */
  latest(at: number): Estimate | null {
    if (this.#latest === null) return null
    return at - this.#latest.at > freshIntervals * this.#policy.intervalMs
      ? null
      : this.#latest.estimate
  }

  /** From a single count. */
  estimate(remaining: number): Estimate {
    return estimateOf([{ remaining, at: 0 }], this.#policy)
  }

  /**
   * How many more batches to run until the next plan: no more than are due, nor than the quota allows in
   * two intervals. The next plan comes after the slot's own run, which takes long where the quota is
   * small and many nodes share it.
   */
  batchesFor(remaining: number): number {
    const { drain, batchSize, qpsMax, intervalMs } = this.#policy
    if (!drain) return 0
    const allowed = Math.ceil((2 * qpsMax * intervalMs) / 1000 / batchSize) + 1
    return Math.min(Math.ceil(remaining / batchSize), allowed, batchesMax)
  }
}

/** Of several merchants, at least one, who work theirs off side by side: it is done when the last is. */
export function together(estimates: readonly Estimate[]): Estimate {
  const endOf = ({ doneInMs }: Estimate) => doneInMs ?? Number.POSITIVE_INFINITY
  const [slowest] = estimates.toSorted((a, b) => endOf(b) - endOf(a))
  assert(slowest !== undefined, 'Cannot estimate the backlog of no merchant')
  return {
    ...slowest,
    remaining: estimates.reduce((sum, { remaining }) => sum + remaining, 0),
    perSec: estimates.reduce((sum, { perSec }) => sum + perSec, 0),
  }
}

interface Count {
  readonly remaining: number
  readonly at: number
}

function estimateOf(counts: readonly Count[], policy: BacklogPolicy): Estimate {
  const first = counts[0]
  const last = counts.at(-1)
  const remaining = last?.remaining ?? 0
  const rate =
    first === undefined || last === undefined || last.at <= first.at
      ? configuredRate(policy)
      : measuredRate(first, last)
  const doneInMs = rate.perSec > 0 ? Math.ceil((remaining / rate.perSec) * 1000) : null
  return { remaining, ...rate, doneInMs }
}

/** The rate at which the backlog shrinks, which includes the orders that became due meanwhile. */
function measuredRate(first: Count, last: Count): Pick<Estimate, 'perSec' | 'basis'> {
  const perSec = ((first.remaining - last.remaining) * 1000) / (last.at - first.at)
  return { perSec, basis: 'measured' }
}

/** An order takes at least one query. Without drain an interval has one batch, however fast the batch is. */
function configuredRate(policy: BacklogPolicy): Pick<Estimate, 'perSec' | 'basis'> {
  const { drain, qpsMax, batchSize, intervalMs } = policy
  const batchPerSec = (batchSize * 1000) / intervalMs
  if (drain || batchPerSec > qpsMax) return { perSec: qpsMax, basis: 'quota' }
  return { perSec: batchPerSec, basis: 'batch' }
}
