import { type Decision, decide } from '../domain/decide.ts'
import type { NewOrderEvent } from '../domain/order.ts'
import { scheduleAfter } from '../domain/schedule.ts'
import { isNotBegun } from '../domain/trade.ts'
import type { ClaimedOrder, ClaimedWait } from '../store/store.ts'
import {
  type AnswerFor,
  emitSettlement,
  eventOf,
  type Settlement,
  type Settling,
} from './settle.ts'

/** What an answer about a claimed order comes to, if nobody else settles the order meanwhile. */
export interface PreviewedWait extends ClaimedWait {
  readonly brought: AnswerFor
  readonly decision: Decision
}

/**
 * Most answers are that nobody has paid yet, which moves no money and no state: what they come to is
 * decided on the row as it was claimed, and written for many at once. Null for any other answer,
 * and for "no such order", which counts towards an order's end.
 */
export function previewWait(
  settling: Settling,
  { claimed, brought }: { readonly claimed: ClaimedOrder; readonly brought: AnswerFor },
): PreviewedWait | null {
  const { order } = claimed
  const { answer, absenceCredible, waitFrom } = brought
  if (answer.kind === 'absent' && !isNotBegun(answer)) return null
  const { absenceSpreadMs, recheckMs, leaseMs } = settling.policy
  // By the database's clock: the lease was counted from it.
  const now = new Date(+order.nextCheckAt - leaseMs)
  const facts = { now, transactionOwner: null, absenceCredible, absenceSpreadMs }
  const decision = decide(order, answer, facts)
  if (decision.kind !== 'wait') return null
  const at = { now, from: waitFrom ?? now, recheckMs, absenceCredible }
  const event: NewOrderEvent = eventOf({ ...brought, node: settling.node, decision })
  return { claimed, brought, decision, event, schedule: scheduleAfter(order, answer, at) }
}

/**
 * Writes those whose rows still are as they were claimed, in one statement. Those missing from what
 * it returns were settled or claimed by somebody else, or are held: they take the way of `settle`.
 * Throws `StoreError` when it is not known what was written; none of them may be settled again then.
 */
export async function settleUnpaid(
  { store, emit }: Settling,
  foreseen: readonly PreviewedWait[],
): Promise<ReadonlyMap<PreviewedWait, Settlement>> {
  const written = await store.waitAsClaimed(foreseen)
  const settled = foreseen
    .filter(({ brought }) => written.has(brought.orderNo))
    .map((each) => [each, settlementOf(each)] as const)
  for (const [{ brought }, settlement] of settled) emitSettlement(emit, brought, settlement)
  return new Map(settled)
}

function settlementOf({ claimed, schedule, decision }: PreviewedWait): Settlement {
  return { order: { ...claimed.order, ...schedule }, decision }
}
