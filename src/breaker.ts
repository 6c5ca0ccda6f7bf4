import { type Clock, systemClock } from './clock.ts'
import type { Emit } from './event.ts'
import { RecentAnswers } from './recent-answers.ts'
import type { Answer, UnknownCause } from './trade.ts'

/**
 * Holds runs back while every order would fail the same way.
 *
 *   closed ──(a systemic failure; a run of absent, or of unverifiable, answers)──► open
 *      ▲                                                                            │
 *      └──────────(an answer that shows the cause is gone)──── one probe a run ─────┘
 *
 * Each process has its own, because a key and a clock are a process's own: one with a wrong key
 * stops none that have the right one.
 *
 * It saves questions and alarms, never money: no order is settled differently because of it.
 */
export class Breaker {
  /** What was observed, answer by answer. */
  readonly answers: RecentAnswers
  readonly #emit: Emit
  #cause: Cause | null = null
  #held = new AbortController()
  #probeCount = 0

  constructor(emit: Emit, clock: Clock = systemClock) {
    this.answers = new RecentAnswers(clock)
    this.#emit = emit
  }

  /** Why it is open, in words that may be shown to anybody; null while it is closed. */
  get reason(): string | null {
    return this.#cause?.reason ?? null
  }

  /** Aborts when it opens. After it closed, there is a new one. */
  get held(): AbortSignal {
    return this.#held.signal
  }

  /** How many probes of this opening came before: none of the orders may be asked for ever. */
  nextProbe(): number {
    this.#probeCount += 1
    return this.#probeCount - 1
  }

  /** Every answer to a question of ours passes here, those of manual checks too: a good one heals. */
  observe(answer: Answer): void {
    this.answers.observe(answer)
    if (answer.kind === 'unknown') {
      if (answer.systemic) {
        const reason = causeInWords[answer.cause] ?? answer.cause
        this.#open({ kind: 'refused', reason }, answer.message)
      }
      return
    }
    // "No such order" shows that we may ask, but not that we ask for the right merchant.
    if (answer.kind === 'trade' || this.#cause?.kind === 'refused') this.#close()
  }

  /** Most answers of a run were no use, all in the same way. */
  observeRun(kind: 'absent' | 'unverified', found: string): void {
    const cause = kind === 'absent' ? 'absent' : 'refused'
    this.#open({ kind: cause, reason: `${found}: ${suspicion[kind]}` }, found)
  }

  /** A callback for one of our orders opened with our key: the merchant number is right after all. */
  observeCallback(): void {
    this.answers.heardCallback()
    if (this.#cause?.kind === 'absent') this.#close()
  }

  #open(cause: Cause, detail: string): void {
    const wasClosed = this.#cause === null
    this.#cause = cause
    this.#held.abort()
    // One alarm for the outage, not one per order.
    if (wasClosed) this.#emit({ type: 'breaker_opened', reason: cause.reason, detail })
  }

  #close(): void {
    if (this.#cause === null) return
    this.#cause = null
    this.#held = new AbortController()
    this.#probeCount = 0
    this.#emit({ type: 'breaker_closed' })
  }
}

interface Cause {
  readonly kind: 'refused' | 'absent'
  readonly reason: string
}

const suspicion = {
  absent: 'is the merchant number right?',
  unverified: "is the gateway's public key right, and does no proxy strip headers?",
} as const

/** What a person has to look at. The answer's own message may name an order, so it goes to the log alone. */
const causeInWords: Partial<Record<UnknownCause, string>> = {
  unauthorized: '401: our private key, serial number or clock is wrong',
  forbidden: '403: this merchant may not ask',
  unverified: 'answers are signed by a key that is not configured',
}
