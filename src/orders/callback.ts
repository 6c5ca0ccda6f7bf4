import type { Order } from '../domain/order.ts'
import type { DecisionKind } from '../domain/order-states.ts'
import { raiseUnknownPayment, type UnknownPayments } from '../exceptions/unknown-payment.ts'
import type { Gateway, RawCallback, RejectedCallback } from '../gateway/gateway.ts'
import type { Breaker } from '../job/breaker.ts'
import type { Settle } from '../settle/groups.ts'
import type { Provenance } from '../settle/settle.ts'
import { findOrderOf } from '../store/find-order.ts'
import { type Noting, noteRefund } from './notice.ts'
import { checkedCallback } from './validate.ts'

/** The result of a callback. `budan.gateway.callbackReply` says how the gateway is answered. */
export type Receipt =
  /** Committed. */
  | { readonly kind: 'settled'; readonly order: Order; readonly decision: DecisionKind }
  /** A refund's notice, committed to the timeline of its order; null: kept, for no such order is here. */
  | { readonly kind: 'noted'; readonly order: Order | null }
  /** Verified, but not about an order of ours. */
  | { readonly kind: 'foreign' }
  | RejectedCallback

export interface Receiving extends Noting, UnknownPayments {
  readonly gateway: Gateway
  readonly breaker: Breaker
  readonly settle: Settle
}

/**
 * Settles a callback like the answer to a query, after it was verified and decrypted. It is
 * acknowledged only after the commit: an error thrown here must make the sender send it again (I7).
 */
export async function receiveCallback(
  receiving: Receiving,
  callback: RawCallback,
): Promise<Receipt> {
  const opened = await receiving.gateway.openCallback(checkedCallback(callback))
  if (opened.kind === 'rejected') return reject(receiving, opened)
  // These are accepted: a refusal would only have them sent again for a day, with nothing to settle.
  if (opened.kind === 'refund') {
    return { kind: 'noted', order: await noteRefund(receiving, opened.notice) }
  }
  if (opened.kind === 'foreign') {
    receiving.emit({ type: 'callback_foreign', event: opened.event })
    return { kind: 'foreign' }
  }
  const { answer } = opened
  const { orderNo } = answer.trade
  const { name, mchid } = receiving.gateway
  const merchant = { gateway: name, mchid }
  const order = await findOrderOf(receiving.store, { orderNo, merchant })
  const settlement = order && (await receiving.settle({ key: order.key, answer, by: byCallback }))
  // The order may be adopted soon: after a refusal, the callback is sent again.
  if (settlement === null) {
    await raiseUnknownPayment(receiving, { merchant, trade: answer.trade, by: 'callback' })
    return reject(receiving, { status: 404, reason: `no order "${orderNo}" here` })
  }
  receiving.breaker.observeCallback()
  return { kind: 'settled', order: settlement.order, decision: settlement.decision.kind }
}

const byCallback: Provenance = { source: 'callback', runId: null, waitFrom: null }

/** Rejects by the headers what `receiveCallback` would reject with any body; null: the body has to be read. */
export async function screenCallback(
  receiving: Pick<Receiving, 'gateway' | 'emit'>,
  headers: RawCallback['headers'],
): Promise<RejectedCallback | null> {
  const rejected = await receiving.gateway.screenCallback?.(headers)
  return rejected ? reject(receiving, rejected) : null
}

function reject(
  { emit }: Pick<Receiving, 'emit'>,
  { status, reason }: { status: number; reason: string },
): RejectedCallback {
  emit({ type: 'callback_rejected', status, reason })
  return { kind: 'rejected', status, reason }
}
