import type { Emit } from '../domain/event.ts'
import type { Order } from '../domain/order.ts'
import { isSameNotice, type Noticed, noticedOf, type RefundNotice } from '../domain/refund.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { Store, Tx } from '../store/store.ts'

export interface Noting {
  readonly store: Store
  readonly gateway: Pick<Gateway, 'name' | 'mchid'>
  readonly emit: Emit
  readonly node: string
}

type Noted = { readonly order: Order } & (Noticed | { readonly isRepeated: true })

/**
 * Writes a refund's notice into the timeline of its order, once however often it is sent. Null: no such
 * order here. Returns after the commit; an error must make the sender send it again. It settles nothing.
 */
export async function noteRefund(noting: Noting, notice: RefundNotice): Promise<Order | null> {
  const orderNo = notice.orderNo ?? (await orderPaidBy(noting, notice))
  const noted =
    orderNo === null
      ? null
      : await noting.store.transaction((tx) => noteIn(tx, { ...noting, notice, orderNo }))
  emitNotice(noting.emit, { notice, noted, orderNo })
  return noted?.order ?? null
}

/** A notice without an order number may name a payment that was credited. */
async function orderPaidBy(
  { store, gateway }: Noting,
  { transactionId }: RefundNotice,
): Promise<string | null> {
  if (transactionId === null) return null
  const order = await store.findOrderByTransaction({ gateway: gateway.name, transactionId })
  return order?.orderNo ?? null
}

/** Locks the order's row, so that two notices of the same refund at once are not both written. */
async function noteIn(
  tx: Tx,
  { notice, orderNo, gateway, node }: Noting & { notice: RefundNotice; orderNo: string },
): Promise<Noted | null> {
  const locked = await tx.lockOrder(orderNo)
  // Order numbers are unique per merchant: another merchant's order may have the same number.
  if (locked?.order.gateway !== gateway.name || locked.order.mchid !== gateway.mchid) return null
  const { order } = locked
  const before = await tx.refundNotices(orderNo)
  if (before.some((event) => isSameNotice(event, notice))) return { order, isRepeated: true }
  const { reason, alarm } = noticedOf(order, notice)
  await tx.appendEvent({
    ...{ orderNo, kind: 'refund_noticed', source: 'callback', reason, alarm, node },
    ...{ tradeState: null, decision: null, runId: null, evidence: notice.evidence },
  })
  return { order, reason, alarm }
}

/** Called after the commit. */
function emitNotice(
  emit: Emit,
  { notice, noted, orderNo }: { notice: RefundNotice; noted: Noted | null; orderNo: string | null },
): void {
  const isNew = noted !== null && 'reason' in noted
  emit({
    type: 'refund_noticed',
    orderNo,
    transactionId: notice.transactionId,
    state: notice.reported,
    refunded: notice.refunded,
    result: noted === null ? 'no_order' : isNew ? 'noted' : 'repeated',
  })
  if (!isNew || !noted.alarm) return
  emit({
    ...{ type: 'order_alarm', orderNo: noted.order.orderNo, source: 'callback' },
    reason: noted.reason,
  })
}
