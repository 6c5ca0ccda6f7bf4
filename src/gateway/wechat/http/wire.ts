import type { WechatConfig } from '../../../config/config.ts'
import type { Clock } from '../../../domain/clock.ts'
import { type ClockOffset, offsetNow } from '../../../domain/runs/clocks.ts'
import { authorization, type Headers, newStamp } from '../keys/signature.ts'
import { Connections } from './dispatcher.ts'
import { type NoResponse, noResponseOf } from './no-response.ts'

/** One request of ours; `path` with its query, percent-encoded. */
export interface SignedRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** JSON; empty for a method without a body. */
  readonly body: string
}

/** A complete response. Nothing in it is verified. */
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
  /** Signs and sends the request once. It is never repeated here, because a signature is for one attempt. */
  send(request: SignedRequest, signal: AbortSignal): Promise<Reply | NoResponse>
  /** By the `Date` of the last response, signed or not; null: no response had one. */
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
  // A base_url with a path is that of a proxy which removes the path: the signature does not cover it.
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

/** An embedder's configuration is not checked earlier. The error of `URL` itself would quote the credentials. */
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
    // Some endpoints refuse requests without a user agent.
    'user-agent': `budan node/${process.versions.node}`,
    ...(request.body === '' ? {} : { 'content-type': 'application/json' }),
    // With it, answers are signed with this key; without it, with a platform certificate.
    ...(config.publicKey ? { 'wechatpay-serial': config.publicKey.id } : {}),
  }
}
