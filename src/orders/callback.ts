import type { Order } from '../domain/order.ts'
import type { DecisionKind } from '../domain/order-states.ts'
import type { Gateway, RawCallback, RejectedCallback } from '../gateway/gateway.ts'
import type { Breaker } from '../job/breaker.ts'
import type { Settle } from '../settle/groups.ts'
import { type Noting, noteRefund } from './notice.ts'
import { checkedCallback } from './validate.ts'

/** What became of a callback: answer `rejected` with its `status`, and all others with 204. */
export type Receipt =
  /** Committed. */
  | { readonly kind: 'settled'; readonly order: Order; readonly decision: DecisionKind }
  /** A refund's notice, committed to the timeline of its order; null: there is no such order here. */
  | { readonly kind: 'noted'; readonly order: Order | null }
  /** Verified, and nothing of ours. */
  | { readonly kind: 'foreign' }
  | RejectedCallback

/** What receiving works with. */
export interface Receiving extends Noting {
  readonly gateway: Gateway
  readonly breaker: Breaker
  readonly settle: Settle
}

/**
 * An answer that nobody asked for: verified, opened, and settled like any other. It is
 * acknowledged only after the commit; a throw from here must make the sender send again (I7).
 */
export async function receiveCallback(
  receiving: Receiving,
  callback: RawCallback,
): Promise<Receipt> {
  const opened = await receiving.gateway.openCallback(checkedCallback(callback))
  if (opened.kind === 'rejected') {
    const { status, reason } = opened
    return reject(receiving, { status, reason })
  }
  // Refused, either would be sent again for a day, with nothing in it that could be settled then.
  if (opened.kind === 'refund') {
    return { kind: 'noted', order: await noteRefund(receiving, opened.notice) }
  }
  if (opened.kind === 'foreign') {
    receiving.emit({ type: 'callback_foreign', event: opened.event })
    return { kind: 'foreign' }
  }
  const { answer } = opened
  const { orderNo } = answer.trade
  const settlement = await receiving.settle({
    orderNo,
    answer,
    source: 'callback',
    runId: null,
    waitFrom: null,
    absenceCredible: false,
  })
  // It may be adopted in a moment: a refusal has it sent again.
  if (settlement === null)
    return reject(receiving, { status: 404, reason: `no order "${orderNo}" here` })
  receiving.breaker.observeCallback()
  return { kind: 'settled', order: settlement.order, decision: settlement.decision.kind }
}

/** As `receiveCallback` would reject it whatever its body is; null when the body has to be seen. */
export async function screenCallback(
  receiving: Pick<Receiving, 'gateway' | 'emit'>,
  headers: RawCallback['headers'],
): Promise<RejectedCallback | null> {
  const rejected = await receiving.gateway.screenCallback?.(headers)
  if (!rejected) return null
  const { status, reason } = rejected
  return reject(receiving, { status, reason })
}

function reject(
  { emit }: Pick<Receiving, 'emit'>,
  why: { status: number; reason: string },
): RejectedCallback {
  emit({ type: 'callback_rejected', ...why })
  return { kind: 'rejected', ...why }
}
