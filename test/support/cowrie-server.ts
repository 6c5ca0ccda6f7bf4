import { createHmac, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * The server of Cowrie, a gateway that does not exist. It is as unlike WeChat Pay as a gateway can be:
 * calls and callbacks are forms, amounts are decimal yuan, a trade begins when its payer scans, and a
 * callback is accepted by the text `success`.
 */
export interface CowrieServer {
  readonly url: string
  readonly calls: readonly string[]
  /** The payer scans: the trade begins. Throws once the code has ended. */
  scan(orderNo: string): void
  /** The payer scans, where they have not yet, and pays. No callback is sent. */
  pay(orderNo: string, options?: { amount?: string }): void
  refund(orderNo: string): void
  /** The form of the callback for a payment, signed. */
  callbackOf(orderNo: string): string
  /** Sends it to the order's notify_url, and resolves with the answer. */
  notify(orderNo: string, form?: string): Promise<{ status: number; text: string; type: string }>
  /** Calls about this order are answered without a signature, or not at all. */
  fail(orderNo: string, fault: 'unsigned' | 'hang'): void
  stop(): Promise<void>
}

export interface CowrieKeys {
  readonly merchantId: string
  readonly shopId: string
  readonly secret: string
}

interface Code {
  readonly amount: string
  readonly notifyUrl: string
  readonly endsAt: number
  trade: { status: string; amount: string; tradeNo: string | null; paidAt: string } | null
}

export async function startCowrie(
  keys: CowrieKeys,
  { now }: { now: () => number },
): Promise<CowrieServer> {
  const book = new CowrieBook(now)
  const faults = new Map<string, 'unsigned' | 'hang'>()
  const calls: string[] = []
  const server = createServer(async (request, response) => {
    const form = await formOf(request)
    const orderNo = form.get('order') ?? ''
    calls.push(`${form.get('method')} ${orderNo}`)
    const fault = faults.get(orderNo)
    if (fault === 'hang') return
    const isOurs = form.get('sign') === cowrieSign(form, keys.secret)
    const said = isOurs ? book.reply(form, orderNo) : { code: 'BAD_SIGN' }
    const reply = new URLSearchParams({ ...said, order: orderNo, nonce: form.get('nonce') ?? '' })
    if (fault !== 'unsigned') reply.set('sign', cowrieSign(reply, keys.secret))
    response.writeHead(200, { 'content-type': formType }).end(reply.toString())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const callbackOf = (orderNo: string) => {
    const { merchantId, shopId, secret } = keys
    const form = new URLSearchParams({ ...book.paid(orderNo), merchantId, shopId })
    form.set('sign', cowrieSign(form, secret))
    return form.toString()
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    calls,
    scan: (orderNo) => book.scan(orderNo),
    pay: (orderNo, options) => book.pay(orderNo, options),
    refund: (orderNo) => book.refund(orderNo),
    callbackOf,
    async notify(orderNo, form = callbackOf(orderNo)) {
      const { notifyUrl } = book.codeOf(orderNo)
      const headers = { 'content-type': formType }
      const reply = await fetch(notifyUrl, { method: 'POST', headers, body: form })
      const type = reply.headers.get('content-type') ?? ''
      return { status: reply.status, text: await reply.text(), type }
    },
    fail: (orderNo, fault) => void faults.set(orderNo, fault),
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** What Cowrie knows: the codes that it gave, and the trades that payers began by them. */
class CowrieBook {
  readonly #codes = new Map<string, Code>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  reply(form: URLSearchParams, orderNo: string): Record<string, string> {
    const trade = this.#codes.get(orderNo)?.trade
    switch (form.get('method')) {
      case 'precreate':
        return this.#precreate(form, orderNo)
      case 'query':
        return trade ? { code: 'OK', ...tradeForm(trade) } : { code: 'TRADE_NOT_EXIST' }
      case 'close':
        if (!trade) return { code: 'TRADE_NOT_EXIST' }
        if (trade.status === 'PAID') return { code: 'TRADE_PAID' }
        trade.status = 'CLOSED'
        return { code: 'OK' }
      default:
        return { code: 'OK' }
    }
  }

  #precreate(form: URLSearchParams, orderNo: string): Record<string, string> {
    const amount = form.get('amount') ?? ''
    const before = this.#codes.get(orderNo)
    if (before !== undefined && before.amount !== amount) return { code: 'OTHER_AMOUNT' }
    const endsAt = Date.parse(form.get('expire') ?? '')
    const notifyUrl = form.get('notify_url') ?? ''
    this.#codes.set(orderNo, { amount, notifyUrl, endsAt, trade: before?.trade ?? null })
    return { code: 'OK', qr: `cowrie://pay/${orderNo}` }
  }

  codeOf(orderNo: string): Code {
    const code = this.#codes.get(orderNo)
    if (code === undefined) throw new Error(`Cowrie has no code for "${orderNo}"`)
    return code
  }

  scan(orderNo: string): void {
    const code = this.codeOf(orderNo)
    if (this.#now() >= code.endsAt) throw new Error(`The code of "${orderNo}" has ended`)
    code.trade ??= { status: 'WAITING', amount: code.amount, tradeNo: null, paidAt: '' }
  }

  pay(orderNo: string, { amount }: { amount?: string } = {}): void {
    this.scan(orderNo)
    const code = this.codeOf(orderNo)
    const tradeNo = `CW${randomUUID().replaceAll('-', '')}`
    const paidAt = new Date(this.#now()).toISOString()
    code.trade = { status: 'PAID', amount: amount ?? code.amount, tradeNo, paidAt }
  }

  refund(orderNo: string): void {
    const { trade } = this.codeOf(orderNo)
    if (trade !== null) trade.status = 'REFUNDED'
  }

  paid(orderNo: string): Record<string, string> {
    const { trade } = this.codeOf(orderNo)
    if (trade === null) throw new Error(`Nobody has scanned the code of "${orderNo}"`)
    return { ...tradeForm(trade), order: orderNo }
  }
}

async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return new URLSearchParams(Buffer.concat(parts).toString())
}

export const formType = 'application/x-www-form-urlencoded;charset=utf-8'

function tradeForm({ status, amount, tradeNo, paidAt }: NonNullable<Code['trade']>) {
  return { status, amount, ...(tradeNo === null ? {} : { tradeNo, paidAt }) }
}

/** Over all fields but the signature, sorted by name. */
export function cowrieSign(form: URLSearchParams, secret: string): string {
  const text = [...form]
    .filter(([name]) => name !== 'sign')
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join('&')
  return createHmac('sha256', secret).update(text).digest('hex')
}
