import { sql } from 'kysely'
import type { Connection } from './database.ts'
import { sqlStateOf } from './failure.ts'

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
 * whose disk is full answer every question, and credit nobody.
 */
export class WriteProbe {
  readonly #db: Connection
  #writtenAt = Number.NEGATIVE_INFINITY
  #writing: Promise<WriteFault | null> | null = null

  constructor(db: Connection) {
    this.#db = db
  }

  /** Null: it can be written to. What was found wrong is looked at anew each time. */
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

function faultOf(error: unknown): WriteFault {
  const message = error instanceof Error ? error.message : String(error)
  if (sqlStateOf(error) === '25006') return { kind: 'read-only', message }
  const isFull = sqlStateOf(error) === '53100' || /No space left on device|ENOSPC/.test(message)
  return { kind: isFull ? 'full' : 'other', message }
}
