import type { MerchantIdentity } from '../../domain/merchant.ts'
import type { EarlyNotice } from '../../domain/refund.ts'
import type {
  Exception,
  ExceptionChanges,
  ExceptionKind,
  ExceptionState,
  Healing,
  OpenExceptions,
  OpenedException,
} from '../../domain/review/exception.ts'
import type { Page, PageRequest } from '../page.ts'

/** What a store does for exceptions outside a step. */
export interface ExceptionStore {
  /** Newest first. */
  listExceptions(filter: ExceptionFilter): Promise<Page<Exception>>
  /** Null: there is none. */
  findException(id: string): Promise<Exception | null>
  /** Null: there is none that is open, or it is that of a review. */
  closeException(id: string, closing: NewClosing): Promise<Exception | null>
  /** Those that are open, by kind; a kind without any is missing. */
  openExceptions(): Promise<OpenExceptions>
  /** Removes one portion of the oldest that no order took. Returns how many: to be called again while it is `limit`. */
  pruneNotices(request: { readonly olderThanMs: number; readonly limit: number }): Promise<number>
}

/** What a step does for them, in its transaction. */
export interface ExceptionTx {
  /** Of an order number of a merchant, oldest first. */
  exceptionsOf(
    number: MerchantIdentity & { readonly orderNo: string },
  ): Promise<readonly Exception[]>
  /** Returns what was new: what was opened or closed before is left as it is. */
  changeExceptions(changes: ExceptionChanges): Promise<ChangedExceptions>
  /** Waits for other transactions that hold this payment, and excludes them until the end of this one. */
  holdPayment(payment: MerchantIdentity & { readonly transactionId: string }): Promise<void>
  /** Keeps what came before its order, once however often it comes. */
  keepNotice(early: EarlyNotice): Promise<void>
  /** Of a number, or of the payment where they name no number; oldest first. */
  keptNotices(payment: NamedPayment): Promise<readonly EarlyNotice[]>
  /** The same, which are not kept any more. */
  takeNotices(payment: NamedPayment): Promise<readonly EarlyNotice[]>
}

/** What notices of refunds are found by: the number that they name, or, where they name none, the payment. */
export interface NamedPayment extends MerchantIdentity {
  readonly orderNo: string
  readonly transactionId: string | null
}

export interface ChangedExceptions {
  readonly opened: readonly OpenedException[]
  readonly healed: readonly Healing[]
}

export interface ExceptionFilter extends PageRequest {
  /** Null or absent: any. */
  readonly kind?: ExceptionKind | null | undefined
  readonly state?: ExceptionState | null | undefined
  readonly orderNo?: string | null | undefined
  readonly merchant?: MerchantIdentity | null | undefined
}

export interface NewClosing {
  readonly by: string
  readonly address: string | null
  readonly reason: string
}
