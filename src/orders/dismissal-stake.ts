import { unreachable } from '../domain/assert.ts'
import type { Order } from '../domain/order.ts'
import type { Stake } from '../domain/reason.ts'
import type { Answer, Trade } from '../domain/trade.ts'

/** What the payer could lose by a dismissal, as far as this answer shows. */
export function stakeOf(
  order: Order,
  { answer, creditable }: { readonly answer: Answer; readonly creditable: boolean },
): Stake {
  const ordered = { sum: String(order.amount), currency: order.currency }
  if (answer.kind !== 'trade') return { kind: 'not_known', ...ordered }
  const { trade } = answer
  switch (trade.state) {
    case 'paid':
      return creditable ? { kind: 'creditable', ...ordered } : { kind: 'paid', ...sumIn(trade) }
    case 'refunded':
      return { kind: 'refunded', ...(trade.amount === null ? ordered : sumIn(trade)) }
    case 'unpaid':
    case 'paying':
      return { kind: 'payable', ...ordered }
    case 'closed':
      return { kind: 'closed', ...ordered }
    case 'unlisted':
      return { kind: 'not_known', ...ordered }
    default:
      return unreachable(trade.state)
  }
}

function sumIn({ amount, currency }: Trade): Pick<Stake, 'sum' | 'currency'> {
  return { sum: amount === null ? null : String(amount), currency }
}
