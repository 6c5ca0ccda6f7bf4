import type { Fen } from '../domain/money.ts'
import type { Difference } from '../domain/reason.ts'
import type { RowFault, RowProblem } from '../sources/source.ts'

/** Why a row is in the report. */
export type ReportProblem =
  | PaidProblem
  /** Created in the future: the time zone of the mapping is wrong, or a clock. */
  | 'created_in_future'
  | RowProblem

/** What the gateway says of a row that the dataset has not credited. */
export type PaidProblem = (typeof paidProblems)[number]

export const paidProblems = [
  'paid_not_credited', // paid exactly as ordered
  'amount_differs',
  'currency_differs',
  'app_id_differs',
  'refunded', // paid, and refunded in part or as a whole: how much is not said
] as const

/** One row that a person has to look at. */
export interface Finding {
  /** The name of the source. */
  readonly source: string
  readonly problem: ReportProblem
  readonly orderNo: string | null
  readonly userId: string | null
  /** As the row has it. */
  readonly amount: Fen | null
  readonly status: string | null
  /** By the gateway. */
  readonly transactionId: string | null
  readonly paidAt: Date | null
  /** How the payment differs from the row. */
  readonly difference: Difference | null
  /** Where the row is, and what in it cannot be understood. */
  readonly fault: Pick<RowFault, 'key' | 'column' | 'value'> | null
}

/** The gateway says that it was paid. The others were not queried. */
export function isPaid({ problem, transactionId }: Finding): boolean {
  return paidProblems.some((each) => each === problem) || transactionId !== null
}

export function faultFinding(source: string, fault: RowFault): Finding {
  const { orderNo, problem, key, column, value } = fault
  return { ...blank, source, problem, orderNo, fault: { key, column, value } }
}

export const blank = {
  userId: null,
  amount: null,
  status: null,
  transactionId: null,
  paidAt: null,
  difference: null,
  fault: null,
} as const
