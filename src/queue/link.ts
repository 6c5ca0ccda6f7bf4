import type { JobCounts } from './engine.ts'

/** A queue that this node shares with others: one connection's life. It is never repaired, only replaced. */
export interface QueueConnection {
  /** The tick of that name after the delay; once, however many nodes ask for it. */
  planTick(tick: { readonly name: string; readonly delayMs: number }): Promise<void>
  /** So many chunks of a plan, less those that still wait. */
  planChunks(plan: { readonly slot: number; readonly count: number }): Promise<void>
  counts(): Promise<JobCounts>
  /** Takes no more jobs; what is under way goes on. */
  pause(): void
  /** Resolves with the reason when the server has hung up. */
  readonly broken: Promise<string>
  /** Within `closeMsMax`, whatever the server does. */
  close(options: { readonly gracefully: boolean }): Promise<void>
}

/** What the queue hands to this node, `atOnce` at a time. A job that throws is handed to another node. */
export interface JobCalls {
  tick(): Promise<void>
  chunk(slot: number): Promise<void>
  readonly atOnce: number
}

/** On one machine a round trip is below a millisecond, across a continent below 0.2 s. */
export const answerMsMax = 2000

/** Connecting is several round trips, on PostgreSQL a migration the first time. */
export const openMsMax = 5000

export const closeMsMax = 2000
