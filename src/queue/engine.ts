/**
 * Calls the work when it is due. An engine saves work and spreads it over the nodes. It guarantees
 * nothing: the database's slots and claims ensure that no interval has two runs, and that no two nodes
 * query an order at the same time.
 */
export interface Engine {
  /** Calls the work at once, and then whenever it is due, until the signal aborts. Never throws. */
  run(work: Work, signal: AbortSignal): Promise<void>
  /** Its last known state, without waiting: its server may hang. */
  vitals(): EngineVitals
}

/** What an engine calls. Nothing throws or rejects: a failure was logged where it happened. */
export interface Work {
  /** The run of the current slot, if no node has made it yet. */
  tick(signal: AbortSignal): Promise<Tick>
  /** Begins one more batch, outside of the slots. All batches are alike: each takes what is due next. */
  batch(signal: AbortSignal): BatchUnderWay
  /** How many batches at once it takes to use the whole rate limit. */
  readonly batchesAtOnce: number
}

/** What became of a tick. */
export interface Tick {
  readonly kind: 'ran' | 'taken' | 'failed'
  /** Until the next tick, by the database's clock: a node's own may be wrong. */
  readonly nextInMs: number
  /** How many more batches to make before that. */
  readonly batches: number
}

/**
 * A batch that has begun. The next one is claimed while its second half is queried, so that the gateway
 * never waits for the database:
 *
 *   ├─ claim ─┼─── query ───┼─ settle, record ─┤
 *                  └► ├─ claim ─┼─── query ───┼─ settle, record ─┤
 */
export interface BatchUnderWay {
  /** Resolves when the next batch may begin: half of a whole one has been sent, or this one has ended. */
  readonly halfSent: Promise<void>
  readonly ended: Promise<BatchEnd>
}

/** `done`: nothing is left, or more queries would only load a gateway that does not answer. */
export type BatchEnd = 'more' | 'done' | 'failed'

/** How an engine is, for readiness and metrics. */
export interface EngineVitals {
  /** `away`: the engine's server is not available, and each node makes the runs by its own timer. */
  readonly state: 'local' | 'stopped' | 'up' | 'away'
  readonly detail: string
  readonly jobs: JobCounts | null
}

export interface JobCounts {
  readonly waiting: number
  readonly active: number
  readonly failed: number
}

/** A timer may fire a fraction of a millisecond early, within the slot before, which has had its run. */
export const marginMs = 5
