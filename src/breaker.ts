import type { Emit } from './event.ts'
import type { Answer } from './trade.ts'

/**
 * Holds runs back while every order would fail the same way.
 *
 *   closed ──(a systemic failure, or most answers of a run absent)──► open
 *      ▲                                                                │
 *      └──────(an answer that shows the cause is gone)── one probe a run ┘
 *
 * It saves questions and alarms, never money: no order is settled differently because of it.
 */
export class Breaker {
  readonly #emit: Emit
  #cause: Cause | null = null

  constructor(emit: Emit) {
    this.#emit = emit
  }

  /** Why it is open; null while it is closed. */
  get reason(): string | null {
    return this.#cause?.reason ?? null
  }

  /** Every answer passes here, those of manual checks too: a good one heals. */
  observe(answer: Answer): void {
    if (answer.kind === 'unknown') {
      if (answer.systemic) {
        this.#open({ kind: 'refused', reason: `${answer.cause}: ${answer.message}` })
      }
      return
    }
    // "No such order" shows that we may ask, but not that we ask for the right merchant.
    if (answer.kind === 'trade' || this.#cause?.kind === 'refused') this.#close()
  }

  /** Most answers of a run were "no such order". */
  observeMostlyAbsent(reason: string): void {
    this.#open({ kind: 'absent', reason })
  }

  #open(cause: Cause): void {
    const wasClosed = this.#cause === null
    this.#cause = cause
    // One alarm for the outage, not one per order.
    if (wasClosed) this.#emit({ type: 'breaker_opened', reason: cause.reason })
  }

  #close(): void {
    if (this.#cause === null) return
    this.#cause = null
    this.#emit({ type: 'breaker_closed' })
  }
}

interface Cause {
  readonly kind: 'refused' | 'absent'
  readonly reason: string
}
