import { assert } from '../assert.ts'
import type { Fen } from '../money.ts'
import type { Order } from '../order.ts'
import type { Trade } from '../trade.ts'

/** One leg of a transfer. Positive: the account gets it. */
export interface Entry {
  readonly account: string
  readonly amount: Fen
}

/**
 * Money that moved for one order. Its facts are the trade's, so that the schema can compare them
 * with the order's (I2); its two entries sum to zero (I3).
 */
export interface Transfer {
  readonly orderNo: string
  readonly gateway: string
  readonly transactionId: string
  readonly amount: Fen
  readonly currency: string
  readonly mchid: string
  readonly appid: string
  readonly paidAt: Date | null
  readonly entries: readonly [Entry, Entry]
}

export function userAccount(userId: string): string {
  return `user:${userId}`
}

/** What a gateway owes us: it took the payer's money. */
export function gatewayAccount(gateway: string, mchid: string): string {
  return `gateway:${gateway}:${mchid}`
}

/** The transfer that credits an order for the trade that paid it. */
export function rechargeTransfer(order: Order, trade: Trade): Transfer {
  assert(
    trade.transactionId !== null,
    `Cannot credit order "${order.orderNo}" without a transaction id`,
  )
  assert(
    trade.amount !== null && trade.currency !== null,
    `Cannot credit order "${order.orderNo}" without an amount`,
  )
  return {
    orderNo: trade.orderNo,
    gateway: order.gateway,
    transactionId: trade.transactionId,
    amount: trade.amount,
    currency: trade.currency,
    mchid: trade.mchid,
    appid: trade.appid,
    paidAt: trade.paidAt,
    entries: [
      { account: gatewayAccount(order.gateway, trade.mchid), amount: -trade.amount },
      { account: userAccount(order.userId), amount: trade.amount },
    ],
  }
}
