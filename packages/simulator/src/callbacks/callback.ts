import { type Dispatcher, request } from 'undici'
import { seal } from '../api/seal.ts'
import { beijingTime } from '../clock.ts'
import { type Fault, faultOf } from '../faults/fault.ts'
import { encrypt } from '../keys/cipher.ts'
import { merged } from '../merge.ts'
import type { Order, Payment } from '../orders/order.ts'
import { successOf } from '../orders/trade.ts'
import type { World } from '../world.ts'
import type { DeliveryOutcome } from './delivery.ts'
import type { Notice } from './notice.ts'

/** One HTTP request of a callback. Each attempt is encrypted and signed anew. */
export interface Callback {
  readonly id: string
  readonly serial: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface CallbackAttempt {
  readonly order: Order
  readonly payment: Payment
  /** Number of the notification among those of the order, from 0. */
  readonly nth: number
  /** Number of the attempt, from 1. */
  readonly number: number
  readonly faults: readonly Fault[]
  /** Sent instead of the payment's success. */
  readonly notice?: Notice
}

export async function callbackOf(world: World, attempt: CallbackAttempt): Promise<Callback> {
  const { faults } = attempt
  const id = idOf(world, attempt)
  const key = keyFor(world, attempt)
  const sealed = await seal(bodyOf(world, attempt, id), {
    key,
    faults,
    now: world.signatureNow(),
    nonce: world.chance.nonce(),
  })
  const signed = faultOf(faults, 'sign')?.signed ?? true
  return {
    id,
    serial: key.serial,
    headers: {
      'Content-Type': 'application/json',
      Accept: '*/*',
      'User-Agent': 'Mozilla/4.0',
      'Request-ID': `08${world.chance.nonce()}-0`,
      ...(signed ? sealed.headers : {}),
    },
    body: sealed.body,
  }
}

export interface PostOptions {
  readonly url: string
  readonly timeoutMs: number
  readonly stopping: AbortSignal
  readonly agent: Dispatcher
}

/** Sends the callback and reads the whole answer, within the time that a merchant has. */
export async function postCallback(
  callback: Callback,
  options: PostOptions,
): Promise<{ outcome: DeliveryOutcome; status: number | null }> {
  const deadline = AbortSignal.timeout(Math.ceil(options.timeoutMs))
  try {
    const answer = await request(options.url, {
      method: 'POST',
      headers: callback.headers,
      body: callback.body,
      dispatcher: options.agent,
      signal: AbortSignal.any([deadline, options.stopping]),
    })
    await answer.body.dump()
    const status = answer.statusCode
    return { outcome: status === 200 || status === 204 ? 'accepted' : 'refused', status }
  } catch {
    return { outcome: deadline.aborted ? 'timeout' : 'network', status: null }
  }
}

function idOf(world: World, { order, nth, number }: CallbackAttempt): string {
  const sending = world.switches.callback_resend_new_id ? number : 0
  const digits = world.chance.digits(20, 'notification', order.outTradeNo, nth, sending)
  return `EV-${digits}`
}

function keyFor(world: World, { order, nth, number, faults }: CallbackAttempt) {
  const forced = faultOf(faults, 'key')
  if (forced) return world.keyring.ofKind(forced.use)
  const draw = world.chance.fraction('callback key', order.outTradeNo, nth, number)
  return world.keyring.forNotification(world.switches.signing, draw)
}

function bodyOf(world: World, attempt: CallbackAttempt, id: string): string {
  const { order, payment, faults } = attempt
  const notice = attempt.notice ?? {
    ...{ eventType: 'TRANSACTION.SUCCESS', originalType: 'transaction', summary: '支付成功' },
    content: successOf(order, payment, world.switches),
  }
  const { content } = notice
  const patch = faultOf(faults, 'answer')?.merge
  const apiV3Key = faultOf(faults, 'wrong_api_key') ? reversed(world.apiV3Key) : world.apiV3Key
  const sealed = encrypt(JSON.stringify(patch ? merged(content, patch) : content), {
    apiV3Key,
    nonce: world.chance.nonce().slice(0, 12),
    associatedData: notice.originalType,
  })
  return JSON.stringify({
    id,
    create_time: beijingTime(world.clock.now()),
    resource_type: 'encrypt-resource',
    event_type: notice.eventType,
    summary: notice.summary,
    resource: { original_type: notice.originalType, ...sealed },
  })
}

/** Another key of the same length. */
function reversed(key: string): string {
  const back = [...key].reverse().join('')
  return back === key ? key.replace(/^./, (first) => (first === '0' ? '1' : '0')) : back
}
