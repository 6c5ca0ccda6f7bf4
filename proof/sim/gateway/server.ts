import type { PrepayOrder } from '../../../src/gateway/gateway.ts'
import type { Loop } from '../clock/loop.ts'
import type { Random } from '../clock/random.ts'
import type { Trace } from '../clock/trace.ts'
import type { Figures } from '../figures.ts'
import type { SimMerchant } from '../merchants/merchant.ts'
import type { FaultSchedule } from '../plan/fault-schedule.ts'
import {
  closeIfEnded,
  type GatewayOrder,
  type GatewayTrade,
  openTrade,
  recordSentTrade,
  tradeBody,
} from './gateway-order.ts'
import {
  absence,
  keyless,
  refusal,
  type SentReply,
  signed,
  signedGarbage,
  unsigned,
  unverified,
} from './reply.ts'

export interface GatewayParts {
  readonly merchant: SimMerchant
  readonly loop: Loop
  readonly random: Random
  readonly faults: FaultSchedule
  readonly figures: Figures
  readonly trace: Trace
  /** The longest false "no such order": budan believes such answers only over a longer time. */
  readonly falseAbsenceMsMax: number
  readonly onPaid: (gatewayOrder: GatewayOrder) => void
  /** A request to place or to close an order has arrived at the gateway. */
  readonly onPrepay: (order: PrepayOrder, mchid: string) => void
  readonly onClose: (name: { orderNo: string; mchid: string }) => void
}

/** Whether the request is signed with the right key of the merchant. */
interface Signed {
  readonly isSigned: boolean
}

/** A model of one merchant's gateway: its orders, its answers and the faults of its answers. */
export class GatewayServer {
  readonly gatewayOrders = new Map<string, GatewayOrder>()
  readonly #parts: GatewayParts
  /** When each code was returned. */
  readonly codes = new Map<string, number>()
  #paymentCount = 0

  constructor(parts: GatewayParts) {
    this.#parts = parts
  }

  get merchant(): SimMerchant {
    return this.#parts.merchant
  }

  query(orderNo: string, { isSigned }: Signed): SentReply | null {
    if (!isSigned) return wrongKey()
    const gatewayOrder = this.gatewayOrders.get(orderNo)
    if (gatewayOrder === undefined) return absence('ORDER_NOT_EXIST')
    const { loop } = this.#parts
    gatewayOrder.lastQueryAt = loop.now
    closeIfEnded(gatewayOrder, loop.now)
    return this.#outage(gatewayOrder) ?? this.#fault(gatewayOrder) ?? this.#trueAnswer(gatewayOrder)
  }

  close(orderNo: string, { isSigned }: Signed): SentReply | null {
    if (!isSigned) return wrongKey()
    const gatewayOrder = this.gatewayOrders.get(orderNo)
    const { faults, loop, onClose } = this.#parts
    onClose({ orderNo, mchid: this.merchant.mchid })
    if (gatewayOrder?.trade == null) return absence('ORDER_NOT_EXIST')
    const outage = this.#outage(gatewayOrder)
    if (outage !== null) return outage
    closeIfEnded(gatewayOrder, loop.now)
    if (gatewayOrder.paysOnClose && !faults.stopped) this.pay(gatewayOrder)
    const { trade } = gatewayOrder
    switch (trade.state) {
      case 'SUCCESS':
      case 'REFUND':
        return refusal(400, 'ORDERPAID')
      case 'CLOSED':
      case 'REVOKED':
        return refusal(400, 'ORDER_CLOSED')
      case 'USERPAYING':
        return refusal(400, 'USERPAYING')
      default:
        trade.state = 'CLOSED'
        trade.closedAt ??= loop.now
        return faults.occurs('serverError') ? refusal(500, 'SYSTEM_ERROR') : signed(204, null)
    }
  }

  prepay(order: PrepayOrder, { isSigned }: Signed): SentReply | null {
    if (!isSigned) return wrongKey()
    const { loop, random, faults, onPrepay } = this.#parts
    const gatewayOrder = this.gatewayOrders.get(order.orderNo)
    onPrepay(order, this.merchant.mchid)
    if (gatewayOrder === undefined || gatewayOrder.plan.kind === 'absent') return null
    if (faults.occurs('serverError')) return refusal(500, 'SYSTEM_ERROR')
    if (gatewayOrder.refusesPrepay) return refusal(random.pick([400, 403]), 'RULE_LIMIT')
    openTrade(gatewayOrder, loop.now)
    gatewayOrder.firstShownAt ??= loop.now
    const codeUrl = `weixin://wxpay/bizpayurl?pr=${this.merchant.place}-${this.codes.size}`
    this.codes.set(codeUrl, loop.now)
    return signed(200, { code_url: codeUrl })
  }

  /** A payer pays, if the trade can still be paid; `force`: the gateway accepts it even when closed. */
  pay(gatewayOrder: GatewayOrder, { force = false } = {}): void {
    const { trade, payerHasCode } = gatewayOrder
    if (trade === null || !payerHasCode) return
    closeIfEnded(gatewayOrder, this.#parts.loop.now)
    const isOver = this.#parts.loop.now >= trade.endsAt
    const open = !isOver && payableStates.includes(trade.state)
    const forced = force && (trade.state === 'CLOSED' || isOver)
    if (!open && !forced) return
    this.#takePayment(gatewayOrder, trade)
  }

  /** The gateway accepts a second payment of a paid trade, and answers with that payment from now on. */
  payAgain(gatewayOrder: GatewayOrder): void {
    if (gatewayOrder.trade?.state === 'SUCCESS') this.#takePayment(gatewayOrder, gatewayOrder.trade)
  }

  /** Changes the state of an unpaid trade, without a request of budan. */
  changeState(
    gatewayOrder: GatewayOrder,
    state: 'USERPAYING' | 'PAYERROR' | 'CLOSED' | 'REVOKED',
  ): void {
    const { trade } = gatewayOrder
    if (trade === null || !payableStates.includes(trade.state)) return
    trade.state = state
    if (state === 'CLOSED' || state === 'REVOKED') trade.closedAt ??= this.#parts.loop.now
  }

  refund(gatewayOrder: GatewayOrder): void {
    if (gatewayOrder.trade?.state === 'SUCCESS') gatewayOrder.trade.state = 'REFUND'
  }

  giveUnlistedState(gatewayOrder: GatewayOrder, forMs: number): void {
    gatewayOrder.unlistedUntil = this.#parts.loop.now + forMs
  }

  /** From now on the gateway answers with the true state. */
  heal(): void {
    for (const gatewayOrder of this.gatewayOrders.values()) {
      gatewayOrder.falselyAbsentUntil = 0
      gatewayOrder.unlistedUntil = 0
      // No payment stays under way: the checks need a final state.
      if (gatewayOrder.trade?.state === 'USERPAYING') gatewayOrder.trade.state = 'PAYERROR'
    }
  }

  #takePayment(gatewayOrder: GatewayOrder, trade: GatewayTrade): void {
    const { loop, figures, trace, onPaid } = this.#parts
    this.#paymentCount += 1
    trade.state = 'SUCCESS'
    trade.transactionId = `42${this.merchant.place}0${String(this.#paymentCount).padStart(24, '0')}`
    trade.paidAt = Math.floor(loop.now / 1000) * 1000
    if (gatewayOrder.plan.kind === 'paid_wrong_amount')
      trade.amount += trade.amount % 3 === 0 ? 1 : -1
    if (gatewayOrder.plan.kind === 'paid_wrong_currency') trade.currency = 'USD'
    figures.count('payments')
    trace.log(
      loop.now,
      () => `${gatewayOrder.orderNo} is paid at the gateway (${gatewayOrder.plan.kind})`,
    )
    onPaid(gatewayOrder)
  }

  #trueAnswer(gatewayOrder: GatewayOrder): SentReply {
    const { loop } = this.#parts
    const { trade } = gatewayOrder
    gatewayOrder.answeredCount += 1
    if (trade === null || loop.now < gatewayOrder.falselyAbsentUntil)
      return this.#absent(gatewayOrder)
    const state = loop.now < gatewayOrder.unlistedUntil ? 'SETTLING' : trade.state
    recordSentTrade(gatewayOrder, { at: loop.now, state })
    return signed(200, tradeBody(trade, { state, oddity: gatewayOrder.plan.oddity }))
  }

  #absent(gatewayOrder: GatewayOrder): SentReply {
    const { loop, random } = this.#parts
    gatewayOrder.lastAbsentAt = loop.now
    gatewayOrder.sentAnswers.push({ kind: 'absent', at: loop.now })
    return absence(random.pick(['ORDER_NOT_EXIST', 'ORDERNOTEXIST']))
  }

  #outage(gatewayOrder: GatewayOrder): SentReply | null {
    const { faults, random } = this.#parts
    if (faults.isActive('gateway_errors'))
      return refusal(random.pick([500, 502, 503]), 'SYSTEM_ERROR')
    if (faults.isActive('gateway_throttles')) return refusal(429, 'FREQUENCY_LIMITED')
    if (faults.isActive('gateway_refuses_client'))
      return refusal(random.pick([401, 403]), 'SIGN_ERROR')
    if (faults.isActive('gateway_keyless')) return keyless(forgedSuccess(gatewayOrder))
    if (!faults.isActive('gateway_false_absence')) return null
    gatewayOrder.answeredCount += 1
    return this.#absent(gatewayOrder)
  }

  #fault(gatewayOrder: GatewayOrder): SentReply | null {
    const { faults, random } = this.#parts
    if (faults.occurs('serverError')) return refusal(random.pick([500, 502, 503]), 'SYSTEM_ERROR')
    if (faults.occurs('throttled')) return refusal(429, 'RATELIMIT_EXCEEDED')
    if (faults.occurs('garbage')) return garbage(random)
    if (faults.occurs('lookalike')) {
      return unverified(forgedSuccess(gatewayOrder), random.pick(['forged', 'stale', 'unsigned']))
    }
    if (faults.occurs('probe')) return unverified(forgedSuccess(gatewayOrder), 'probe')
    if (faults.occurs('refusedOnce')) {
      gatewayOrder.answeredCount += 1
      return refusal(random.pick([400, 404]), 'PARAM_ERROR')
    }
    if (faults.occurs('otherTrade')) return this.#otherTrade(gatewayOrder)
    this.#maybeFalselyAbsent(gatewayOrder)
    return null
  }

  /** May start a false "no such order", once for each order, too short for budan to believe it. */
  #maybeFalselyAbsent(gatewayOrder: GatewayOrder): void {
    const { faults, random, loop, falseAbsenceMsMax } = this.#parts
    const wanted = gatewayOrder.plan.kind === 'forgotten' || faults.occurs('falseAbsence')
    if (!wanted || gatewayOrder.wasFalselyAbsent || faults.stopped) return
    gatewayOrder.wasFalselyAbsent = true
    gatewayOrder.falselyAbsentUntil = loop.now + random.between(0.1, 0.95) * falseAbsenceMsMax
  }

  /** A genuine answer about another order. */
  #otherTrade(gatewayOrder: GatewayOrder): SentReply | null {
    const { random, loop } = this.#parts
    const others = [...this.gatewayOrders.values()].filter((one) => one !== gatewayOrder)
    const trade = others[random.whole(0, others.length - 1)]?.trade
    if (trade == null) return null
    gatewayOrder.answeredCount += 1
    recordSentTrade(gatewayOrder, { at: loop.now, trade })
    return signed(200, tradeBody(trade))
  }
}

function wrongKey(): SentReply {
  return refusal(401, 'SIGN_ERROR')
}

const payableStates: readonly string[] = ['NOTPAY', 'USERPAYING', 'PAYERROR']

/** A forged answer: paid, and everything as ordered. */
function forgedSuccess({ orderNo, merchant, ordered, trade }: GatewayOrder): object {
  return {
    appid: trade?.appid ?? ordered.appid,
    mchid: trade?.mchid ?? merchant.mchid,
    out_trade_no: orderNo,
    trade_state: 'SUCCESS',
    transaction_id: `6666${orderNo.slice(-20)}`,
    success_time: '2026-01-24T15:00:00+08:00',
    amount: { total: ordered.amount, currency: ordered.currency },
  }
}

function garbage(random: Random): SentReply {
  switch (random.whole(0, 5)) {
    case 0:
      return unsigned(200, '<html>login</html>')
    case 1:
      return signedGarbage('{"trade_state":"SUCCESS"')
    case 2:
      return signedGarbage('{"trade_state":"SUCCESS"}')
    case 3:
      return signedGarbage('null')
    case 4:
      return unsigned(202, '')
    default:
      return unsigned(204, '')
  }
}
