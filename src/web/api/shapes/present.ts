import type { NamedMerchant } from '../../../desks.ts'
import { systemClock } from '../../../domain/clock.ts'
import { type MerchantIdentity, nameAmong } from '../../../domain/merchant.ts'
import { fenToNumber } from '../../../domain/money.ts'
import type { Order, OrderEvent } from '../../../domain/order.ts'
import type { Run, RunResult } from '../../../domain/runs/run.ts'
import type { Readiness } from '../../../health/readiness.ts'
import type { CheckReport } from '../../../orders/check.ts'
import { canBeScanned } from '../../../orders/place.ts'
import type { StatementEntry } from '../../../store/store.ts'
import { presenterOf } from '../../presenter.ts'
import {
  accountShape,
  checkReportShape,
  entryShape,
  orderEventShape,
  orderShape,
  type ReadinessJson,
  type RunDetailJson,
  runResultShape,
  runShape,
} from './shapes.ts'

/** The domain as JSON: snake_case, amounts in integer fen, times RFC 3339 UTC with milliseconds. */

const orderJson = presenterOf(orderShape)

/** Those that are configured; the merchant of an order has its name among them, or none. */
export interface NamedIn {
  readonly merchants?: readonly NamedId[]
}

export function presentOrder(
  order: Order,
  { now = systemClock(), merchants = [] }: NamedIn & { now?: Date } = {},
) {
  // A code that does not work any more is not returned: repeating the request creates a new one.
  const isScannable = canBeScanned(order, now)
  return orderJson({
    ...order,
    amount: fenToNumber(order.amount),
    codeUrl: isScannable ? order.codeUrl : null,
    codeExpiresAt: isScannable ? order.codeExpiresAt : null,
    dismissedAt: order.dismissed?.at ?? null,
    nextCheckAt: order.status === 'pending' ? order.nextCheckAt : null,
    appId: order.appid,
    merchant: nameAmong(merchants, order),
  })
}

type NamedId = Pick<NamedMerchant, 'name' | 'gateway' | 'mchid'>

const orderEventJson = presenterOf(orderEventShape)

export function presentOrderEvent(event: OrderEvent) {
  return orderEventJson({ ...event, reasonCode: event.codedReason?.code ?? null })
}

const checkReportJson = presenterOf(checkReportShape)

export function presentCheckReport({ order, codedReason, ...report }: CheckReport) {
  const { orderNo, status } = order
  return checkReportJson({ ...report, orderNo, status, reasonCode: codedReason.code })
}

export const presentBalance = presenterOf(accountShape)

const entryJson = presenterOf(entryShape)

export function presentEntry(entry: StatementEntry, names: NamedIn) {
  const merchant = nameOfSeveral(entry.merchant, names)
  return entryJson({ ...entry, merchant, amount: fenToNumber(entry.amount) })
}

/** Left out where there is one merchant, and so no other. */
function nameOfSeveral(
  merchant: MerchantIdentity | null,
  { merchants = [] }: NamedIn,
): string | null | undefined {
  return merchants.length > 1 ? nameAmong(merchants, merchant) : undefined
}

export const presentRun = presenterOf(runShape)

const runResultJson = presenterOf(runResultShape)

function presentRunResult(result: RunResult, names: NamedIn) {
  const merchant = nameOfSeveral(result.merchant, names)
  return runResultJson({ ...result, merchant, reasonCode: result.codedReason?.code ?? null })
}

export function presentRunDetail(
  { run, results }: { readonly run: Run; readonly results: readonly RunResult[] },
  names: NamedIn,
): RunDetailJson {
  return {
    ...presentRun(run),
    results: results.map((result) => presentRunResult(result, names)),
  }
}

export function presentReadiness({ ready, checks }: Readiness): ReadinessJson {
  return { status: ready ? 'ready' : 'not_ready', checks: [...checks] }
}
