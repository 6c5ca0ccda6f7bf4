import { systemClock } from '../../domain/clock.ts'
import { fenToNumber } from '../../domain/money.ts'
import type { Order, OrderEvent } from '../../domain/order.ts'
import type { Run, RunResult } from '../../domain/run.ts'
import type { Readiness } from '../../health/readiness.ts'
import type { CheckReport } from '../../orders/check.ts'
import { canBeScanned } from '../../orders/place.ts'
import type { Balance, StatementEntry } from '../../store/store.ts'
import type {
  AccountJson,
  CheckReportJson,
  EntryJson,
  OrderEventJson,
  OrderJson,
  ReadinessJson,
  RunDetailJson,
  RunJson,
  RunResultJson,
} from './shapes.ts'

/** The domain as JSON: snake_case, amounts in integer fen, times RFC 3339 UTC with milliseconds. */

export function presentOrder(order: Order, now: Date = systemClock()): OrderJson {
  return {
    order_no: order.orderNo,
    user_id: order.userId,
    amount: fenToNumber(order.amount),
    currency: order.currency,
    description: order.description,
    attach: order.attach,
    status: order.status,
    // A code that does not work any more is not returned: repeating the request creates a new one.
    code_url: canBeScanned(order, now) ? order.codeUrl : null,
    code_expires_at: canBeScanned(order, now) ? presentTime(order.codeExpiresAt) : null,
    transaction_id: order.transactionId,
    paid_at: presentTime(order.paidAt),
    credited_at: presentTime(order.creditedAt),
    credited_by: order.creditedBy,
    dismissed_at: presentTime(order.dismissed?.at ?? null),
    adopted: order.adopted,
    created_at: order.createdAt.toISOString(),
    expires_at: presentTime(order.expiresAt),
    next_check_at: order.status === 'pending' ? presentTime(order.nextCheckAt) : null,
    gateway: order.gateway,
    mchid: order.mchid,
    appid: order.appid,
    app_id: order.appid,
  }
}

export function presentOrderEvent(event: OrderEvent): OrderEventJson {
  return {
    id: event.id,
    order_no: event.orderNo,
    at: event.at.toISOString(),
    kind: event.kind,
    source: event.source,
    to_status: event.toStatus,
    state_seq: event.stateSeq,
    trade_state: event.tradeState,
    decision: event.decision,
    reason: event.reason,
    reason_code: event.codedReason?.code ?? null,
    alarm: event.alarm,
    evidence: event.evidence,
    run_id: event.runId,
    node: event.node,
    operator: event.operator,
    actor: event.actor,
  }
}

export function presentCheckReport(report: CheckReport): CheckReportJson {
  return {
    order_no: report.order.orderNo,
    trade_state: report.tradeState,
    decision: report.decision,
    status: report.order.status,
    reason: report.reason,
    reason_code: report.codedReason.code,
  }
}

export function presentBalance(balance: Balance): AccountJson {
  return {
    user_id: balance.userId,
    balance: balance.balance,
    currency: balance.currency,
  }
}

export function presentEntry(entry: StatementEntry): EntryJson {
  return {
    id: entry.id,
    order_no: entry.orderNo,
    transaction_id: entry.transactionId,
    amount: fenToNumber(entry.amount),
    currency: entry.currency,
    balance: entry.balance,
    at: entry.at.toISOString(),
  }
}

export function presentRun(run: Run): RunJson {
  return {
    id: run.id,
    trigger: run.trigger,
    slot: presentTime(run.slot),
    started_at: run.startedAt.toISOString(),
    finished_at: presentTime(run.finishedAt),
    duration_ms: run.durationMs,
    dry_run: run.dryRun,
    status: run.status,
    total: run.total,
    success: run.success,
    failed: run.failed,
    skipped: run.skipped,
    outcomes: { ...run.outcomes },
  }
}

function presentRunResult(result: RunResult): RunResultJson {
  return {
    order_no: result.orderNo,
    trade_state: result.tradeState,
    outcome: result.outcome,
    reason: result.reason,
    reason_code: result.codedReason?.code ?? null,
    duration_ms: result.durationMs,
  }
}

export function presentRunDetail(detail: {
  readonly run: Run
  readonly results: readonly RunResult[]
}): RunDetailJson {
  return { ...presentRun(detail.run), results: detail.results.map(presentRunResult) }
}

export function presentReadiness(readiness: Readiness): ReadinessJson {
  return {
    status: readiness.ready ? 'ready' : 'not_ready',
    checks: readiness.checks.map(({ name, ok, condition, detail }) => ({
      ...{ name, ok, condition, detail },
    })),
  }
}

function presentTime(time: Date | null): string | null {
  return time === null ? null : time.toISOString()
}
