import { causeAndMessage } from '../domain/decide.ts'
import { type ConfiguredMerchant, isOf } from '../domain/merchant.ts'
import type { Actor, NewOrderEvent, Order } from '../domain/order.ts'
import type { Source } from '../domain/order-states.ts'
import type { Reason } from '../domain/reason.ts'
import { type Answer, isUnasked } from '../domain/trade.ts'
import type { CallOptions, Closing, Gateway } from '../gateway/gateway.ts'
import type { Settle } from '../settle/groups.ts'
import {
  type AnswerFor,
  preview,
  reportedState,
  type Settlement,
  type Settling,
  settle,
} from '../settle/settle.ts'
import type { Breaker } from './breaker.ts'

/** What `check` works with. */
export interface Checking extends Settling {
  readonly gateway: Gateway
  readonly breaker: Breaker
  /** Until when its questions may wait for their places in the quota; without one, somebody waits. */
  readonly patience?: AbortSignal
  /** So many more questions follow this one. */
  readonly ahead?: number
  /** For which run they are put, so that what is told of them can be told from another's. */
  readonly runId?: string
}

/** How a check settles, and how it puts its further questions: alone, or among those of a run. */
export interface Settlers {
  readonly settle: Settle
  /** Null: they may not be put any more. */
  readonly limit: (questions: () => Promise<Answer | null>) => Promise<Answer | null>
}

export interface Asked {
  readonly source: Source
  readonly actor?: Actor | null
  readonly runId: string | null
  readonly waitFrom: Date | null
  readonly absenceCredible: boolean
}

/** An answer that was found for an order. */
export interface Found extends Asked {
  readonly order: Order
  readonly answer: Answer
}

/** How it ended, and by which answer. */
export interface Checked extends Settlement {
  readonly answer: Answer
}

/** Asks about one order. The question is put outside any transaction: no row is locked meanwhile. */
export async function ask(checking: Checking, order: Order, source: Source): Promise<Answer> {
  const answer = !isOf(merchantOf(checking.gateway), order)
    ? foreignAnswer(checking.gateway, order)
    : await checking.gateway.query(order.orderNo, callOptions(checking, order))
  if (isUnasked(answer)) return answer
  checking.breaker.observe(answer)
  tellAnswer(checking, { orderNo: order.orderNo, source, answer })
  return answer
}

/**
 * Settles an answer. An order that is unpaid past its end is closed at the gateway, asked about
 * again, and settled by that second answer: the payer may have paid between the two. Whatever
 * happens between the steps, the next question finds what became of it.
 * Null when the order is not ours.
 */
export async function settleAnswer(
  checking: Checking & Settlers,
  found: Found,
): Promise<Checked | null> {
  const { answer } = found
  const first = await checking.settle(broughtOf(found, answer))
  if (first === null) return null
  if (first.decision.kind !== 'close') return { ...first, answer }

  const again = await checking.limit(() => closeAndAsk(checking, found))
  if (again === null) return { ...first, answer }
  const second = await checking.settle({ ...broughtOf(found, again), closeTried: true })
  return second && { ...second, answer: again }
}

/** For whom a trade is closed. */
export type Closer = Pick<Found, 'order' | 'source' | 'actor'> & {
  readonly runId?: string | null
  readonly operator?: string | null
}

/** Null when the closing was not answered. */
export async function closeAndAsk(checking: Checking, found: Closer): Promise<Answer | null> {
  const { order, source } = found
  const closing = await checking.gateway.close(order.orderNo, callOptions(checking))
  if (isUnasked(closing)) return null
  if (closing.kind === 'unknown') checking.breaker.observe(closing)
  await checking.store.appendEvent(closingEvent(checking, { ...found, closing }))
  // A refusal may mean "paid just now": any word from the gateway is worth asking again for.
  if (closing.kind === 'unknown') return null
  const answer = await ask(checking, order, source)
  // Not asked: the order has its place in the schedule by the answer before.
  return isUnasked(answer) ? null : answer
}

function callOptions({ patience, ahead }: Checking, order?: Order): CallOptions {
  return {
    ...(patience && { patience }),
    ...(ahead !== undefined && { ahead }),
    ...(order && { orderedAt: order.createdAt }),
  }
}

/** What settling the answer would come to. Nothing is written, and nothing closed. */
export async function previewAnswer(checking: Checking, found: Found): Promise<Checked | null> {
  const seen = await preview(checking, broughtOf(found, found.answer))
  return seen && { ...seen, answer: found.answer }
}

function broughtOf({ order, ...asked }: Found, answer: Answer): AnswerFor {
  return { ...asked, answer, orderNo: order.orderNo, askedIn: order.stateSeq }
}

/** One order, asked about now. Null when it is not ours. */
export async function checkOrder(
  checking: Checking,
  { orderNo, actor = null }: { readonly orderNo: string; readonly actor?: Actor | null },
): Promise<Checked | null> {
  const order = await checking.store.findOrder(orderNo)
  if (order === null) return null
  const answer = await ask(checking, order, 'check')
  // One answer alone says nothing of the others: an absent one cannot end an order here.
  const asked: Asked = {
    source: 'check',
    actor,
    runId: null,
    waitFrom: null,
    absenceCredible: false,
  }
  const alone: Settlers = {
    settle: (brought) => settle(checking, brought),
    limit: (questions) => questions(),
  }
  return settleAnswer({ ...checking, ...alone }, { ...asked, order, answer })
}

/** Whose orders a gateway can be asked about. */
export function merchantOf({
  name,
  mchid,
  appid,
  appids,
}: Pick<Gateway, 'name' | 'mchid' | 'appid' | 'appids'>): ConfiguredMerchant {
  return { gateway: name, mchid, appid, appids }
}

/** An order of another merchant number: asking with ours would answer "no such order". */
function foreignAnswer(gateway: Gateway, order: Order): Answer {
  const theirs = `${order.gateway}/${order.mchid}/${order.appid}`
  const ours = `${gateway.name}/${gateway.mchid}/${gateway.appids.join(',')}`
  return {
    kind: 'unknown',
    cause: 'foreign',
    message: `the order belongs to ${theirs}, and this budan asks for ${ours}`,
    systemic: false,
    evidence: { order_merchant: theirs, configured_merchant: ours },
  }
}

function tellAnswer(
  { emit, runId }: Checking,
  { answer, ...asked }: { orderNo: string; source: Source; answer: Answer },
): void {
  const about = { ...asked, ...(runId !== undefined && { runId }) }
  if (answer.kind === 'unknown') {
    const { cause, message, systemic, evidence } = answer
    const requestId = typeof evidence.request_id === 'string' ? evidence.request_id : null
    emit({ type: 'order_unanswered', ...about, cause, message, systemic, requestId })
  } else {
    emit({ type: 'order_answered', ...about, tradeState: reportedState(answer) })
  }
}

function closingEvent(
  { node }: Checking,
  {
    order,
    closing,
    source,
    actor = null,
    runId = null,
    operator = null,
  }: Closer & {
    closing: Closing
  },
): NewOrderEvent {
  return {
    orderNo: order.orderNo,
    kind: 'closing',
    source,
    tradeState: null,
    decision: null,
    reason: closingReason(closing),
    alarm: false,
    evidence: closing.evidence,
    runId,
    node,
    operator,
    actor,
  }
}

function closingReason(closing: Closing): Reason {
  switch (closing.kind) {
    case 'closed':
      return { code: 'closed_at_gateway' }
    case 'refused':
      return { code: 'close_refused', gatewayCode: closing.code, message: closing.message }
    case 'unknown':
      return { code: 'close_unanswered', ...causeAndMessage(closing) }
  }
}
