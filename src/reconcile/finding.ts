import type { Fen } from '../domain/money.ts'
import type { Entry, Payment } from './table/trade-table.ts'

/** What bills and export disagree on. */
export const findingKinds = [
  /** Paid by the bill, and not in the export: what has to be credited. */
  'missed_payment',
  /** The bill has a number that the export does not have. */
  'unknown_order',
  /** Paid in the export, and in no bill of its day. */
  'not_in_bill',
  'amount_differs',
  /** Another payment of the same number. */
  'duplicate_payment',
  /** Returned by the bill, and paid in the export. */
  'refund',
] as const
export type FindingKind = (typeof findingKinds)[number]

export interface Finding {
  /**
   * `not_judged`: paid in the export, at a time of which no bill was given, or at no known time; or the
   * bills have a refund of it, and not its payment.
   */
  readonly kind: FindingKind | 'not_judged'
  readonly orderNo: string
  /** By the bill; null: it has no payment. */
  readonly amount: Fen | null
  readonly transactionId: string | null
  /** By the bill, else by the export. */
  readonly paidAt: Date | null
  /** What the bills say was returned of this payment. */
  readonly refunded: Fen
  /** By the export; null: it does not have the number. */
  readonly shop: {
    readonly line: number
    readonly status: string
    readonly amount: Fen | null
    readonly userId: string | null
  } | null
}

/** Whether the bills that were given have all that was paid at a time. */
export type IsCovered = (paidAt: Date) => boolean

/** Everything that the two sides disagree on about one number; empty: they agree. */
export function findingsOf(entry: Entry, isCovered: IsCovered): readonly Finding[] {
  const { shop, refunds } = entry
  if (shop === 'faulty') return []
  // Of several payments, the one that was not returned is what the order was paid by.
  const payments = [...entry.payments].sort(
    (a, b) =>
      Number(isReturned(a, entry)) - Number(isReturned(b, entry)) ||
      +a.paidAt - +b.paidAt ||
      (a.transactionId < b.transactionId ? -1 : 1),
  )
  const [payment = null, ...others] = payments
  const finding = (kind: Finding['kind'], of: Payment | null = payment) =>
    findingOf(entry, { kind, payment: of })
  const duplicates = others.map((each) => finding('duplicate_payment', each))
  if (shop === null) return [finding('unknown_order'), ...duplicates]
  if (shop.standing === 'unpaid') {
    // Something was paid on another day, of which the refund may have returned a part alone.
    if (payment === null) return refunds.length > 0 ? [finding('not_judged')] : []
    return isReturned(payment, entry) ? duplicates : [finding('missed_payment'), ...duplicates]
  }
  const isRefunded = refunds.some(({ status }) => status !== 'failed')
  const refund = isRefunded && shop.standing === 'paid' ? [finding('refund')] : []
  if (payment !== null) {
    const differs = shop.amount !== payment.amount ? [finding('amount_differs')] : []
    return [...differs, ...duplicates, ...refund]
  }
  if (refunds.length > 0) return isRefunded ? refund : [finding('not_judged')]
  const isJudged = shop.paidAt !== null && isCovered(shop.paidAt)
  return [finding(isJudged ? 'not_in_bill' : 'not_judged')]
}

/** All of it, and that has succeeded: a refund that is under way may fail. */
function isReturned(payment: Payment, entry: Entry): boolean {
  return refundedOf(payment, entry) >= payment.amount
}

function refundedOf({ transactionId }: Payment, { refunds }: Entry): Fen {
  return refunds
    .filter((each) => each.transactionId === transactionId && each.status === 'succeeded')
    .reduce((sum, { amount }) => sum + amount, 0n)
}

function findingOf(
  entry: Entry,
  { kind, payment }: { kind: Finding['kind']; payment: Payment | null },
): Finding {
  const shop = entry.shop === 'faulty' ? null : entry.shop
  const returned = entry.refunds.filter(({ status }) => status !== 'failed')
  const sum = returned.reduce((total, { amount }) => total + amount, 0n)
  return {
    kind,
    orderNo: entry.orderNo,
    amount: payment?.amount ?? null,
    transactionId: payment?.transactionId ?? entry.refunds[0]?.transactionId ?? null,
    paidAt: payment?.paidAt ?? shop?.paidAt ?? null,
    refunded: kind === 'refund' || payment === null ? sum : refundedOf(payment, entry),
    shop: shop && {
      line: shop.line,
      status: shop.status,
      amount: shop.amount,
      userId: shop.userId,
    },
  }
}
