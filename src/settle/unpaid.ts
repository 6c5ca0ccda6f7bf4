import { type Decision, decide } from '../domain/decide.ts'
import type { NewOrderEvent } from '../domain/order.ts'
import { scheduleAfter } from '../domain/runs/schedule.ts'
import { isNotBegun } from '../domain/trade.ts'
import type { ClaimedOrder, ClaimedWait } from '../store/store.ts'
import {
  type AnswerFor,
  emitSettlement,
  eventOf,
  type Settlement,
  type Settling,
} from './settle.ts'

/** An answer about an order that a run has claimed. */
export interface ClaimedAnswer extends AnswerFor {
  readonly claimed: ClaimedOrder
}

/** What an answer leads to, if no other transaction changes the order meanwhile. */
export interface PreviewedWait<T extends ClaimedAnswer> extends ClaimedWait {
  readonly answer: T
  readonly decision: Decision
}

/**
 * Most answers are that an order is not paid yet. They move no money and no state, so they are
 * decided on the row as it was claimed, and many are written at once. Null for any other answer, and
 * for "no such order", which counts towards an order's end.
 */
export function previewWait<T extends ClaimedAnswer>(
  settling: Settling,
  answered: T,
): PreviewedWait<T> | null {
  const { claimed, answer, by, absenceCredible = false } = answered
  const { order } = claimed
  if (answer.kind === 'trade' && answer.trade.state === 'paid') return null
  if (answer.kind === 'absent' && !isNotBegun(answer)) return null
  const { absenceSpreadMs, recheckMs, leaseMs } = settling.policy
  // By the database's clock: the lease was counted from it.
  const now = new Date(+order.nextCheckAt - leaseMs)
  const facts = { now, transactionOwner: null, absenceCredible, absenceSpreadMs }
  const decision = decide(order, answer, facts)
  if (decision.kind !== 'wait') return null
  const at = { now, from: by.waitFrom ?? now, recheckMs, absenceCredible }
  const event: NewOrderEvent = eventOf(settling, { answer: answered, decision })
  return { claimed, answer: answered, decision, event, schedule: scheduleAfter(order, answer, at) }
}

/**
 * Writes those whose rows still are as they were claimed, in one statement. An answer that is missing
 * from the result has to be settled by `settle`: its order was changed or claimed by another
 * transaction, or its row is held. Throws `StoreError` when it is not known what was written; none of
 * them may be settled again then.
 */
export async function settleUnpaid<T extends ClaimedAnswer>(
  { store, emit }: Settling,
  waits: readonly PreviewedWait<T>[],
): Promise<ReadonlyMap<T, Settlement>> {
  if (waits.length === 0) return new Map()
  const written = await store.waitAsClaimed(waits)
  const settled = waits
    .filter(({ answer }) => written.has(answer.key))
    .map((wait) => [wait.answer, settlementOf(wait)] as const)
  for (const [answer, settlement] of settled) emitSettlement(emit, answer, settlement)
  return new Map(settled)
}

function settlementOf({ claimed, schedule, decision }: PreviewedWait<ClaimedAnswer>): Settlement {
  return { order: { ...claimed.order, ...schedule }, decision }
}
