import { type Clock, systemClock } from '../clock.ts'
import type { WechatConfig } from '../config.ts'
import type { Emit, GatewayOperation } from '../event.ts'
import type { UnknownAnswer } from '../trade.ts'
import { answerOf, closingOf, type Heard, prepayOf } from './answer.ts'
import { openNotification } from './callback.ts'
import { startDeadline, unlessAborted } from './deadline.ts'
import { fetchCertificates } from './fetch-certificates.ts'
import type { CallOptions, Gateway, Prepay, PrepayOrder, Probe } from './gateway.ts'
import { KeyRing } from './keys.ts'
import { closeQuestion, orderQuestion, prepayQuestion, transactionQuestion } from './questions.ts'
import { createQuota, type Quota, unlimited } from './quota.ts'
import { unknownAnswer } from './unknown.ts'
import { verifySeal } from './verification.ts'
import { createWire, type Question, type Wire } from './wire.ts'

export interface WechatOptions {
  readonly emit: Emit
  /** Stamps requests and judges the age of answers: the machine's clock unless a test steps it. */
  readonly clock?: Clock
  /** Questions a second, certificates aside. No limit when not given. */
  readonly maxQps?: number
  /** Sockets kept open to the gateway, at most. */
  readonly connections?: number
}

/** More than the questions asked at a time by default (5), so that nothing queues for a socket. */
const connectionsMax = 32

/**
 * WeChat Pay's merchant API v3. Each call waits at most `timeoutMs` for its place in the quota and
 * then at most `timeoutMs` for its verified answer; it is sent once.
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
  const quota = options.maxQps === undefined ? unlimited : createQuota(options.maxQps)
  const client = { wire, keys, quota, clock, timeoutMs: config.timeoutMs }
  let stopped: Promise<void> | null = null

  return {
    name: 'wechatpay',
    mchid: config.mchId,
    appid: config.appId,

    query(orderNo, options = {}) {
      const question = orderQuestion(orderNo, config)
      const attempt = `query order "${orderNo}"`
      return measure('query', () => ask(client, { question, attempt, read: answerOf }, options))
    },
    queryByTransactionId(transactionId, options = {}) {
      const question = transactionQuestion(transactionId, config)
      const attempt = `query transaction "${transactionId}"`
      return measure('query', () => ask(client, { question, attempt, read: answerOf }, options))
    },
    close(orderNo, options = {}) {
      const question = closeQuestion(orderNo, config)
      const attempt = `close order "${orderNo}"`
      return measure('close', () => ask(client, { question, attempt, read: closingOf }, options))
    },
    prepay: (order, options = {}) =>
      measure('prepay', () => prepay(client, { order, config }, options)),
    openCallback: (callback) =>
      withDeadline(client, {}, (signal) =>
        openNotification(callback, { keys, apiV3Key: config.apiV3Key, clock, signal }),
      ),
    probe: (options = {}) =>
      measure('probe', () =>
        config.publicKey === null
          ? probeByKeys(client, options)
          : probeByOrder(client, config, options),
      ),
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
  readonly clock: Clock
  readonly timeoutMs: number
}

interface Call<T> {
  readonly question: Question
  /** For messages: `query order "…"`. */
  readonly attempt: string
  readonly read: (heard: Heard) => T
}

/** Waits for its place, asks once, verifies, reads. */
async function ask<T>(
  client: Client,
  call: Call<T>,
  options: CallOptions,
): Promise<T | UnknownAnswer> {
  const placed = await withDeadline(client, options, (signal) => client.quota.take(signal))
  if (!placed) {
    return unknownAnswer('timeout', `Cannot ${call.attempt}: no place in the quota in time`)
  }
  return withDeadline(client, options, (signal) => exchange(client, call, { signal }))
}

async function exchange<T>(
  { wire, keys, quota, clock }: Client,
  { question, attempt, read }: Call<T>,
  { signal }: { signal: AbortSignal },
): Promise<T | UnknownAnswer> {
  const reply = await wire.send(question, signal)
  if (reply.kind === 'silence') {
    return unknownAnswer(reply.cause, `Cannot ${attempt}: ${reply.message}`)
  }
  if (reply.status === 429) await quota.slowDown()
  else quota.speedUp()
  const verification = await verifySeal(reply, { keys, now: clock(), signal })
  return read({ reply, verification, attempt })
}

async function withDeadline<T>(
  { timeoutMs }: { timeoutMs: number },
  { signal: parent }: CallOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal, end } = startDeadline(timeoutMs, parent)
  try {
    return await work(signal)
  } finally {
    end()
  }
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
  const question = prepayQuestion(order, { ...config, notifyUrl })
  // A payer waits for this one, and it is no question of the job's: it takes no place in the quota,
  // but a "too many" for it slows the questions down as well.
  const quota = { ...client.quota, take: unlimited.take }
  return ask({ ...client, quota }, { question, attempt, read: prepayOf }, options)
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
  const question = orderQuestion(`BUDANPROBE${client.clock().getTime()}`, config)
  const read = (heard: Heard): Probe => {
    const answer = answerOf(heard)
    if (answer.kind === 'unknown') return answer
    return { kind: 'ok', verified: heard.verification.kind === 'genuine' }
  }
  return ask(client, { question, attempt: 'probe', read }, options)
}

/** Tells of each call by what it came to. */
function createMeasure(emit: Emit) {
  return async <T extends { kind: string }>(
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

function isUnknown(result: { kind: string }): result is UnknownAnswer {
  return result.kind === 'unknown'
}
