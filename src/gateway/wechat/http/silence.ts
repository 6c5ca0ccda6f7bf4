import type { UnknownCause, UnknownWhy } from '../../../domain/trade.ts'
import { proxyRefusal } from './dispatcher.ts'

/** No whole response. */
export interface Silence {
  readonly kind: 'silence'
  readonly cause: UnknownCause
  readonly why: UnknownWhy | null
  readonly message: string
}

interface Reason {
  readonly why: UnknownWhy | null
  readonly words: string
  readonly cause?: UnknownCause
}

/** By the code of the error, the first that fits. */
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

/** What failed before a connection was there: through a proxy that is the one to the proxy. */
const beforeConnected: ReadonlySet<string> = new Set(['name', 'dns', 'closed', 'unreachable'])

/** Why a question got no answer, in words; those of the system stand behind them. */
export function silenceOf(
  error: unknown,
  { signal, proxied }: { signal: AbortSignal; proxied: boolean },
): Silence {
  if (signal.aborted) return silence({ why: null, words: 'no answer in time', cause: 'timeout' })
  const { code = '', message = '' } = error as { code?: string; message?: string }
  const refusal = proxyRefusal(message)
  if (refusal !== null) return silence({ ...refusal, cause: 'network' })
  const reason = reasons.find(([codes]) => codes.test(code))?.[1]
  const system = message || code || 'the connection failed'
  if (reason === undefined) return silence({ why: null, words: system })
  const words = `${reason.words} (${system})`
  return proxied && beforeConnected.has(reason.why ?? '')
    ? silence({ why: 'proxy', words: `the proxy cannot be had: ${words}` })
    : silence({ ...reason, words })
}

function silence({ why, words, cause = 'network' }: Reason): Silence {
  return { kind: 'silence', cause, why, message: words }
}
