import type { Order } from '../../../src/domain/order.ts'
import type { PrepayOrder } from '../../../src/gateway/gateway.ts'
import type { Tables } from '../database/tables.ts'
import type { Verdict } from '../failure.ts'
import type { Gateways } from '../gateway/gateways.ts'

export interface OutputChecksParts {
  readonly verdict: Verdict
  readonly tables: Tables
  readonly gateways: Gateways
  readonly worldNow: () => number
  /** Since when the merchant's gateway, keys and configuration are right; null: they are not. */
  readonly soundSince: (mchid: string) => number | null
  /** The clocks of the nodes are nearly right, so that the age of codes can be checked. */
  readonly clocksAgree: boolean
  readonly adoptPrefixes: readonly string[] | null
}

const minuteMs = 60_000

/** A code works for two hours; the process may have been paused twice before it returned the code. */
const codeAgeMsMax = (120 + 70) * minuteMs

/** For answers that were under way when the faults of a merchant ended. */
const settlingMs = 1.5 * minuteMs

/** How many known orders must be absent in one run before the breaker may open. */
const absencesMin = 3

/** Checks the output of budan: to the gateway, to payers, and alarms to operators. */
export class OutputChecks {
  readonly #parts: OutputChecksParts

  constructor(parts: OutputChecksParts) {
    this.#parts = parts
  }

  /** I2: a trade must be placed with the facts of its order; otherwise its payment would differ. */
  prepay(requested: PrepayOrder, mchid: string): void {
    const { orderNo } = requested
    const order = this.#parts.tables.orderOf({ gateway: 'wechatpay', mchid, orderNo })
    const same =
      order !== null &&
      order.appid === requested.appid &&
      order.amount === requested.amount &&
      order.currency === requested.currency &&
      order.description === requested.description &&
      order.attach === requested.attach &&
      order.expiresAt?.getTime() === requested.expiresAt.getTime()
    if (!same) this.#fail('I2', `${orderNo} is placed with other facts than were ordered`)
  }

  /** I2: an order found by its key or number must have the identity of the request. */
  orderReturned(
    order: Order,
    requested: { mchid: string; userId: string; amount: bigint; appid: string },
  ): void {
    const { orderNo, userId, amount, appid } = order
    this.ofMerchant(order, requested.mchid)
    if (userId === requested.userId && amount === requested.amount && appid === requested.appid)
      return
    this.#fail('I2', `${orderNo} was returned to a request with another user, amount or app id`)
  }

  /** I2: who names a merchant means no other merchant's order; null: none was named. */
  ofMerchant({ orderNo, mchid }: Order, named: string | null): void {
    if (named === null || mchid === named) return
    this.#fail('I2', `${orderNo} of merchant ${mchid} was taken for one of merchant ${named}`)
  }

  /** I8: a returned code must still work, and budan must still query its order. */
  codeReturned({ orderNo, key, mchid, codeUrl, status }: Order): void {
    const { tables, gateways, worldNow, clocksAgree } = this.#parts
    const isAbandoned = tables.events.some(
      (event) => event.key === key && event.kind === 'abandoned',
    )
    if (isAbandoned) this.#fail('I8', `${orderNo} was given up, but its code was returned`)
    if (status !== 'pending' || !clocksAgree) return
    const givenAt = gateways.of(mchid).codes.get(codeUrl ?? '')
    if (givenAt === undefined)
      this.#fail('I8', `${orderNo} has a code that the gateway never returned`)
    else if (worldNow() - givenAt > codeAgeMsMax) {
      this.#fail('I8', `${orderNo} was returned with a code that no longer works`)
    }
  }

  /**
   * Absent answers for orders that the gateway never knew do not show a wrong merchant number. For any
   * other cause, the merchant's own gateway must give one: another merchant's fault is none.
   */
  breakerOpened({ reason, mchid }: { reason: string; mchid: string }): void {
    const { gateways, soundSince, worldNow } = this.#parts
    if (!reason.includes('no such order')) {
      const since = soundSince(mchid)
      if (since === null || worldNow() < since + settlingMs) return
      this.#fail('I9', `the breaker of merchant ${mchid} opened, whose gateway answers: ${reason}`)
      return
    }
    const absent = [...gateways.of(mchid).gatewayOrders.values()].filter(
      ({ firstShownAt, lastAbsentAt }) =>
        firstShownAt !== null && lastAbsentAt !== null && lastAbsentAt >= firstShownAt,
    )
    if (absent.length >= absencesMin) return
    this.#fail('I9', `the breaker opened, but only ${absent.length} known orders are absent`)
  }

  adopted({ orderNo }: Order): void {
    const { adoptPrefixes } = this.#parts
    if (adoptPrefixes === null || adoptPrefixes.some((prefix) => orderNo.startsWith(prefix))) return
    this.#fail('I2', `${orderNo} was adopted, but its number has no allowed prefix`)
  }

  #fail(invariant: string, message: string): void {
    this.#parts.verdict.fail(invariant, message)
  }
}
