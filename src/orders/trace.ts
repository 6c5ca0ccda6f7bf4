import { causeAndMessage } from '../domain/decide.ts'
import type { Order } from '../domain/order.ts'
import { type Reason, sentenceOf } from '../domain/reason.ts'
import { isUnsent } from '../domain/trade.ts'
import { raiseUnknownPayment, type UnknownPayments } from '../exceptions/unknown-payment.ts'
import type { Querying } from '../job/query.ts'
import { reportedState } from '../settle/settle.ts'
import { findOrderOf } from '../store/find-order.ts'
import { checkedKey } from './validate.ts'

/** The order of a payment, by the gateway's answer. */
export type Traced =
  | {
      readonly kind: 'found'
      readonly orderNo: string
      /** Null: it is not ours. */
      readonly order: Order | null
      /** The trade's state as the gateway reports it. */
      readonly tradeState: string | null
    }
  /** The gateway has no query by its own number. */
  | { readonly kind: 'not_offered' }
  /** The gateway knows no such payment of this merchant. */
  | { readonly kind: 'absent' }
  /** The gateway gave no verified answer, or its answer was about another payment. */
  | { readonly kind: 'unanswered'; readonly reason: string; readonly codedReason: Reason }

/**
 * Queries by the gateway's own number of a payment, which is on a payer's voucher. A person waits for the
 * answer, as for a check. It only finds the order and settles nothing: an order is still queried by its
 * own number before it is credited. A payment that should have an order here opens an exception.
 */
export async function traceTransaction(
  tracing: Querying & UnknownPayments,
  transactionId: string,
): Promise<Traced> {
  checkedKey(transactionId, { name: 'transactionId', attempt: 'trace a payment' })
  const { gateway, store, breaker } = tracing
  const answer = await gateway.queryByTransactionId?.(transactionId)
  if (answer === undefined) return { kind: 'not_offered' }
  if (!isUnsent(answer)) breaker.observe(answer)
  if (answer.kind === 'unknown')
    return unanswered({ code: 'unanswered', ...causeAndMessage(answer) })
  if (answer.kind === 'absent') return { kind: 'absent' }
  const { trade } = answer
  if (trade.transactionId !== transactionId) return unanswered({ code: 'about_another_payment' })
  // An order of this merchant is the paid one, even if its app id is wrong here: it is in review because
  // of that, and has to be found there.
  const merchant = { gateway: gateway.name, mchid: trade.mchid }
  const order = await findOrderOf(store, { orderNo: trade.orderNo, merchant })
  if (order === null) await raiseUnknownPayment(tracing, { merchant, trade, by: 'trace' })
  return { kind: 'found', orderNo: trade.orderNo, order, tradeState: reportedState(answer) }
}

function unanswered(reason: Reason): Traced {
  return { kind: 'unanswered', reason: sentenceOf(reason), codedReason: reason }
}
