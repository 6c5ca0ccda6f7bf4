import type { NewOrderEvent, Order } from '../domain/order.ts'
import { type EarlyNotice, isSameNotice, type Noticed, noticedOf } from '../domain/refund.ts'
import type { Tx } from '../store/store.ts'

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
