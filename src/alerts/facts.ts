import type { Clock } from '../domain/clock.ts'
import type { Event } from '../domain/event.ts'
import { brokenIn } from '../domain/ledger/audit.ts'
import type { ReasonCode } from '../domain/reason.ts'
import { dayMs, hourMs, minuteMs } from '../text/time-units.ts'
import type { Alert } from './alert.ts'

type EventOf<T extends Event['type']> = Extract<Event, { type: T }>

/** An alert as its event has it; the rest is added to each. */
type Fact = Alert extends infer A ? (A extends Alert ? Omit<A, 'at' | 'merchant'> : never) : never

/** By these an order goes to review. All others leave it as it is. */
const reviewCodes: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  'not_as_ordered',
  'credited_to_another',
  'refund_started',
  'refunded_in_whole',
  'refund_started_after_expiry',
  'dismissed_new_payment',
])

/** A fact of an order comes as an alarm and as an exception: the second within this time is the same fact. */
const sameFactMs = minuteMs

/** An order is queried again after minutes, and may give the same alarm each time; a backlog is counted as often. */
const repeatMs = hourMs

/** Counts that stay as they are: somebody is working on it, or has not seen the first message. */
const auditRepeatMs = dayMs

/**
 * Which events a person is notified of. Events of ordinary work are none; neither is what one cause emits
 * for each order. It remembers what was said, so that nothing is said again with each query.
 */
export class Facts {
  readonly #clock: Clock
  readonly #said: Said
  readonly #audited = new Map<string, number>()
  readonly #behind = new Set<string>()

  constructor(clock: Clock) {
    this.#clock = clock
    this.#said = new Said(clock)
  }

  /** Null: nobody need be notified. */
  alertOf(event: Event): Alert | null {
    const factOf = this.#facts[event.type] as ((event: Event) => Fact | null) | undefined
    const fact = factOf?.(event) ?? null
    if (fact === null) return null
    return { ...fact, at: this.#clock(), merchant: event.merchantName ?? null } as Alert
  }

  readonly #facts: { readonly [T in Event['type']]?: (event: EventOf<T>) => Fact | null } = {
    breaker_opened: ({ reason }) => ({ type: 'breaker_opened', reason }),
    breaker_closed: () => ({ type: 'breaker_closed' }),
    order_alarm: (event) => {
      const { orderNo, reason } = event
      const isNew = this.#said.isNew(`${reason.code} ${orderOf(event)}`, repeatMs)
      if (this.#isSaidByOther(event) || !isNew) return null
      const type = reviewCodes.has(reason.code) ? 'review_opened' : 'order_alarm'
      return { type, orderNo, reason }
    },
    exception_opened: (event) => {
      if (this.#isSaidByOther(event)) return null
      const { kind, orderNo, reason, amountAtStake, currency } = event
      return kind === 'review'
        ? { type: 'review_opened', orderNo, reason: typeof reason === 'string' ? null : reason }
        : { type: 'exception_opened', orderNo, exception: kind, amountAtStake, currency }
    },
    settle_failed: (event) => {
      const isPaid = event.answer?.kind === 'trade' && event.answer.trade.state === 'paid'
      if (!isPaid || !this.#said.isNew(`settle:${orderOf(event)}`, repeatMs)) return null
      return { type: 'credit_failed', orderNo: event.orderNo }
    },
    audit_made: ({ counts }) =>
      this.#isNewCount(counts) ? { type: 'audit_broken', counts: brokenIn(counts) } : null,
    clocks_disagree: ({ detail }) => ({ type: 'clocks_disagree', detail }),
    clocks_agree: () => ({ type: 'clocks_agree' }),
    runs_missing: ({ lastFinishedAt }) => ({ type: 'runs_missing', lastFinishedAt }),
    runs_back: () => ({ type: 'runs_back' }),
    catching_up: ({ doneInMs, remaining, merchantName = '' }) => {
      if (doneInMs !== null || !this.#said.isNew(`behind ${merchantName}`, repeatMs)) return null
      this.#behind.add(merchantName)
      return { type: 'falling_behind', remaining }
    },
    caught_up: ({ merchantName = '' }) =>
      this.#behind.delete(merchantName) ? { type: 'caught_up' } : null,
    proof_failed: () => ({ type: 'proofs_failing', what: 'credit' }),
    proof_key_unwritable: () => ({ type: 'proofs_failing', what: 'key' }),
    sealing_failed: () => ({ type: 'proofs_failing', what: 'sealing' }),
    orders_foreign: ({ merchant: { mchid }, count }) => ({ type: 'orders_foreign', mchid, count }),
    endpoint_failing: ({ endpoint }) => ({ type: 'endpoint_failing', endpoint }),
    endpoint_recovered: ({ endpoint }) => ({ type: 'endpoint_recovered', endpoint }),
  }

  /** Whether the other event of the same fact was just said. */
  #isSaidByOther(event: EventOf<'order_alarm' | 'exception_opened'>): boolean {
    const other = event.type === 'order_alarm' ? 'exception_opened' : 'order_alarm'
    const order = orderOf(event)
    if (this.#said.isLately(`${other} ${order}`, sameFactMs)) return true
    this.#said.isNew(`${event.type} ${order}`, 0)
    return false
  }

  /** Of a count that must be 0; one that is 0 again is new the next time. */
  #isNewCount(counts: Readonly<Record<string, number>>): boolean {
    const broken = brokenIn(counts)
    const names = broken.map(([name]) => name)
    for (const name of Object.keys(counts)) if (!names.includes(name)) this.#audited.delete(name)
    const isOther = broken.some(([name, count]) => this.#audited.get(name) !== count)
    for (const [name, count] of broken) this.#audited.set(name, count)
    return broken.length > 0 && this.#said.isNew('audit', isOther ? 0 : auditRepeatMs)
  }
}

function orderOf(event: OfOrder): string {
  return `${event.merchantName ?? ''} ${event.orderNo}`
}

type OfOrder = EventOf<'order_alarm' | 'exception_opened' | 'settle_failed'>

/** A burst of more is counted anyway, and not looked at one by one. */
const keysMax = 1000

/** What was said when, the newest last. */
class Said {
  readonly #clock: Clock
  readonly #at = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  isLately(key: string, withinMs: number): boolean {
    const at = this.#at.get(key)
    return at !== undefined && +this.#clock() < at + withinMs
  }

  /** False: it was said within this time. Otherwise it is said now. */
  isNew(key: string, withinMs: number): boolean {
    if (this.isLately(key, withinMs)) return false
    this.#at.delete(key)
    this.#at.set(key, +this.#clock())
    const [oldest] = this.#at.keys()
    if (this.#at.size > keysMax && oldest !== undefined) this.#at.delete(oldest)
    return true
  }
}
