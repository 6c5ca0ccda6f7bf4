import type { Emit } from '../domain/event.ts'
import type { MerchantIdentity } from '../domain/merchant.ts'
import type { Exception, ExceptionKind, ExceptionState } from '../domain/review/exception.ts'
import type { Page, Store } from '../store/store.ts'
import { type ClosedException, type CloseRequest, closeException } from './close.ts'

/** Which exceptions are wanted. A member that is null or absent limits nothing. */
export interface ExceptionsWanted {
  readonly kind?: ExceptionKind | null | undefined
  readonly state?: ExceptionState | null | undefined
  readonly orderNo?: string | null | undefined
  /** By its name in the configuration. */
  readonly merchant?: string | null | undefined
  /** 1 to 200; absent: 50. */
  readonly limit?: number | undefined
  /** `nextCursor` of the page before. */
  readonly cursor?: string | null | undefined
}

/** What the service does with exceptions. */
export interface ExceptionDesk {
  /** Where money and books differ, or differed, newest first. */
  listExceptions(wanted?: ExceptionsWanted): Promise<Page<Exception>>
  /** Null: there is none with this id. */
  findException(id: string): Promise<Exception | null>
  /** Says who has looked after it, and why it is closed. Credits nothing. Null: there is none with this id. */
  closeException(id: string, request: CloseRequest): Promise<ClosedException | null>
}

interface DeskParts {
  readonly store: Store
  readonly emit: Emit
  readonly inFlight: { track<T>(work: Promise<T>): Promise<T> }
  /** Throws for a name that is not known. */
  readonly desks: { identityOf(name: string): MerchantIdentity }
}

export function exceptionDesk({ store, emit, inFlight, desks }: DeskParts): ExceptionDesk {
  return {
    listExceptions: async ({ merchant = null, limit = 50, cursor = null, ...wanted } = {}) => {
      const whose = merchant === null ? null : desks.identityOf(merchant)
      return store.listExceptions({ ...wanted, limit, cursor, merchant: whose })
    },
    findException: (id) => store.findException(id),
    closeException: (id, request) =>
      inFlight.track(closeException({ store, emit }, { ...request, id })),
  }
}
