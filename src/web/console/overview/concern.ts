import type { Fen } from '../../../domain/money.ts'
import type { Audit } from '../../../store/store.ts'

export type ConcernKind = keyof Concerns

/** With the kind of its root cause; null: it is a root cause itself. */
export type Found = Concern & { readonly cause: ConcernKind | null }

export type Concern = {
  readonly [Kind in keyof Concerns]: { readonly kind: Kind } & Concerns[Kind]
}[keyof Concerns]

/** What can be wrong, with the parameters of its text. `detail`: the sentence of the readiness check. */
export interface Concerns {
  readonly books_wrong: { readonly counts: readonly (readonly [keyof Audit, number])[] }
  readonly database_away: object
  readonly database_faulty: { readonly detail: string }
  readonly schema: { readonly detail: string }
  /** `triesItself`: runs start by themselves, and each one tries whether the cause is gone. */
  readonly breaker: { readonly detail: string; readonly triesItself: boolean }
  readonly gateway_useless: { readonly detail: string }
  /** Of several merchants; `detail` is the first one's. */
  readonly merchants_stopped: OfMerchants & { readonly detail: string }
  readonly clocks_disagree: Partial<OfMerchants> & { readonly detail: string }
  readonly clock_stopped: object
  readonly runs_stuck: { readonly detail: string }
  readonly long_overdue: Late
  readonly falling_behind: { readonly remaining: number }
  readonly overdue: Late
  readonly catching_up: { readonly remaining: number; readonly doneInMs: number }
  /** `outcome`: the commonest. */
  readonly gateway_failing: {
    readonly failed: number
    readonly total: number
    readonly outcome: string
  }
  readonly engine_away: object
  readonly orders_unknown: Partial<OfMerchants> & { readonly detail: string }
  readonly reviews: { readonly count: number }
  /** But for reviews. */
  readonly exceptions: { readonly count: number; readonly amount: Fen }
  readonly by_hand: object
  readonly audit_failed: object
}

interface OfMerchants {
  readonly merchants: readonly string[]
}

interface Late {
  readonly lateMs: number
  readonly isByHand: boolean
}
