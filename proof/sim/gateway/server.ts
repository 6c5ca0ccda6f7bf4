import type { PrepayOrder } from '../../../src/gateway/gateway.ts'
import type { Loop } from '../clock/loop.ts'
import type { Random } from '../clock/random.ts'
import type { Trace } from '../clock/trace.ts'
import type { Figures } from '../figures.ts'
import type { Weather } from '../weather.ts'
import { type Dossier, openTrade, passEnd, stateTrade, type TradeTruth, tradeBody } from './book.ts'
import {
  absence,
  keyless,
  refusal,
  type SentReply,
  signed,
  signedGarbage,
  unbelievable,
  unsigned,
} from './reply.ts'

export interface GatewayParts {
  readonly loop: Loop
  readonly random: Random
  readonly weather: Weather
  readonly figures: Figures
  readonly trace: Trace
  /** A lie of "no such order" lasts less than this: what budan waits before it believes it. */
  readonly lapseMsMax: number
  readonly onPaid: (dossier: Dossier) => void
  /** Somebody asks to place it, or to close it, as far as that gets to the gateway. */
  readonly onPrepay: (order: PrepayOrder) => void
  readonly onClose: (orderNo: string) => void
}

/** The gateway: its own book, and how it answers, well or ill. */
export class GatewayServer {
  readonly dossiers = new Map<string, Dossier>()
  readonly #parts: GatewayParts
  /** When each code was given. */
  readonly codes = new Map<string, number>()
  #paymentCount = 0

  constructor(parts: GatewayParts) {
    this.#parts = parts
  }

  query(orderNo: string): SentReply | null {
    const dossier = this.dossiers.get(orderNo)
    if (dossier === undefined) return absence('ORDER_NOT_EXIST')
    const { loop } = this.#parts
    dossier.lastQuestionAt = loop.now
    passEnd(dossier, loop.now)
    return this.#outage(dossier) ?? this.#fault(dossier) ?? this.#truth(dossier)
  }

  close(orderNo: string): SentReply | null {
    const dossier = this.dossiers.get(orderNo)
    const { weather, loop, onClose } = this.#parts
    onClose(orderNo)
    if (dossier?.trade == null) return absence('ORDER_NOT_EXIST')
    const outage = this.#outage(dossier)
    if (outage !== null) return outage
    passEnd(dossier, loop.now)
    if (dossier.paysOnClose && !weather.stopped) this.pay(dossier)
    const { trade } = dossier
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
        return weather.strikes('serverError') ? refusal(500, 'SYSTEM_ERROR') : signed(204, null)
    }
  }

  prepay(order: PrepayOrder): SentReply | null {
    const { loop, random, weather, onPrepay } = this.#parts
    const dossier = this.dossiers.get(order.orderNo)
    onPrepay(order)
    if (dossier === undefined || dossier.fate.kind === 'absent') return null
    if (weather.strikes('serverError')) return refusal(500, 'SYSTEM_ERROR')
    if (dossier.refusesPrepay) return refusal(random.pick([400, 403]), 'RULE_LIMIT')
    openTrade(dossier, loop.now)
    dossier.shownAt ??= loop.now
    const codeUrl = `weixin://wxpay/bizpayurl?pr=${this.codes.size}`
    this.codes.set(codeUrl, loop.now)
    return signed(200, { code_url: codeUrl })
  }

  /** A payer pays, if the trade can still be paid; `force`: the gateway takes money for a closed one. */
  pay(dossier: Dossier, { force = false } = {}): void {
    const { trade, codeGiven } = dossier
    if (trade === null || !codeGiven) return
    passEnd(dossier, this.#parts.loop.now)
    const isOver = this.#parts.loop.now >= trade.endsAt
    const open = !isOver && unended.includes(trade.state)
    const forced = force && (trade.state === 'CLOSED' || isOver)
    if (!open && !forced) return
    this.#take(dossier, trade)
  }

  /** The gateway takes money once more for a paid trade, and tells of that payment from now on. */
  payAgain(dossier: Dossier): void {
    if (dossier.trade?.state === 'SUCCESS') this.#take(dossier, dossier.trade)
  }

  /** What becomes of an unpaid trade without budan. */
  turn(dossier: Dossier, state: 'USERPAYING' | 'PAYERROR' | 'CLOSED' | 'REVOKED'): void {
    const { trade } = dossier
    if (trade === null || !unended.includes(trade.state)) return
    trade.state = state
    if (state === 'CLOSED' || state === 'REVOKED') trade.closedAt ??= this.#parts.loop.now
  }

  refund(dossier: Dossier): void {
    if (dossier.trade?.state === 'SUCCESS') dossier.trade.state = 'REFUND'
  }

  unlist(dossier: Dossier, forMs: number): void {
    dossier.unlistedUntil = this.#parts.loop.now + forMs
  }

  /** From now on it tells the truth. */
  heal(): void {
    for (const dossier of this.dossiers.values()) {
      dossier.lapsedUntil = 0
      dossier.unlistedUntil = 0
      // A payment that is under way ends, one way or the other.
      if (dossier.trade?.state === 'USERPAYING') dossier.trade.state = 'PAYERROR'
    }
  }

  #take(dossier: Dossier, trade: TradeTruth): void {
    const { loop, figures, trace, onPaid } = this.#parts
    this.#paymentCount += 1
    trade.state = 'SUCCESS'
    trade.transactionId = `4200${String(this.#paymentCount).padStart(24, '0')}`
    trade.paidAt = Math.floor(loop.now / 1000) * 1000
    if (dossier.fate.kind === 'paid_wrong_amount') trade.amount += trade.amount % 3 === 0 ? 1 : -1
    if (dossier.fate.kind === 'paid_wrong_currency') trade.currency = 'USD'
    figures.count('payments')
    trace.tell(loop.now, () => `${dossier.orderNo} is paid at the gateway (${dossier.fate.kind})`)
    onPaid(dossier)
  }

  #truth(dossier: Dossier): SentReply {
    const { loop } = this.#parts
    const { trade } = dossier
    dossier.answeredCount += 1
    if (trade === null || loop.now < dossier.lapsedUntil) return this.#absent(dossier)
    const state = loop.now < dossier.unlistedUntil ? 'SETTLING' : trade.state
    stateTrade(dossier, { at: loop.now, state })
    return signed(200, tradeBody(trade, { state, oddity: dossier.fate.oddity }))
  }

  #absent(dossier: Dossier): SentReply {
    const { loop, random } = this.#parts
    dossier.lastAbsentAt = loop.now
    dossier.statements.push({ kind: 'absent', at: loop.now })
    return absence(random.pick(['ORDER_NOT_EXIST', 'ORDERNOTEXIST']))
  }

  #outage(dossier: Dossier): SentReply | null {
    const { weather, random } = this.#parts
    if (weather.rages('gateway_errors'))
      return refusal(random.pick([500, 502, 503]), 'SYSTEM_ERROR')
    if (weather.rages('gateway_throttles')) return refusal(429, 'FREQUENCY_LIMITED')
    if (weather.rages('gateway_refuses_us')) return refusal(random.pick([401, 403]), 'SIGN_ERROR')
    if (weather.rages('gateway_keyless')) return keyless(successFor(dossier))
    if (!weather.rages('gateway_forgets_all')) return null
    dossier.answeredCount += 1
    return this.#absent(dossier)
  }

  #fault(dossier: Dossier): SentReply | null {
    const { weather, random } = this.#parts
    if (weather.strikes('serverError')) return refusal(random.pick([500, 502, 503]), 'SYSTEM_ERROR')
    if (weather.strikes('throttled')) return refusal(429, 'RATELIMIT_EXCEEDED')
    if (weather.strikes('garbage')) return garbage(random)
    if (weather.strikes('lookalike')) {
      return unbelievable(successFor(dossier), random.pick(['forged', 'stale', 'unsigned']))
    }
    if (weather.strikes('probe')) return unbelievable(successFor(dossier), 'probe')
    if (weather.strikes('refusedOnce')) {
      dossier.answeredCount += 1
      return refusal(random.pick([400, 404]), 'PARAM_ERROR')
    }
    if (weather.strikes('otherTrade')) return this.#otherTrade(dossier)
    this.#lapse(dossier)
    return null
  }

  /** "No such order", for a while and once: what budan does not believe, but one longer it must. */
  #lapse(dossier: Dossier): void {
    const { weather, random, loop, lapseMsMax } = this.#parts
    const wanted = dossier.fate.kind === 'forgotten' || weather.strikes('forgetful')
    if (!wanted || dossier.hasLapsed || weather.stopped) return
    dossier.hasLapsed = true
    dossier.lapsedUntil = loop.now + random.between(0.1, 0.95) * lapseMsMax
  }

  /** Genuine, and about somebody else's order. */
  #otherTrade(dossier: Dossier): SentReply | null {
    const { random, loop } = this.#parts
    const others = [...this.dossiers.values()].filter((one) => one !== dossier)
    const trade = others[random.whole(0, others.length - 1)]?.trade
    if (trade == null) return null
    dossier.answeredCount += 1
    stateTrade(dossier, { at: loop.now, trade })
    return signed(200, tradeBody(trade))
  }
}

const unended: readonly string[] = ['NOTPAY', 'USERPAYING', 'PAYERROR']

/** What a liar would say: paid, and everything as ordered. */
function successFor({ orderNo, ordered, trade }: Dossier): object {
  return {
    appid: trade?.appid ?? ordered.appid,
    mchid: trade?.mchid ?? '1900000001',
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
