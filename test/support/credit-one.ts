import type { Order } from '../../src/domain/order.ts'
import type { Credit, Tx } from '../../src/store/store.ts'

/** `tx.credit()` for one order. */
export async function creditOne(
  tx: Pick<Tx, 'credit'>,
  order: Order,
  credit: Omit<Credit, 'order'>,
): Promise<Order> {
  const [paid] = await tx.credit([{ order, ...credit }])
  if (paid === undefined) throw new Error('A credit without an order')
  return paid
}
