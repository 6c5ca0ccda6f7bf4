import type { BacklogEvent } from '../../../domain/event.ts'
import type { Run } from '../../../domain/run.ts'
import type { Readiness } from '../../../health/readiness.ts'
import { Question, valueIn } from '../../../health/timely-answer.ts'
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

/** A question to the database, put once at a time. */
export class PageQuestion<T> {
  readonly #question: Question<T>

  constructor(ask: () => Promise<T>) {
    this.#question = new Question(ask, { patienceMs })
  }

  /**
   * Null: the database is away, or silent for too long. The log tells of one that is away wherever it is
   * needed for more than to be looked at.
   */
  async answer(): Promise<T | null> {
    const said = await this.#question.answer()
    if (said.kind === 'failed' && !(said.error instanceof StoreError)) throw said.error
    return valueIn(said)
  }
}
