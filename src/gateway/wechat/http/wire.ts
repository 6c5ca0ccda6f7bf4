import type { WechatConfig } from '../../../config/config.ts'
import type { Clock } from '../../../domain/clock.ts'
import { type ClockOffset, offsetNow } from '../../../domain/clocks.ts'
import { authorization, type Headers, newStamp } from '../keys/signature.ts'
import { Connections } from './dispatcher.ts'
import { type NoResponse, noResponseOf } from './no-response.ts'

/** One request of ours; `path` with its query, percent-encoded. */
export interface SignedRequest {
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
  /** The gateway's clock against ours, by the `Date` of the response; null: it has none. */
  readonly clockOffset?: ClockOffset | null
}

export interface Wire {
  /** Signs and sends once; never a second time by itself, because a signature is for one try. */
  send(request: SignedRequest, signal: AbortSignal): Promise<Reply | NoResponse>
  /** By the `Date` of the last response, whoever signed it; null: none had one. */
  readonly clockOffset: ClockOffset | null
  stop(): Promise<void>
}

export function createWire(
  config: WechatConfig,
  { clock, connections }: { clock: Clock; connections: number },
): Wire {
  let clockOffset: ClockOffset | null = null
  const base = addressOf(config.baseUrl)
  const way = new Connections(config, { origin: base.origin, connections })
  // A base_url with a path is a proxy that takes the path off again: it is not in the signature.
  const prefix = base.pathname.replace(/\/$/, '')

  return {
    get clockOffset() {
      return clockOffset
    },
    async send(request, signal) {
      if (signal.aborted) return noResponseOf(new Error('aborted before it was sent'), signal)
      const requestedAt = clock()
      const headers = await requestHeaders(request, { config, now: requestedAt })
      try {
        return await way.use(signal, async (dispatch): Promise<Reply> => {
          const {
            statusCode,
            headers: answered,
            body,
          } = await dispatch({
            origin: base.origin,
            path: prefix + request.path,
            method: request.method,
            headers,
            body: request.body === '' ? null : request.body,
          })
          const offset = offsetBy(answered.date, { clock, requestedAt })
          clockOffset = offset ?? clockOffset
          const reply = { kind: 'reply', status: statusCode, headers: answered } as const
          return { ...reply, body: await body.bytes(), clockOffset: offset }
        })
      } catch (error) {
        return noResponseOf(error, signal)
      }
    },
    stop: () => way.stop(),
  }
}

/** A `Date` has whole seconds. */
export function offsetBy(
  date: string | string[] | undefined,
  { clock, requestedAt }: { clock: Clock; requestedAt: Date },
): ClockOffset | null {
  const time = new Date(String(date))
  return Number.isNaN(+time) ? null : offsetNow(clock, { time, requestedAt, coarseMs: 1000 })
}

/** An embedder's configuration is not checked before. The error of `URL` itself carries what it was given. */
function addressOf(baseUrl: string): URL {
  if (URL.canParse(baseUrl) && !baseUrl.includes('@')) return new URL(baseUrl)
  throw new Error('Cannot use the base url of the gateway: it is not a URL without credentials')
}

async function requestHeaders(
  request: SignedRequest,
  { config, now }: { config: WechatConfig; now: Date },
): Promise<Record<string, string>> {
  return {
    authorization: await authorization(request, { merchant: config, stamp: newStamp(now) }),
    accept: 'application/json',
    // Requests without one are refused by some of the endpoints.
    'user-agent': `budan node/${process.versions.node}`,
    ...(request.body === '' ? {} : { 'content-type': 'application/json' }),
    // Asks for answers signed by this key; without it a platform certificate signs.
    ...(config.publicKey ? { 'wechatpay-serial': config.publicKey.id } : {}),
  }
}
