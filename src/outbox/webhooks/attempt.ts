import type { Attempt, AttemptOutcome } from '../../domain/webhooks/delivery.ts'
import { readRetryAfter } from '../../domain/webhooks/retry.ts'
import { NotWritten, UnsolicitedBytes } from '../../servers/http/bounded-clients.ts'
import { ForbiddenAddress } from './guarded-lookup.ts'

export interface Answered {
  readonly status: number
  readonly answer: string
  readonly retryAfter: string | undefined
}

/** 2xx is delivered, whatever the body says. */
export function answeredAttempt(
  { status, answer, retryAfter }: Answered,
  durationMs: number,
): Attempt {
  const outcome = outcomeOf(status)
  const error = outcome === 'delivered' ? null : wordsOf(status, outcome)
  const retryAfterMs = outcome === 'delivered' ? null : readRetryAfter(retryAfter, Date.now())
  return { outcome, status, error, answer, durationMs, retryAfterMs }
}

function outcomeOf(status: number): AttemptOutcome {
  if (status >= 200 && status < 300) return 'delivered'
  if (status >= 300 && status < 400) return 'redirected'
  if (status === 429) return 'throttled'
  return status >= 500 ? 'server_error' : 'rejected'
}

function wordsOf(status: number, outcome: AttemptOutcome): string {
  switch (outcome) {
    case 'redirected':
      return `it answered ${status}: redirects are not followed, give the address that they lead to`
    case 'throttled':
      return `it answered ${status}: too many requests`
    default:
      return `it answered ${status}`
  }
}

/** The time ran out. */
export class TooLate extends Error {
  override readonly name = 'TooLate'
}

const cutOff = /^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/

/** By the code of the error. The first pattern that matches is used. */
const causes: readonly (readonly [code: RegExp, words: string])[] = [
  [/^ENOTFOUND$/, 'no such host is known'],
  [/^EAI_/, 'no DNS server answers'],
  [/^ECONNREFUSED$/, 'nobody listens there'],
  [/^E(HOST|NET)UNREACH$/, 'no way leads there'],
  [cutOff, 'the connection was cut'],
  [/^HTTP_100$/, 'it sent 100 Continue, which was not requested'],
  [/^UND_ERR_HEADERS_OVERFLOW$/, 'the headers of its answer are too long'],
  [/^HPE_/, 'what answers there speaks no HTTP'],
  [/^(ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)|EPROTO)$/, 'it speaks no TLS'],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'its certificate is for another name'],
  [/^CERT_HAS_EXPIRED$/, 'its certificate has expired'],
  [/^CERT_NOT_YET_VALID$/, 'its certificate is not valid yet'],
  [
    /SELF_SIGNED|UNABLE_TO_|CERT_(UNTRUSTED|SIGNATURE)|ISSUER/,
    'nobody whom this machine trusts vouches for its certificate: NODE_EXTRA_CA_CERTS takes an own CA',
  ],
  [/^(ERR_SSL_|CERT_)/, 'TLS failed'],
  [/^(EMFILE|ENFILE)$/, 'this machine lets this process open no more connections'],
]

/** Without an answer. The words never quote the address: a part of it may be a secret. */
export function unansweredAttempt(thrown: unknown, durationMs: number): Attempt {
  const none = { status: null, answer: null, durationMs, retryAfterMs: null }
  if (thrown instanceof TooLate) return { outcome: 'timeout', error: thrown.message, ...none }
  if (thrown instanceof ForbiddenAddress) {
    return { outcome: 'forbidden', error: thrown.message, ...none }
  }
  const code = codeOf(thrown)
  if (code === 'ETIMEDOUT') {
    return { outcome: 'timeout', error: 'it takes no connection in time', ...none }
  }
  const words = causes.find(([codes]) => codes.test(code))?.[1] ?? 'the connection failed'
  const error = code === '' ? words : `${words} (${code})`
  return { outcome: 'unreachable', error, ...none }
}

/** The connection was closed before there was an answer. */
export function isCut(error: unknown): boolean {
  return cutOff.test(codeOf(error))
}

/** For most errors of its parser, undici gives no code, only a name. */
function codeOf(error: unknown): string {
  if (error instanceof UnsolicitedBytes) return 'HPE_UNEXPECTED'
  if (error instanceof NotWritten) return codeOf(error.cause)
  const { code, name, message } = (error ?? {}) as {
    code?: string
    name?: string
    message?: string
  }
  // undici's words for it.
  if (code === 'UND_ERR_SOCKET' && /^bad response$/.test(message ?? '')) return 'HTTP_100'
  return code ?? (name === 'HTTPParserError' ? 'HPE_INVALID' : '')
}
