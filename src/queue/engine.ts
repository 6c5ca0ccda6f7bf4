/**
 * Who calls the work, and when. An engine saves work and spreads it; that no interval has two runs,
 * and that no order is asked by two nodes at once, is kept by the database's slots and claims.
 */
export interface Engine {
  /** Calls the work whenever it is due, at once to begin with, until the signal aborts. Never throws. */
  run(work: Work, signal: AbortSignal): Promise<void>
  /** What is known of it: waits for nothing, as its server may hang. */
  vitals(): EngineVitals
}

/** What there is to be called. Neither throws: what failed has been told. */
export interface Work {
  /** The run of the current slot, if no node has made it yet. */
  tick(signal: AbortSignal): Promise<Tick>
  /**
   * One batch more, outside of the slots. Batches are all alike: whatever is due next. `onHalfAsked` is
   * called when half of a whole batch is being asked: then the next one may begin.
   */
  chunk(signal: AbortSignal, onHalfAsked: () => void): Promise<ChunkEnd>
  /** So many chunks at once leave no question's place empty. */
  readonly chunksAtOnce: number
}

/** What became of a tick. */
export interface Tick {
  readonly kind: 'ran' | 'taken' | 'failed'
  /** Until the next tick, by the database's clock: a node's own may be off. */
  readonly nextInMs: number
  /** How many more batches are wanted before that. */
  readonly chunks: number
}

/** `done`: nothing is left, or asking on would be a storm. */
export type ChunkEnd = 'more' | 'done' | 'failed'

/** How an engine is, for readiness and metrics. */
export interface EngineVitals {
  /** `away`: the engine's server cannot be had, and each node keeps the slots by itself. */
  readonly state: 'local' | 'stopped' | 'up' | 'away'
  readonly detail: string
  readonly jobs: JobCounts | null
}

export interface JobCounts {
  readonly waiting: number
  readonly active: number
  readonly failed: number
}

/** A timer may be early by a fraction of a millisecond, and would find its own slot taken. */
export const marginMs = 5
