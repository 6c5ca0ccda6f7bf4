import type { Emit } from '../domain/event.ts'
import { noChanges } from '../domain/exception.ts'
import { isPlacedNo } from '../domain/fact-rules.ts'
import type { MerchantIdentity } from '../domain/merchant.ts'
import { fenMax } from '../domain/money.ts'
import type { RefundNotice } from '../domain/refund.ts'
import type { Trade } from '../domain/trade.ts'
import type { Store } from '../store/store.ts'
import { apply, emitRaised } from './record.ts'

export interface UnknownPayments {
  readonly store: Store
  readonly emit: Emit
  /** Which numbers may be adopted; null: any. */
  readonly adoptPrefixes: readonly string[] | null
}

/** A verified payment under a number that no order of the merchant has, and how it was seen. */
export interface SeenPayment {
  readonly merchant: MerchantIdentity
  readonly trade: Trade
  readonly by: 'callback' | 'trace'
}

/** Opens an exception where the payment should have had an order here, once however often it is seen. */
export async function raiseUnknownPayment(
  { store, emit, adoptPrefixes }: UnknownPayments,
  seen: SeenPayment,
): Promise<void> {
  const { merchant, trade } = seen
  const { orderNo, transactionId, amount } = trade
  if (trade.state !== 'paid' || transactionId === null) return
  if (!isExpectedHere(seen, { adoptPrefixes, now: await store.now() })) return
  const raised = await store.transaction((tx) =>
    apply(tx, {
      ...noChanges,
      opened: [
        {
          ...{ kind: 'unknown_payment', gateway: merchant.gateway, mchid: merchant.mchid },
          ...{ orderNo, key: null, about: transactionId, transactionId, refundId: null },
          amountAtStake: amount !== null && amount >= 0n && amount <= fenMax ? amount : 0n,
          currency: trade.currency ?? 'CNY',
          reason: { code: 'paid_without_order' },
        },
      ],
    }),
  )
  emitRaised(emit, raised)
}

/**
 * A number of our own form was placed here, and its order is gone. Other numbers belong to other systems,
 * which share the merchant: theirs are expected here only where they could be adopted. A callback comes
 * here because the one who placed the order wanted it, and may overtake the adoption; a trace may be of
 * any payment of the merchant.
 */
function isExpectedHere(
  { trade: { orderNo, paidAt }, by }: SeenPayment,
  { adoptPrefixes, now }: Pick<UnknownPayments, 'adoptPrefixes'> & { readonly now: Date },
): boolean {
  if (isPlacedNo(orderNo)) return true
  const isAdoptable =
    adoptPrefixes === null
      ? by === 'callback'
      : adoptPrefixes.some((prefix) => orderNo.startsWith(prefix))
  return isAdoptable && (paidAt === null || +now - +paidAt >= adoptedWithinMs)
}

/** Callbacks are repeated for a day, so that one comes after this. Who adopts does it when an order is placed. */
const adoptedWithinMs = 10 * 60_000

/** A refund of a payment without an order: it is settled where the whole payment went back. */
export async function healRefundedPayment(
  { store, emit }: Pick<UnknownPayments, 'store' | 'emit'>,
  { merchant, notice }: { readonly merchant: MerchantIdentity; readonly notice: RefundNotice },
): Promise<void> {
  const { orderNo, transactionId, state, refunded, total } = notice
  const isWhole = refunded !== null && total !== null && refunded >= total && refunded > 0n
  if (orderNo === null || transactionId === null || state !== 'succeeded' || !isWhole) return
  const raised = await store.transaction(async (tx) => {
    const known = await tx.exceptionsOf({ ...merchant, orderNo })
    const healed = known
      .filter(({ kind, state: now }) => kind === 'unknown_payment' && now === 'open')
      .filter((exception) => exception.transactionId === transactionId)
      .map((exception) => ({ exception, reason: { code: 'payment_refunded' } as const }))
    return apply(tx, { ...noChanges, healed })
  })
  emitRaised(emit, raised)
}
