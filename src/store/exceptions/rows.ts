import { sql } from 'kysely'
import { storedReason } from '../../domain/reason.ts'
import type { Exception } from '../../domain/review/exception.ts'
import type { ReasonColumns } from '../sql/rows.ts'

type PlainRow = Omit<Exception, 'id' | 'state' | 'codedReason' | 'closing'>

/** An exception as the columns have it. */
export interface ExceptionRow extends PlainRow, ReasonColumns {
  readonly id: bigint
  readonly closedAt: Date | null
  readonly closedBy: string | null
  readonly closedAddress: string | null
  readonly closedReason: string | null
  readonly closedReasonCode: string | null
  readonly closedReasonParams: object | null
}

export const exceptionColumns = sql.raw(`
  id, kind, gateway, mchid, order_number as "orderNo", about, transaction_id as "transactionId",
  refund_id as "refundId", amount_at_stake as "amountAtStake", currency, opened_at as "openedAt",
  reason, reason_code as "reasonCode", reason_params as "reasonParams",
  closed_at as "closedAt", closed_by as "closedBy", closed_address as "closedAddress",
  closed_reason as "closedReason", closed_reason_code as "closedReasonCode",
  closed_reason_params as "closedReasonParams"`)

export function exceptionOf(row: ExceptionRow): Exception {
  const { reasonCode, reasonParams, closedAt, closedBy, closedAddress, ...more } = row
  const { closedReason, closedReasonCode, closedReasonParams, ...exception } = more
  return {
    ...exception,
    id: String(row.id),
    state: closedAt === null ? 'open' : 'closed',
    codedReason: storedReason(reasonCode, reasonParams),
    closing: closedAt && {
      ...{ at: closedAt, by: closedBy ?? '', address: closedAddress, reason: closedReason ?? '' },
      codedReason: storedReason(closedReasonCode, closedReasonParams),
    },
  }
}
