import type { Emit } from '../domain/event.ts'
import { isSameMerchant } from '../domain/merchant.ts'
import type { Order, OrderKey } from '../domain/order.ts'
import { isSameNotice, type Noticed, noticedOf, type RefundNotice } from '../domain/refund.ts'
import { emitRaised, nothingRaised, type Raised, recordExceptions } from '../exceptions/record.ts'
import { healRefundedPayment } from '../exceptions/unknown-payment.ts'
import type { Gateway } from '../gateway/gateway.ts'
import { findOrderOf } from '../store/find-order.ts'
import type { Store, Tx } from '../store/store.ts'

export interface Noting {
  readonly store: Store
  readonly gateway: Pick<Gateway, 'name' | 'mchid'>
  readonly emit: Emit
  readonly node: string
}

type Noted = { readonly order: Order; readonly raised: Raised } & (
  | Noticed
  | { readonly isRepeated: true }
)

/**
 * Writes a refund's notice into the timeline of its order, once however often it is sent. Null: no such
 * order here. Returns after the commit; an error must make the sender send it again. It settles nothing.
 */
export async function noteRefund(noting: Noting, notice: RefundNotice): Promise<Order | null> {
  const order = await orderOf(noting, notice)
  const noted =
    order === null
      ? null
      : await noting.store.transaction((tx) => noteIn(tx, { ...noting, notice, key: order.key }))
  const { name: gateway, mchid } = noting.gateway
  if (order === null) await healRefundedPayment(noting, { merchant: { gateway, mchid }, notice })
  emitNotice(noting.emit, { notice, noted, orderNo: notice.orderNo ?? order?.orderNo ?? null })
  return noted?.order ?? null
}

/** A notice without an order number may name a payment that was credited. */
async function orderOf(
  { store, gateway }: Noting,
  { orderNo, transactionId }: RefundNotice,
): Promise<Order | null> {
  const merchant = { gateway: gateway.name, mchid: gateway.mchid }
  if (orderNo !== null) return findOrderOf(store, { merchant, orderNo })
  if (transactionId === null) return null
  const order = await store.findOrderByTransaction({ gateway: gateway.name, transactionId })
  return order !== null && isSameMerchant(order, merchant) ? order : null
}

/** Locks the order's row, so that two notices of the same refund at once are not both written. */
async function noteIn(
  tx: Tx,
  { notice, key, node }: Noting & { notice: RefundNotice; key: OrderKey },
): Promise<Noted | null> {
  const locked = await tx.lockOrder(key)
  if (locked === null) return null
  const { order } = locked
  const before = await tx.refundNotices(key)
  if (before.some((event) => isSameNotice(event, notice))) {
    return { order, isRepeated: true, raised: await raise(tx, order) }
  }
  const { reason, alarm } = noticedOf(order, notice)
  await tx.appendEvent(key, {
    ...{ kind: 'refund_noticed', source: 'callback', reason, alarm, node },
    ...{ tradeState: null, decision: null, runId: null, evidence: notice.evidence },
  })
  return { order, reason, alarm, raised: await raise(tx, order) }
}

/** Of an order that is not credited, refunds count once it is. */
async function raise(tx: Tx, order: Order): Promise<Raised> {
  return order.status === 'paid' ? recordExceptions(tx, { order, trade: null }) : nothingRaised
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
  if (noted !== null) emitRaised(emit, noted.raised)
  if (!isNew || !noted.alarm) return
  emit({
    ...{ type: 'order_alarm', orderNo: noted.order.orderNo, source: 'callback' },
    reason: noted.reason,
  })
}
