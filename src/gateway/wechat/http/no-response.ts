import type { UnknownCause, UnknownWhy } from '../../../domain/trade.ts'
import { NotWritten, UnsolicitedBytes } from '../../../servers/http/bounded-clients.ts'
import { GivenUp } from './dispatcher.ts'
import { ProxyFault, proxyRefusal } from './proxy.ts'

/** There was no complete response. */
export interface NoResponse {
  readonly kind: 'no_response'
  readonly cause: UnknownCause
  readonly why: UnknownWhy | null
  readonly message: string
}

interface Reason {
  readonly why: UnknownWhy | null
  readonly words: string
  readonly cause?: UnknownCause
}

/** By the code of the error. The first pattern that matches is used. */
const reasons: readonly (readonly [code: RegExp, reason: Reason])[] = [
  [/^ENOTFOUND$/, { why: 'name', words: 'no such host is known' }],
  [/^EAI_/, { why: 'dns', words: 'no DNS server answers' }],
  [/^ECONNREFUSED$/, { why: 'closed', words: 'nobody listens there' }],
  [/^E(HOST|NET)UNREACH$/, { why: 'unreachable', words: 'no way leads there' }],
  [/^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/, late('it takes no connection in time')],
  [/^UND_ERR_(HEADERS|BODY)_TIMEOUT$/, late('no answer in time')],
  [/^UND_ERR_RES_EXCEEDED_MAX_SIZE$/, { ...none('its answer is too long'), cause: 'unparsable' }],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/, { why: 'reset', words: 'the connection was cut' }],
  [/^HPE_/, { why: 'no_http', words: 'what answers there speaks no HTTP' }],
  [/^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)$/, plain()],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, { why: 'other_name', words: 'its certificate is for others' }],
  [/^CERT_HAS_EXPIRED$/, { why: 'ended', words: 'its certificate has ended' }],
  [/^CERT_NOT_YET_VALID$/, { why: 'ended', words: 'its certificate has not begun' }],
  [
    /SELF_SIGNED|UNABLE_TO_|CERT_(UNTRUSTED|SIGNATURE)|ISSUER/,
    { why: 'untrusted', words: 'nobody whom this machine trusts vouches for its certificate' },
  ],
  [/^(ERR_SSL_|EPROTO|CERT_)/, { why: 'tls', words: 'TLS failed' }],
  [/^(EMFILE|ENFILE)$/, none('this machine lets this process open no more connections')],
]

function late(words: string): Reason {
  return { why: null, words, cause: 'timeout' }
}

function none(words: string): Reason {
  return { why: null, words }
}

function plain(): Reason {
  return { why: 'no_tls', words: 'what answers there speaks no TLS' }
}

/** Why a request got no answer, in words, followed by the message of the system. */
export function noResponseOf(error: unknown, signal: AbortSignal): NoResponse {
  if (signal.aborted) return noResponse(givenUp(error))
  if (error instanceof ProxyFault) {
    const { words, cause = 'network' } = reasonOf(error.cause)
    return noResponse({ why: 'proxy', words: `the proxy cannot be had: ${words}`, cause })
  }
  return noResponse(reasonOf(error))
}

function givenUp(error: unknown): Reason {
  return error instanceof GivenUp && error.isAtProxy
    ? { ...late('the proxy opens no tunnel in time'), why: 'proxy' }
    : late('no answer in time')
}

function reasonOf(error: unknown): Reason {
  if (error instanceof NotWritten) return reasonOf(error.cause)
  if (error instanceof UnsolicitedBytes) return error.isHttp ? unsolicitedPage : unsolicitedBytes
  const { message = '' } = (error ?? {}) as { message?: string }
  const code = codeOf(error)
  const refusal = proxyRefusal(message)
  if (refusal !== null) return refusal
  const reason = reasons.find(([codes]) => codes.test(code))?.[1]
  const system = message || code || 'the connection failed'
  return reason === undefined ? none(system) : { ...reason, words: `${reason.words} (${system})` }
}

/** For most errors of its parser, undici gives no code, only a name. */
function codeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: string; name?: string }
  return code ?? (name === 'HTTPParserError' ? 'HPE_' : '')
}

const unsolicitedPage: Reason = {
  why: 'page',
  words: 'something on the way sends a page of its own before it gets a request',
}

const unsolicitedBytes: Reason = {
  why: 'no_http',
  words: 'what answers there speaks before it gets a request',
}

function noResponse({ why, words, cause = 'network' }: Reason): NoResponse {
  return { kind: 'no_response', cause, why, message: words }
}
