import type { Answer, Trade, TradeAnswer, TradeState } from '../../src/domain/trade.ts'
import type { Closing, Gateway, OpenedCallback, Prepay } from '../../src/gateway/gateway.ts'
import { wechatFacts } from '../../src/gateway/wechat/facts.ts'

export const merchant = { mchid: '1900000001', appid: 'wx0000000000000001' }

interface Page {
  state: TradeState
  readonly amount: bigint
  /** The payer pays while the order is being closed. */
  readonly paysAtClose: boolean
  paidAt: Date | null
}

const words: Readonly<Record<TradeState, string>> = {
  paid: 'SUCCESS',
  refunded: 'REFUND',
  unpaid: 'NOTPAY',
  paying: 'USERPAYING',
  closed: 'CLOSED',
  unlisted: 'STRANGE',
}

const evidence = {}

/**
 * A gateway that is nothing but its truth: which orders there are, and which were paid. The client
 * with its keys, deadlines and quota is proven elsewhere; here hundreds of lives are lived in a
 * minute, and what counts is what becomes of its answers.
 */
export class Book implements Gateway {
  readonly name = wechatFacts.name
  readonly label = wechatFacts.label
  readonly callbackReply = wechatFacts.callbackReply
  readonly mchid = merchant.mchid
  readonly appid = merchant.appid
  readonly appids = [merchant.appid]
  readonly #pages = new Map<string, Page>()
  readonly #now: () => Date

  constructor(now: () => Date) {
    this.#now = now
  }

  put(orderNo: string, page: { amount: bigint; state?: TradeState; paysAtClose?: boolean }): void {
    const { amount, state = 'unpaid', paysAtClose = false } = page
    this.#pages.set(orderNo, { state, amount, paysAtClose, paidAt: null })
    if (state === 'paid') this.pay(orderNo)
  }

  pay(orderNo: string): void {
    const page = this.#pages.get(orderNo)
    if (page === undefined) throw new Error(`The gateway knows no "${orderNo}"`)
    page.state = 'paid'
    page.paidAt = this.#now()
  }

  /** In fen; null: nothing was paid. */
  paidFor(orderNo: string): bigint | null {
    const page = this.#pages.get(orderNo)
    return page?.state === 'paid' ? page.amount : null
  }

  async query(orderNo: string): Promise<Answer> {
    return this.#answer(orderNo) ?? { kind: 'absent', evidence }
  }

  queryByTransactionId(transactionId: string): Promise<Answer> {
    return this.query(transactionId.slice('TX-'.length))
  }

  async close(orderNo: string): Promise<Closing> {
    const page = this.#pages.get(orderNo)
    if (page?.paysAtClose && page.state === 'unpaid') this.pay(orderNo)
    if (page === undefined || page.state === 'paid') {
      return { kind: 'refused', code: 'ORDERPAID', message: 'paid, or not here', evidence }
    }
    page.state = 'closed'
    return { kind: 'closed', evidence }
  }

  async prepay({ orderNo, amount }: { orderNo: string; amount: bigint }): Promise<Prepay> {
    if (!this.#pages.has(orderNo)) this.put(orderNo, { amount })
    const payment = { kind: 'qr', codeUrl: `weixin://${orderNo}`, lifeMs: 7_200_000 } as const
    return { kind: 'placed', payment, evidence }
  }

  async openCallback({ body }: { body: Uint8Array }): Promise<OpenedCallback> {
    const answer = this.#answer(Buffer.from(body).toString())
    return answer === null
      ? { kind: 'rejected', status: 400, reason: 'no such order' }
      : { kind: 'opened', answer }
  }

  async probe() {
    return { kind: 'ok', verified: true } as const
  }

  async stop(): Promise<void> {}

  #answer(orderNo: string): TradeAnswer | null {
    const page = this.#pages.get(orderNo)
    if (page === undefined) return null
    const { state, amount, paidAt } = page
    const trade: Trade = {
      ...{ orderNo, ...merchant, state, amount, currency: 'CNY', paidAt },
      attach: null,
      reported: words[state],
      transactionId: paidAt === null ? null : `TX-${orderNo}`,
    }
    return { kind: 'trade', trade, evidence }
  }
}
