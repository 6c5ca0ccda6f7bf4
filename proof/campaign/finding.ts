export type FindingKind =
  /** Paid as ordered, and not credited here. */
  | 'credit_lost'
  | 'credited_twice'
  /** Without a payment, or to the wrong account, by the wrong amount or transaction. */
  | 'credited_wrongly'
  /** A node had said that it has this order, or had acknowledged this callback. */
  | 'order_lost'
  | 'callback_lost'
  /** Still open after the faults stopped. */
  | 'unsettled'
  /** Expired here, and can still be paid there (I5). */
  | 'expired_while_payable'
  /** In the wrong one of the states that have no money in them. */
  | 'wrong_state'
  /** In the books, and nobody ordered it. */
  | 'stranger'
  | 'balance_wrong'
  | 'sum_wrong'

export interface Finding {
  readonly kind: FindingKind
  readonly about: string
  readonly detail: string
}
