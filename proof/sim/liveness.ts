import type { Order } from '../../src/order.ts'
import type { Tables } from './database/tables.ts'
import type { Verdict } from './failure.ts'
import type { Dossier } from './gateway/book.ts'

export interface LivenessParts {
  readonly verdict: Verdict
  readonly tables: Tables
  readonly dossiers: ReadonlyMap<string, Dossier>
  readonly batchSize: number
  readonly intervalMs: number
  readonly thresholdMs: number
  /** The longest wait that a schedule or a lease may give. */
  readonly waitMsMax: number
  /** The database's clock minus the world's. */
  readonly skewMs: number
  readonly callbacksHeal: boolean
  /** A breaker is open, or may come to be: then a run may ask a single order. */
  readonly mayHold: boolean
}

/** For what is on its way when the faults stop: calls, locks and waits that have yet to time out. */
const settlingMs = 90_000

/** As far as probes go back before they begin again, in `src/pass.ts`. */
const probeRoundMax = 50

/**
 * Demands I8 and I9 once faults have stopped. How long may an order wait for its next question?
 *
 * With N open orders and a batch of B: an order that is due has at most N − 1 others before it,
 * because claims go by `next_check_at`, and one that was asked comes back with a later time than
 * that of any order that is due already. Each run takes B from the front, so ⌈N / B⌉ runs after it
 * fell due it has been claimed. There is a run in each slot. One slot more, because the order may fall due just after a run has claimed; and
 * one more, because the slot of the moment when faults stopped may have been taken by a node that
 * died. A claim is asked within its run, which without faults ends within its slot.
 *
 * While a breaker is open a run asks one order, another each time, over the youngest `probeRoundMax`
 * that are due; so after a whole round of probes each has been asked, or one of them has healed it,
 * and N runs are more than enough for the rest.
 */
export class Liveness {
  readonly #parts: LivenessParts
  readonly #startedAt: number
  /** As many as there were at any time: a node that stood still may place more when it goes on. */
  #openMax: number

  constructor(parts: LivenessParts, now: number) {
    this.#parts = parts
    this.#startedAt = now
    this.#openMax = openOrders(parts.tables).length
  }

  /** How long an order that is due may wait for its question, in milliseconds. */
  get #overdueMsMax(): number {
    const { batchSize, intervalMs, mayHold } = this.#parts
    const runs = mayHold ? probeRoundMax + this.#openMax : Math.ceil(this.#openMax / batchSize)
    return (runs + 2) * intervalMs + settlingMs
  }

  /** The runs that an order may have to wait. */
  get runsMax(): number {
    return Math.round(this.#overdueMsMax / this.#parts.intervalMs)
  }

  /** After this long everything that is demanded has happened, or has failed. */
  get limitMs(): number {
    return this.#parts.waitMsMax + 2 * this.#overdueMsMax + this.#parts.thresholdMs
  }

  /** To be called again and again; true when there is nothing left to wait for. */
  look(now: number): boolean {
    const open = openOrders(this.#parts.tables)
    this.#openMax = Math.max(this.#openMax, open.length)
    const waiting = open.filter((order) => this.#isOwed(order, now))
    return waiting.length === 0 && this.#unpaidHere().length === 0
  }

  /** At the end: what is truly paid, and neither paid here nor in review. */
  final(): void {
    for (const order of this.#unpaidHere()) {
      this.#fail('I8', `${order.orderNo} is paid at the gateway, and ${order.status} here`)
    }
  }

  /** I9. True while this order has a question to come that is not late. */
  #isOwed(order: Order, now: number): boolean {
    const askedAt = this.#parts.dossiers.get(order.orderNo)?.lastQuestionAt ?? 0
    // One that was asked and not believed is due as it was before.
    const since = Math.max(askedAt, this.#startedAt)
    const dueAt = this.#dueAt(order)
    if (now > Math.max(dueAt, since) + this.#overdueMsMax) this.#late(order, now)
    // Whatever its row says: an answer that was on its way may have given it one wait more, not two.
    const latest = Math.max(since, this.#dueFrom(order)) + this.#parts.waitMsMax
    if (now > latest + this.#overdueMsMax) this.#late(order, now)
    if (askedAt < this.#startedAt) return true
    return this.#isUnended(order, { askedAt, now })
  }

  /** Asked about after its end, unpaid, and still open: it must be closed and expired at once. */
  #isUnended(order: Order, { askedAt, now }: { askedAt: number; now: number }): boolean {
    const { mayHold, skewMs, dossiers } = this.#parts
    const { trade } = dossiers.get(order.orderNo) ?? {}
    // A trade of somebody else's must not be closed.
    if (trade?.mchid !== order.mchid || trade.appid !== order.appid) return false
    const ended = !['SUCCESS', 'REFUND', 'USERPAYING'].includes(trade.state)
    if (!ended || mayHold || askedAt + skewMs < +endOf(order) + 1000) return false
    // Whoever asked just after the faults stopped may have been told to stop before; see `#isOwed`.
    const heard = askedAt > this.#startedAt + settlingMs
    if (heard && now - askedAt > settlingMs) {
      this.#fail('I9', `${order.orderNo} is ${trade.state}, past its end, asked, and still open`)
    }
    return true
  }

  #unpaidHere(): readonly Order[] {
    const { tables, dossiers, callbacksHeal } = this.#parts
    return [...tables.orders.values()].filter(({ orderNo, status }) => {
      const trade = dossiers.get(orderNo)?.trade
      if (trade == null || !['SUCCESS', 'REFUND'].includes(trade.state)) return false
      // Money for a trade that the gateway had closed: only its callback tells of it.
      const onlyCallback = status === 'expired' && trade.closedAt !== null
      if (onlyCallback && (!callbacksHeal || trade.state === 'REFUND')) return false
      return status === 'pending' || status === 'expired'
    })
  }

  /** In the world's time: when the job may ask about it. */
  #dueAt(order: Order): number {
    return Math.max(+order.nextCheckAt - this.#parts.skewMs, this.#dueFrom(order))
  }

  #dueFrom({ createdAt }: Order): number {
    return +createdAt + this.#parts.thresholdMs - this.#parts.skewMs
  }

  #late(order: Order, now: number): void {
    const overdue = Math.round((now - this.#dueAt(order)) / 1000)
    this.#fail('I9', `${order.orderNo} waits for its question, ${overdue} s overdue`)
  }

  #fail(invariant: string, message: string): void {
    this.#parts.verdict.fail(invariant, message)
  }
}

/** When an unpaid order is to end. */
function endOf({ expiresAt, watchedUntil }: Order): Date {
  return expiresAt ?? watchedUntil ?? new Date(8.64e15)
}

function openOrders(tables: Tables): readonly Order[] {
  return [...tables.orders.values()].filter(({ status }) => status === 'pending')
}
