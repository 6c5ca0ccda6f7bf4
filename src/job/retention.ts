import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Emit } from '../domain/event.ts'
import type { Clocks } from '../domain/runs/clocks.ts'
import type { Engine, Work } from '../queue/engine.ts'
import type { Store } from '../store/store.ts'
import { dayMs } from '../text/time-units.ts'

/** What pruning needs. */
export interface Retaining {
  readonly store: Store
  readonly emit: Emit
  /** While clocks disagree, nothing is pruned. */
  readonly clocks?: Pick<Clocks, 'disagreement'>
  /** 0: everything is kept. */
  readonly retentionDays: number
  /** How long published events are kept. */
  readonly keepDays?: number
}

/** `events.keep_days`: a consumer that was away for a quarter of a year can go on. */
export const keepDaysDefault = 90

/** An endpoint that was taken out by mistake is noticed sooner. */
const forgottenDays = 7

/**
 * Notices of refunds that came before their order. An order is adopted within days of its payment; parts
 * of a refund may be weeks apart.
 */
const earlyNoticesDays = 90

/** It takes the embedded database some 40 ms (measured), so that a callback is hardly delayed. */
const pruneBatch = 200

/** Pruning takes at most this share of the time until the next tick, so that it never delays a run … */
const shareOfWait = 0.25

/** … and no more than this, whatever the interval: some 50,000 events on the embedded database. */
const pruneMsMax = 10_000

/**
 * An engine that prunes between a run and the next one: at least one batch, so that pruning
 * continues even where runs leave no time, and nothing while there is a backlog. The node that made the run
 * prunes. A failure of pruning does not fail the tick.
 */
export function pruningAfterRuns(engine: Engine, retaining: Retaining): Engine {
  const pruningAfter = (work: Work): Work => ({
    ...work,
    async tick(signal) {
      const tick = await work.tick(signal)
      if (tick.kind !== 'ran' || tick.batches > 0) return tick
      const startedAt = performance.now()
      const endsAt = startedAt + Math.min(pruneMsMax, tick.nextInMs * shareOfWait)
      await prune(retaining, { signal, endsAt })
      return { ...tick, nextInMs: Math.max(0, tick.nextInMs - (performance.now() - startedAt)) }
    },
  })
  return {
    run: (work, signal) => engine.run(pruningAfter(work), signal),
    vitals: () => engine.vitals(),
  }
}

/** Prunes in batches until nothing is left, or no time (by `performance.now()`). Never throws. */
export async function prune(
  { store, emit, clocks, retentionDays, keepDays = keepDaysDefault }: Retaining,
  { signal, endsAt }: { signal: AbortSignal; endsAt: number },
): Promise<void> {
  const total = { runs: 0, events: 0, published: 0 }
  const isTimeKnown = (clocks?.disagreement ?? null) === null
  const olderThan = (days: number) => ({ olderThanMs: days * dayMs, limit: pruneBatch })
  const inPortions = async (portion: () => Promise<boolean>) => {
    let more = isTimeKnown
    while (more && !signal.aborted) {
      more = (await portion()) && performance.now() < endsAt
      // The embedded database works in this thread, so other work needs a turn in between.
      await nextTurn()
    }
  }
  try {
    await inPortions(async () => {
      if (retentionDays === 0) return false
      const pruned = await store.prune(olderThan(retentionDays))
      total.runs += pruned.runs
      total.events += pruned.events
      return pruned.more
    })
    // Their events would be kept for ever otherwise.
    if (isTimeKnown && !signal.aborted) await store.failUnconfigured(olderThan(forgottenDays))
    await inPortions(async () => {
      const removed = await store.pruneEvents(olderThan(keepDays))
      total.published += removed
      return removed === pruneBatch
    })
    await inPortions(
      async () => (await store.pruneNotices(olderThan(earlyNoticesDays))) === pruneBatch,
    )
    if (!signal.aborted) await store.vacuum({ everyMs: dayMs })
  } catch (error) {
    emit({ type: 'prune_failed', error })
  }
  if (total.runs + total.events + total.published > 0) emit({ type: 'pruned', ...total })
}
