import { type Clock, systemClock } from '../domain/clock.ts'
import type { Emit } from '../domain/event.ts'
import type { Answer, UnknownAnswer, UnknownWhy } from '../domain/trade.ts'
import type { CauseWords } from '../gateway/gateway.ts'
import { anyGatewaysWords } from './cause-words.ts'
import { RecentAnswers } from './recent-answers.ts'

/**
 * Holds back runs while every query would fail for the same cause.
 *
 *   closed ──(a systemic failure; a run of absent, or of unverifiable, answers)──► open
 *      ▲                                                                            │
 *      └──────────(an answer that shows the cause is gone)──── one probe a run ─────┘
 *
 * Each process has its own breaker, because a key and a clock belong to a process: one with a wrong key
 * stops no other process.
 *
 * It saves queries and alarms, never money: no order is settled differently because of it.
 */
export class Breaker {
  /** The last answers. */
  readonly answers: RecentAnswers
  readonly #emit: Emit
  readonly #words: CauseWords
  #cause: Cause | null = null
  #held = new AbortController()
  #probeCount = 0

  constructor(emit: Emit, { clock = systemClock, causeWords }: BreakerOptions = {}) {
    this.#words = { ...anyGatewaysWords, ...causeWords }
    this.answers = new RecentAnswers(clock, this.#words)
    this.#emit = emit
  }

  /** Why it is open, without secrets; null while it is closed. */
  get reason(): string | null {
    return this.#cause?.reason ?? null
  }

  /** Aborts when the breaker opens. There is a new signal after it closes. */
  get held(): AbortSignal {
    return this.#held.signal
  }

  /** How many probes this opening has had: the same order must not be the probe for ever. */
  nextProbe(): number {
    this.#probeCount += 1
    return this.#probeCount - 1
  }

  /** To be called with every answer to a query, of manual checks too: a good one closes the breaker. */
  observe(answer: Answer): void {
    this.answers.observe(answer)
    if (answer.kind === 'unknown') {
      if (answer.systemic) {
        this.#open({ kind: 'refused', reason: this.#textOf(answer) }, answer.message)
      }
      return
    }
    // "No such order" shows that our requests are accepted, but not that the merchant is the right one.
    if (answer.kind === 'trade' || this.#cause?.kind === 'refused') this.#close()
  }

  /** All answers of a run about known orders were "no such order". */
  observeAbsent(found: string): void {
    this.#open({ kind: 'absent', reason: `${found}: ${otherMerchant}` }, found)
  }

  /** None of a run's answers could be verified. `whys`: what was wrong with each. */
  observeUnverified(found: string, whys: readonly (UnknownWhy | undefined)[]): void {
    const [why, ...others] = new Set(whys)
    const common = why && this.#words[why]
    const text = others.length > 0 ? 'they fail in several ways: see the timelines' : common
    this.#open({ kind: 'refused', reason: text ? `${found}: ${text}` : found }, found)
  }

  /** A callback for one of our orders opened with our key: the merchant number is right. */
  observeCallback(): void {
    this.answers.noteCallback()
    if (this.#cause?.kind === 'absent') this.#close()
  }

  /** For operators. The answer's own message may name an order, so only the log has it. */
  #textOf({ cause, why }: UnknownAnswer): string {
    return (why && this.#words[why]) ?? this.#words[cause] ?? cause
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

interface BreakerOptions {
  readonly clock?: Clock
  /** The gateway's. */
  readonly causeWords?: CauseWords | undefined
}

interface Cause {
  readonly kind: 'refused' | 'absent'
  readonly reason: string
}

const otherMerchant =
  "the merchant number, or the gateway's address, is not the one that they were placed under"
