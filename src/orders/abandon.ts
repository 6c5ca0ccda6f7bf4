import { isSameMerchant } from '../domain/merchant.ts'
import type { NewOrderEvent, Order, OrderKey } from '../domain/order.ts'
import { type Answer, isUnsent } from '../domain/trade.ts'
import { merchantOf } from '../gateway/gateway.ts'
import type { Querying } from '../job/query.ts'
import type { Settling } from '../settle/settle.ts'
import { findOrder, type OrderName } from '../store/find-order.ts'
import { orderEvent } from './place.ts'
import type { AbandonRequest } from './requests.ts'
import { checkedAbandoning, checkedKey } from './validate.ts'

/** The result of giving an order up. Only `abandoned` changed anything. */
export type Abandoned =
  | { readonly kind: 'abandoned'; readonly order: Order }
  | {
      readonly kind:
        | 'accepted' // the gateway has its trade, or returned a code for it
        | 'ended' // it is no longer pending
        | 'unanswered' // it is not known now whether the gateway has it
      readonly message: string
    }

type Abandoning = Querying & Pick<Settling, 'store' | 'node'>

/**
 * Gives up an order that the gateway never accepted: it expires, and its Idempotency-Key can be used
 * again. Nobody can pay such an order, because there is no code for it; if a payment turns up all the
 * same, the expired order is credited. The gateway is queried first, by the merchant number alone. An
 * order of another merchant cannot be queried; it is given up only if it was placed here, and so no code
 * for it was ever returned. Null when the order is not here.
 */
export async function abandonOrder(
  abandoning: Abandoning,
  { orderNo, merchant = null, ...given }: AbandonRequest & OrderName,
): Promise<Abandoned | null> {
  const request = checkedAbandoning(given)
  checkedKey(orderNo, { name: 'orderNo', attempt: 'give up an order' })
  const order = await findOrder(abandoning.store, { orderNo, merchant })
  if (order === null) return null
  const refusal = refusalOf(order)
  if (refusal !== null) return refusal
  if (abandoning.breaker.reason !== null) {
    const message = `what the gateway says is not believed now: ${abandoning.breaker.reason}`
    return { kind: 'unanswered', message }
  }
  const canQuery = isSameMerchant(order, merchantOf(abandoning.gateway))
  if (!canQuery && order.adopted) {
    const message = `order "${orderNo}" was adopted for merchant ${order.mchid}, which is not configured: nobody can say whether it was paid`
    return { kind: 'unanswered', message }
  }
  const answer = canQuery ? await abandoning.gateway.query(orderNo) : null
  if (answer?.kind === 'absent') abandoning.breaker.answers.observe(answer)
  if (answer !== null && answer.kind !== 'absent') return notAbsent(abandoning, { orderNo, answer })
  return giveUp(abandoning, { key: order.key, answer, ...request })
}

/**
 * A trade that the gateway reported once exists, even if its code was lost on the way and the gateway now
 * answers that there is no such order. All orders of the version before count as known.
 */
function refusalOf({ orderNo, status, codeUrl, standing }: Order): Abandoned | null {
  if (status !== 'pending') return { kind: 'ended', message: `order "${orderNo}" is ${status}` }
  if (codeUrl === null && standing !== 'known') return null
  const message = `the gateway accepted order "${orderNo}": it is credited when it is paid, and expires when it cannot be paid any more`
  return { kind: 'accepted', message }
}

function notAbsent(
  { breaker }: Abandoning,
  { orderNo, answer }: { orderNo: string; answer: Exclude<Answer, { kind: 'absent' }> },
): Abandoned {
  if (!isUnsent(answer)) breaker.observe(answer)
  if (answer.kind === 'trade') {
    const message = `the gateway knows order "${orderNo}": it says ${answer.trade.reported}`
    return { kind: 'accepted', message }
  }
  return { kind: 'unanswered', message: `Cannot give up order "${orderNo}": ${answer.message}` }
}

/** Checks again on the locked row: a code may have been stored in between. */
async function giveUp(
  abandoning: Abandoning,
  step: AbandonRequest & { readonly key: OrderKey; readonly answer: Answer | null },
): Promise<Abandoned | null> {
  const { key, answer, reason, actor } = step
  return abandoning.store.transaction(async (tx): Promise<Abandoned | null> => {
    const locked = await tx.lockOrder(key)
    if (locked === null) return null
    const refusal = refusalOf(locked.order)
    if (refusal !== null) return refusal
    const evidence = answer?.evidence ?? null
    const event: NewOrderEvent = {
      ...orderEvent(abandoning, { kind: 'abandoned', evidence, actor }),
      source: 'operator',
      operator: actor.name,
      decision: 'expire',
      reason,
    }
    const order = await tx.abandon(locked.order, { event })
    // Another system may still place it, or a node of the version before may be returning a code just now.
    await tx.addLateChecks(order)
    return { kind: 'abandoned', order }
  })
}
