import { causeAndMessage } from '../domain/decide.ts'
import type { Emit } from '../domain/event.ts'
import { isOf } from '../domain/merchant.ts'
import type { Actor, NewOrderEvent, Order } from '../domain/order.ts'
import type { Source } from '../domain/order-states.ts'
import type { Reason } from '../domain/reason.ts'
import { type Answer, isUnsent } from '../domain/trade.ts'
import { type CallOptions, type Closing, type Gateway, merchantOf } from '../gateway/gateway.ts'
import { reportedState } from '../settle/settle.ts'
import type { Store } from '../store/store.ts'
import type { Breaker } from './breaker.ts'

/** What querying needs. */
export interface Querying {
  readonly gateway: Gateway
  readonly breaker: Breaker
  readonly emit: Emit
}

/** On whose behalf an order is queried, and how long the query may wait. */
export interface QueryRequest {
  readonly by: Querier
  readonly call?: Pick<CallOptions, 'patience' | 'ahead'>
}

/** Who queries, and why; a `Provenance` is one. */
export interface Querier {
  readonly source: Source
  readonly runId?: string | null
  readonly actor?: Actor | null
  readonly operator?: string | null
}

/** Queries the gateway about one order, outside any transaction: no row is locked meanwhile. */
export async function queryOrder(
  { gateway, breaker, emit }: Querying,
  order: Order,
  { by, call }: QueryRequest,
): Promise<Answer> {
  const answer = isOf(merchantOf(gateway), order)
    ? await gateway.query(order.orderNo, { ...call, orderedAt: order.createdAt })
    : foreignAnswer(gateway, order)
  if (isUnsent(answer)) return answer
  breaker.observe(answer)
  emitAnswer(emit, { orderNo: order.orderNo, by, answer })
  return answer
}

/**
 * Closes an order's trade at the gateway, and queries it again: the payer may have paid between the
 * first answer and the close. Whatever happens between the steps, the next query finds the result.
 * Null when the close or the query had no answer.
 */
export async function closeAndQuery(
  closing: Querying & { readonly store: Pick<Store, 'appendEvent'>; readonly node: string },
  order: Order,
  request: QueryRequest,
): Promise<Answer | null> {
  const { gateway, breaker, store, node } = closing
  const closed = await gateway.close(order.orderNo, request.call)
  if (isUnsent(closed)) return null
  if (closed.kind === 'unknown') breaker.observe(closed)
  await store.appendEvent(order.key, closingEvent(closed, { ...request.by, node }))
  // After a refused close the order is queried too, because it may have just been paid.
  if (closed.kind === 'unknown') return null
  const answer = await queryOrder(closing, order, request)
  // Without an answer, the order keeps the schedule that the previous answer gave it.
  return isUnsent(answer) ? null : answer
}

/** An order of another merchant: a query with our merchant number would answer "no such order". */
function foreignAnswer(gateway: Gateway, order: Order): Answer {
  const theirs = `${order.gateway}/${order.mchid}/${order.appid}`
  const ours = `${gateway.name}/${gateway.mchid}/${gateway.appids.join(',')}`
  return {
    kind: 'unknown',
    cause: 'foreign',
    message: `the order belongs to ${theirs}, and this budan queries for ${ours}`,
    systemic: false,
    evidence: { order_merchant: theirs, configured_merchant: ours },
  }
}

function emitAnswer(
  emit: Emit,
  { orderNo, by, answer }: { orderNo: string; by: Querier; answer: Answer },
): void {
  const { source, runId = null } = by
  const about = { orderNo, source, ...(runId !== null && { runId }) }
  if (answer.kind === 'unknown') {
    const { cause, message, systemic, evidence } = answer
    const requestId = typeof evidence.request_id === 'string' ? evidence.request_id : null
    emit({ type: 'order_unanswered', ...about, cause, message, systemic, requestId })
  } else {
    emit({ type: 'order_answered', ...about, tradeState: reportedState(answer) })
  }
}

function closingEvent(
  closed: Closing,
  { node, source, runId = null, actor = null, operator = null }: Querier & { node: string },
): NewOrderEvent {
  return {
    ...{ node, source, runId, actor, operator },
    kind: 'closing',
    tradeState: null,
    decision: null,
    reason: closingReason(closed),
    alarm: false,
    evidence: closed.evidence,
  }
}

function closingReason(closed: Closing): Reason {
  switch (closed.kind) {
    case 'closed':
      return { code: 'closed_at_gateway' }
    case 'refused':
      return { code: 'close_refused', gatewayCode: closed.code, message: closed.message }
    case 'unknown':
      return { code: 'close_unanswered', ...causeAndMessage(closed) }
  }
}
