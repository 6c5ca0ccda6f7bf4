import type { Actor, Order } from '../domain/order.ts'
import type { DecisionKind } from '../domain/order-states.ts'
import { type Reason, sentenceOf } from '../domain/reason.ts'
import type { Answer } from '../domain/trade.ts'
import { closeAndQuery, type Querying, queryOrder } from '../job/query.ts'
import { reportedState, type Settlement, type Settling, settle } from '../settle/settle.ts'
import { findOrder, type OrderName } from '../store/find-order.ts'
import { checkedActor, checkedKey } from './validate.ts'

/** What a check found, and what became of the order. */
export interface CheckReport {
  readonly order: Order
  /** The trade's state as the gateway reports it; null when the answer was no trade. */
  readonly tradeState: string | null
  readonly decision: DecisionKind
  /** In English. */
  readonly reason: string
  /** The code and parameters that `reason` is made from. */
  readonly codedReason: Reason
}

/**
 * Queries one order now, and settles the answer. An order that is unpaid after its end is closed at
 * the gateway, queried again, and settled with the second answer. Null when the order is not ours.
 */
export async function checkOrder(
  checking: Querying & Settling,
  { orderNo, merchant, actor }: OrderName & { readonly actor: Actor | null },
): Promise<CheckReport | null> {
  checkedKey(orderNo, { name: 'orderNo', attempt: 'check an order' })
  const checkedBy = checkedActor(actor) ?? null
  const by = { source: 'check', actor: checkedBy, runId: null, waitFrom: null } as const
  const order = await findOrder(checking.store, { orderNo, merchant })
  if (order === null) return null
  // One answer cannot be compared with others, so an absent answer does not end an order here.
  const queried = { key: order.key, by, queriedAtSeq: order.stateSeq }

  const answer = await queryOrder(checking, order, { by })
  const first = await settle(checking, { ...queried, answer })
  if (first?.decision.kind !== 'close') return first && reportOf(first, answer)

  const afterClose = await closeAndQuery(checking, order, { by })
  if (afterClose === null) return reportOf(first, answer)
  const second = await settle(checking, { ...queried, answer: afterClose, closeTried: true })
  return second && reportOf(second, afterClose)
}

function reportOf({ order, decision }: Settlement, answer: Answer): CheckReport {
  return {
    order,
    tradeState: reportedState(answer),
    decision: decision.kind,
    reason: sentenceOf(decision.reason),
    codedReason: decision.reason,
  }
}
