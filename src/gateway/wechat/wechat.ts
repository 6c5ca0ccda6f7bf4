import type { WechatConfig } from '../../config/config.ts'
import { unlessAborted, withDeadline } from '../../deadline.ts'
import { type Clock, systemClock } from '../../domain/clock.ts'
import type { Emit, GatewayOperation } from '../../domain/event.ts'
import { MemoryRateLimiter, type RateLimiter } from '../../domain/rate-limiter.ts'
import type { UnknownAnswer } from '../../domain/trade.ts'
import type { CallOptions, Gateway, Prepay, PrepayOrder, Probe } from '../gateway.ts'
import { createQuota } from '../rate-limit/create-quota.ts'
import { createOldOrderLimit, type OldOrderLimit } from '../rate-limit/old-order-limit.ts'
import { type Quota, type Reservation, unlimited } from '../rate-limit/quota.ts'
import { waitForReservation } from '../rate-limit/wait-for-reservation.ts'
import { unknownAnswer } from '../unknown.ts'
import { answerOf, type CheckedReply, closingOf, prepayOf } from './answer.ts'
import { openNotification, screenNotification } from './callback.ts'
import { wechatFacts } from './facts.ts'
import { createWire, type SignedRequest, type Wire } from './http/wire.ts'
import { fetchCertificates } from './keys/fetch-certificates.ts'
import { KeyRing } from './keys/keys.ts'
import { verifySignature } from './keys/verification.ts'
import { closeRequest, orderQuery, prepayRequest, transactionQuery } from './requests.ts'

export interface WechatOptions {
  readonly emit: Emit
  /** Stamps requests and judges the age of answers: the machine's clock unless a test steps it. */
  readonly clock?: Clock
  /** Questions a second, certificates aside. No limit when not given. */
  readonly maxQps?: number
  /** Shared by all processes of the merchant. Without it, this process keeps the quota by itself. */
  readonly limiter?: RateLimiter
  /** Sockets kept open to the gateway, at most. */
  readonly connections?: number
}

/** More than the questions asked at a time by default (5), so that nothing queues for a socket. */
const connectionsMax = 32

/**
 * WeChat Pay's merchant API v3. Each call waits for its place in the quota (at most `timeoutMs`, or
 * its caller's patience) and then at most `timeoutMs` for its verified answer; it is sent once.
 */
export function createWechatGateway(config: WechatConfig, options: WechatOptions): Gateway {
  const { emit, clock = systemClock } = options
  const wire = createWire(config, { clock, connections: options.connections ?? connectionsMax })
  const measure = createMeasure(emit)
  const keys = new KeyRing({
    publicKey: config.publicKey,
    fetchCertificates: () =>
      measure('certificates', () => fetchCertificates(wire, { config, clock })),
    clock,
    emit,
  })
  const { maxQps, limiter = new MemoryRateLimiter() } = options
  const quotaName = `${wechatFacts.name}/${config.mchId}`
  const quota = maxQps === undefined ? unlimited : createQuota(maxQps, { limiter, quotaName })
  const oldOrders = createOldOrderLimit({ limiter, quotaName, clock })
  const { timeoutMs } = config
  const client: Client = { wire, keys, quota, oldOrders, clock, timeoutMs, emit, measure }
  let stopped: Promise<void> | null = null

  return {
    ...wechatFacts,
    mchid: config.mchId,
    appid: config.appId,
    appids: config.appIds ?? [config.appId],

    query(orderNo, options = {}) {
      const request = orderQuery(orderNo, config)
      const attempt = `query order "${orderNo}"`
      return sendWithinLimit(
        client,
        { operation: 'query', request, attempt, read: answerOf },
        options,
      )
    },
    queryByTransactionId(transactionId, options = {}) {
      const request = transactionQuery(transactionId, config)
      const attempt = `query transaction "${transactionId}"`
      return sendWithinLimit(
        client,
        { operation: 'query', request, attempt, read: answerOf },
        options,
      )
    },
    close(orderNo, options = {}) {
      const request = closeRequest(orderNo, config)
      const attempt = `close order "${orderNo}"`
      return sendWithinLimit(
        client,
        { operation: 'close', request, attempt, read: closingOf },
        options,
      )
    },
    prepay: (order, options = {}) => prepay(client, { order, config }, options),
    screenCallback: (headers) =>
      withDeadline(client, {}, (signal) => screenNotification(headers, { keys, clock, signal })),
    openCallback: (callback) =>
      withDeadline(client, {}, (signal) =>
        openNotification(callback, {
          ...{ keys, clock, signal },
          ...{ apiV3Key: config.apiV3Key, mchid: config.mchId },
        }),
      ),
    probe: (options = {}) =>
      config.publicKey === null
        ? measure('probe', () => probeByKeys(client, options))
        : probeByOrder(client, config, options),
    clockOffset: () => wire.clockOffset,
    stop() {
      stopped ??= keys.settled().then(wire.stop)
      return stopped
    },
  }
}

interface Client {
  readonly wire: Wire
  readonly keys: KeyRing
  readonly quota: Quota
  readonly oldOrders: OldOrderLimit
  readonly clock: Clock
  readonly timeoutMs: number
  readonly emit: Emit
  readonly measure: Measure
}

interface Call<T extends Outcome> {
  readonly operation: GatewayOperation
  readonly request: SignedRequest
  /** For messages: `query order "…"`. */
  readonly attempt: string
  readonly read: (checked: CheckedReply) => T
}

/** Waits for its place, asks once, verifies, reads. */
async function sendWithinLimit<T extends Outcome>(
  client: Client,
  call: Call<T>,
  options: CallOptions,
): Promise<T | UnknownAnswer> {
  const place = await waitForReservation(client, call, options)
  return 'kind' in place ? place : send(client, call, { ...options, place })
}

/** Asks once, verifies, reads, and tells of it. */
function send<T extends Outcome>(
  client: Client,
  call: Call<T>,
  options: CallOptions & { place: Reservation | null },
): Promise<T | UnknownAnswer> {
  return client.measure(call.operation, () =>
    withDeadline(client, options, (signal) =>
      exchange(client, call, { signal, place: options.place }),
    ),
  )
}

async function exchange<T extends Outcome>(
  client: Client,
  { request, attempt, read }: Call<T>,
  { signal, place }: { signal: AbortSignal; place: Reservation | null },
): Promise<T | UnknownAnswer> {
  const { wire, keys, clock } = client
  const reply = await wire.send(request, signal)
  if (reply.kind === 'no_response') {
    return unknownAnswer(reply.cause, `Cannot ${attempt}: ${reply.message}`, reply)
  }
  if (reply.status === 429) await unlessAborted(slowDown(client, place), signal)
  const verification = await verifySignature(reply, { keys, now: clock(), signal })
  return read({ reply, verification, attempt })
}

/** When nobody can be told, nobody is given a place either. */
async function slowDown({ quota, emit }: Client, place: Reservation | null): Promise<void> {
  const hold = await quota.penalize(place).catch(() => null)
  if (hold?.first) emit({ type: 'gateway_throttled', holdMs: hold.forMs })
}

async function prepay(
  client: Client,
  { order, config }: { order: PrepayOrder; config: WechatConfig },
  options: CallOptions,
): Promise<Prepay> {
  const { notifyUrl } = config
  const attempt = `place order "${order.orderNo}"`
  if (notifyUrl === null) {
    const message = `Cannot ${attempt}: no wechat.notify_url is configured`
    return { kind: 'refused', code: 'notify_url_missing', message, evidence: {} }
  }
  const request = prepayRequest(order, { ...config, notifyUrl })
  // A payer waits for this one, and it is no question of the job's: it takes no place in the quota,
  // but a "too many" for it slows the questions down as well.
  const call = { operation: 'prepay', request, attempt, read: prepayOf } as const
  return send(client, call, { ...options, place: null })
}

/** With platform certificates, their list answers every question: it is signed, sealed and ours. */
async function probeByKeys(client: Client, options: CallOptions): Promise<Probe> {
  const refresh = await withDeadline(client, options, (signal) =>
    unlessAborted(client.keys.refresh(), signal),
  )
  if (refresh === 'aborted') return unknownAnswer('timeout', 'Cannot probe: no answer in time')
  return refresh.kind === 'refreshed' ? { kind: 'ok', verified: true } : refresh
}

/** With a public key, an order that cannot exist: that it is absent is an answer to us. */
async function probeByOrder(
  client: Client,
  config: WechatConfig,
  options: CallOptions,
): Promise<Probe> {
  const request = orderQuery(`BUDANPROBE${client.clock().getTime()}`, config)
  const read = (checked: CheckedReply): Probe => {
    const answer = answerOf(checked)
    if (answer.kind === 'unknown') return answer
    return { kind: 'ok', verified: checked.verification.kind === 'valid' }
  }
  return sendWithinLimit(client, { operation: 'probe', request, attempt: 'probe', read }, options)
}

interface Outcome {
  readonly kind: string
}

type Measure = <T extends Outcome>(
  operation: GatewayOperation,
  call: () => Promise<T | UnknownAnswer>,
) => Promise<T | UnknownAnswer>

/** Tells of each call by what it came to. */
function createMeasure(emit: Emit): Measure {
  return async <T extends Outcome>(
    operation: GatewayOperation,
    call: () => Promise<T | UnknownAnswer>,
  ): Promise<T | UnknownAnswer> => {
    const started = performance.now()
    const result = await call()
    const outcome = isUnknown(result) ? result.cause : result.kind
    emit({ type: 'gateway_called', operation, outcome, durationMs: performance.now() - started })
    return result
  }
}

function isUnknown(result: Outcome): result is UnknownAnswer {
  return result.kind === 'unknown'
}
