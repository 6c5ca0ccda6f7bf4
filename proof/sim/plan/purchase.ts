import type { AdoptRequest, PlaceRequest } from '../../../src/orders/requests.ts'
import type { Random } from '../clock/random.ts'
import type { OrderedFacts } from '../gateway/gateway-order.ts'
import type { SimMerchant } from '../merchants/merchant.ts'
import { drawOrderPlan, drawUnknownOrderPlan, type OrderPlan } from './order-plan.ts'
import type { Scenario } from './scenario.ts'

/** One purchase of a customer, with the plan of its order. */
export interface Purchase {
  readonly count: number
  readonly merchant: SimMerchant
  /** The order number if it is adopted. Purchases from several merchants may have one number and key. */
  readonly number: string
  readonly user: string
  readonly plan: OrderPlan
  readonly amount: bigint
}

/** The purchases of a world; those of orders that the gateway does not know are from one merchant. */
export function drawPurchases(random: Random, scenario: Scenario): readonly Purchase[] {
  const { orderCount, unknownOrderCount, merchants } = scenario
  // A backlog of a merchant whose fault lasts holds up no other merchant.
  const ill = merchants.find(({ lasting }) => lasting !== null)
  const merchantOfUnknown = ill ?? random.pick(merchants)
  const purchases: Purchase[] = []
  for (let count = 1; count <= orderCount + unknownOrderCount; count += 1) {
    const isUnknown = count > orderCount
    const merchant = isUnknown ? merchantOfUnknown : random.pick(merchants)
    const plan = isUnknown
      ? drawUnknownOrderPlan(random, scenario)
      : drawOrderPlan(random, { scenario, merchant })
    const twin = random.chance(0.6) ? drawTwin(random, { merchant, purchases }) : null
    const isAlike = random.chance(0.5)
    purchases.push({
      ...{ count, merchant, plan, number: twin?.number ?? drawNumber(random, count) },
      user: (isAlike && twin?.user) || `u${count % 5}`,
      amount: (isAlike && twin?.amount) || BigInt(random.whole(1, 100_000)),
    })
  }
  return purchases
}

/** A purchase from another merchant, whose number this merchant does not have yet. */
function drawTwin(
  random: Random,
  { merchant, purchases }: { merchant: SimMerchant; purchases: readonly Purchase[] },
): Purchase | null {
  const own = new Set(purchases.filter((one) => one.merchant === merchant).map((one) => one.number))
  const others = purchases.filter(({ number }) => !own.has(number))
  return others[random.whole(0, Math.max(0, others.length - 1))] ?? null
}

/** A tenth of the numbers have a prefix that may not be adopted. */
function drawNumber(random: Random, count: number): string {
  const prefix = random.chance(0.9) ? 'SITE' : 'THEIRS'
  return `${prefix}${String(count).padStart(6, '0')}`
}

export function descriptionOf({ count }: Purchase): string {
  return `purchase ${count}`
}

/** The user of the order, with what the merchant's configuration puts before it. */
export function storedUser(user: string, { userPrefix }: SimMerchant): string {
  return `${userPrefix ?? ''}${user}`
}

/** The facts of its trade, as the client that places it with the gateway sends them. */
export function orderedOf(purchase: Purchase, { adoptAttach }: Scenario): OrderedFacts {
  const { plan, amount, user } = purchase
  const right = adoptAttach?.replace('{user_id}', user) ?? null
  const attach = { right, wrong: 'uid=somebody', absent: null }[plan.attach]
  return {
    amount: Number(amount),
    currency: 'CNY',
    appid: plan.appid,
    attach: plan.arrival === 'adopted' ? attach : null,
  }
}

export function placeRequestOf(purchase: Purchase): PlaceRequest & { readonly appid: string } {
  return {
    ...{ userId: purchase.user, amount: purchase.amount, attach: null },
    description: descriptionOf(purchase),
    idempotencyKey: `key-${purchase.number}`,
    appid: purchase.plan.appid,
  }
}

/** The adoption request of the merchant's system, including a planned mistake. */
export function adoptRequestOf(
  purchase: Purchase,
  { expiresAt, appids }: { expiresAt: Date; appids: readonly string[] },
): AdoptRequest & { readonly appid: string } {
  const { plan, amount, number, user } = purchase
  const other = appids.find((appid) => appid !== plan.appid) ?? plan.appid
  return {
    orderNo: number,
    description: descriptionOf(purchase),
    createdAt: null,
    userId: plan.mistake === 'user' ? 'u9' : user,
    amount: plan.mistake === 'amount' ? amount + 1n : amount,
    appid: plan.mistake === 'appid' ? other : plan.appid,
    expiresAt: plan.isEndless ? null : expiresAt,
  }
}
