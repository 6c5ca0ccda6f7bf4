import type { Emit } from '../domain/event.ts'
import { isPlacedNo } from '../domain/fact-rules.ts'
import type { MerchantIdentity } from '../domain/merchant.ts'
import { fenMax } from '../domain/money.ts'
import type { EarlyNotice } from '../domain/refund.ts'
import { type NewException, noChanges } from '../domain/review/exception.ts'
import type { Trade } from '../domain/trade.ts'
import type { Store, Tx } from '../store/store.ts'
import { apply, emitRaised, nothingRaised, type Raised } from './record.ts'
import { isWhollyRefunded } from './refunds.ts'

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

/**
 * Opens an exception where the payment should have had an order here, once however often it is seen; none
 * for a payment that went back already.
 */
export async function raiseUnknownPayment(
  { store, emit, adoptPrefixes }: UnknownPayments,
  seen: SeenPayment,
): Promise<void> {
  const { merchant, trade } = seen
  const { orderNo, transactionId } = trade
  if (trade.state !== 'paid' || transactionId === null) return
  if (!isExpectedHere(seen, { adoptPrefixes, now: await store.now() })) return
  const { gateway, mchid } = merchant
  const payment = { gateway, mchid, orderNo, transactionId }
  const raised = await store.transaction(async (tx) => {
    await tx.holdPayment(payment)
    const kept = await tx.keptNotices(payment)
    const { amount } = trade
    if (isWhollyRefunded(kept, { transactionId, amount })) return nothingRaised
    return openUnknown(tx, { payment, trade })
  })
  emitRaised(emit, raised)
}

function openUnknown(
  tx: Tx,
  {
    payment: { transactionId, ...number },
    trade: { amount, currency },
  }: {
    readonly payment: MerchantIdentity & Record<'orderNo' | 'transactionId', string>
    readonly trade: Trade
  },
): Promise<Raised> {
  const opened: NewException = {
    ...{ kind: 'unknown_payment', ...number, key: null },
    ...{ about: transactionId, transactionId, refundId: null },
    amountAtStake: amount !== null && amount >= 0n && amount <= fenMax ? amount : 0n,
    currency: currency ?? 'CNY',
    reason: { code: 'paid_without_order' },
  }
  return apply(tx, { ...noChanges, opened: [opened] })
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

/**
 * Keeps the notice of a refund that no order has. Its order may come; and a payment without an order is
 * settled where all of it went back.
 */
export async function keepEarlyNotice(
  { store, emit }: Pick<UnknownPayments, 'store' | 'emit'>,
  early: EarlyNotice,
): Promise<void> {
  const { gateway, mchid, notice } = early
  const { orderNo, transactionId } = notice
  const raised = await store.transaction(async (tx) => {
    // Who opens an exception for this payment meanwhile sees the notice, or is seen here.
    if (transactionId !== null) await tx.holdPayment({ gateway, mchid, transactionId })
    await tx.keepNotice(early)
    if (transactionId === null || orderNo === null) return nothingRaised
    return healRefunded(tx, { gateway, mchid, orderNo, transactionId })
  })
  emitRaised(emit, raised)
}

async function healRefunded(
  tx: Tx,
  payment: MerchantIdentity & Record<'orderNo' | 'transactionId', string>,
): Promise<Raised> {
  const { transactionId } = payment
  const open = (await tx.exceptionsOf(payment)).filter(
    (each) =>
      each.kind === 'unknown_payment' &&
      each.state === 'open' &&
      each.transactionId === transactionId,
  )
  if (open.length === 0) return nothingRaised
  const kept = await tx.keptNotices(payment)
  const healed = open
    .filter(({ amountAtStake: amount }) => isWhollyRefunded(kept, { transactionId, amount }))
    .map((exception) => ({ exception, reason: { code: 'payment_refunded' } as const }))
  return apply(tx, { ...noChanges, healed })
}
