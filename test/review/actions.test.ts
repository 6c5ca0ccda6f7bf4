import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ReviewAction } from '../../src/domain/review/review-action.ts'
import { openWorld, useWorlds, type World } from '../support/world.ts'
import { allZero, type Desk, openDesk, words } from './desk.ts'

/** An operator, budan, a real database and the gateway's simulator. One of each for most tests. */

const world = useWorlds()
let shared: World
beforeAll(async () => {
  shared = await openWorld()
})
afterAll(async () => {
  expect(await shared.store.audit()).toSatisfy(allZero)
  await shared.close()
})

const fail = ({ orderNo }: Desk, fault: Parameters<World['control']['addFault']>[0]['fault']) =>
  void shared.control.addFault({ operation: 'query', out_trade_no: orderNo, fault })

/** What the gateway says, and what then becomes of each action: + done, - refused. */
const cases: readonly [string, (desk: Desk) => void, Record<ReviewAction, string>][] = [
  ['SUCCESS', (desk) => desk.pay(), { credit: '+', expire: '- paid', dismiss: '+' }],
  [
    'SUCCESS of another amount',
    (desk) => {
      desk.pay()
      desk.answerAs({ amount: { total: 99 } })
    },
    { credit: '- different', expire: '- paid', dismiss: '+' },
  ],
  [
    'SUCCESS of another app',
    (desk) => {
      desk.pay()
      desk.answerAs({ appid: 'wx0000000000000009' })
    },
    { credit: '- different', expire: '- different', dismiss: '+' },
  ],
  ['NOTPAY', () => {}, { credit: '- not_paid', expire: '+', dismiss: '+' }],
  [
    'NOTPAY for ever, even when closed',
    (desk) => desk.answerAs({ trade_state: 'NOTPAY' }),
    { credit: '- not_paid', expire: '- not_closed', dismiss: '+' },
  ],
  [
    'USERPAYING',
    ({ orderNo }) => void shared.control.setState(orderNo, 'USERPAYING'),
    { credit: '- not_paid', expire: '- not_closed', dismiss: '+' },
  ],
  [
    'CLOSED',
    ({ orderNo }) => void shared.control.close(orderNo),
    { credit: '- not_paid', expire: '+', dismiss: '+' },
  ],
  [
    'REFUND',
    (desk) => {
      desk.pay()
      shared.control.refund(desk.orderNo)
    },
    { credit: '- refunded', expire: '- refunded', dismiss: '+' },
  ],
  [
    'that it knows no such order',
    (desk) => fail(desk, { kind: 'error', status: 404, code: 'ORDER_NOT_EXIST' }),
    { credit: '- absent', expire: '- absent', dismiss: '+' },
  ],
  [
    'nothing',
    (desk) => {
      desk.pay()
      fail(desk, { kind: 'reset' })
    },
    { credit: '- unanswered', expire: '- unanswered', dismiss: '+' },
  ],
  [
    'SUCCESS that cannot be verified',
    (desk) => {
      desk.pay()
      fail(desk, { kind: 'wrong_signature' })
    },
    { credit: '- unanswered', expire: '- unanswered', dismiss: '+' },
  ],
  [
    'CLOSED that cannot be verified',
    (desk) => {
      shared.control.close(desk.orderNo)
      fail(desk, { kind: 'probe' })
    },
    { credit: '- unanswered', expire: '- unanswered', dismiss: '+' },
  ],
]

const mark = `1.${'0'.repeat(16)}`

const ends = { credit: 'paid', expire: 'expired', dismiss: 'review' } as const
const rows = cases.flatMap(([said, arrange, outcomes]) =>
  (['credit', 'expire', 'dismiss'] as const).map(
    (action) => [action, said, outcomes[action], arrange] as const,
  ),
)

describe('resolveReview()', () => {
  it.each(rows)('to %s while the gateway says %s: %s', async (action, said, outcome, arrange) => {
    const desk = await openDesk(shared)
    arrange(desk)
    const { actions, seen } = await desk.preview()
    const made = await desk.resolve(action, { seen })
    const order = await desk.order()
    const last = (await desk.timeline()).at(-1)
    if (outcome === '+') {
      expect(actions[action].possible).toBe(true)
      expect(made).toMatchObject({ kind: 'resolved', action, order: { status: ends[action] } })
      expect(order).toMatchObject({ status: ends[action], stateSeq: action === 'dismiss' ? 2 : 3 })
      expect(order.dismissed !== null).toBe(action === 'dismiss')
      expect(last).toMatchObject({ source: 'operator', operator: 'Li', reason: words.reason })
      expect(made).toMatchObject({ event: last })
    } else {
      const [, cause] = outcome.split(' ')
      // Only after a close can it turn out that a trade does not close.
      const previewable = !(action === 'expire' && said.includes('even when closed'))
      expect(actions[action].possible).toBe(!previewable)
      expect(made).toMatchObject({ kind: 'refused', cause })
      expect(order).toMatchObject({ status: 'review', stateSeq: 2, dismissed: null })
      expect(last).toMatchObject({ decision: 'keep', operator: 'Li', toStatus: null })
      expect(last?.reason).toMatch(new RegExp(`^refused to ${action}: `))
    }
    expect(await desk.balance()).toBe(action === 'credit' && outcome === '+' ? 100n : 0n)
  })

  it('credits nothing when the gateway does not answer in time', async () => {
    const opened = await world({ timeoutMs: 4_000 })
    const desk = await openDesk(opened)
    desk.pay()
    const { seen } = await desk.preview()
    opened.control.addFault({ operation: 'query', fault: { kind: 'hang' } })
    expect(await desk.resolve('credit', { seen })).toMatchObject({ cause: 'unanswered' })
    expect(await desk.balance()).toBe(0n)
  })

  it('credits with the source operator, and reports it to the log, the metrics and onPaid', async () => {
    const paid: string[] = []
    const opened = await world({
      onPaid: async ({ order, transfer }) => {
        paid.push(`${order.status} ${order.creditedBy} ${transfer.amount}`)
      },
    })
    const desk = await openDesk(opened)
    desk.pay()
    await desk.resolve('credit')
    expect(paid).toEqual(['paid operator 100'])
    const { orderNo } = desk
    expect(opened.events).toContainEqual({
      ...{ type: 'review_resolved', orderNo, action: 'credit', operator: 'Li' },
    })
    expect(opened.events).toContainEqual(
      expect.objectContaining({ type: 'order_credited', orderNo, source: 'operator' }),
    )
    const { text } = await opened.budan.metrics()
    expect(text).toContain('budan_reviews_resolved_total{action="credit"} 1')
    expect(text).toContain('budan_credits_total{source="operator"} 1')
    expect(text).toContain('budan_review_orders 0')
  })

  it('credits nothing when onPaid fails, and can be repeated', async () => {
    let failing = true
    const opened = await world({
      onPaid: async () => {
        if (failing) throw new Error('the shop is away')
      },
    })
    const desk = await openDesk(opened)
    desk.pay()
    const { seen } = await desk.preview()
    await expect(desk.resolve('credit', { seen })).rejects.toThrow('the shop is away')
    expect(await desk.order()).toMatchObject({ status: 'review' })
    failing = false
    expect(await desk.resolve('credit', { seen })).toMatchObject({ kind: 'resolved' })
    expect(await desk.balance()).toBe(100n)
  })

  it('closes an unpaid trade before it expires the order, with both in the timeline', async () => {
    const desk = await openDesk(shared)
    const { orderNo } = desk
    const { actions } = await desk.preview()
    expect(actions.expire.effect).toMatch(/^closes its trade at the gateway, queries it again/)
    expect(shared.control.order(orderNo).trade_state).toBe('NOTPAY')
    await desk.resolve('expire')
    expect(shared.control.order(orderNo).trade_state).toBe('CLOSED')
    expect((await desk.timeline()).slice(-2)).toMatchObject([
      { kind: 'closing', source: 'operator', operator: 'Li', toStatus: null },
      { kind: 'resolved', decision: 'expire', toStatus: 'expired', tradeState: 'CLOSED' },
    ])
  })

  it('does not expire what is paid between the preview and the close', async () => {
    const desk = await openDesk(shared)
    const fault = { kind: 'pay', when: 'before', callback: false } as const
    shared.control.addFault({ operation: 'close', out_trade_no: desk.orderNo, fault })
    expect(await desk.resolve('expire')).toMatchObject({ kind: 'refused', cause: 'paid' })
    expect(await desk.resolve('credit')).toMatchObject({ kind: 'resolved' })
    expect(await desk.balance()).toBe(100n)
  })

  it('does not expire when the close is not answered, whatever became of it', async () => {
    const desk = await openDesk(shared)
    const fault = { kind: 'reset', performed: true } as const
    shared.control.addFault({ operation: 'close', out_trade_no: desk.orderNo, fault, times: 1 })
    const { seen } = await desk.preview()
    expect(await desk.resolve('expire', { seen })).toMatchObject({ cause: 'unanswered' })
    expect(await desk.order()).toMatchObject({ status: 'review' })
    // The closing changed nothing here: what was seen still holds.
    expect(await desk.resolve('expire', { seen })).toMatchObject({ kind: 'resolved' })
  })

  it('never trusts the answer of the preview', async () => {
    const desk = await openDesk(shared)
    desk.pay()
    const { seen, actions } = await desk.preview()
    expect(actions.credit.possible).toBe(true)
    shared.control.refund(desk.orderNo)
    expect(await desk.resolve('credit', { seen })).toMatchObject({ cause: 'refunded' })
    expect(await desk.balance()).toBe(0n)
  })

  it('dismisses no payment that came after the preview', async () => {
    const desk = await openDesk(shared)
    const { seen } = await desk.preview()
    desk.pay()
    expect(await desk.resolve('dismiss', { seen })).toMatchObject({ cause: 'unseen' })
    expect(await desk.order()).toMatchObject({ status: 'review', dismissed: null })
    expect(await desk.resolve('dismiss')).toMatchObject({ kind: 'resolved' })
  })

  it('never credits an order by a payment that credited another', async () => {
    const other = await openDesk(shared)
    other.pay()
    await other.resolve('credit')
    const { transactionId } = await other.order()
    const desk = await openDesk(shared)
    desk.pay()
    desk.answerAs({ transaction_id: transactionId ?? '' })
    expect(await desk.resolve('credit')).toMatchObject({
      kind: 'refused',
      message: `its transaction was credited to order "${other.orderNo}" already`,
    })
    expect(await desk.balance()).toBe(0n)
  })

  it('is null for an order that is not ours, and sends no query about one that is not in review', async () => {
    expect(await shared.budan.previewReview('NOBODYS')).toBeNull()
    const request = { action: 'credit', ...words, seen: mark } as const
    expect(await shared.budan.resolveReview('NOBODYS', request)).toBeNull()
    const { orderNo } = await shared.adopt('PENDING-1')
    const conflict = {
      kind: 'not_in_review',
      message: `order "${orderNo}" is pending, not in review`,
      codedReason: { code: 'not_in_review', orderNo, status: 'pending', first: null },
      first: null,
    }
    const queries = shared.control.requests({ operation: 'query' }).length
    expect(await shared.budan.previewReview(orderNo)).toEqual(conflict)
    expect(await shared.budan.resolveReview(orderNo, request)).toEqual(conflict)
    expect(shared.control.requests({ operation: 'query' })).toHaveLength(queries)
  })

  it.each([
    ['name', ''],
    ['name', 'x'.repeat(65)],
    ['reason', ' '],
    ['reason', 'a\nb'],
    ['seen', '1; drop'],
    ['seen', '1'],
  ])('throws for a wrong %s: %j', async (key, value) => {
    const request = { action: 'dismiss', ...words, seen: mark, [key]: value } as const
    await expect(shared.budan.resolveReview('ANY', request)).rejects.toThrow(
      `Cannot resolve a review: ${key} must`,
    )
  })
})

describe('a dismissed order', () => {
  const dismissedWith = async (patch: Record<string, string | object> | null) => {
    const desk = await openDesk(shared)
    if (patch !== null) {
      desk.pay()
      desk.answerAs(patch)
    }
    expect(await desk.resolve('dismiss')).toMatchObject({ kind: 'resolved' })
    return desk
  }
  const isQueued = async ({ orderNo }: Desk, dismissed = false) => {
    const page = await shared.store.listReviews({ dismissed, limit: 200, cursor: null })
    return page.items.some(({ order }) => order.orderNo === orderNo)
  }

  it('leaves the queue and is in review still; a second dismissal is refused', async () => {
    const desk = await dismissedWith(null)
    expect(await isQueued(desk)).toBe(false)
    expect(await isQueued(desk, true)).toBe(true)
    expect((await desk.preview()).actions.dismiss).toEqual({
      ...{ possible: false, effect: 'not possible: it was dismissed before' },
      codedEffect: { code: 'not_possible', because: { code: 'dismissed_before' } },
    })
    expect(await desk.resolve('dismiss')).toMatchObject({ cause: 'dismissed' })
  })

  it('keeps recording evidence, and stays away for the payment that was known', async () => {
    const desk = await dismissedWith({ amount: { total: 99 } })
    for (let times = 0; times < 3; times += 1) await shared.budan.checkOrder(desk.orderNo)
    const newest = (await desk.timeline()).slice(-3)
    expect(newest.map(({ decision, alarm }) => [decision, alarm])).toEqual(
      Array(3).fill(['keep', false]),
    )
    expect(await isQueued(desk)).toBe(false)
  })

  it('comes back with an alarm for a payment that was not known', async () => {
    const desk = await dismissedWith(null)
    const { orderNo } = desk
    desk.pay()
    await shared.budan.receiveCallback(await shared.callback(orderNo))
    expect(await isQueued(desk)).toBe(true)
    const last = (await desk.timeline()).at(-1)
    expect(last).toMatchObject({ decision: 'review', alarm: true, toStatus: null, stateSeq: null })
    expect(shared.events).toContainEqual(expect.objectContaining({ type: 'order_alarm', orderNo }))
    expect((await desk.preview()).review).toMatchObject({
      ...{ entered: last, resolved: { kind: 'dismissed' } },
    })
    // Once: it is in the queue now, and whatever comes is kept.
    await shared.budan.checkOrder(orderNo)
    expect((await desk.timeline()).at(-1)).toMatchObject({ decision: 'keep' })
    expect(await desk.resolve('credit')).toMatchObject({ kind: 'resolved' })
    expect(await desk.balance()).toBe(100n)
  })

  it('comes back when the payment becomes the right one', async () => {
    const desk = await dismissedWith({ amount: { total: 99 } })
    shared.control.answerAs(desk.orderNo, null)
    await shared.budan.checkOrder(desk.orderNo)
    expect(await isQueued(desk)).toBe(true)
  })

  it.each(['credit', 'expire'] as const)('can still be resolved: %s', async (action) => {
    const desk = await dismissedWith(null)
    if (action === 'credit') desk.pay()
    expect(await desk.resolve(action)).toMatchObject({ kind: 'resolved' })
    expect(await desk.order()).toMatchObject({ status: ends[action], dismissed: null })
  })

  it('warns before it is done to one that was paid as ordered', async () => {
    const desk = await openDesk(shared)
    desk.pay()
    const { actions } = await desk.preview()
    expect(actions.dismiss.effect).toMatch(/Beware: ¥1\.00 was paid as ordered/)
  })
})

describe('an order that an operator expired', () => {
  it('is credited like any other when money comes after all', async () => {
    const desk = await openDesk(shared)
    await desk.resolve('expire')
    shared.control.pay(desk.orderNo, { callback: false, force: true })
    await shared.budan.checkOrder(desk.orderNo)
    expect(await desk.order()).toMatchObject({ status: 'paid', creditedBy: 'check' })
  })
})
