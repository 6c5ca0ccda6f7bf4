import type { NotifyingWorld } from '../callbacks/notifier.ts'
import { ControlError } from '../control/control-error.ts'
import type { PayInput } from '../control/pay-input.ts'
import { merged } from '../merge.ts'
import { isPaid, type Order, type Payment } from './order.ts'

/** Records a payment and sends its callback. Throws `ControlError` if WeChat Pay would refuse the payment. */
export function payOrder(world: NotifyingWorld, order: Order, input: PayInput): Payment {
  const error = paymentError(world, order, input)
  if (error) throw new ControlError(409, 'CANNOT_PAY', `${error} "${order.outTradeNo}"`)
  const payment = world.book.pay(order, {
    transactionId: input.transaction_id,
    payerTotal: input.payer_total,
    openid: input.openid,
    bankType: input.bank_type,
    paidAt: input.paid_at === undefined ? undefined : Date.parse(input.paid_at),
  })
  if (input.answered) order.answered = merged(order.answered ?? {}, input.answered)
  if (input.callback !== false) world.notifier.announce(order, payment, input.delay_ms)
  return payment
}

/** Why the order cannot be paid this way; null: it can. */
export function paymentError(world: NotifyingWorld, order: Order, input: PayInput): string | null {
  const { transaction_id: transactionId, payer_total: payerTotal = 0 } = input
  if (isPaid(order) && !input.again) return 'Cannot pay a second time'
  if (payerTotal > order.total) return 'Cannot pay more than the total of'
  if (transactionId !== undefined && world.book.findPayment(transactionId)) {
    return `Cannot use transaction id "${transactionId}" again for`
  }
  return input.force || isPaid(order) ? null : stateError(world, order, input)
}

function stateError(world: NotifyingWorld, order: Order, input: PayInput): string | null {
  const now = world.clock.now()
  if (order.state === 'CLOSED' || order.state === 'REVOKED') return 'Cannot pay closed order'
  if (now >= order.expiresAt) return 'Cannot pay expired order'
  if (input.code_url === undefined) return null
  if (input.code_url !== order.codeUrl) return 'Cannot pay by a replaced code order'
  return now >= order.codeUrlExpiresAt ? 'Cannot pay by an expired code order' : null
}
