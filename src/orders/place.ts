import { randomInt } from 'node:crypto'
import { assert } from '../domain/assert.ts'
import type { Clock } from '../domain/clock.ts'
import { causeAndMessage } from '../domain/decide.ts'
import { identityDifference } from '../domain/merchant.ts'
import { formatFen } from '../domain/money.ts'
import type { Actor, Merchant, NewOrder, NewOrderEvent, Order } from '../domain/order.ts'
import type { Reason } from '../domain/reason.ts'
import type { SchedulePolicy } from '../domain/runs/schedule.ts'
import type { Gateway, Prepay } from '../gateway/gateway.ts'
import { merchantOf } from '../gateway/gateway.ts'
import type { Breaker } from '../job/breaker.ts'
import type { Store } from '../store/store.ts'
import { shanghaiTime } from '../text/shanghai-time.ts'
import type { PlaceRequest } from './requests.ts'
import { type Whole, wholePlacing } from './validate.ts'

export interface Placing {
  readonly store: Store
  readonly gateway: Gateway
  readonly breaker: Breaker
  readonly policy: SchedulePolicy
  readonly clock: Clock
  readonly node: string
  /** A correction needs a second person. */
  readonly fourEyes?: boolean
}

type Placed = Whole<PlaceRequest>

/** The result of placing. Only `placed` has a trade that the payer can pay. */
export type Placement =
  /** Placed now, or before with the same key and facts. The order has a `codeUrl`. */
  | { readonly kind: 'placed'; readonly order: Order }
  /** The key was used for an order with other facts, or of another merchant or app id. */
  | { readonly kind: 'conflict'; readonly message: string }
  /** Another merchant has used the key, and the schema keeps keys apart only after its breaking step. */
  | { readonly kind: 'upgrade_pending'; readonly message: string }
  /** The merchant has no such app id. */
  | { readonly kind: 'app_id_unknown'; readonly message: string }
  /** The gateway refused this order. */
  | {
      readonly kind: 'refused'
      readonly order: Order
      readonly code: string
      readonly message: string
    }
  /** The order of this key ended, or its end has passed, and no code works any more. */
  | { readonly kind: 'ended'; readonly order: Order }
  /** It is not known whether the trade exists: repeat the request with the same key. */
  | { readonly kind: 'unanswered'; readonly order: Order; readonly message: string }

export const currency = 'CNY'

/**
 * Stores the order first, then opens its trade: a payment of a trade without an order would never be
 * credited. A repetition with the same key repeats the prepay with the same facts, if there is no code
 * yet or the last one ends soon.
 */
export async function placeOrder(placing: Placing, given: PlaceRequest): Promise<Placement> {
  const request = wholePlacing(given)
  const merchant = merchantOf(placing.gateway)
  const appid = request.appid ?? merchant.appid
  if (!merchant.appids.includes(appid))
    return { kind: 'app_id_unknown', message: unknownAppId(appid) }
  const order = await storeOrder(placing, { ...request, ...merchant, appid })
  if (order === 'upgrade_pending') return { kind: order, message: upgradePending }
  const difference = placedDifference(order, { ...request, ...merchant, appid })
  if (difference !== null) return { kind: 'conflict', message: difference }
  const now = placing.clock()
  if (order.status !== 'pending') {
    // The answer may have been lost: it is repeated, with the present state of the order.
    return { kind: order.codeUrl === null ? 'ended' : 'placed', order }
  }
  if (isFreshCode(order, now)) return { kind: 'placed', order }
  if (isPastEnd(order, now)) return { kind: 'ended', order }
  return openTrade(placing, { order, actor: request.actor })
}

/** Until then no second merchant can have an order number, or an Idempotency-Key, that another one has. */
export const upgradePending =
  'another merchant has this order number or Idempotency-Key: merchants are kept apart once `budan migrate --breaking` has been run, when no node of the version before is left'

export function unknownAppId(appid: string): string {
  return `app_id: "${appid}" is none of the app ids that are configured for this merchant`
}

async function openTrade(
  placing: Placing,
  { order, actor }: { order: Order; actor: Actor | null },
): Promise<Placement> {
  const { orderNo, expiresAt } = order
  assert(expiresAt !== null, `Order "${orderNo}" was placed here without an end`)
  const prepay = await placing.gateway.prepay({ ...order, expiresAt })
  if (prepay.kind === 'placed') {
    placing.breaker.answers.noteOwnTrade()
    const { payment, evidence } = prepay
    const event = orderEvent(placing, { kind: 'prepaid', evidence, actor })
    const placed = await placing.store.setCodeUrl(order.key, {
      ...{ codeUrl: payment.codeUrl, codeLifeMs: payment.lifeMs, event },
    })
    // Settled or given up meanwhile: a code whose order is no longer queried must not be paid.
    return placed === null ? { kind: 'ended', order } : { kind: 'placed', order: placed }
  }
  await noteRefusal(placing, { order, prepay, actor })
  if (prepay.kind === 'refused') {
    return { kind: 'refused', order, code: prepay.code, message: prepay.message }
  }
  placing.breaker.observe(prepay)
  // Codes are renewed early: while the gateway does not answer, the present code still works.
  if (canBeScanned(order, placing.clock())) return { kind: 'placed', order }
  return { kind: 'unanswered', order, message: `${prepay.cause}: ${prepay.message}` }
}

/** A payer needs a few minutes from the page to the payment: a code that ends sooner than this is renewed. */
const codeRestMsMin = 10 * 60_000

/** No code works after its order's end: a code that works until then is not renewed. */
function isFreshCode({ codeUrl, codeExpiresAt, expiresAt }: Order, now: Date): boolean {
  if (codeUrl === null || codeExpiresAt === null) return false
  const neededUntil = Math.min(+now + codeRestMsMin, expiresAt === null ? Infinity : +expiresAt)
  return +now < neededUntil && +codeExpiresAt >= neededUntil
}

/** Whether a payer who scans the code now can pay. */
export function canBeScanned(order: Order, now: Date): boolean {
  const { status, codeUrl, codeExpiresAt, createdAt, expiresAt } = order
  if (status !== 'pending' || codeUrl === null) return false
  const codeEnd = codeExpiresAt ?? new Date(+createdAt + formerCodeLifeMs)
  return codeEnd > now && (expiresAt === null || expiresAt > now)
}

/** Earlier versions did not store the end of a code. All their codes worked for two hours. */
const formerCodeLifeMs = 2 * 3_600_000

function isPastEnd({ expiresAt }: Order, now: Date): boolean {
  return expiresAt !== null && expiresAt <= now
}

/** The order stays pending: a refusal may mean that the trade exists already. */
async function noteRefusal(
  placing: Placing,
  {
    order,
    prepay,
    actor,
  }: { order: Order; prepay: Exclude<Prepay, { kind: 'placed' }>; actor: Actor | null },
): Promise<void> {
  const { evidence, message } = prepay
  const event = orderEvent(placing, { kind: 'unplaced', evidence, actor })
  const reason: Reason =
    prepay.kind === 'refused'
      ? { code: 'prepay_refused', gatewayCode: prepay.code, message }
      : { code: 'prepay_unanswered', ...causeAndMessage(prepay) }
  await placing.store.appendEvent(order.key, { ...event, reason })
}

/** Two numbers of the same second are equal once in 62^10: further attempts are a safeguard that is not expected to be needed. */
const numberTriesMax = 3

async function storeOrder(
  placing: Placing,
  request: Placed & Merchant,
): Promise<Order | 'upgrade_pending'> {
  for (let tries = 0; tries < numberTriesMax; tries += 1) {
    const orderNo = newOrderNo(placing.clock())
    const { actor } = request
    const event = orderEvent(placing, { kind: 'created', evidence: null, actor })
    const insertion = await placing.store.insertOrder(
      newOrder(placing, { request, orderNo }),
      event,
    )
    if (insertion.kind === 'upgrade_pending') return insertion.kind
    if (insertion.kind === 'inserted' || insertion.by === 'key') return insertion.order
  }
  assert(false, `Cannot find a free order number in ${numberTriesMax} tries`)
}

function newOrder(
  { policy }: Placing,
  { request, orderNo }: { request: Placed & Merchant; orderNo: string },
): NewOrder {
  const { userId, amount, description, attach, idempotencyKey, gateway, mchid, appid } = request
  return {
    ...{ orderNo, userId, amount, currency, description, attach, gateway, mchid, appid },
    ...{ adopted: false, idempotencyKey },
    createdAt: null,
    end: { kind: 'after', ttlMs: policy.orderTtlMs },
  }
}

export function orderEvent(
  { node }: Pick<Placing, 'node'>,
  about: Pick<NewOrderEvent, 'kind' | 'evidence' | 'actor'>,
): NewOrderEvent {
  return {
    ...about,
    source: 'api',
    tradeState: null,
    decision: null,
    reason: null,
    alarm: false,
    runId: null,
    node,
  }
}

/** How the order of this key differs from the requested one; null: it does not. */
function placedDifference(order: Order, request: Placed & Merchant): string | null {
  const identity = identityDifference(order, request)
  if (identity !== null) {
    return order.status === 'pending' && order.codeUrl === null
      ? `this Idempotency-Key placed order "${order.orderNo}" under ${identity}; if the gateway never accepted it, give it up, and the key can be used again`
      : `this Idempotency-Key placed order "${order.orderNo}" under ${identity}: use a new key`
  }
  const difference = factsDifference(order, request)
  return difference && `this Idempotency-Key placed an order with ${difference}`
}

function factsDifference(order: Order, request: Placed): string | null {
  if (order.userId !== request.userId) return `another user_id`
  if (order.amount !== request.amount) return `the amount ${formatFen(order.amount)}`
  if (order.description !== request.description) return 'another description'
  if (order.attach !== request.attach) return 'another attach'
  return null
}

const alphanumerics = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** `RECH` + yyyyMMddHHmmss in Asia/Shanghai (always +08:00) + 10 alphanumerics. */
export function newOrderNo(now: Date): string {
  const seconds = shanghaiTime(now).slice(0, 19).replaceAll(/\D/g, '')
  const tail = Array.from({ length: 10 }, () => alphanumerics[randomInt(alphanumerics.length)])
  return `RECH${seconds}${tail.join('')}`
}
