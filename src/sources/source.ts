import type { Fen } from '../domain/money.ts'

/**
 * The seam to a table of orders that a shop keeps itself. Nothing here writes: every statement runs in
 * a read-only transaction with a time limit.
 */
export interface OrderSource {
  readonly name: string
  /**
   * Which rows these are, as text without a password: server, database, table, and which columns and
   * statuses are read how. Another text means other rows.
   */
  readonly place: string
  /** How many rows the pages of this window will have, as far as the database knows; for progress only. */
  estimate(window: ReadWindow): Promise<number>
  /**
   * The next rows that are pending or may be revived, in the order of (created_at, key). A row that is
   * in the table all the time is in some page, whatever else changes meanwhile; a row may be in two.
   * @param after `next` of the page before; null: the first page.
   */
  page(after: string | null, window: ReadWindow): Promise<SourcePage>
  /**
   * The rows of these numbers (at most 500) as they are now, whatever their age: the shop may have
   * credited some since they were read.
   */
  reread(orderNos: readonly string[]): Promise<RereadRows>
  /** What in the schema may credit an order twice or lose one, whether budan or the shop credits it. */
  traps(): Promise<readonly SourceTrap[]>
  close(): Promise<void>
}

/** The table could not be read. The message says what was attempted, and why it failed. */
export class SourceError extends Error {
  override readonly name = 'SourceError'
  /** The connection was lost, or the server did not answer in time: the same call may succeed later. */
  readonly isTransient: boolean

  constructor(message: string, { isTransient, cause }: { isTransient: boolean; cause?: unknown }) {
    super(message, { cause })
    this.isTransient = isTransient
  }
}

/** Rows that were created in this time are read: from `from`, inclusive, to `to`, exclusive. */
export interface ReadWindow {
  readonly from: Date
  readonly to: Date
}

export interface SourcePage {
  readonly orders: readonly SourceOrder[]
  /** Rows that cannot be understood. They are counted and shown, never left out of sight. */
  readonly faults: readonly RowFault[]
  /** An opaque position to go on from, also in another process; null: this was the last page. */
  readonly next: string | null
}

/** A number that is in none of these has no row any more. */
export interface RereadRows {
  /** Still pending, or revivable. */
  readonly orders: readonly SourceOrder[]
  /** The numbers of rows whose status says by now that they were paid, or done. */
  readonly credited: readonly string[]
  readonly faults: readonly RowFault[]
}

/** A row as budan understands it. */
export interface SourceOrder {
  readonly orderNo: string
  readonly userId: string
  readonly amount: Fen
  readonly createdAt: Date
  /** Null: not known. */
  readonly expiresAt: Date | null
  /** The status as the table has it. */
  readonly status: string
  /** Revivable: the shop ended it (expired, cancelled), and would still credit it if it was paid. */
  readonly standing: 'pending' | 'revivable'
}

/** A row that cannot be understood, named so that a person finds it. */
export interface RowFault {
  /** Null where the number itself is missing or cannot be one. */
  readonly orderNo: string | null
  /** The row's key in the table, as text. */
  readonly key: string
  readonly column: string
  /** As the table has it; null: the column is null. */
  readonly value: string | null
  readonly problem: RowProblem
}

export type RowProblem = (typeof rowProblems)[number]

export const rowProblems = [
  'amount_unreadable', // yuan with more than two places, a fraction of a fen, below 1 fen, or no number
  'order_no_impossible', // not 1 to 32 of the characters that a gateway accepts
  'order_no_duplicate', // several rows have this number: it is not known which of them was paid
  'user_id_missing',
  'time_unreadable',
  'status_unknown', // a status that the mapping does not name
] as const

/** Something in the shop's schema that makes crediting unsafe. */
export interface SourceTrap {
  readonly kind:
    | 'order_no_not_unique'
    | 'no_key'
    /** Nothing in the schema stops a second credit of one order. */
    | 'crediting_not_guarded'
    /** A job or trigger may set a paid row back to expired. */
    | 'expiry_overwrites'
    | 'index_missing'
    | 'collation_ignores_case'
    | 'not_transactional'
  /** The table, column or trigger that shows it. */
  readonly where: string
  /** An SQL statement that mends it, for the shop's own people to run; null: none is known. */
  readonly remedy: string | null
}
