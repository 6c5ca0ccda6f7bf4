import type { UnknownCause } from '../../domain/trade.ts'

/** What an HTTP status and code say about the order of the request. */
export type Meaning = 'absent' | UnknownCause

/**
 * Every status and code that WeChat Pay lists for query, close and prepay. Codes are compared in
 * capitals without underscores, because the spelling has changed over the years. `*` is any other code
 * of that status, or no code: an unknown path answers 404 without a code, which does not mean "no such
 * order".
 */
export const outcomes: readonly (readonly [status: number, code: string, meaning: Meaning])[] = [
  [202, '*', 'server_error'], // accepted; query again

  [400, 'PARAM_ERROR', 'refused'],
  [400, 'INVALID_REQUEST', 'refused'],
  [400, 'ORDER_CLOSED', 'refused'],
  [400, 'MCH_NOT_EXISTS', 'forbidden'],
  [400, 'APPID_MCHID_NOT_MATCH', 'forbidden'],
  [400, '*', 'refused'],

  [401, '*', 'unauthorized'], // SIGN_ERROR: key, serial number or clock

  [403, 'NO_AUTH', 'forbidden'],
  [403, 'MCH_NOT_EXISTS', 'forbidden'],
  [403, 'APPID_MCHID_NOT_MATCH', 'forbidden'],
  // These are about this trade or its payer, not about other orders: one such order must not stop
  // the others.
  [403, 'RULE_LIMIT', 'refused'],
  [403, 'TRADE_ERROR', 'refused'],
  [403, 'OUT_TRADE_NO_USED', 'refused'],
  [403, 'ACCOUNT_ERROR', 'refused'],
  [403, 'NOT_ENOUGH', 'refused'],
  [403, '*', 'forbidden'], // a firewall's page, or an interface that was withdrawn

  [404, 'ORDER_NOT_EXIST', 'absent'],
  [404, 'ORDER_NOT_EXISTS', 'absent'],
  [404, 'MCH_NOT_EXISTS', 'forbidden'],
  [404, '*', 'refused'],

  [429, '*', 'throttled'], // four spellings of its code are in use

  [500, 'SYSTEM_ERROR', 'server_error'],
  [500, 'BANK_ERROR', 'server_error'],
  [500, 'INVALID_TRANSACTIONID', 'server_error'],
  [500, 'OPENID_MISMATCH', 'server_error'],
  [502, 'SERVICE_UNAVAILABLE', 'server_error'],
  [503, 'SERVICE_UNAVAILABLE', 'server_error'],
]

const meanings = new Map(outcomes.map(([status, code, meaning]) => [rowKey(status, code), meaning]))

export function meaningOf(status: number, code: string | null): Meaning {
  return (
    meanings.get(rowKey(status, code ?? '*')) ??
    meanings.get(rowKey(status, '*')) ??
    meaningOfClass(status)
  )
}

function meaningOfClass(status: number): Meaning {
  if (status >= 500) return 'server_error'
  if (status >= 400) return 'refused'
  return 'unparsable'
}

/** Every other order would fail the same way. */
export function isSystemic(meaning: Meaning): boolean {
  return meaning === 'unauthorized' || meaning === 'forbidden'
}

function rowKey(status: number, code: string): string {
  return `${status} ${code.toUpperCase().replaceAll('_', '')}`
}
