import type { Clock } from '../../../domain/clock.ts'
import type { Event } from '../../../domain/event.ts'
import type { UnknownCause } from '../../../domain/trade.ts'
import { historyMs } from './credit-history.ts'
import { Minutes, minuteOf, type Span, type Tally } from './tallies.ts'

/** Calls to the gateway that came to nothing: those for want of a place in the quota were never put. */
const failures: Readonly<Record<Exclude<UnknownCause, 'quota' | 'old_order_limit'>, true>> = {
  timeout: true,
  network: true,
  server_error: true,
  throttled: true,
  unverified: true,
  unparsable: true,
  refused: true,
  unauthorized: true,
  forbidden: true,
  foreign: true,
}

export function isFailure(outcome: string): boolean {
  return outcome in failures
}

/** What the gateway answered to this process in the last day, by outcome. Nobody else knows it: it is not stored. */
export class GatewayCalls {
  readonly #minutes = new Minutes<string>()
  readonly #clock: Clock
  #minuteMs = 0
  readonly since: Date

  constructor(clock: Clock) {
    this.#clock = clock
    this.since = clock()
  }

  hear(event: Extract<Event, { type: 'gateway_called' }>): void {
    const { outcome, durationMs } = event
    if (outcome === 'quota' || outcome === 'old_order_limit') return
    const nowMs = +this.#clock()
    this.#minutes.add(nowMs, { kind: outcome, durationMs })
    if (minuteOf(nowMs) === this.#minuteMs) return
    this.#minuteMs = minuteOf(nowMs)
    this.#minutes.forgetBefore(nowMs - historyMs)
  }

  sum(span: Span): ReadonlyMap<string, Tally> {
    return this.#minutes.sum(span)
  }

  /** How it answers now: an hour of good answers before says nothing of that. */
  sumLatest(span: Span, options: { countMin: number }): ReadonlyMap<string, Tally> {
    return this.#minutes.sumLatest(span, options)
  }
}
