import { setTimeout as delay } from 'node:timers/promises'
import type { BacklogEvent } from '../../../backlog.ts'
import type { Readiness } from '../../../readiness.ts'
import type { Run } from '../../../run.ts'
import { StoreError } from '../../../store/errors.ts'
import type { Vitals } from '../../../store/store.ts'
import type { AuditReading } from '../latest-audit.ts'

/** What is known at a moment. Null: the database did not say. */
export interface Reading {
  readonly vitals: Vitals | null
  readonly readiness: Readiness | null
  /** The last ones, newest first. */
  readonly runs: readonly Run[] | null
  readonly audit: AuditState
  /** As this node counted it after a run of its own. Null: not lately, or there is none. */
  readonly backlog: Extract<BacklogEvent, { type: 'catching_up' }> | null
}

export interface AuditState {
  readonly latest: AuditReading | null
  readonly isUnderWay: boolean
  readonly hasFailed: boolean
  /** It is made unasked while somebody looks. */
  readonly isAutomatic: boolean
}

/** Longer than a database that is well ever takes, and short enough for somebody who waits for a page. */
const patienceMs = 2_000

/**
 * A question to the database, put once at a time: whoever asks while it is under way gets its answer,
 * so that many who look at a database that hangs are no more to it than one.
 */
export class Question<T> {
  readonly #ask: () => Promise<T>
  #underWay: Promise<T | null> | null = null

  constructor(ask: () => Promise<T>) {
    this.#ask = ask
  }

  /** Null: the database is away, or silent for too long. */
  async answer(): Promise<T | null> {
    this.#underWay ??= this.#ask()
      .catch(nullWhenAway)
      .finally(() => {
        this.#underWay = null
      })
    const answered = new AbortController()
    const deadline = delay(patienceMs, null, { signal: answered.signal }).catch(() => null)
    try {
      return await Promise.race([this.#underWay, deadline])
    } finally {
      answered.abort()
    }
  }
}

/** The log tells of a database that is away wherever it is needed for more than to be looked at. */
function nullWhenAway(error: unknown): null {
  if (error instanceof StoreError) return null
  throw error
}
