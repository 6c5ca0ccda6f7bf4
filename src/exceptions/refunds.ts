import type { Fen } from '../domain/money.ts'
import type { OrderEvent } from '../domain/order.ts'
import type { RefundState } from '../domain/trade.ts'

/** What the timeline has of a notice about a refund. */
export interface NoticedRefund {
  /** The number of the refund, or what stands for it where none was said. */
  readonly id: string
  readonly refundId: string | null
  /** Of the payment that goes back: the credited one, unless another was named. */
  readonly transactionId: string
  readonly state: RefundState
  readonly refunded: Fen | null
  readonly total: Fen | null
}

/**
 * The refunds in a timeline, each once for each of its states. `credited`: the payment that the order was
 * credited for.
 */
export function refundsIn(
  notices: readonly OrderEvent[],
  { credited }: { readonly credited: string },
): readonly NoticedRefund[] {
  const refunds = new Map<string, NoticedRefund>()
  for (const { codedReason: reason, evidence } of notices) {
    const key = evidence?.refund_key
    if (reason?.code !== 'refund_notice' || typeof key !== 'string') continue
    const { state, refunded, total, refundId = null } = reason
    const transactionId = reason.transactionId ?? reason.otherTransactionId ?? credited
    const id = refundId ?? key
    refunds.set(`${id} ${state}`, {
      ...{ id, refundId, transactionId, state },
      ...{ refunded: fenIn(refunded), total: fenIn(total) },
    })
  }
  return [...refunds.values()]
}

function fenIn(sum: string | null): Fen | null {
  return sum === null ? null : BigInt(sum)
}
