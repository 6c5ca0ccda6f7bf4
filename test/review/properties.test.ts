import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Order } from '../../src/domain/order.ts'
import { reviewActions } from '../../src/domain/review/review-action.ts'
import type { Answer } from '../../src/domain/trade.ts'
import { settleResolution } from '../../src/settle/resolution.ts'
import { type Settling, settle } from '../../src/settle/settle.ts'
import type { Store } from '../../src/store/store.ts'
import { insertedOf, newEvent, newOrder } from '../contract/store-fixtures.ts'
import { keyOf } from '../support/order-key.ts'
import { runsOf } from '../support/random.ts'
import { absentAnswer, answerOf, unknownAnswer } from '../support/samples.ts'
import { freshStore } from '../support/stores.ts'
import { allZero, words } from './desk.ts'

/**
 * Any answers and any resolution requests, in any order, for two orders that the gateway may mix up:
 * whatever they do, the model below, which knows only what was answered, must agree.
 */

let store: Store
beforeAll(async () => {
  store = await freshStore('pglite')
})
const answer = fc.record({
  reported: fc.oneof(
    { weight: 3, arbitrary: fc.constant('SUCCESS') },
    { weight: 3, arbitrary: fc.constantFrom('REFUND', 'CLOSED', 'NOTPAY') },
    { weight: 1, arbitrary: fc.constantFrom('USERPAYING', 'WHAT', 'absent', 'unknown') },
  ),
  wrong: fc.option(fc.constantFrom('amount', 'currency', 'mchid', 'appid', 'order'), { freq: 3 }),
  transaction: fc.constantFrom('A', 'B'),
})

const step = fc.record({
  which: fc.constantFrom(0, 1),
  answer,
  /** Null: an answer that a callback brings. */
  action: fc.option(fc.constantFrom(...reviewActions), { freq: 2 }),
  closeTried: fc.boolean(),
  isSeen: fc.boolean(),
  stale: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.boolean()),
})
const steps = fc.array(step, { minLength: 2, maxLength: 12 })
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** Sequences that come to each end of a review, tried before the random ones. */
const everyMove: [boolean, Step[]][] = (
  [
    ['credit', 'SUCCESS'],
    ['expire', 'CLOSED'],
    ['dismiss', 'NOTPAY'],
  ] as const
).map(([action, reported]) => [
  true,
  [
    {
      ...{ which: 0, answer: { reported, wrong: null, transaction: 'A' }, action },
      ...{ closeTried: false, isSeen: true, stale: false },
    },
  ],
])

const wrongs = {
  amount: { amount: 1n },
  currency: { currency: 'USD' },
  mchid: { mchid: '1' },
  appid: { appid: 'x' },
  order: { orderNo: 'ANOTHERORDER' },
}

function answerFor(order: Order, { reported, wrong, transaction }: Step['answer']): Answer {
  if (reported === 'absent') return absentAnswer
  if (reported === 'unknown') return unknownAnswer
  const paid = reported === 'SUCCESS' || reported === 'REFUND'
  return answerOf(reported, {
    ...{ orderNo: order.orderNo, amount: order.amount },
    // Of both orders of a sequence, and of no other sequence.
    ...(paid && { transactionId: `${transaction}-${order.userId}` }),
    ...(wrong === null ? {} : wrongs[wrong]),
  })
}

async function placeTwo(inReview: boolean): Promise<readonly Order[]> {
  const first = newOrder()
  const userId = `user of ${first.orderNo}`
  const made: Order[] = []
  for (const order of [{ ...first, userId }, newOrder({ userId })]) {
    const event = newEvent({ kind: 'created', source: 'api' })
    const placed = insertedOf(await store.insertOrder(order, event))
    const turned = { ...event, kind: 'answered', decision: 'review' } as const
    made.push(
      inReview
        ? await store.transaction((tx) =>
            tx.changeStatus(placed, { status: 'review', event: turned }),
          )
        : placed,
    )
  }
  return made
}

const settling = (): Settling => ({
  store,
  policy: {
    ...{ intervalMs: 1, thresholdMs: 1, recheckMs: [1], runDeadlineMs: 1, leaseMs: 1 },
    ...{ absenceSpreadMs: 1, orderTtlMs: 1 },
  } as Settling['policy'],
  emit: () => {},
  node: 'n',
})

async function take(
  order: Order,
  { action, closeTried, stale, isSeen, ...rest }: Step,
): Promise<void> {
  const { orderNo } = order
  const answer = answerFor(order, rest.answer)
  if (action === null) {
    const by = { source: 'callback', runId: null, waitFrom: null } as const
    await settle(settling(), { by, key: order.key, answer })
    return
  }
  const review = await store.findReview(keyOf(orderNo))
  const eventId = stale ? '1' : (review?.seen.id ?? '1')
  const seen = { eventId, isSeen: () => isSeen }
  const end = await settleResolution(settling(), {
    ...{ key: order.key, action, ...words, seen, answer, closeTried },
  })
  const isOpen = review?.order.status === 'review' && eventId === review.seen.id
  expect(end?.kind).toBe(isOpen ? 'decided' : 'conflict')
}

/** What may become of an order by one step, given what is answered. */
async function check(before: Order, { answer: said, action }: Step): Promise<void> {
  const after = await store.findOrder(keyOf(before.orderNo))
  if (after === null) throw new Error('gone')
  const move = `${before.status} ${after.status}`
  const right = said.wrong === null
  const byOperator = action !== null
  if (move.endsWith(' paid') && before.status !== 'paid') {
    expect([said.reported, right]).toEqual(['SUCCESS', true])
    expect(after.creditedBy).toBe(byOperator ? 'operator' : 'callback')
    expect(after.transactionId).toBe(`${said.transaction}-${before.userId}`)
    expect(action === null || action === 'credit').toBe(true)
  }
  if (move === 'review paid') expect(action).toBe('credit')
  if (move === 'review expired') expect([action, said.reported]).toEqual(['expire', 'CLOSED'])
  if (move.endsWith('expired') && before.status !== 'expired') {
    expect(said.reported).toBe('CLOSED')
    expect(['mchid', 'appid', 'order']).not.toContain(said.wrong)
  }
  if (byOperator && before.status !== 'review') expect(after).toEqual(before)
  if (before.dismissed === null && after.dismissed !== null) expect(action).toBe('dismiss')
  if (before.dismissed !== null && after.dismissed === null && after.status === 'review') {
    expect([action, said.reported]).toEqual([null, 'SUCCESS'])
  }
}

describe('answers and operators', () => {
  it('in any order never break an invariant', async () => {
    const moves = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.boolean(), steps, async (inReview, taken) => {
        const orders = [...(await placeTwo(inReview))]
        for (const one of taken) {
          const before = orders[one.which]
          if (before === undefined) throw new Error('no such order')
          await take(before, one)
          await check(before, one)
          const after = await store.findOrder(keyOf(before.orderNo))
          if (after !== null) orders[one.which] = after
          moves.add(`${before.status} ${after?.status}${after?.dismissed ? ' dismissed' : ''}`)
        }
        const paid = orders.filter(({ status }) => status === 'paid')
        const { balance } = await store.balance(orders[0]?.userId ?? '')
        expect(balance).toBe(paid.reduce((sum, { amount }) => sum + amount, 0n))
        expect(new Set(paid.map(({ transactionId }) => transactionId)).size).toBe(paid.length)
      }),
      { numRuns: runsOf(80), examples: everyMove },
    )
    expect(await store.audit()).toSatisfy(allZero)
    // The sequences came to everything that can happen.
    for (const move of ['review paid', 'review expired', 'review review dismissed']) {
      expect(moves).toContain(move)
    }
  })
})
