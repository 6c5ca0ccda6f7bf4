import type { AdoptRequest, PlaceRequest } from '../../src/orders/requests.ts'
import type { Random } from './clock/random.ts'
import type { OrderedFacts } from './gateway/gateway-order.ts'
import type { OrderPlan } from './order-plan.ts'
import type { Scenario } from './scenario.ts'

/** What somebody buys, and what will become of it. */
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

/** Some shops' numbers begin as none may that is adopted. */
export function orderNoOf({ count }: Purchase, random: Random): string {
  const prefix = random.chance(0.9) ? 'SITE' : 'THEIRS'
  return `${prefix}${String(count).padStart(6, '0')}`
}

/** Its trade, as whoever places it with the gateway means it. */
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

/** As the shop tells of it, mistakes included. */
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
