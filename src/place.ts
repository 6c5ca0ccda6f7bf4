import { randomInt } from 'node:crypto'
import { assert } from './assert.ts'
import type { Breaker } from './breaker.ts'
import { merchantOf } from './check.ts'
import type { Clock } from './clock.ts'
import type { Gateway, Prepay } from './gateway/gateway.ts'
import { type Fen, formatFen } from './money.ts'
import type { NewOrder, NewOrderEvent, Order } from './order.ts'
import type { SchedulePolicy } from './schedule.ts'
import { shanghaiTime } from './shanghai-time.ts'
import type { Store } from './store/store.ts'
import type { Evidence } from './trade.ts'

/** What placing and adopting work with. */
export interface Placing {
  readonly store: Store
  readonly gateway: Gateway
  readonly breaker: Breaker
  readonly policy: SchedulePolicy
  readonly clock: Clock
  readonly node: string
}

export interface PlaceRequest {
  readonly userId: string
  readonly amount: Fen
  readonly description: string
  readonly attach: string | null
  readonly idempotencyKey: string
}

export type Placement =
  /** Placed now, or before with the same key and facts. The order has its `codeUrl`. */
  | { readonly kind: 'placed'; readonly order: Order }
  /** The key was used for an order with other facts. */
  | { readonly kind: 'conflict'; readonly message: string }
  /** The gateway will not take this order. */
  | {
      readonly kind: 'refused'
      readonly order: Order
      readonly code: string
      readonly message: string
    }
  /** The order of this key ended before the gateway ever gave a code for it. */
  | { readonly kind: 'ended'; readonly order: Order }
  /** Whether the trade exists is not known: ask again with the same key. */
  | { readonly kind: 'unanswered'; readonly order: Order; readonly message: string }

export interface AdoptRequest {
  readonly orderNo: string
  readonly userId: string
  readonly amount: Fen
  readonly description: string
  readonly createdAt: Date | null
  readonly expiresAt: Date | null
}

export type Adoption =
  | { readonly kind: 'adopted'; readonly order: Order }
  /** Adopted before with the same facts. */
  | { readonly kind: 'exists'; readonly order: Order }
  | { readonly kind: 'conflict'; readonly message: string }

const currency = 'CNY'

/**
 * Stores the order, then opens its trade. In this order: a trade without an order would be money
 * that nobody looks for. Repeating with the same key repeats the prepay with the same facts.
 */
export async function placeOrder(placing: Placing, request: PlaceRequest): Promise<Placement> {
  const order = await storeOrder(placing, request)
  const difference = placedDifference(order, request)
  if (difference !== null) {
    return { kind: 'conflict', message: `this Idempotency-Key placed an order with ${difference}` }
  }
  if (order.codeUrl !== null) return { kind: 'placed', order }
  if (order.status !== 'pending') {
    return { kind: 'ended', order }
  }

  const prepay = await placing.gateway.prepay(order)
  if (prepay.kind === 'placed') {
    const { codeUrl, evidence } = prepay
    const event = eventOf(placing, { orderNo: order.orderNo, kind: 'prepaid', evidence })
    await placing.store.setCodeUrl(order.orderNo, { codeUrl, event })
    return { kind: 'placed', order: { ...order, codeUrl } }
  }
  await noteUnplaced(placing, { orderNo: order.orderNo, prepay })
  if (prepay.kind === 'refused') {
    return { kind: 'refused', order, code: prepay.code, message: prepay.message }
  }
  placing.breaker.observe(prepay)
  return { kind: 'unanswered', order, message: `${prepay.cause}: ${prepay.message}` }
}

/** The order stays pending: a refusal may mean that the trade is there already. */
async function noteUnplaced(
  placing: Placing,
  { orderNo, prepay }: { orderNo: string; prepay: Exclude<Prepay, { kind: 'placed' }> },
): Promise<void> {
  const { evidence, message } = prepay
  const word = prepay.kind === 'refused' ? `refused: ${prepay.code}` : `no answer: ${prepay.cause}`
  const event = eventOf(placing, { orderNo, kind: 'unplaced', evidence })
  await placing.store.appendEvent({ ...event, reason: `${word} (${message})` })
}

/** Takes over an order that another system placed with the gateway. Asks nobody. */
export async function adoptOrder(placing: Placing, request: AdoptRequest): Promise<Adoption> {
  const order: NewOrder = {
    ...request,
    ...merchantOf(placing.gateway),
    currency,
    attach: null,
    adopted: true,
    idempotencyKey: null,
    ttlMs: placing.policy.orderTtlMs,
  }
  const event = eventOf(placing, { orderNo: request.orderNo, kind: 'adopted', evidence: null })
  const insertion = await placing.store.insertOrder(order, event)
  if (insertion.kind === 'inserted') return { kind: 'adopted', order: insertion.order }
  const difference = adoptedDifference(insertion.order, request)
  return difference === null
    ? { kind: 'exists', order: insertion.order }
    : {
        kind: 'conflict',
        message: `order "${request.orderNo}" is here already, with ${difference}`,
      }
}

/** Two numbers of one second collide once in 62^10; a second try is for the proof, not for the need. */
const numberTriesMax = 3

async function storeOrder(placing: Placing, request: PlaceRequest): Promise<Order> {
  for (let tries = 0; tries < numberTriesMax; tries += 1) {
    const orderNo = newOrderNo(placing.clock())
    const event = eventOf(placing, { orderNo, kind: 'created', evidence: null })
    const insertion = await placing.store.insertOrder(
      newOrder(placing, { request, orderNo }),
      event,
    )
    if (insertion.kind === 'inserted' || insertion.by === 'key') return insertion.order
  }
  assert(false, `Cannot find a free order number in ${numberTriesMax} tries`)
}

function newOrder(
  placing: Placing,
  { request, orderNo }: { request: PlaceRequest; orderNo: string },
): NewOrder {
  return {
    ...request,
    ...merchantOf(placing.gateway),
    orderNo,
    currency,
    adopted: false,
    createdAt: null,
    expiresAt: null,
    ttlMs: placing.policy.orderTtlMs,
  }
}

function eventOf(
  { node }: Placing,
  about: {
    orderNo: string
    kind: 'created' | 'adopted' | 'prepaid' | 'unplaced'
    evidence: Evidence | null
  },
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

function placedDifference(order: Order, request: PlaceRequest): string | null {
  if (order.userId !== request.userId) return `another user_id`
  if (order.amount !== request.amount) return `the amount ${formatFen(order.amount)}`
  if (order.description !== request.description) return 'another description'
  if (order.attach !== request.attach) return 'another attach'
  return null
}

function adoptedDifference(order: Order, request: AdoptRequest): string | null {
  const { createdAt, expiresAt } = request
  if (!order.adopted) return 'budan itself as its maker'
  if (order.userId !== request.userId) return 'another user_id'
  if (order.amount !== request.amount) return `the amount ${formatFen(order.amount)}`
  if (order.description !== request.description) return 'another description'
  if (createdAt !== null && +createdAt !== +order.createdAt) return 'another created_at'
  if (expiresAt !== null && +expiresAt !== +order.expiresAt) return 'another expires_at'
  return null
}

const alphanumerics = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** `RECH` + yyyyMMddHHmmss in Asia/Shanghai (always +08:00) + 10 alphanumerics. */
export function newOrderNo(now: Date): string {
  const seconds = shanghaiTime(now).slice(0, 19).replaceAll(/\D/g, '')
  const tail = Array.from({ length: 10 }, () => alphanumerics[randomInt(alphanumerics.length)])
  return `RECH${seconds}${tail.join('')}`
}
