import type { Order } from '../../src/domain/order.ts'
import type { PrepayOrder } from '../../src/gateway/gateway.ts'
import type { Tables } from './database/tables.ts'
import type { Verdict } from './failure.ts'
import type { GatewayOrder } from './gateway/gateway-order.ts'

export interface OutputChecksParts {
  readonly verdict: Verdict
  readonly tables: Tables
  readonly gatewayOrders: ReadonlyMap<string, GatewayOrder>
  /** When the gateway returned each code. */
  readonly codes: ReadonlyMap<string, number>
  readonly worldNow: () => number
  /** The clocks of the nodes are nearly right, so that the age of codes can be checked. */
  readonly clocksAgree: boolean
  readonly adoptPrefixes: readonly string[] | null
}

const minuteMs = 60_000

/** A code works for two hours; the process may have been paused twice before it returned the code. */
const codeAgeMsMax = (120 + 70) * minuteMs

/** How many known orders must be absent in one run before the breaker may open. */
const absencesMin = 3

/** Checks the output of budan: to the gateway, to payers, and alarms to operators. */
export class OutputChecks {
  readonly #parts: OutputChecksParts

  constructor(parts: OutputChecksParts) {
    this.#parts = parts
  }

  /** I2: a trade must be placed with the facts of its order; otherwise its payment would differ. */
  prepay(requested: PrepayOrder): void {
    const order = this.#parts.tables.orders.get(requested.orderNo)
    const same =
      order !== undefined &&
      order.appid === requested.appid &&
      order.amount === requested.amount &&
      order.currency === requested.currency &&
      order.description === requested.description &&
      order.attach === requested.attach &&
      order.expiresAt?.getTime() === requested.expiresAt.getTime()
    if (!same) this.#fail('I2', `${requested.orderNo} is placed with other facts than were ordered`)
  }

  /** I2: an order found by its key or number must have the identity of the request. */
  orderReturned(order: Order, requested: { userId: string; amount: bigint; appid: string }): void {
    const { orderNo, userId, amount, appid } = order
    if (userId === requested.userId && amount === requested.amount && appid === requested.appid)
      return
    this.#fail('I2', `${orderNo} was returned to a request with another user, amount or app id`)
  }

  /** I8: a returned code must still work, and budan must still query its order. */
  codeReturned({ orderNo, codeUrl, status }: Order): void {
    const { tables, codes, worldNow, clocksAgree } = this.#parts
    const isAbandoned = tables.events.some(
      (event) => event.orderNo === orderNo && event.kind === 'abandoned',
    )
    if (isAbandoned) this.#fail('I8', `${orderNo} was given up, but its code was returned`)
    if (status !== 'pending' || !clocksAgree) return
    const givenAt = codes.get(codeUrl ?? '')
    if (givenAt === undefined)
      this.#fail('I8', `${orderNo} has a code that the gateway never returned`)
    else if (worldNow() - givenAt > codeAgeMsMax) {
      this.#fail('I8', `${orderNo} was returned with a code that no longer works`)
    }
  }

  /** Absent answers for orders that the gateway never knew do not show a wrong merchant number. */
  breakerOpened(reason: string): void {
    if (!reason.includes('no such order')) return
    const absent = [...this.#parts.gatewayOrders.values()].filter(
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
