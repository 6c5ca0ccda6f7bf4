export type FindingKind =
  /** Paid as ordered, and not credited. */
  | 'credit_lost'
  | 'credited_twice'
  /** Credited without a payment, or with a wrong account, amount or transaction. */
  | 'credited_wrongly'
  /** A node had acknowledged this order, or this callback. */
  | 'order_lost'
  | 'callback_lost'
  /** Still open after the faults stopped. */
  | 'unsettled'
  /** Expired in the books, while the trade can still be paid (I5). */
  | 'expired_while_payable'
  /** In a wrong state, without a wrong credit. */
  | 'wrong_state'
  /** In the books, but never ordered. */
  | 'stranger'
  /** The merchant's backend has not credited each credited order once, or another. */
  | 'backend_wrong'
  | 'balance_wrong'
  | 'sum_wrong'

export interface Finding {
  readonly kind: FindingKind
  readonly about: string
  readonly detail: string
}
