import { causeAndMessage } from '../domain/decide.ts'
import { isSameMerchant } from '../domain/merchant.ts'
import type { Order } from '../domain/order.ts'
import { type Reason, sentenceOf } from '../domain/reason.ts'
import { isUnsent } from '../domain/trade.ts'
import type { Querying } from '../job/query.ts'
import { reportedState, type Settling } from '../settle/settle.ts'
import { checkedKey } from './validate.ts'

/** Which order a payment is of, by the gateway's word. */
export type Traced =
  | {
      readonly kind: 'found'
      readonly orderNo: string
      /** Null: it is not ours. */
      readonly order: Order | null
      /** The gateway's own word. */
      readonly tradeState: string | null
    }
  /** The gateway answers no query by its own number. */
  | { readonly kind: 'not_offered' }
  /** The gateway knows no such payment of this merchant. */
  | { readonly kind: 'absent' }
  /** The gateway said nothing that can be believed, or spoke of another payment. */
  | { readonly kind: 'unanswered'; readonly reason: string; readonly codedReason: Reason }

/**
 * Asks by the gateway's own number of a payment, the one that a payer's voucher shows. Somebody waits
 * for it, as for a check. It only leads to the order: nothing is settled by this answer, so that an
 * order is still asked about by its own number before it is credited.
 */
export async function traceTransaction(
  { gateway, store, breaker }: Querying & Pick<Settling, 'store'>,
  transactionId: string,
): Promise<Traced> {
  checkedKey(transactionId, { name: 'transactionId', attempt: 'trace a payment' })
  const answer = await gateway.queryByTransactionId?.(transactionId)
  if (answer === undefined) return { kind: 'not_offered' }
  if (!isUnsent(answer)) breaker.observe(answer)
  if (answer.kind === 'unknown')
    return unanswered({ code: 'unanswered', ...causeAndMessage(answer) })
  if (answer.kind === 'absent') return { kind: 'absent' }
  const { trade } = answer
  if (trade.transactionId !== transactionId) return unanswered({ code: 'about_another_payment' })
  const found = await store.findOrder(trade.orderNo)
  // Another merchant's order may have the same number. One of this merchant is the one that was paid, also
  // where its app id is wrong here: it is in review for that, and has to be found there.
  const isIts = found !== null && isSameMerchant(found, { ...trade, gateway: gateway.name })
  const order = isIts ? found : null
  return { kind: 'found', orderNo: trade.orderNo, order, tradeState: reportedState(answer) }
}

function unanswered(reason: Reason): Traced {
  return { kind: 'unanswered', reason: sentenceOf(reason), codedReason: reason }
}
