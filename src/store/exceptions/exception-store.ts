import type {
  Exception,
  ExceptionChanges,
  ExceptionKind,
  ExceptionState,
  Healing,
  OpenExceptions,
  OpenedException,
} from '../../domain/exception.ts'
import type { MerchantIdentity } from '../../domain/merchant.ts'
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
}

/** What a step does for them, in its transaction. */
export interface ExceptionTx {
  /** Of an order number of a merchant, oldest first. */
  exceptionsOf(
    number: MerchantIdentity & { readonly orderNo: string },
  ): Promise<readonly Exception[]>
  /** Returns what was new: what was opened or closed before is left as it is. */
  changeExceptions(changes: ExceptionChanges): Promise<ChangedExceptions>
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
