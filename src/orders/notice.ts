import type { Emit } from '../domain/event.ts'
import { isSameMerchant } from '../domain/merchant.ts'
import type { Order, OrderKey } from '../domain/order.ts'
import type { RefundNotice } from '../domain/refund.ts'
import { type WrittenNotice, writeNotices } from '../exceptions/notices.ts'
import {
  alarmsOf,
  emitRaised,
  nothingRaised,
  type Raised,
  recordExceptions,
} from '../exceptions/record.ts'
import { keepEarlyNotice } from '../exceptions/unknown-payment.ts'
import type { Gateway } from '../gateway/gateway.ts'
import { findOrderOf } from '../store/find-order.ts'
import type { Store, Tx } from '../store/store.ts'

export interface Noting {
  readonly store: Store
  readonly gateway: Pick<Gateway, 'name' | 'mchid'>
  readonly emit: Emit
  readonly node: string
}

interface Noted {
  readonly order: Order
  /** This one, unless it was written before, and those that had come before the order. */
  readonly written: readonly WrittenNotice[]
  readonly raised: Raised
}

/**
 * Writes a refund's notice into the timeline of its order, once however often it is sent. Null: no such
 * order here; then it is kept for the order that may come. Returns after the commit; an error must make the
 * sender send it again. It settles nothing.
 */
export async function noteRefund(noting: Noting, notice: RefundNotice): Promise<Order | null> {
  const noted = (await noteAtOrder(noting, notice)) ?? (await keepForOrder(noting, notice))
  emitNotice(noting.emit, { notice, noted })
  return noted?.order ?? null
}

/**
 * The order may come, and be credited, while its notice is being kept: that credit does not see the
 * notice. So the order is looked for once more; what comes after that sees it.
 */
async function keepForOrder(noting: Noting, notice: RefundNotice): Promise<Noted | null> {
  const { name: gateway, mchid } = noting.gateway
  await keepEarlyNotice(noting, { gateway, mchid, notice, node: noting.node })
  return noteAtOrder(noting, notice)
}

async function noteAtOrder(noting: Noting, notice: RefundNotice): Promise<Noted | null> {
  const order = await orderOf(noting, notice)
  if (order === null) return null
  return noting.store.transaction((tx) => noteIn(tx, { ...noting, notice, key: order.key }))
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
  { notice, key, node, gateway: { name, mchid } }: Noting & { notice: RefundNotice; key: OrderKey },
): Promise<Noted | null> {
  const locked = await tx.lockOrder(key)
  if (locked === null) return null
  const { order } = locked
  const received = [{ gateway: name, mchid, notice, node }]
  const { transactionId } = order.transactionId === null ? notice : order
  const written = await writeNotices(tx, { order, transactionId, received })
  const raised = await raise(tx, order)
  return { order, written, raised: { ...raised, alarms: alarmsOf(order, written) } }
}

/** Of an order that is not credited, refunds count once it is. */
async function raise(tx: Tx, order: Order): Promise<Raised> {
  return order.status === 'paid' ? recordExceptions(tx, { order, trade: null }) : nothingRaised
}

/** Called after the commit. */
function emitNotice(
  emit: Emit,
  { notice, noted }: { notice: RefundNotice; noted: Noted | null },
): void {
  const isNew = noted?.written.some(({ key }) => key === notice.key)
  emit({
    type: 'refund_noticed',
    orderNo: notice.orderNo ?? noted?.order.orderNo ?? null,
    transactionId: notice.transactionId,
    state: notice.reported,
    refunded: notice.refunded,
    result: noted === null ? 'no_order' : isNew ? 'noted' : 'repeated',
  })
  if (noted !== null) emitRaised(emit, noted.raised)
}
