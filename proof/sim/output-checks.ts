import type { Order } from '../../src/domain/order.ts'
import type { PrepayOrder } from '../../src/gateway/gateway.ts'
import type { Tables } from './database/tables.ts'
import type { Verdict } from './failure.ts'
import type { GatewayOrder } from './gateway/gateway-order.ts'

export interface OutputChecksParts {
  readonly verdict: Verdict
  readonly tables: Tables
  readonly gatewayOrders: ReadonlyMap<string, GatewayOrder>
  /** When the gateway gave each code. */
  readonly codes: ReadonlyMap<string, number>
  readonly worldNow: () => number
  /** The clocks of the nodes are about right, so that they may be held to what they say of codes. */
  readonly clocksAgree: boolean
  readonly adoptPrefixes: readonly string[] | null
}

const minuteMs = 60_000

/** A code works for two hours; a process may have stood still twice on the way from it to the payer. */
const codeAgeMsMax = (120 + 70) * minuteMs

/** How many orders that the gateway knows must be absent in a run before anybody is alarmed. */
const absencesMin = 3

/** What leaves budan: to the gateway, to payers, and to whoever is alarmed. */
export class OutputChecks {
  readonly #parts: OutputChecksParts

  constructor(parts: OutputChecksParts) {
    this.#parts = parts
  }

  /** I2: a trade is placed as it was ordered, or its payment would not be. */
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
    if (!same) this.#fail('I2', `${requested.orderNo} is placed as something else than was ordered`)
  }

  /** I2: what was asked for is what was found under its key, or number. */
  orderReturned(order: Order, requested: { userId: string; amount: bigint; appid: string }): void {
    const { orderNo, userId, amount, appid } = order
    if (userId === requested.userId && amount === requested.amount && appid === requested.appid)
      return
    this.#fail('I2', `${orderNo} was told as the order of somebody else, or of another app id`)
  }

  /** I8: nobody pays by a code that nobody asks about, nor waits before one that is dead. */
  codeReturned({ orderNo, codeUrl, status }: Order): void {
    const { tables, codes, worldNow, clocksAgree } = this.#parts
    const isAbandoned = tables.events.some(
      (event) => event.orderNo === orderNo && event.kind === 'abandoned',
    )
    if (isAbandoned) this.#fail('I8', `${orderNo} was given up, and its code was handed out`)
    if (status !== 'pending' || !clocksAgree) return
    const givenAt = codes.get(codeUrl ?? '')
    if (givenAt === undefined) this.#fail('I8', `${orderNo} has a code that nobody gave`)
    else if (worldNow() - givenAt > codeAgeMsMax) {
      this.#fail('I8', `${orderNo} was told with a code that does not work any more`)
    }
  }

  /** Numbers that the gateway has never known say nothing of the merchant number. */
  breakerOpened(reason: string): void {
    if (!reason.includes('no such order')) return
    const absent = [...this.#parts.gatewayOrders.values()].filter(
      ({ firstShownAt, lastAbsentAt }) =>
        firstShownAt !== null && lastAbsentAt !== null && lastAbsentAt >= firstShownAt,
    )
    if (absent.length >= absencesMin) return
    this.#fail('I9', `runs are held back, and ${absent.length} orders that were known are absent`)
  }

  adopted({ orderNo }: Order): void {
    const { adoptPrefixes } = this.#parts
    if (adoptPrefixes === null || adoptPrefixes.some((prefix) => orderNo.startsWith(prefix))) return
    this.#fail('I2', `${orderNo} was adopted, though no such number may be`)
  }

  #fail(invariant: string, message: string): void {
    this.#parts.verdict.fail(invariant, message)
  }
}
