import type { Fen } from '../domain/money.ts'
import type { Reason } from '../domain/reason.ts'
import type { ExceptionKind } from '../domain/review/exception.ts'

/** What a person must know at once, by its kind. Another kind has its texts in `words.ts`. */
interface Alerts {
  readonly breaker_opened: { readonly reason: string }
  readonly breaker_closed: object
  /** `reason` null: only its sentence is known. */
  readonly review_opened: OfOrder & { readonly reason: Reason | null }
  readonly order_alarm: OfOrder & { readonly reason: Reason }
  readonly exception_opened: OfOrder & {
    readonly exception: ExceptionKind
    readonly amountAtStake: Fen
    readonly currency: string
  }
  /** It was paid, and the answer that says so could not be settled. */
  readonly credit_failed: OfOrder
  readonly audit_broken: { readonly counts: readonly (readonly [string, number])[] }
  readonly clocks_disagree: { readonly detail: string }
  readonly clocks_agree: object
  readonly runs_missing: { readonly lastFinishedAt: Date | null }
  readonly runs_back: object
  readonly falling_behind: { readonly remaining: number }
  readonly caught_up: object
  readonly proofs_failing: { readonly what: 'credit' | 'key' | 'sealing' }
  readonly orders_foreign: { readonly mchid: string; readonly count: number }
  readonly endpoint_failing: { readonly endpoint: string }
  readonly endpoint_recovered: { readonly endpoint: string }
}

interface OfOrder {
  readonly orderNo: string
}

export type AlertType = keyof Alerts

export type Alert<Type extends AlertType = AlertType> = {
  readonly [T in Type]: {
    readonly type: T
    readonly at: Date
    /** Its name, where a service has several; null: it is of none, or of the only one. */
    readonly merchant: string | null
  } & Alerts[T]
}[Type]

/** The order that it is about; null: it is about none. */
export function orderNoOf(alert: Alert): string | null {
  return 'orderNo' in alert ? alert.orderNo : null
}
