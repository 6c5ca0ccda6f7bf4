import { sql } from 'kysely'
import { merchantIdentity } from '../../../domain/merchant.ts'
import { storedReason } from '../../../domain/reason.ts'
import { outcomes, type RunResult } from '../../../domain/runs/run.ts'
import { type Connection, rowsOf } from '../../database.ts'
import { reasonRecord, wellFormed } from '../json-records.ts'
import { merchantOf } from '../merchant.ts'

/**
 * The results of a run as one value, because they are written once, and only ever read together. As
 * `json`, PostgreSQL keeps it exactly as it is sent.
 */
export function resultsJson(results: readonly RunResult[]): string {
  return JSON.stringify(results.map(recordOf))
}

function recordOf(result: RunResult): ResultRecord {
  const { reason_params: params, ...reason } = reasonRecord(result.codedReason ?? result.reason)
  return {
    order_no: result.orderNo,
    ...(result.merchant !== null && merchantIdentity(result.merchant)),
    trade_state: wellFormed(result.tradeState),
    outcome: result.outcome,
    ...reason,
    reason_params: params === null ? null : JSON.parse(params),
    duration_ms: result.durationMs,
  }
}

/**
 * What became of one order, by the names of the columns that a version of before has for it. Two are of
 * ours alone, and left out where the merchant is not known.
 */
interface ResultRecord {
  readonly order_no: unknown
  readonly gateway?: unknown
  readonly mchid?: unknown
  readonly trade_state: unknown
  readonly outcome: unknown
  readonly reason: unknown
  readonly reason_code: unknown
  readonly reason_params: unknown
  readonly duration_ms: unknown
}

/** What somebody changed in the database so that it is no result any more is left out. */
export function resultsOf(stored: unknown): readonly RunResult[] {
  return Array.isArray(stored) ? stored.flatMap((record) => resultOf(record) ?? []) : []
}

function resultOf(stored: unknown): RunResult | null {
  const record: Partial<ResultRecord> = Object(stored)
  const outcome = outcomes.find((each) => each === record.outcome)
  const orderNo = textOf(record.order_no)
  if (orderNo === null || outcome === undefined) return null
  return {
    orderNo,
    merchant: merchantOf({ gateway: textOf(record.gateway), mchid: textOf(record.mchid) }),
    tradeState: textOf(record.trade_state),
    outcome,
    reason: textOf(record.reason) ?? '',
    codedReason: storedReason(textOf(record.reason_code), Object(record.reason_params)),
    durationMs: Number(record.duration_ms) || 0,
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

/** Of a run that a node of the version before made: a row for each. */
export async function formerResults(db: Connection, runId: string): Promise<readonly RunResult[]> {
  const rows = await rowsOf(
    db,
    sql<ResultRecord>`
      select order_no, trade_state, outcome, reason, reason_code, reason_params, duration_ms
      from run_results
      where run_id = ${runId}::bigint order by position`,
  )
  return resultsOf(rows)
}
