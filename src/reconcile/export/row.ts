import type { Fen } from '../../domain/money.ts'

/** What a status of the export means. `refunded`: it was paid, and returned since. */
export type Standing = 'paid' | 'unpaid' | 'refunded'

/** A row of the export, as it is understood. */
export interface ExportRow {
  /** The first line of the file is 1. */
  readonly line: number
  readonly orderNo: string
  readonly standing: Standing
  /** As the file has it. */
  readonly status: string
  /** Null where an unpaid row has none. */
  readonly amount: Fen | null
  /** Null: not known. */
  readonly paidAt: Date | null
  readonly userId: string | null
}

/** A row that cannot be judged. */
export interface ExportFault {
  readonly line: number
  /** Null where the number is missing, or is not the one that was exported. */
  readonly orderNo: string | null
  readonly column: string
  readonly value: string
  readonly problem: ExportProblem
}

export type ExportProblem =
  | 'order_no_missing'
  /** Excel made 1.23457E+17 of it. */
  | 'order_no_rounded'
  /** Zeros after the 15th digit, and no bill has it: Excel keeps 15 digits. */
  | 'order_no_zeros'
  | 'order_no_too_long'
  /** Another row has it too: which of them is right is not known. */
  | 'order_no_duplicate'
  | 'amount_unreadable'
  | 'time_unreadable'
  | 'status_unknown'
  /** Not as many cells as the first line has columns. */
  | 'cells'
