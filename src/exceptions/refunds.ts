import type { Fen } from '../domain/money.ts'
import type { OrderEvent } from '../domain/order.ts'
import type { EarlyNotice } from '../domain/refund.ts'
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

/**
 * Whether notices of refunds make up all that was paid. Each refund counts once; of those without a number
 * only one does, because nobody knows whether they are the same.
 */
export function isWhollyRefunded(
  notices: readonly Pick<EarlyNotice, 'notice'>[],
  { transactionId, amount }: { readonly transactionId: string; readonly amount: Fen | null },
): boolean {
  const made = notices
    .map(({ notice }) => notice)
    .filter((each) => each.transactionId === transactionId && each.state === 'succeeded')
  const sums = new Map(made.map(({ refundId, refunded }) => [refundId ?? null, refunded ?? 0n]))
  const refunded = [...sums.values()].reduce((sum, each) => sum + each, 0n)
  const paid = isSaid(amount) ? amount : (made.map(({ total }) => total).find(isSaid) ?? null)
  return paid !== null && refunded >= paid
}

function isSaid(sum: Fen | null): sum is Fen {
  return sum !== null && sum > 0n
}

function fenIn(sum: string | null): Fen | null {
  return sum === null ? null : BigInt(sum)
}
