import type { PaidOrder } from './gateway/answers.ts'

/** An index stands for the same order in the database, at the gateway and in a callback. */
export function paidOrder(index: number): PaidOrder {
  const digits = String(index).padStart(10, '0')
  return {
    orderNo: `${numberPrefix}${digits}`,
    amount: 100 + (index % 1000),
    transactionId: `420000200820260124${digits}`,
  }
}

export const numberPrefix = 'RECH20260124120000'

/** Null for an order that is not of the bench. */
export function indexOf(orderNo: string): number | null {
  const digits = orderNo.slice(numberPrefix.length)
  return orderNo.startsWith(numberPrefix) && /^\d{10}$/.test(digits) ? Number(digits) : null
}
