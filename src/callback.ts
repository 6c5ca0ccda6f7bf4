import type { Breaker } from './breaker.ts'
import type { Emit } from './event.ts'
import type { Gateway, RawCallback, RejectedCallback } from './gateway/gateway.ts'
import type { DecisionKind, Order } from './order.ts'
import type { Settle } from './settle-groups.ts'

/** What became of a callback: answer 204 to `settled`, and its `status` to `rejected`. */
export type Receipt =
  /** Committed. */
  | { readonly kind: 'settled'; readonly order: Order; readonly decision: DecisionKind }
  | RejectedCallback

/** What receiving works with. */
export interface Receiving {
  readonly gateway: Gateway
  readonly breaker: Breaker
  readonly settle: Settle
  readonly emit: Emit
}

/**
 * An answer that nobody asked for: verified, opened, and settled like any other. It is
 * acknowledged only after the commit; a throw from here must make the sender send again (I7).
 */
export async function receiveCallback(
  receiving: Receiving,
  callback: RawCallback,
): Promise<Receipt> {
  const opened = await receiving.gateway.openCallback(callback)
  if (opened.kind === 'rejected') {
    const { status, reason } = opened
    return reject(receiving, { status, reason })
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
