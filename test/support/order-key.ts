import type { OrderKey } from '../../src/domain/order.ts'

/** The key of an order of the first merchant of a database, which is its number. */
export function keyOf(orderNo: string): OrderKey {
  return orderNo as OrderKey
}
