import { sql } from 'kysely'
import { sqlStateOf } from '../../../servers/sql-state.ts'
import type { Connection } from '../../database.ts'

/** Why nothing can be written, while the database answers. */
export interface WriteFault {
  readonly kind: 'read-only' | 'full' | 'other'
  /** The database's own words. */
  readonly message: string
}

/** Readiness and metrics are read by several monitors, each every few seconds. */
const freshMs = 2_000

/**
 * Whether the database can be written to, by writing: a standby, one that was set read-only and one
 * whose disk is full answer every query, and credit nobody.
 */
export class WriteProbe {
  readonly #db: Connection
  #writtenAt = Number.NEGATIVE_INFINITY
  #writing: Promise<WriteFault | null> | null = null
  /** Some work has met a full disk: a write that needs no more room proves nothing then. */
  #roomIsDoubted = false

  constructor(db: Connection) {
    this.#db = db
  }

  /** Learns from the errors of other work. */
  async watch<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      const { kind } = faultOf(causeOf(error))
      if (kind === 'full') this.#roomIsDoubted = true
      if (kind !== 'other') this.#writtenAt = Number.NEGATIVE_INFINITY
      throw error
    }
  }

  /** Null: it can be written to. What was found wrong is looked at anew each time. Throws when it is away. */
  async fault(): Promise<WriteFault | null> {
    if (performance.now() - this.#writtenAt < freshMs) return null
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null
    })
    return this.#writing
  }

  async #write(): Promise<WriteFault | null> {
    try {
      await written.execute(this.#db)
      if (this.#roomIsDoubted) await proveRoom(this.#db)
      this.#roomIsDoubted = false
      this.#writtenAt = performance.now()
      return null
    } catch (error) {
      return faultOf(error)
    }
  }
}

/** As it was, and committed. Where another transaction holds the row, that one has just written it. */
const written = sql`
  with free as (select only_row from retention for no key update skip locked)
  update retention set vacuumed_at = vacuumed_at from free
  where retention.only_row = free.only_row`

/**
 * A row that is written again takes the place of the one before, also on a full disk; a table that was not
 * there needs blocks of its own. Its rows in the catalogs are why this is not done each time.
 */
async function proveRoom(db: Connection): Promise<void> {
  const filled = sql`
    create temporary table budan_room on commit drop
    as select n from generate_series(1, 10000) as n`
  await filled.execute(db).catch((error: unknown) => {
    // A role without the right to make temporary tables cannot find out.
    if (sqlStateOf(error) !== '42501') throw error
  })
}

function faultOf(error: unknown): WriteFault {
  const message = error instanceof Error ? error.message : String(error)
  if (sqlStateOf(error) === '25006') return { kind: 'read-only', message }
  return { kind: isFull(error) ? 'full' : 'other', message }
}

/** The store's own errors have the database's as their cause. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? error.cause : error
}

function isFull(error: unknown): boolean {
  const message = error instanceof Error ? error.message : String(error)
  return sqlStateOf(error) === '53100' || /No space left on device|ENOSPC/.test(message)
}
