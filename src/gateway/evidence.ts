import type { Evidence, Json } from '../trade.ts'
import { parseJson } from './json.ts'
import type { Headers } from './signature.ts'
import type { Reply } from './wire.ts'

const textMax = 256

/** Text of somebody else's, fit to be stored and shown: bounded, without NUL or half characters. */
export function tidy(text: string): string {
  return text.slice(0, textMax).toWellFormed().replaceAll('\0', '�')
}

/** `{code, message}` of an error. Null where there is none. */
export function errorOf(body: Uint8Array): { code: string | null; message: string | null } {
  const { code, message } = recordOf(parseJson(body))
  return { code: textIn(code), message: textIn(message) }
}

/** What was seen of a response. */
export function replyEvidence(reply: Reply, signedBy: string | null): Evidence {
  // What a 200 brings, whoever reads it has parsed already; a code is in all the others.
  const code = reply.status === 200 ? null : errorOf(reply.body).code
  const requestId = requestIdOf(reply.headers)
  return {
    http_status: reply.status,
    ...(code === null ? {} : { code }),
    ...(requestId === null ? {} : { request_id: requestId }),
    ...(signedBy === null ? {} : { signed_by: signedBy }),
  }
}

function requestIdOf(headers: Headers): string | null {
  const value = headers['request-id']
  return typeof value === 'string' && /^[\w-]{1,128}$/.test(value) ? value : null
}

const plainMembers = [
  'appid',
  'mchid',
  'out_trade_no',
  'transaction_id',
  'trade_type',
  'trade_state',
  'trade_state_desc',
  'success_time',
  'attach',
] as const

const amountMembers = ['total', 'payer_total', 'currency', 'payer_currency'] as const

/** A trade's body for people: the payer is masked, banks and everything unlisted are left out. */
export function maskTrade(body: unknown): Evidence {
  const trade = recordOf(body)
  const openid = recordOf(trade.payer).openid
  return {
    ...pick(trade, plainMembers),
    ...(trade.amount === undefined ? {} : { amount: pick(recordOf(trade.amount), amountMembers) }),
    ...(typeof openid === 'string' ? { payer: { openid: maskOpenid(openid) } } : {}),
  }
}

/** `o6_bm…****`: enough to tell payers of one order apart, not enough to be one. */
function maskOpenid(openid: string): string {
  return openid.length > 10 ? `${tidy(openid.slice(0, 5))}…****` : '****'
}

function pick(from: Readonly<Record<string, unknown>>, members: readonly string[]): Evidence {
  const picked: Record<string, Json> = {}
  for (const member of members) {
    const value = from[member]
    if (typeof value === 'string') picked[member] = tidy(value)
    else if (typeof value === 'number' || typeof value === 'boolean') picked[member] = value
  }
  return picked
}

/** Of a JSON value; anything but an object has no members. */
function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isRecord ? (value as Readonly<Record<string, unknown>>) : {}
}

function textIn(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? tidy(value) : null
}
