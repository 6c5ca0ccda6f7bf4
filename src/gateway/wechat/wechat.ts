import type { WechatConfig } from '../../config/config.ts'
import { unlessAborted, withDeadline } from '../../deadline.ts'
import { type Clock, systemClock } from '../../domain/clock.ts'
import type { Emit, GatewayOperation } from '../../domain/event.ts'
import { MemoryRateLimiter, type RateLimiter } from '../../domain/runs/rate-limiter.ts'
import type { Answer, UnknownAnswer } from '../../domain/trade.ts'
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
import { wechatOldOrders } from './old-orders.ts'
import { closeRequest, orderQuery, prepayRequest, transactionQuery } from './requests.ts'

export interface WechatOptions {
  readonly emit: Emit
  /** Stamps requests and judges the age of answers: the machine's clock unless a test steps it. */
  readonly clock?: Clock
  /** Queries a second; fetches of certificates do not count. Absent: no limit. */
  readonly maxQps?: number
  /** Shared by all processes of the merchant. Without it, this process limits only itself. */
  readonly limiter?: RateLimiter
  /** The maximum number of open sockets to the gateway. */
  readonly connections?: number
}

/** More than the default concurrency of queries (5), so that no query waits for a socket. */
const connectionsMax = 32

/**
 * WeChat Pay's merchant API v3. Each call waits for a reservation in the quota (at most `timeoutMs`, or
 * until the caller's patience ends), and then at most `timeoutMs` for a verified answer. It is sent once.
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
  const oldOrders = createOldOrderLimit(wechatOldOrders, { limiter, quotaName, clock })
  const { timeoutMs } = config
  const client: Client = { wire, keys, quota, oldOrders, clock, timeoutMs, emit, measure }
  const query = (call: Pick<Call<Answer>, 'request' | 'attempt'>, options: CallOptions = {}) =>
    sendWithinLimit(client, { operation: 'query', read: answerOf, ...call }, options)
  let stopped: Promise<void> | null = null

  return {
    ...wechatFacts,
    mchid: config.mchId,
    appid: config.appId,
    appids: config.appIds ?? [config.appId],

    query(orderNo, options) {
      const request = orderQuery(orderNo, config)
      return query({ request, attempt: `query order "${orderNo}"` }, options)
    },
    queryByTransactionId(transactionId, options) {
      const request = transactionQuery(transactionId, config)
      return query({ request, attempt: `query transaction "${transactionId}"` }, options)
    },
    close(orderNo, options = {}) {
      const request = closeRequest(orderNo, config)
      const attempt = `close order "${orderNo}"`
      const call = { operation: 'close', request, attempt, read: closingOf }
      return sendWithinLimit(client, call, options)
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

/** Waits for a reservation, then sends the request. */
async function sendWithinLimit<T extends Outcome>(
  client: Client,
  call: Call<T>,
  options: CallOptions,
): Promise<T | UnknownAnswer> {
  const reservation = await waitForReservation(client, call, options)
  return 'kind' in reservation ? reservation : send(client, call, { ...options, reservation })
}

/** Sends the request once, verifies and reads the response, and emits an event about the call. */
function send<T extends Outcome>(
  client: Client,
  call: Call<T>,
  options: CallOptions & { reservation: Reservation | null },
): Promise<T | UnknownAnswer> {
  return client.measure(call.operation, () =>
    withDeadline(client, options, (signal) =>
      exchange(client, call, { signal, reservation: options.reservation }),
    ),
  )
}

async function exchange<T extends Outcome>(
  client: Client,
  { request, attempt, read }: Call<T>,
  { signal, reservation }: { signal: AbortSignal; reservation: Reservation | null },
): Promise<T | UnknownAnswer> {
  const { wire, keys, clock } = client
  const reply = await wire.send(request, signal)
  if (reply.kind === 'no_response') {
    return unknownAnswer(reply.cause, `Cannot ${attempt}: ${reply.message}`, reply)
  }
  if (reply.status === 429) await unlessAborted(slowDown(client, reservation), signal)
  const verification = await verifySignature(reply, { keys, now: clock(), signal })
  return read({ reply, verification, attempt })
}

/** A limiter that cannot record the penalty makes no reservations either, so its error is ignored. */
async function slowDown({ quota, emit }: Client, reservation: Reservation | null): Promise<void> {
  const penalty = await quota.penalize(reservation).catch(() => null)
  if (penalty?.first) emit({ type: 'gateway_throttled', holdMs: penalty.forMs })
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
  // A payer waits for this request, and it is not a query of the job: it needs no reservation in the
  // quota, but a 429 for it slows the queries too.
  const call = { operation: 'prepay', request, attempt, read: prepayOf } as const
  return send(client, call, { ...options, reservation: null })
}

/** With platform certificates, fetching their list tests it all: it is signed, encrypted, and this merchant's. */
async function probeByKeys(client: Client, options: CallOptions): Promise<Probe> {
  const refresh = await withDeadline(client, options, (signal) =>
    unlessAborted(client.keys.refresh(), signal),
  )
  if (refresh === 'aborted') return unknownAnswer('timeout', 'Cannot probe: no answer in time')
  return refresh.kind === 'refreshed' ? { kind: 'ok', verified: true } : refresh
}

/** With a public key, the probe queries an order that cannot exist: "absent" shows that the gateway answers us. */
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

/** Emits an event with the outcome and the duration of each call. */
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
