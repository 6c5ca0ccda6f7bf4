import { assert } from '../domain/assert.ts'
import type { ConfiguredMerchant } from '../domain/merchant.ts'
import { identityDifference } from '../domain/merchant.ts'
import { formatFen } from '../domain/money.ts'
import type { Merchant, NewOrder, Order } from '../domain/order.ts'
import type { OrderStatus } from '../domain/order-states.ts'
import { watchMs } from '../domain/runs/schedule.ts'
import { merchantOf } from '../gateway/gateway.ts'
import type { Insertion, OrderAddition } from '../store/store.ts'
import { currency, orderEvent, type Placing, unknownAppId, upgradePending } from './place.ts'
import type { AdoptRequest } from './requests.ts'
import { type Whole, wholeAdoption } from './validate.ts'

export interface Adopting extends Placing {
  /** An order number that is adopted must begin with one of these; null: any may be adopted. */
  readonly adoptPrefixes: readonly string[] | null
}

type Adopted = Whole<AdoptRequest> & { readonly description: string }

/** The result of adopting. Only `adopted` stored anything. */
export type Adoption =
  | { readonly kind: 'adopted'; readonly order: Order }
  /** It was adopted before with the same facts. */
  | { readonly kind: 'exists'; readonly order: Order }
  | { readonly kind: 'conflict'; readonly status: OrderStatus; readonly message: string }
  /** The request cannot be about an order that may be adopted here. */
  | { readonly kind: AdoptionRefusal; readonly message: string }

export type AdoptionRefusal =
  | 'app_id_required'
  | 'app_id_unknown'
  | 'prefix_not_allowed'
  | 'end_too_far'
  | 'upgrade_pending'
  | 'merchant_required'
  | 'merchant_unknown'

/** No gateway keeps a trade open for longer; WeChat Pay shortens later ends to this. */
const endMsMax = 15 * 86_400_000

/**
 * Adopts orders that another system placed with the gateway, each with its own result, in the order of the
 * requests. Sends no query. Those that are not refused are stored by one statement: all of them, or, when it
 * throws, none. May be repeated.
 */
export async function adoptOrders(
  adopting: Adopting,
  given: readonly AdoptRequest[],
): Promise<readonly Adoption[]> {
  const merchant = merchantOf(adopting.gateway)
  const judged = given.map(wholeAdoption).map((request) => ({
    adopted: { ...request, ...merchant, appid: request.appid ?? merchant.appid },
    refusal: refusalOf(adopting, { request, merchant }),
  }))
  const accepted = judged.filter(({ refusal }) => refusal === null)
  const insertions = await adopting.store.insertOrders(
    accepted.map(({ adopted }) => additionOf(adopting, adopted)),
  )
  const adoptions = new Map(
    accepted.map((each, nth) => [each, adoptionOf(each.adopted, insertions[nth])]),
  )
  return judged.map((each) => {
    const adoption = each.refusal ?? adoptions.get(each)
    assert(adoption !== undefined, `The adoption of "${each.adopted.orderNo}" has no result`)
    return adoption
  })
}

function additionOf(adopting: Adopting, adopted: Adopted & Merchant): OrderAddition {
  const { actor } = adopted
  const event = orderEvent(adopting, { kind: 'adopted', evidence: null, actor })
  return { order: newOrder(adopted), event }
}

function adoptionOf(adopted: Adopted & Merchant, insertion: Insertion | undefined): Adoption {
  assert(insertion !== undefined, `Order "${adopted.orderNo}" was neither stored nor found`)
  if (insertion.kind === 'upgrade_pending') return { kind: insertion.kind, message: upgradePending }
  const { kind, order } = insertion
  if (kind === 'inserted') return { kind: 'adopted', order }
  const difference = adoptedDifference(order, adopted)
  return difference === null
    ? { kind: 'exists', order }
    : {
        kind: 'conflict',
        status: order.status,
        message: `order "${order.orderNo}" is here already, with ${difference}`,
      }
}

function refusalOf(
  { adoptPrefixes, clock }: Adopting,
  { request, merchant }: { request: Adopted; merchant: ConfiguredMerchant },
): Extract<Adoption, { kind: AdoptionRefusal }> | null {
  const { orderNo, appid, expiresAt } = request
  if (adoptPrefixes !== null && !adoptPrefixes.some((prefix) => orderNo.startsWith(prefix))) {
    const allowed = adoptPrefixes.map((prefix) => `"${prefix}"`).join(', ')
    const message = `order_no: "${orderNo}" begins with none of recharge.adopt_prefixes (${allowed})`
    return { kind: 'prefix_not_allowed', message }
  }
  if (appid === null && merchant.appids.length > 1) {
    const message = `app_id: must be given, because the merchant has several: ${merchant.appids.join(', ')}`
    return { kind: 'app_id_required', message }
  }
  if (appid !== null && !merchant.appids.includes(appid)) {
    return { kind: 'app_id_unknown', message: unknownAppId(appid) }
  }
  return isTooFar(expiresAt, clock()) ? { kind: 'end_too_far', message: tooFar } : null
}

export function isTooFar(expiresAt: Date | null, now: Date): boolean {
  return expiresAt !== null && +expiresAt > +now + endMsMax
}

export const tooFar =
  'expires_at: must be at most 15 days from now, as no trade is open for longer; leave it out where it is not known'

function newOrder(request: Adopted & Merchant): NewOrder {
  const { orderNo, userId, amount, description, createdAt, expiresAt } = request
  const { gateway, mchid, appid } = request
  return {
    ...{ orderNo, userId, amount, currency, description, gateway, mchid, appid, createdAt },
    ...{ attach: null, adopted: true, idempotencyKey: null },
    end: expiresAt === null ? { kind: 'unknown', watchMs } : { kind: 'at', at: expiresAt },
  }
}

/** A member that the request leaves out is not compared. */
function adoptedDifference(order: Order, request: Adopted & Merchant): string | null {
  const { createdAt, expiresAt } = request
  const identity = identityDifference(order, request)
  if (identity !== null) return identity
  if (!order.adopted) return 'budan itself as its maker'
  if (order.userId !== request.userId) return 'another user_id'
  if (order.amount !== request.amount) return `the amount ${formatFen(order.amount)}`
  if (order.description !== request.description) return 'another description'
  if (createdAt !== null && +createdAt !== +order.createdAt) return 'another created_at'
  if (expiresAt !== null && +expiresAt !== +(order.expiresAt ?? 0)) return 'another expires_at'
  return null
}
