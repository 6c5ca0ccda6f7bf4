import type { AdoptRequest, PlaceRequest } from '../../src/orders/requests.ts'
import type { Random } from './clock/random.ts'
import type { OrderedFacts } from './gateway/gateway-order.ts'
import type { OrderPlan } from './order-plan.ts'
import type { Scenario } from './scenario.ts'

/** One purchase of a customer, with the plan of its order. */
export interface Purchase {
  readonly count: number
  readonly plan: OrderPlan
  readonly amount: bigint
}

export function descriptionOf({ count }: Purchase): string {
  return `purchase ${count}`
}

export function userOf({ count }: Pick<Purchase, 'count'>): string {
  return `u${count % 5}`
}

/** A tenth of the numbers have a prefix that may not be adopted. */
export function orderNoOf({ count }: Purchase, random: Random): string {
  const prefix = random.chance(0.9) ? 'SITE' : 'THEIRS'
  return `${prefix}${String(count).padStart(6, '0')}`
}

/** The facts of its trade, as the client that places it with the gateway sends them. */
export function orderedOf(purchase: Purchase, { adoptAttach }: Scenario): OrderedFacts {
  const { plan, amount } = purchase
  const right = adoptAttach?.replace('{user_id}', userOf(purchase)) ?? null
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
    ...{ userId: userOf(purchase), amount: purchase.amount, attach: null },
    description: descriptionOf(purchase),
    idempotencyKey: `key-${purchase.count}`,
    appid: purchase.plan.appid,
  }
}

/** The adoption request of the merchant's system, including a planned mistake. */
export function adoptRequestOf(
  purchase: Purchase,
  { orderNo, expiresAt, appids }: { orderNo: string; expiresAt: Date; appids: readonly string[] },
): AdoptRequest & { readonly appid: string } {
  const { plan, amount } = purchase
  const other = appids.find((appid) => appid !== plan.appid) ?? plan.appid
  return {
    orderNo,
    description: descriptionOf(purchase),
    createdAt: null,
    userId: plan.mistake === 'user' ? 'u9' : userOf(purchase),
    amount: plan.mistake === 'amount' ? amount + 1n : amount,
    appid: plan.mistake === 'appid' ? other : plan.appid,
    expiresAt: plan.isEndless ? null : expiresAt,
  }
}
