import { setTimeout as delay } from 'node:timers/promises'
import { isSameMerchant } from '../domain/merchant.ts'
import { formatFen } from '../domain/money.ts'
import type { NewOrderEvent, Order, OrderKey } from '../domain/order.ts'
import { sentenceOf } from '../domain/reason.ts'
import { approvalOf } from '../domain/review/second-person.ts'
import { watchMs } from '../domain/runs/schedule.ts'
import { merchantOf } from '../gateway/gateway.ts'
import { findOrder, type OrderName } from '../store/find-order.ts'
import type { Correction, LockedOrder, Tx } from '../store/store.ts'
import { shanghaiTime } from '../text/shanghai-time.ts'
import { isTooFar, tooFar } from './adopt.ts'
import { orderEvent, type Placing, unknownAppId } from './place.ts'
import type { CorrectRequest } from './requests.ts'
import { checkedCorrection, checkedKey } from './validate.ts'

/** The result of a correction. Only `corrected` changed anything. */
export type Corrected =
  /** The order as it is now. If nothing differed, nothing was written. */
  | { readonly kind: 'corrected'; readonly order: Order }
  /** The state of the order, or a settlement that is running, forbids it. */
  | { readonly kind: 'credited' | 'not_adopted' | 'crediting'; readonly message: string }
  /** The request cannot be about an order that may be adopted here. */
  | { readonly kind: 'app_id_unknown' | 'end_too_far'; readonly message: string }
  | { readonly kind: 'end_too_early'; readonly message: string }
  /** With `reviews.four_eyes`: the request is recorded, and nothing was corrected. */
  | { readonly kind: 'needs_second'; readonly message: string; readonly order: Order }
  /** With `reviews.four_eyes`: this person has requested it before, or the token is nobody's own. */
  | { readonly kind: 'same_person' | 'no_own_name'; readonly message: string }
  /** Its merchant is not configured: which app ids and users are the merchant's is not known. */
  | { readonly kind: 'merchant_unknown'; readonly message: string }

/**
 * Corrects the facts of an adopted order that was not credited, with an event that names the operator.
 * Its state stays: an order in review is still resolved in review. Null when the order is not here.
 */
export async function correctOrder(
  placing: Placing,
  { orderNo, merchant = null, ...given }: CorrectRequest & OrderName,
): Promise<Corrected | null> {
  const request = checkedCorrection(given)
  checkedKey(orderNo, { name: 'orderNo', attempt: 'correct an order' })
  const { appids } = merchantOf(placing.gateway)
  const { appid, expiresAt = null } = request
  if (appid != null && !appids.includes(appid)) {
    return { kind: 'app_id_unknown', message: unknownAppId(appid) }
  }
  if (isTooFar(expiresAt, placing.clock())) return { kind: 'end_too_far', message: tooFar }
  const found = await findOrder(placing.store, { orderNo, merchant })
  if (found === null) return null
  if (!isSameMerchant(found, merchantOf(placing.gateway))) {
    const message = `order "${orderNo}" is of merchant ${found.mchid} (${found.gateway}), which is not configured`
    return { kind: 'merchant_unknown', message }
  }
  for (let tries = 0; tries < lockTriesMax; tries += 1) {
    const corrected = await placing.store.transaction((tx) =>
      correctIfFree(tx, { placing, key: found.key, request }),
    )
    if (corrected !== null) return corrected
    await delay(lockPauseMs)
  }
  const message = `order "${orderNo}" is being settled at this moment: try again`
  return { kind: 'crediting', message }
}

/** An embedder's own work may lock the row for twenty seconds; a correction waits for one second only. */
const lockTriesMax = 10
const lockPauseMs = 100

/** Null: the row is locked. */
async function correctIfFree(
  tx: Tx,
  step: { placing: Placing; key: OrderKey; request: CorrectRequest },
): Promise<Corrected | null> {
  const { key, request } = step
  const [locked] = await tx.lockOrders([{ key, transactionId: null }])
  if (locked === undefined) return null
  const { order } = locked
  const { orderNo } = order
  if (order.status === 'paid') {
    return { kind: 'credited', message: `order "${orderNo}" was credited: it stays as it is` }
  }
  if (!order.adopted) {
    const message = `order "${orderNo}" was placed here, as it is: only adopted orders are corrected`
    return { kind: 'not_adopted', message }
  }
  if (request.expiresAt && request.expiresAt <= order.createdAt) {
    return { kind: 'end_too_early', message: tooEarly }
  }
  const correction = correctionOf(locked, request)
  const changes = describeChanges(order, correction)
  if (changes.length === 0) return { kind: 'corrected', order }
  const { actor, reason } = request
  const by = { source: 'operator', operator: actor.name, reason } as const
  const facts = { action: 'correct', changes, state_seq: order.stateSeq }
  const requested = step.placing.fourEyes === true ? await tx.secondNeeded(key) : null
  const approval =
    step.placing.fourEyes === true ? approvalOf(requested, { actor, facts }) : 'second'
  if (approval === 'second') {
    const requestedBy = requested?.actor?.name
    const evidence = { changes, ...(requestedBy !== undefined && { requested_by: requestedBy }) }
    const corrected = orderEvent(step.placing, { kind: 'corrected', evidence, actor })
    const event: NewOrderEvent = { ...corrected, ...by }
    return { kind: 'corrected', order: await tx.correct(order, { correction, event }) }
  }
  if (approval !== 'first') return { kind: approval, message: sentenceOf({ code: approval }) }
  const evidence = { changes, second_needed: facts }
  const event = orderEvent(step.placing, { kind: 'second_needed', evidence, actor })
  await tx.appendEvent(key, { ...event, ...by, decision: 'keep', alarm: true })
  return { kind: 'needs_second', message: sentenceOf({ code: 'waits_for_second' }), order }
}

/** Such an end is a mistake, and the trade would be closed because of it. */
const tooEarly = 'expires_at: must be after created_at'

/** Earlier answers were judged by other facts, so a pending order is queried in the next run. */
function correctionOf({ order, now }: LockedOrder, request: CorrectRequest): Correction {
  const { expiresAt, watchedUntil } = endOf({ order, now }, request.expiresAt)
  return {
    userId: request.userId ?? order.userId,
    amount: request.amount ?? order.amount,
    appid: request.appid ?? order.appid,
    ...{ expiresAt, watchedUntil },
    nextCheckAt: order.status === 'pending' && order.nextCheckAt > now ? now : order.nextCheckAt,
  }
}

function endOf(
  { order, now }: Pick<LockedOrder, 'order' | 'now'>,
  wanted: Date | null | undefined,
): Pick<Correction, 'expiresAt' | 'watchedUntil'> {
  const { expiresAt, watchedUntil } = order
  if (wanted === undefined || (wanted === null && expiresAt === null))
    return { expiresAt, watchedUntil }
  if (wanted !== null) return { expiresAt: wanted, watchedUntil: null }
  return { expiresAt: null, watchedUntil: new Date(+now + watchMs) }
}

function describeChanges(order: Order, correction: Correction): readonly string[] {
  const facts = (of: Order | Correction) => ({
    user_id: of.userId,
    amount: formatFen(of.amount),
    app_id: of.appid,
    expires_at: of.expiresAt === null ? 'not known' : shanghaiTime(of.expiresAt),
  })
  const [before, after] = [facts(order), facts(correction)]
  return (['user_id', 'amount', 'app_id', 'expires_at'] as const)
    .filter((name) => before[name] !== after[name])
    .map((name) => `${name}: ${before[name]} → ${after[name]}`)
}
