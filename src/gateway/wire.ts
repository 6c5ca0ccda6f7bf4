import type { Agent } from 'undici'
import type { Clock } from '../clock.ts'
import type { WechatConfig } from '../config.ts'
import type { UnknownCause } from '../trade.ts'
import { authorization, type Headers, newStamp } from './signature.ts'

/** One request of ours; `path` with its query, percent-encoded. */
export interface Question {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** JSON; empty where the method has none. */
  readonly body: string
}

/** A whole response, as it came: nothing of it is verified. */
export interface Reply {
  readonly kind: 'reply'
  readonly status: number
  /** Lower-case names. */
  readonly headers: Headers
  readonly body: Uint8Array
}

/** No whole response. */
interface Silence {
  readonly kind: 'silence'
  readonly cause: UnknownCause
  readonly message: string
}

export interface Wire {
  /** Signs and sends once; never a second time by itself, because a signature is for one try. */
  send(question: Question, signal: AbortSignal): Promise<Reply | Silence>
  stop(): Promise<void>
}

/**
 * An order is some 2 KB, a list of certificates some 10 KB; but coupons, or whatever else is listed
 * with an order, decide nothing and must not keep its payment from being read.
 */
const responseBytesMax = 8 * 1024 * 1024
const headerBytesMax = 64 * 1024

export function createWire(
  config: WechatConfig,
  { clock, connections }: { clock: Clock; connections: number },
): Wire {
  let agent: Promise<Agent> | null = null
  const base = addressOf(config.baseUrl)
  // A base_url with a path is a proxy that takes the path off again: it is not in the signature.
  const prefix = base.pathname.replace(/\/$/, '')

  return {
    async send(question, signal) {
      if (signal.aborted) return silence(new Error('aborted before it was sent'), signal)
      const headers = await requestHeaders(question, { config, now: clock() })
      try {
        agent ??= openAgent(connections)
        const {
          statusCode,
          headers: answered,
          body,
        } = await (await agent).request({
          origin: base.origin,
          path: prefix + question.path,
          method: question.method,
          headers,
          body: question.body === '' ? null : question.body,
          signal,
        })
        return { kind: 'reply', status: statusCode, headers: answered, body: await body.bytes() }
      } catch (error) {
        return silence(error, signal)
      }
    },
    stop: async () => (await agent)?.close(),
  }
}

/** An embedder's configuration is not checked before. The error of `URL` itself carries what it was given. */
function addressOf(baseUrl: string): URL {
  if (URL.canParse(baseUrl) && !baseUrl.includes('@')) return new URL(baseUrl)
  throw new Error('Cannot use the base url of the gateway: it is not a URL without credentials')
}

/** Loaded with the first question: a service is ready without it, and sooner. */
async function openAgent(connections: number): Promise<Agent> {
  const { Agent } = await import('undici')
  return new Agent({
    connections,
    maxResponseSize: responseBytesMax,
    maxHeaderSize: headerBytesMax,
  })
}

async function requestHeaders(
  question: Question,
  { config, now }: { config: WechatConfig; now: Date },
): Promise<Record<string, string>> {
  return {
    authorization: await authorization(question, { merchant: config, stamp: newStamp(now) }),
    accept: 'application/json',
    // Requests without one are refused by some of the endpoints.
    'user-agent': `budan node/${process.versions.node}`,
    ...(question.body === '' ? {} : { 'content-type': 'application/json' }),
    // Asks for answers signed by this key; without it a platform certificate signs.
    ...(config.publicKey ? { 'wechatpay-serial': config.publicKey.id } : {}),
  }
}

const causes: Readonly<Record<string, UnknownCause>> = {
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'unparsable',
}

function silence(error: unknown, signal: AbortSignal): Silence {
  if (signal.aborted) return { kind: 'silence', cause: 'timeout', message: 'no answer in time' }
  const { code, message } = error as { code?: string; message?: string }
  return {
    kind: 'silence',
    cause: causes[code ?? ''] ?? 'network',
    message: message || code || 'the connection failed',
  }
}
