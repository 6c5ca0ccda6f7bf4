import type { JobCounts } from './engine.ts'

/** One connection to the queue that this node shares with others. It is never repaired, only replaced. */
export interface QueueConnection {
  /** Plans the tick of that name after the delay: one job, however many nodes plan it. */
  planTick(tick: { readonly name: string; readonly delayMs: number }): Promise<void>
  /** Plans batches until `count` of them wait. */
  planBatches(plan: { readonly slot: number; readonly count: number }): Promise<void>
  counts(): Promise<JobCounts>
  /** Takes no more jobs; those that have begun go on. */
  pause(): void
  /** Resolves with the reason when the connection was closed. */
  readonly broken: Promise<string>
  /** Returns within `closeMsMax`, whatever the server does. */
  close(options: { readonly gracefully: boolean }): Promise<void>
}

/** Called for each job that the queue gives to this node. A job that throws is given to another node. */
export interface JobCalls {
  tick(): Promise<void>
  batch(slot: number): Promise<void>
  readonly concurrency: number
}

/** On one machine a round trip is below a millisecond, across a continent below 0.2 s. */
export const answerMsMax = 2000

/** Connecting is several round trips, on PostgreSQL a migration the first time. */
export const openMsMax = 5000

export const closeMsMax = 2000
