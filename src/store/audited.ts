import type { Audit, Store } from './store.ts'

/** People examine this many orders one by one; more than these have one common cause. */
export const ordersMax = 100

/** What an audit counted, and the orders behind each count that is not 0, at most `ordersMax` of each. */
export interface Audited {
  readonly counts: Audit
  readonly orderNos: Readonly<Partial<Record<keyof Audit, readonly string[]>>>
}

/** Finding the orders of a count takes as long as counting them. */
export async function auditWithOrders(store: Pick<Store, 'audit' | 'auditRows'>): Promise<Audited> {
  const counts = await store.audit()
  const orderNos: Partial<Record<keyof Audit, readonly string[]>> = {}
  for (const [name, count] of Object.entries(counts) as [keyof Audit, number][]) {
    if (count > 0) orderNos[name] = await store.auditRows(name, { limit: ordersMax })
  }
  return { counts, orderNos }
}
