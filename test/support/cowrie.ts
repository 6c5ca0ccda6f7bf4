import { randomUUID } from 'node:crypto'
import type { Emit } from '../../src/domain/event.ts'
import type { Fen } from '../../src/domain/money.ts'
import type { Answer, Evidence, Trade, TradeState, UnknownAnswer } from '../../src/domain/trade.ts'
import type { CallOptions, Gateway, OpenedCallback } from '../../src/gateway/gateway.ts'
import { type CowrieKeys, cowrieSign, formType } from './cowrie-server.ts'

interface CowrieOptions extends CowrieKeys {
  readonly url: string
  readonly notifyUrl: string
  readonly timeoutMs?: number
  readonly emit?: Emit
}

/** Cowrie as a `Gateway`: all that budan knows of it is here. It answers no query by its own number. */
export function createCowrieGateway(options: CowrieOptions): Gateway {
  const { merchantId, shopId } = options
  const call = (method: string, fields: Fields, by: CallOptions = {}) =>
    send(options, { method, fields, signal: by.signal })
  return {
    name: 'cowrie',
    label: { en: 'Cowrie', zh: '贝壳付' },
    causeWords: { unverified: 'their sign is wrong; is the secret of the shop right?' },
    ...{ mchid: merchantId, appid: shopId, appids: [shopId] },
    callbackReply: ({ kind }) => {
      const body = kind === 'accepted' ? 'success' : 'failure'
      return { status: 200, contentType: 'text/plain; charset=utf-8', body }
    },
    async query(orderNo, by) {
      const said = await call('query', { order: orderNo }, by)
      if ('kind' in said) return said
      return answerIn(said, options)
    },
    async close(orderNo, by) {
      const said = await call('close', { order: orderNo }, by)
      if ('kind' in said) return said
      const evidence = evidenceOf(said)
      const code = said.get('code') ?? ''
      return code === 'OK'
        ? { kind: 'closed', evidence }
        : { kind: 'refused', code, message: '', evidence }
    },
    async prepay(order, by) {
      const amount = yuanText(order.amount)
      const expire = order.expiresAt.toISOString()
      const fields = { order: order.orderNo, amount, expire, notify_url: options.notifyUrl }
      const said = await call('precreate', fields, by)
      if ('kind' in said) return said
      const evidence = evidenceOf(said)
      const [code, codeUrl] = [said.get('code') ?? '', said.get('qr')]
      if (code !== 'OK' || codeUrl === null) return { kind: 'refused', code, message: '', evidence }
      return { kind: 'placed', payment: { kind: 'qr', codeUrl, lifeMs: 15 * 86_400_000 }, evidence }
    },
    openCallback: async ({ body }) => openForm(Buffer.from(body).toString(), options),
    async probe(by) {
      const said = await call('hello', {}, by)
      return 'kind' in said ? said : { kind: 'ok', verified: true }
    },
    stop: async () => {},
  }
}

type Fields = Readonly<Record<string, string>>

/** Sends one form; the answer's form once its signature was verified. */
async function send(
  { url, secret, timeoutMs = 30_000, emit }: CowrieOptions,
  { method, fields, signal }: { method: string; fields: Fields; signal?: AbortSignal | undefined },
): Promise<URLSearchParams | UnknownAnswer> {
  const started = performance.now()
  const nonce = randomUUID()
  const form = new URLSearchParams({ method, nonce, ...fields })
  form.set('sign', cowrieSign(form, secret))
  const deadline = AbortSignal.timeout(timeoutMs)
  const said = await fetch(url, {
    ...{ method: 'POST', body: form.toString(), headers: { 'content-type': formType } },
    signal: signal === undefined ? deadline : AbortSignal.any([deadline, signal]),
  }).then(
    async (reply) => new URLSearchParams(await reply.text()),
    (error: Error) =>
      unknown(/abort|timeout/i.test(error.name) ? 'timeout' : 'network', error.message),
  )
  const answer =
    'kind' in said || (isSigned(said, secret) && said.get('nonce') === nonce)
      ? said
      : unknown('unverified', `Cannot ${method}: the answer is not signed`)
  const outcome = 'kind' in answer ? answer.cause : (answer.get('code') ?? '')
  emit?.({
    ...{ type: 'gateway_called', operation: method, outcome },
    durationMs: performance.now() - started,
  })
  return answer
}

function isSigned(form: URLSearchParams, secret: string): boolean {
  return form.getAll('sign').length === 1 && form.get('sign') === cowrieSign(form, secret)
}

function answerIn(said: URLSearchParams, keys: CowrieKeys): Answer {
  const evidence = evidenceOf(said)
  if (said.get('code') === 'TRADE_NOT_EXIST') {
    return { kind: 'absent', meaning: 'not_begun', evidence }
  }
  const trade = tradeIn(said, keys)
  return trade === null
    ? unknown('unparsable', 'the answer is no trade')
    : { kind: 'trade', trade, evidence }
}

function openForm(body: string, keys: CowrieOptions): OpenedCallback {
  const form = new URLSearchParams(body)
  if (!isSigned(form, keys.secret)) {
    return { kind: 'rejected', status: 401, reason: 'the form is not signed' }
  }
  const isOurs = form.get('merchantId') === keys.merchantId && form.get('shopId') === keys.shopId
  const trade = isOurs ? tradeIn(form, keys) : null
  if (trade?.state !== 'paid') {
    return { kind: 'rejected', status: 400, reason: 'the form is about no payment to us' }
  }
  return { kind: 'opened', answer: { kind: 'trade', trade, evidence: evidenceOf(form) } }
}

const states: Readonly<Record<string, TradeState>> = {
  WAITING: 'unpaid',
  PAID: 'paid',
  CLOSED: 'closed',
  REFUNDED: 'refunded',
}

function tradeIn(form: URLSearchParams, { merchantId, shopId }: CowrieKeys): Trade | null {
  const reported = form.get('status') ?? ''
  const state = states[reported] ?? 'unlisted'
  const [transactionId, paidAt] = [form.get('tradeNo'), form.get('paidAt')]
  if (state === 'paid' && transactionId === null) return null
  return {
    ...{ orderNo: form.get('order') ?? '', mchid: merchantId, appid: shopId },
    ...{ state, reported, transactionId, attach: null },
    ...{ amount: fenIn(form.get('amount') ?? ''), currency: 'CNY' },
    paidAt: paidAt === null ? null : new Date(paidAt),
  }
}

function yuanText(fen: Fen): string {
  return `${fen / 100n}.${String(fen % 100n).padStart(2, '0')}`
}

/** Null for what is no amount with two decimals. */
function fenIn(text: string): Fen | null {
  const [, yuan, fen] = /^(\d{1,9})\.(\d\d)$/.exec(text) ?? []
  return yuan === undefined ? null : BigInt(yuan) * 100n + BigInt(fen ?? 0)
}

function evidenceOf(form: URLSearchParams): Evidence {
  const { sign: _, ...said } = Object.fromEntries(form)
  return said
}

function unknown(cause: UnknownAnswer['cause'], message: string): UnknownAnswer {
  return { kind: 'unknown', cause, message, systemic: false, evidence: {} }
}
