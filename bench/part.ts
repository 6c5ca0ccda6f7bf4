import type { Database } from '../src/store/database.ts'
import type { Closing } from './closing.ts'
import type { Figure } from './figure.ts'
import type { InstantGateway } from './gateway/start.ts'

export const stores = ['pglite', 'postgres'] as const
export type StoreKind = (typeof stores)[number]

/** `tiny`: inside the tests, to check that the bench still works. */
export type Size = 'full' | 'quick' | 'tiny'

/** The measurement of one target of docs/performance.md. */
export interface Part {
  readonly name: string
  /** The target's number in docs/performance.md. */
  readonly target: number
  /** One phrase for `--help`. */
  readonly about: string
  /** The part starts a Redis server, and throws where the machine has none. */
  readonly needsRedis?: boolean
  bench(stage: Stage): Promise<readonly Figure[]>
}

/** The environment that every part receives. */
export interface Stage {
  readonly size: Size
  /** How often each quantity is measured, not counting the warm-up. */
  readonly repetitions: number
  /** The databases selected by `--store`. */
  readonly stores: readonly StoreKind[]
  /** Closes what a part has started, also when the bench is interrupted. */
  readonly closing: Closing
  /** One gateway for all parts, in a process of its own, started by the first call. */
  gateway(): Promise<InstantGateway>
  /**
   * Empty and migrated. The embedded one is in a directory, as in production. Closed at the end of
   * the bench.
   */
  freshDatabase(kind: StoreKind): Promise<Database>
  /** The URL of an empty, migrated database on the bench's own server. */
  freshPostgresUrl(): Promise<string>
}

/**
 * The number of the first repetition. That of number 0 is not counted: it fills the file cache of
 * the system, compiles the code and opens the connections. At the tiny size it is left out, because
 * there no figure matters.
 */
export function firstRepetition({ size }: Pick<Stage, 'size'>): 0 | 1 {
  return size === 'tiny' ? 1 : 0
}
