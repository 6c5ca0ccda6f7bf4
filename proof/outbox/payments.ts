import type { Trade } from '../../src/domain/trade.ts'
import type { Gateway, OpenedCallback, RawCallback } from '../../src/gateway/gateway.ts'
import { unknownAnswer } from '../../src/gateway/unknown.ts'
import { wechatFacts } from '../../src/gateway/wechat/facts.ts'
import type { Owner } from '../sim/clock/loop.ts'
import type { World } from './world.ts'

export const mchid = '1900000001'
export const appid = 'wx0000000000000001'

export interface Payment {
  readonly transactionId: string
  readonly amount: bigint
  readonly paidAt: Date
}

/** What the gateway has under an order number. */
export interface GatewayTrade {
  readonly orderNo: string
  state: 'unpaid' | 'closed' | 'paid' | 'refunded'
  /** The one that the gateway reports. */
  payment: Payment | null
}

export interface Refund {
  readonly orderNo: string
  readonly transactionId: string
  readonly refundId: string
  readonly refunded: bigint
  readonly total: bigint
}

/** What a callback says; its sums as text. */
type Message =
  | { readonly kind: 'payment'; readonly trade: ReturnType<typeof written> }
  | { readonly kind: 'refund'; readonly refund: Readonly<Record<keyof Refund, string>> }

/** A gateway without signatures: what it says is the truth, if it says anything. */
export class Payments {
  readonly trades = new Map<string, GatewayTrade>()
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** The gateway as one process calls it. */
  gatewayOf(owner: Owner): Gateway {
    return {
      ...wechatFacts,
      ...{ mchid, appid, appids: [appid] },
      query: (orderNo) =>
        this.#exchange(owner, `query ${orderNo}`, () => {
          const trade = this.trades.get(orderNo)
          if (trade === undefined) return { kind: 'absent', evidence: {} } as const
          return { kind: 'trade', trade: tradeOf(trade), evidence: evidenceOf(trade) } as const
        }),
      close: (orderNo) =>
        this.#exchange(owner, `close ${orderNo}`, () => {
          const trade = this.trades.get(orderNo)
          if (trade?.state === 'unpaid') trade.state = 'closed'
          if (trade?.state === 'closed') return { kind: 'closed', evidence: {} } as const
          return { kind: 'refused', code: 'ORDERPAID', message: 'paid', evidence: {} } as const
        }),
      prepay: () => Promise.reject(new Error('not modelled: orders are adopted')),
      openCallback: async (callback) => opened(callback),
      probe: () => Promise.reject(new Error('not modelled: no stage calls probe()')),
      stop: async () => {},
    }
  }

  #exchange<T>(owner: Owner, label: string, arrive: () => T) {
    const { loop } = this.#world
    const lost = unknownAnswer('timeout', 'no answer in time')
    return new Promise<T | typeof lost>((resolve) => {
      const back = (ms: number, answer: T | typeof lost) =>
        loop.after(ms, { owner, label: `${label} answered`, fire: () => resolve(answer) })
      this.#world.after(this.#world.latencyMs(), label, () => {
        const isLost = this.#world.occurs('queryLost')
        const answer = arrive()
        if (isLost) back(timeoutMs, lost)
        else back(this.#world.latencyMs(), answer)
      })
    })
  }
}

export const timeoutMs = 5_000

export function paymentCallback(trade: GatewayTrade): RawCallback {
  return rawCallback({ kind: 'payment', trade: written(trade) })
}

export function refundCallback(refund: Refund): RawCallback {
  const texts = Object.fromEntries(Object.entries(refund).map(([key, of]) => [key, String(of)]))
  return rawCallback({ kind: 'refund', refund: texts as Record<keyof Refund, string> })
}

function rawCallback(message: Message): RawCallback {
  return { headers: {}, body: Buffer.from(JSON.stringify(message)) }
}

function written({ orderNo, payment }: GatewayTrade) {
  return {
    orderNo,
    transactionId: payment?.transactionId ?? '',
    amount: String(payment?.amount ?? 0n),
    paidAt: (payment?.paidAt ?? new Date()).toISOString(),
  }
}

function opened({ body }: RawCallback): OpenedCallback {
  const message = JSON.parse(Buffer.from(body).toString()) as Message
  if (message.kind === 'payment') {
    const { orderNo, transactionId, amount, paidAt } = message.trade
    const payment = { transactionId, amount: BigInt(amount), paidAt: new Date(paidAt) }
    const trade: GatewayTrade = { orderNo, state: 'paid', payment }
    const answer = { kind: 'trade', trade: tradeOf(trade), evidence: evidenceOf(trade) } as const
    return { kind: 'opened', answer }
  }
  const { orderNo, transactionId, refundId, refunded, total } = message.refund
  const key = noticeKey({ refundId })
  return {
    kind: 'refund',
    notice: {
      ...{ orderNo, transactionId, refundId, key, state: 'succeeded', reported: 'SUCCESS' },
      ...{ refunded: BigInt(refunded), total: BigInt(total) },
      evidence: { refund: { refund_id: refundId }, refund_key: key },
    },
  }
}

/** The same in each notice of a refund that was made. */
export function noticeKey({ refundId }: Pick<Refund, 'refundId'>): string {
  return `${refundId}:SUCCESS`
}

const words = { unpaid: 'NOTPAY', closed: 'CLOSED', paid: 'SUCCESS', refunded: 'REFUND' } as const

function tradeOf({ orderNo, state, payment }: GatewayTrade): Trade {
  return {
    ...{ orderNo, mchid, appid, state, reported: words[state], attach: null },
    transactionId: payment?.transactionId ?? null,
    amount: payment?.amount ?? null,
    currency: payment === null ? null : 'CNY',
    paidAt: payment?.paidAt ?? null,
  }
}

function evidenceOf({ state, payment }: GatewayTrade) {
  const transaction_id = payment?.transactionId ?? null
  return { trade: { trade_state: words[state], transaction_id } }
}
