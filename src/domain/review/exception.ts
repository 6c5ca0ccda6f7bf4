import type { MerchantIdentity } from '../merchant.ts'
import type { Fen } from '../money.ts'
import type { OrderKey } from '../order.ts'
import type { Reason } from '../reason.ts'

/** What money and books differ in. The last three are for what will compare bills and a shop's own table. */
export const exceptionKinds = [
  'review', // an order waits for an operator
  'duplicate_payment', // a paid order was paid once more
  'refunded_after_credit', // a credited order was refunded, in whole or nobody knows how much
  'partly_refunded', // a part of a credited order was refunded
  'unknown_payment', // a payment under a number that no order has
  'not_in_bill',
  'amount_differs',
  'not_credited_by_shop',
] as const

/** One of `exceptionKinds`. */
export type ExceptionKind = (typeof exceptionKinds)[number]

export const exceptionStates = ['open', 'closed'] as const

export type ExceptionState = (typeof exceptionStates)[number]

/** Where money and books differ, until a person has looked after it or it has healed. */
export interface Exception extends MerchantIdentity {
  /** Grows; a decimal string. */
  readonly id: string
  readonly kind: ExceptionKind
  readonly orderNo: string
  /** What makes it one: the number of its payment or refund, or the event that opened its review. */
  readonly about: string
  /** The gateway's number of the payment; null: not known. */
  readonly transactionId: string | null
  /** The gateway's number of the refund; null: it is about none, or its number is not known. */
  readonly refundId: string | null
  readonly amountAtStake: Fen
  readonly currency: string
  readonly openedAt: Date
  readonly state: ExceptionState
  /** In English. */
  readonly reason: string
  /** What `reason` is the sentence of; null for rows of a version that knows other codes. */
  readonly codedReason: Reason | null
  readonly closing: Closing | null
}

export interface Closing {
  readonly at: Date
  /** The name of a person or a program; `budan` where it healed. */
  readonly by: string
  /** The network address of the request; null: budan itself, or a command on its machine. */
  readonly address: string | null
  /** In a person's own words; budan's in English. */
  readonly reason: string
  /** What `reason` is the sentence of; null for a person's words. */
  readonly codedReason: Reason | null
}

/** Who closes what has healed. */
export const healedBy = 'budan'

/** One that is about to be opened. */
export interface NewException
  extends Omit<Exception, 'id' | 'openedAt' | 'state' | 'reason' | 'codedReason' | 'closing'> {
  /** Null: no order has its number. */
  readonly key: OrderKey | null
  readonly reason: Reason
}

/** One that has healed. */
export interface Healing {
  readonly exception: Exception
  readonly reason: Reason
}

export interface ExceptionChanges {
  readonly opened: readonly NewException[]
  readonly healed: readonly Healing[]
  /** Of which the number of the refund is known now. */
  readonly named: readonly { readonly exception: Exception; readonly refundId: string }[]
}

export const noChanges: ExceptionChanges = { opened: [], healed: [], named: [] }

/** What was opened just now, for those who are notified. */
export type OpenedException = Pick<
  Exception,
  'kind' | 'orderNo' | 'transactionId' | 'amountAtStake' | 'currency'
> & { readonly reason: Reason | string }

/** Open ones by kind; a kind without any is missing. */
export type OpenExceptions = Partial<Readonly<Record<ExceptionKind, OpenCount>>>

export interface OpenCount {
  readonly count: number
  /** At stake, in fen; what is of another currency than CNY is counted, and not summed. */
  readonly amount: Fen
}

export function totalOf(open: OpenExceptions): OpenCount {
  const kinds = Object.values(open)
  return {
    count: kinds.reduce((sum, { count }) => sum + count, 0),
    amount: kinds.reduce((sum, { amount }) => sum + amount, 0n),
  }
}
