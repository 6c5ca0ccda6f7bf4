import type { Evidence, Json } from '../../domain/trade.ts'
import type { Reply } from './http/wire.ts'
import { parseJson } from './json.ts'
import type { Headers } from './keys/signature.ts'
import { ignore, type Note } from './notes.ts'

const textMax = 256

/** A text from outside that can be stored and shown: bounded, without NUL or lone surrogates. */
export function tidy(text: string): string {
  return withoutHalf(text.slice(0, textMax)).toWellFormed().replaceAll('\0', '�')
}

/** If the cut split a surrogate pair, its first half is removed too. */
function withoutHalf(cut: string): string {
  return cut.length === textMax ? cut.replace(/[\ud800-\udbff]$/, '') : cut
}

/** An error has some hundred bytes; a page that a proxy sends instead may have any size. */
const errorBytesMax = 256 * 1024

/** `{code, message}` of an error; null for each that is missing. */
export function errorOf(body: Uint8Array): { code: string | null; message: string | null } {
  if (body.length > errorBytesMax) return { code: null, message: null }
  const { code, message } = recordOf(parseJson(body))
  return { code: textIn(code), message: textIn(message) }
}

/** What is recorded of a response. */
export function replyEvidence(reply: Reply, signedBy: string | null): Evidence {
  // A 200 has no error code, and its body was parsed already.
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

/**
 * A trade's body for people: the payer is masked; banks and all members that are not listed are left
 * out. Every other member that is not kept unchanged is noted, so that nobody takes it for complete.
 */
export function maskTrade(body: unknown, note: Note = ignore): Evidence {
  const trade = recordOf(body)
  const payer = memberRecord(trade.payer, { name: 'payer', note })
  const openid = typeof payer.openid === 'string' ? maskOpenid(payer.openid) : null
  return {
    ...pick(trade, { members: plainMembers, note }),
    ...amountOf(trade, { members: amountMembers, note }),
    ...(openid === null ? {} : { payer: { openid } }),
  }
}

const refundMembers = [
  'mchid',
  'sp_mchid',
  'sub_mchid',
  'out_trade_no',
  'transaction_id',
  'out_refund_no',
  'refund_id',
  'refund_status',
  'success_time',
] as const

const refundAmountMembers = ['total', 'refund', 'payer_total', 'payer_refund'] as const

/** A refund's notice for people. The receiver of the money, which names a bank and an account, is left out. */
export function maskRefund(body: unknown, note: Note = ignore): Evidence {
  const refund = memberRecord(body, { name: 'resource', note })
  return {
    ...pick(refund, { members: refundMembers, note }),
    ...amountOf(refund, { members: refundAmountMembers, note }),
  }
}

function amountOf(
  { amount }: Readonly<Record<string, unknown>>,
  { members, note }: { readonly members: readonly string[]; readonly note: Note },
): Evidence {
  if (amount === undefined) return {}
  const parts = memberRecord(amount, { name: 'amount', note })
  return { amount: pick(parts, { members, within: 'amount.', note }) }
}

/** `o6_bm…****`: enough to distinguish the payers of one order, not enough to identify one. */
function maskOpenid(openid: string): string {
  return openid.length > 10 ? `${tidy(openid.slice(0, 5))}…****` : '****'
}

function pick(
  from: Readonly<Record<string, unknown>>,
  { members, within = '', note }: { members: readonly string[]; within?: string; note: Note },
): Evidence {
  const picked: Record<string, Json> = {}
  for (const member of members) {
    const value = kept(from[member], { name: within + member, note })
    if (value !== null) picked[member] = value
  }
  return picked
}

interface Keeping {
  /** For notes: `amount.payer_total`. */
  readonly name: string
  readonly note: Note
}

/** The part of a value that is kept as evidence. Null: nothing is kept; a value that is dropped is noted. */
export function kept(value: unknown, { name, note }: Keeping): string | number | boolean | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'boolean' || isExact(value)) return value
  if (typeof value === 'string') return keptText(value, { name, note })
  if (typeof value === 'number') note(`${name} dropped: no number that is exact`)
  else if (Array.isArray(value)) note(`${name} dropped: a list`)
  else note(`${name} dropped: an object`)
  return null
}

function keptText(text: string, { name, note }: Keeping): string {
  const tidied = tidy(text)
  if (text.length > textMax) note(`${name} cut to ${tidied.length} of ${text.length} characters`)
  else if (tidied !== text) note(`${name} holds what cannot be stored: it is shown as �`)
  return tidied
}

function isExact(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER
}

function memberRecord(value: unknown, { name, note }: Keeping) {
  const isNone = value === undefined || value === null
  if (!isNone && !isRecord(value)) note(`${name} dropped: no object`)
  return recordOf(value)
}

/** The members of a JSON value; anything but an object has none. */
function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {}
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textIn(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? tidy(value) : null
}
