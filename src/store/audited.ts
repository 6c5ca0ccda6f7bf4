import type { AuditedOrder } from './proofs/proof-store.ts'
import type { Audit, Store } from './store.ts'

/** People examine this many orders one by one; more than these have one common cause. */
export const ordersMax = 100

/** What an audit counted, and the orders behind each count that is not 0, at most `ordersMax` of each. */
export interface Audited {
  readonly counts: Audit
  readonly orders: Readonly<Partial<Record<keyof Audit, readonly AuditedOrder[]>>>
}

/** Finding the orders of a count takes as long as counting them. */
export async function auditWithOrders(store: Pick<Store, 'audit' | 'auditRows'>): Promise<Audited> {
  const counts = await store.audit()
  const orders: Partial<Record<keyof Audit, readonly AuditedOrder[]>> = {}
  for (const [name, count] of Object.entries(counts) as [keyof Audit, number][]) {
    if (count > 0) orders[name] = await store.auditRows(name, { limit: ordersMax })
  }
  return { counts, orders }
}
