import { describe, expect, test } from 'vitest'
import type { Exception } from '../../src/domain/review/exception.ts'
import { useWorlds, type World, type WorldOptions } from '../support/world.ts'

const openWorld = useWorlds({ kind: 'postgres' })

async function credited(opened: World, { amount = 8_800, orderNo = 'ORDER-1' } = {}) {
  await opened.adopt(orderNo, { amount })
  opened.control.pay(orderNo, { callback: false })
  await opened.budan.receiveCallback(await opened.callback(orderNo))
  const order = await opened.order(orderNo)
  expect(order.status).toBe('paid')
  return order
}

async function exceptions(opened: World, wanted: { state?: 'open' | 'closed' } = {}) {
  const { items } = await opened.budan.listExceptions({ ...wanted, limit: 200 })
  return items.toReversed()
}

/** Kind, sum, and whether it is open. */
function brief({ kind, amountAtStake, state, closing }: Exception): string {
  return `${kind} ${amountAtStake} ${closing === null ? state : `closed by ${closing.by}`}`
}

async function briefly(opened: World): Promise<readonly string[]> {
  return (await exceptions(opened)).map(brief)
}

function emitted(opened: World): readonly string[] {
  return opened.events.flatMap((event) => {
    if (event.type === 'exception_opened') return [`opened ${event.kind} ${event.amountAtStake}`]
    return event.type === 'exception_closed' ? [`closed ${event.kind} by ${event.by}`] : []
  })
}

/** A notice of a new refund. */
async function refund(opened: World, amount: number, status = 'SUCCESS') {
  opened.control.refund('ORDER-1', { amount })
  return opened.refundNotice('ORDER-1', { status })
}

/** A second payment under the number of a paid order. */
async function payAgain(opened: World, transactionId: string, total = 8_800) {
  opened.control.answerAs('ORDER-1', { transaction_id: transactionId, amount: { total } })
}

const kinds = ['pglite', 'postgres'] as const

describe.each(kinds)('a second payment of a paid order, on %s', (kind) => {
  test('opens one exception, however often and by whatever way it is seen', async () => {
    const opened = await openWorld({ kind })
    await credited(opened)
    await payAgain(opened, '4200000000000000000000000077', 9_900)
    for (const _ of [1, 2]) await opened.budan.checkOrder('ORDER-1')
    await Promise.all([1, 2, 3].map(() => opened.budan.checkOrder('ORDER-1')))
    expect(await exceptions(opened)).toMatchObject([
      {
        ...{ kind: 'duplicate_payment', orderNo: 'ORDER-1', state: 'open', closing: null },
        ...{ transactionId: '4200000000000000000000000077', refundId: null },
        ...{ amountAtStake: 9_900n, currency: 'CNY', gateway: 'wechatpay' },
      },
    ])
    expect(emitted(opened)).toEqual(['opened duplicate_payment 9900'])
    expect(await opened.balance('u1')).toBe(8_800n)
  })

  test('stays closed once somebody has closed it, and a third payment opens another', async () => {
    const opened = await openWorld({ kind })
    await credited(opened)
    await payAgain(opened, '42000000000000000000000077')
    await opened.budan.checkOrder('ORDER-1')
    const [found] = await exceptions(opened)
    const actor = { name: 'wang.li', address: '10.0.0.7' }
    const request = { reason: 'refunded by hand', actor }
    expect(await opened.budan.closeException(found?.id ?? '', request)).toMatchObject({
      kind: 'closed',
      exception: { state: 'closed', closing: { by: 'wang.li', reason: 'refunded by hand' } },
    })
    expect(await opened.budan.closeException(found?.id ?? '', request)).toMatchObject({
      kind: 'already_closed',
      message: expect.stringMatching(/was closed by "wang.li" at .*: refunded by hand$/),
    })
    await opened.budan.checkOrder('ORDER-1')
    await payAgain(opened, '42000000000000000000000078')
    await opened.budan.checkOrder('ORDER-1')
    expect(await briefly(opened)).toEqual([
      'duplicate_payment 8800 closed by wang.li',
      'duplicate_payment 8800 open',
    ])
    for (const reason of ['', ' ', 'x'.repeat(501), 1, undefined]) {
      const closing = opened.budan.closeException('999', { actor, reason: reason as string })
      await expect(closing).rejects.toThrow(/^Cannot close an exception: reason: must/)
    }
    expect(await opened.budan.closeException('999', request)).toBeNull()
    expect(await opened.budan.closeException('no id', request)).toBeNull()
  })

  test('heals when the whole payment goes back, also where the notice comes first', async () => {
    const opened = await openWorld({ kind })
    const second = '42000000000000000000000077'
    await credited(opened)
    const noticeOf = async (amount: number) => {
      opened.control.refund('ORDER-1', { amount })
      const merge = { transaction_id: second }
      await opened.budan.receiveCallback(await opened.refundNotice('ORDER-1', { merge }))
    }
    await noticeOf(8_000)
    expect(await briefly(opened)).toEqual(['duplicate_payment 8800 open'])
    await noticeOf(800)
    expect(await briefly(opened)).toEqual(['duplicate_payment 8800 closed by budan'])
    await payAgain(opened, second)
    await opened.budan.checkOrder('ORDER-1')
    expect(await briefly(opened)).toEqual(['duplicate_payment 8800 closed by budan'])
    expect(emitted(opened)).toEqual([
      'opened duplicate_payment 8800',
      'closed duplicate_payment by budan',
    ])
  })
})

describe.each(kinds)('a refund of a credited order, on %s', (kind) => {
  test('is a part, until all refunds make up the whole', async () => {
    const opened = await openWorld({ kind })
    await credited(opened)
    for (const amount of [100, 700, 8_000]) {
      const notice = await refund(opened, amount)
      await opened.budan.receiveCallback(notice)
      await opened.budan.receiveCallback(notice)
      await opened.budan.checkOrder('ORDER-1')
    }
    expect(await briefly(opened)).toEqual([
      'partly_refunded 100 open',
      'partly_refunded 700 open',
      'refunded_after_credit 8000 open',
    ])
    const [first, , last] = await exceptions(opened)
    expect(first?.reason).toBe('paid here; a refund of ¥1.00 was made, ¥1.00 of ¥88.00 in all')
    expect(last?.reason).toBe('paid here; a refund of ¥80.00 was made, ¥88.00 of ¥88.00 in all')
    expect(first?.refundId).toMatch(/^5030/)
  })

  test('that a query says was started is one of the whole sum, and no second one when its notice comes', async () => {
    const opened = await openWorld({ kind })
    await credited(opened)
    const notice = await refund(opened, 8_800)
    for (const _ of [1, 2]) await opened.budan.checkOrder('ORDER-1')
    expect(await briefly(opened)).toEqual(['refunded_after_credit 8800 open'])
    expect((await exceptions(opened))[0]).toMatchObject({ refundId: null })
    for (const _ of [1, 2]) await opened.budan.receiveCallback(notice)
    expect(await briefly(opened)).toEqual(['refunded_after_credit 8800 open'])
    expect((await exceptions(opened))[0]).toMatchObject({
      refundId: expect.stringMatching(/^5030/),
    })
    expect(emitted(opened)).toEqual(['opened refunded_after_credit 8800'])
  })

  test('that a query says was started is replaced by the part that its notice names', async () => {
    const opened = await openWorld({ kind })
    await credited(opened)
    const notice = await refund(opened, 100)
    await opened.budan.checkOrder('ORDER-1')
    await opened.budan.receiveCallback(notice)
    await opened.budan.checkOrder('ORDER-1')
    expect(await briefly(opened)).toEqual([
      'refunded_after_credit 8800 closed by budan',
      'partly_refunded 100 open',
    ])
  })

  test('that was not made opens none; one that was noticed twice at once opens one', async () => {
    const opened = await openWorld({ kind })
    await credited(opened)
    for (const status of ['ABNORMAL', 'CLOSED', 'PROCESSING']) {
      await opened.budan.receiveCallback(await refund(opened, 100, status))
    }
    expect(await briefly(opened)).toEqual([])
    const notice = await refund(opened, 50)
    await Promise.all([1, 2, 3, 4].map(() => opened.budan.receiveCallback(notice)))
    expect(await briefly(opened)).toEqual(['partly_refunded 50 open'])
    expect(emitted(opened)).toEqual(['opened partly_refunded 50'])
  })

  test('of two at the same moment, the last to be written makes it whole', async () => {
    const opened = await openWorld({ kind })
    await credited(opened)
    const notices = [await refund(opened, 8_000), await refund(opened, 800)]
    await Promise.all(notices.map((notice) => opened.budan.receiveCallback(notice)))
    const found = await exceptions(opened)
    expect(found.map((each) => each.kind)).toEqual(['partly_refunded', 'refunded_after_credit'])
    expect(found.reduce((sum, each) => sum + each.amountAtStake, 0n)).toBe(8_800n)
  })

  test('that came before the credit counts once the order is credited', async () => {
    const opened = await openWorld({ kind })
    await opened.adopt('ORDER-1', { amount: 8_800 })
    opened.control.pay('ORDER-1', { callback: false })
    const callback = await opened.callback('ORDER-1')
    await opened.budan.receiveCallback(await refund(opened, 300))
    expect(await briefly(opened)).toEqual([])
    await opened.budan.receiveCallback(callback)
    expect((await opened.order('ORDER-1')).status).toBe('paid')
    expect(await briefly(opened)).toEqual(['partly_refunded 300 open'])
  })
})

describe('a refund of a credited order', () => {
  test('over the whole sum opens one for each refund', async () => {
    const opened = await openWorld()
    await credited(opened)
    const merge = (refund_id: string, sum: number) => ({
      merge: { refund_id, amount: { total: 8_800, refund: sum } },
    })
    opened.control.refund('ORDER-1', { amount: 1 })
    for (const each of [merge('5030-1', 8_800), merge('5030-2', 5_000), merge('5030-3', 0)]) {
      await opened.budan.receiveCallback(await opened.refundNotice('ORDER-1', each))
    }
    expect(await briefly(opened)).toEqual([
      'refunded_after_credit 8800 open',
      'refunded_after_credit 5000 open',
    ])
  })

  test('of a sum that is not said is taken for the whole', async () => {
    const opened = await openWorld()
    await credited(opened)
    opened.control.refund('ORDER-1', { amount: 1 })
    const merge = { refund_id: null, out_refund_no: null, amount: null }
    await opened.budan.receiveCallback(await opened.refundNotice('ORDER-1', { merge }))
    expect(await briefly(opened)).toEqual(['refunded_after_credit 8800 open'])
  })
})

describe.each(kinds)('a review, on %s', (kind) => {
  async function inReview(options: WorldOptions = {}) {
    const opened = await openWorld({ kind, ...options })
    await opened.adopt('ORDER-1', { amount: 100 })
    opened.control.answerAs('ORDER-1', { amount: { total: 99 } })
    opened.control.pay('ORDER-1', { callback: false })
    await opened.budan.receiveCallback(await opened.callback('ORDER-1'))
    return opened
  }

  async function resolve(opened: World, action: 'dismiss' | 'credit') {
    const previewed = await opened.budan.previewReview('ORDER-1')
    const seen = previewed?.kind === 'previewed' ? previewed.preview.seen : ''
    const words = { name: 'Li', reason: 'paid back in cash' }
    return opened.budan.resolveReview('ORDER-1', { action, seen, ...words })
  }

  test('opens one with the sum that was paid, closed by the operator who dismisses it, and anew when it comes back', async () => {
    const opened = await inReview()
    const { transactionId } = (await exceptions(opened))[0] ?? {}
    expect(await exceptions(opened)).toMatchObject([
      {
        ...{ kind: 'review', amountAtStake: 99n, state: 'open' },
        reason: 'paid, but not as ordered: amount ¥0.99, ordered ¥1.00',
      },
    ])
    expect(transactionId).toMatch(/^4200/)
    const [open] = await exceptions(opened)
    const actor = { name: 'wang.li', address: null }
    expect(
      await opened.budan.closeException(open?.id ?? '', { reason: 'done', actor }),
    ).toMatchObject({ kind: 'use_review' })
    await opened.budan.checkOrder('ORDER-1')
    expect(await resolve(opened, 'dismiss')).toMatchObject({ kind: 'resolved' })
    expect(await exceptions(opened)).toMatchObject([
      { state: 'closed', closing: { by: 'Li', reason: 'paid back in cash' } },
    ])
    opened.control.answerAs('ORDER-1', { amount: { total: 98 } })
    await opened.budan.checkOrder('ORDER-1')
    expect(await briefly(opened)).toEqual(['review 99 closed by Li', 'review 100 open'])
    expect(emitted(opened)).toEqual([
      'opened review 99',
      'closed review by Li',
      'opened review 100',
    ])
  })

  test('has refunds and further payments as a part of it', async () => {
    const opened = await inReview()
    await opened.budan.receiveCallback(await refund(opened, 50))
    await opened.budan.checkOrder('ORDER-1')
    await payAgain(opened, '42000000000000000000000077')
    await opened.budan.checkOrder('ORDER-1')
    expect(await briefly(opened)).toEqual(['review 99 open'])
  })

  test('is closed by the credit, and what is credited can be paid again', async () => {
    const opened = await inReview()
    opened.control.answerAs('ORDER-1', null)
    expect(await resolve(opened, 'credit')).toMatchObject({ kind: 'resolved' })
    expect(await briefly(opened)).toEqual(['review 99 closed by Li'])
    await payAgain(opened, '42000000000000000000000077', 100)
    await opened.budan.checkOrder('ORDER-1')
    expect(await briefly(opened)).toEqual(['review 99 closed by Li', 'duplicate_payment 100 open'])
  })

  test('that names a payment of another order is one, and the other order has none', async () => {
    const opened = await openWorld({ kind })
    const { transactionId } = await credited(opened, { orderNo: 'ORDER-2' })
    await opened.adopt('ORDER-1', { amount: 8_800 })
    opened.control.pay('ORDER-1', { callback: false })
    await payAgain(opened, transactionId ?? '')
    await opened.budan.checkOrder('ORDER-1')
    expect(await briefly(opened)).toEqual(['review 8800 open'])
  })
})
