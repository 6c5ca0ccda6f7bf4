import { unreachable } from '../domain/assert.ts'
import { formatAmount, formatFen } from '../domain/money.ts'
import type { Order } from '../domain/order.ts'
import type { Answer, Trade } from '../domain/trade.ts'

/** What the payer could lose by a dismissal, as far as this answer tells: in yuan, for a preview. */
export function stakeOf(
  order: Order,
  { answer, creditable }: { readonly answer: Answer; readonly creditable: boolean },
): string {
  const sum = formatFen(order.amount)
  if (answer.kind !== 'trade') return notKnown(sum)
  switch (answer.trade.state) {
    case 'paid':
      return creditable
        ? `Beware: ${sum} was paid as ordered, and the payer would have no credit here`
        : `Beware: ${sumIn(answer.trade) ?? 'another sum'} was paid, and the payer has no credit here`
    case 'refunded':
      return `Beware: up to ${sumIn(answer.trade) ?? sum} is at stake, for what was not refunded is still owed to the payer`
    case 'unpaid':
    case 'paying':
      return `Beware: its ${sum} can still be paid`
    case 'closed':
      return `By this answer, its ${sum} can no longer be paid`
    case 'unlisted':
      return notKnown(sum)
    default:
      return unreachable(answer.trade.state)
  }
}

function notKnown(sum: string): string {
  return `Beware: by this answer nobody knows whether its ${sum} was paid`
}

/** Null: not said. */
function sumIn({ amount, currency }: Trade): string | null {
  return amount === null ? null : formatAmount(amount, currency)
}
