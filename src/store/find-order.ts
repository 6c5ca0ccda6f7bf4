import { isSameMerchant, type MerchantIdentity } from '../domain/merchant.ts'
import type { Order, Review } from '../domain/order.ts'
import type { Store } from './store.ts'

/** An order as people name it. */
export interface OrderName {
  readonly orderNo: string
  /** Null or absent: it is the only order with this number. */
  readonly merchant?: MerchantIdentity | null | undefined
}

/** Several merchants have an order with this number, and the caller has not said which is meant. */
export class SeveralOrdersError extends Error {
  override readonly name = 'SeveralOrdersError'
  readonly merchants: readonly MerchantIdentity[]

  constructor(orderNo: string, orders: readonly Order[]) {
    const merchants = orders.map(({ gateway, mchid }) => ({ gateway, mchid }))
    const listed = merchants.map(({ gateway, mchid }) => `${gateway}/${mchid}`).join(', ')
    super(`Several merchants have an order "${orderNo}": ${listed}; say which is meant`)
    this.merchants = merchants
  }
}

/** Null when it is not here. Throws `SeveralOrdersError`. */
export async function findOrder(
  store: Pick<Store, 'findOrders'>,
  { orderNo, merchant = null }: OrderName,
): Promise<Order | null> {
  if (merchant !== null) return findOrderOf(store, { orderNo, merchant })
  const [order = null, ...others] = await store.findOrders(orderNo)
  if (order !== null && others.length > 0) throw new SeveralOrdersError(orderNo, [order, ...others])
  return order
}

/** The merchant's own order with this number; those of others with the same number are not meant. */
export async function findOrderOf(
  store: Pick<Store, 'findOrders'>,
  { orderNo, merchant }: { readonly orderNo: string; readonly merchant: MerchantIdentity },
): Promise<Order | null> {
  const orders = await store.findOrders(orderNo)
  return orders.find((order) => isSameMerchant(order, merchant)) ?? null
}

/** The order with its review, whatever its state. Null when it is not here. Throws `SeveralOrdersError`. */
export async function findReview(
  store: Pick<Store, 'findOrders' | 'findReview'>,
  name: OrderName,
): Promise<Review | null> {
  const order = await findOrder(store, name)
  return order && store.findReview(order.key)
}
