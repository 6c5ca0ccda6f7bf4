import type { Database } from '../src/store/database.ts'
import type { Closing } from './closing.ts'
import type { Figure } from './figure.ts'
import type { InstantGateway } from './gateway/start.ts'

export const stores = ['pglite', 'postgres'] as const
export type StoreKind = (typeof stores)[number]

/** `tiny`: inside the tests, to see that it still runs. */
export type Size = 'full' | 'quick' | 'tiny'

/** One of the targets of docs/performance.md, and how it is measured. */
export interface Part {
  readonly name: string
  /** Its number in docs/performance.md. */
  readonly target: number
  /** In one sentence, for `--help`. */
  readonly about: string
  /** It starts one, and throws where there is none on the machine. */
  readonly needsRedis?: boolean
  bench(stage: Stage): Promise<readonly Figure[]>
}

/** What every part is given. */
export interface Stage {
  readonly size: Size
  /** How often each thing is measured, warming up aside. */
  readonly repetitions: number
  /** The databases that were asked for. */
  readonly stores: readonly StoreKind[]
  /** Ends what a part has started, also when the bench is interrupted. */
  readonly closing: Closing
  /** One for all parts, in a process of its own, started when it is first asked for. */
  gateway(): Promise<InstantGateway>
  /** Empty and migrated. The embedded one lies in a directory, as in use. Closed at the end of the bench. */
  freshDatabase(kind: StoreKind): Promise<Database>
  /** Of an empty, migrated database on the bench's own server. */
  freshPostgresUrl(): Promise<string>
}
