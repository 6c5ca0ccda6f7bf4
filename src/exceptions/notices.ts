import type { NewOrderEvent, Order, OrderKey } from '../domain/order.ts'
import {
  type EarlyNotice,
  isSameNotice,
  type Noticed,
  noticedOf,
  type RefundNotice,
} from '../domain/refund.ts'
import type { Answer } from '../domain/trade.ts'
import type { LockedOrder, Tx } from '../store/store.ts'
import { type NoticedRefund, refundsIn } from './refunds.ts'

/** A notice that is in the timeline now and was not before. */
export interface WrittenNotice extends Noticed {
  readonly key: string
}

/** What is known of refunds of an order besides its timeline. */
export interface NoticesOf {
  /** As it is now, and held locked. */
  readonly order: Order
  /** The payment that is spoken of: a notice may name that alone. */
  readonly transactionId: string | null
  /** Received just now. */
  readonly received?: readonly EarlyNotice[]
}

/**
 * Writes notices of refunds into the timeline of their order, each once: first those that came before the
 * order was here, as if they came now.
 */
export async function writeNotices(
  tx: Tx,
  { order, transactionId, received = [] }: NoticesOf,
): Promise<readonly WrittenNotice[]> {
  const { key: orderKey, orderNo, gateway, mchid } = order
  const early = await tx.takeNotices({ orderNo, gateway, mchid, transactionId })
  const notices = [...early, ...received]
  if (notices.length === 0) return []
  const before = await tx.refundNotices(orderKey)
  const written: WrittenNotice[] = []
  for (const { notice, node } of notices) {
    const { key } = notice
    if (before.some((event) => isSameNotice(event, notice))) continue
    if (written.some((each) => each.key === key)) continue
    const noticed = noticedOf(order, notice)
    await tx.appendEvent(orderKey, eventOf(noticed, { notice, node }))
    written.push({ key, ...noticed })
  }
  return written
}

function eventOf(
  noticed: Noticed,
  { notice: { evidence }, node }: Pick<EarlyNotice, 'notice' | 'node'>,
): NewOrderEvent {
  return {
    ...{ kind: 'refund_noticed', source: 'callback', ...noticed, node, evidence },
    ...{ tradeState: null, decision: null, runId: null },
  }
}

/** An answer, and the key of its order. */
interface AnsweredOrder {
  readonly answer: { readonly key: OrderKey; readonly answer: Answer }
}

/**
 * The statement that locked a row may have waited for a notice of a refund, and sees other tables as they
 * were before the wait: so orders that may be credited are looked at once more.
 */
export async function withConcerns(
  tx: Tx,
  { answers }: { readonly answers: readonly AnsweredOrder[] },
  locked: ReadonlyMap<OrderKey, LockedOrder>,
): Promise<ReadonlyMap<OrderKey, LockedOrder>> {
  const paid = answers.flatMap(({ answer: { key, answer } }) => {
    const order = locked.get(key)?.order
    if (order === undefined || !mayBeCredited(order, answer)) return []
    return [{ key, transactionId: answer.trade.transactionId }]
  })
  if (paid.length === 0) return locked
  const concerned = await tx.concerned(paid)
  const rows = [...locked].map(([key, row]) => {
    return [key, concerned.has(key) ? { ...row, isConcerned: true } : row] as const
  })
  return new Map(rows)
}

function mayBeCredited(
  { status }: Order,
  answer: Answer,
): answer is Extract<Answer, { kind: 'trade' }> {
  const isOpen = status === 'pending' || status === 'expired'
  return isOpen && answer.kind === 'trade' && answer.trade.state === 'paid'
}

/**
 * Whether notices say that all of a payment went back which an answer still calls paid, so that it must not
 * be credited. A refund whose sum was not said may be of all of it.
 */
export async function hasGoneBack(
  tx: Tx,
  { locked, answer }: { readonly locked: LockedOrder; readonly answer: Answer },
): Promise<boolean> {
  const { order, isConcerned } = locked
  if (!isConcerned || !mayBeCredited(order, answer)) return false
  const { transactionId } = answer.trade
  if (transactionId === null) return false
  const { key, orderNo, gateway, mchid } = order
  const early = await tx.keptNotices({ orderNo, gateway, mchid, transactionId })
  const refunds = [
    ...refundsIn(await tx.refundNotices(key), { credited: transactionId }),
    ...early.map(({ notice }) => refundOf(notice, transactionId)),
  ].filter((each) => each.transactionId === transactionId && each.state === 'succeeded')
  const sums = new Map(refunds.map(({ id, refunded }) => [id, refunded ?? order.amount]))
  return [...sums.values()].reduce((sum, each) => sum + each, 0n) >= order.amount
}

function refundOf(
  { refundId = null, key, state, refunded, total, ...notice }: RefundNotice,
  credited: string,
): NoticedRefund {
  const transactionId = notice.transactionId ?? credited
  return { id: refundId ?? key, refundId, transactionId, state, refunded, total }
}
