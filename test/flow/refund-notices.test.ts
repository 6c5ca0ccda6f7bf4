import type { NoticeInput } from 'budan-simulator'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runsOf } from '../support/random.ts'
import { useWorlds, type World } from '../support/world.ts'

const openWorld = useWorlds({ kind: 'postgres' })

/** Paid, credited, and a part of it refunded at the gateway. */
async function refunded(opened: World, { amount = 8_800, refund = 100, orderNo = 'ORDER-1' } = {}) {
  await opened.adopt(orderNo, { amount })
  opened.control.pay(orderNo, { callback: false })
  await opened.budan.receiveCallback(await opened.callback(orderNo))
  opened.control.refund(orderNo, { amount: refund })
}

async function notices(opened: World, orderNo = 'ORDER-1') {
  const timeline = await opened.timeline(orderNo)
  return timeline.filter(({ kind }) => kind === 'refund_noticed')
}

async function metric(opened: World, name: string): Promise<number> {
  const { text } = await opened.budan.metrics()
  const line = text.split('\n').find((each) => each.startsWith(`${name} `))
  return Number(line?.slice(name.length + 1))
}

describe.each(['pglite', 'postgres'] as const)('a notice of a refund, on %s', (kind) => {
  test('is noted once with its sums, acknowledged, and raises an alarm for a credited order', async () => {
    const opened = await openWorld({ kind })
    await refunded(opened)
    const before = await opened.order('ORDER-1')
    const receive = async () =>
      opened.budan.receiveCallback(await opened.refundNotice('ORDER-1', { status: 'SUCCESS' }))
    expect(await receive()).toMatchObject({ kind: 'noted', order: { orderNo: 'ORDER-1' } })
    expect(await receive()).toMatchObject({ kind: 'noted', order: { orderNo: 'ORDER-1' } })
    expect(await notices(opened)).toMatchObject([
      {
        ...{ source: 'callback', alarm: true, toStatus: null, decision: null },
        reason: 'a refund of ¥1.00 of ¥88.00 was made at the gateway',
        evidence: {
          event_type: 'REFUND.SUCCESS',
          refund: {
            ...{
              out_trade_no: 'ORDER-1',
              refund_status: 'SUCCESS',
              transaction_id: before.transactionId,
            },
            ...{ refund_id: expect.stringMatching(/^5030/), out_refund_no: 'ORDER-1-1' },
            amount: { total: 8_800, refund: 100, payer_total: 8_800, payer_refund: 100 },
          },
        },
      },
    ])
    expect(JSON.stringify(await notices(opened))).not.toContain('招商')
    expect(await opened.order('ORDER-1')).toEqual(before)
    expect(await opened.balance('u1')).toBe(8_800n)
    expect(opened.events.filter(({ type }) => type === 'callback_rejected')).toEqual([])
    expect(opened.events.filter(({ type }) => type === 'order_alarm')).toHaveLength(1)
    expect(await metric(opened, 'budan_refund_notices_total{result="noted"}')).toBe(1)
    expect(await metric(opened, 'budan_refund_notices_total{result="repeated"}')).toBe(1)
    expect(await metric(opened, 'budan_callbacks_rejected_total')).toBe(0)
  })

  test('is noted once by many nodes that receive it at the same moment', async () => {
    const opened = await openWorld({ kind })
    await refunded(opened)
    const callback = await opened.refundNotice('ORDER-1')
    await Promise.all(Array.from({ length: 8 }, () => opened.budan.receiveCallback(callback)))
    expect(await notices(opened)).toHaveLength(1)
  })
})

describe('a notice of a refund', () => {
  test('is one for each refund and each of its states', async () => {
    const opened = await openWorld()
    await refunded(opened)
    for (const status of ['ABNORMAL', 'SUCCESS', 'SUCCESS']) {
      await opened.budan.receiveCallback(await opened.refundNotice('ORDER-1', { status }))
    }
    opened.control.refund('ORDER-1', { amount: 50 })
    await opened.budan.receiveCallback(await opened.refundNotice('ORDER-1', { status: 'CLOSED' }))
    expect((await notices(opened)).map(({ reason, alarm }) => [reason, alarm])).toEqual([
      [
        'a refund of ¥1.00 of ¥88.00 is stuck at the gateway: it has to be made there by hand',
        true,
      ],
      ['a refund of ¥1.00 of ¥88.00 was made at the gateway', true],
      ['a refund of ¥0.50 of ¥88.00 was given up at the gateway', false],
    ])
  })

  test('changes no order, whatever its state, and raises an alarm only where none was raised yet', async () => {
    const opened = await openWorld()
    const alarms: Record<string, boolean | undefined> = {}
    const noticeOn = async (orderNo: string) => {
      opened.control.refund(orderNo, { amount: 1 })
      const before = await opened.order(orderNo)
      await opened.budan.receiveCallback(await opened.refundNotice(orderNo))
      expect(await opened.order(orderNo)).toEqual(before)
      alarms[before.status] = (await notices(opened, orderNo))[0]?.alarm
    }
    await opened.adopt('PENDING-1')
    opened.control.pay('PENDING-1', { callback: false })
    await noticeOn('PENDING-1')
    await opened.adopt('REVIEW-1', { amount: 100 })
    opened.control.answerAs('REVIEW-1', { amount: { total: 99 } })
    opened.control.pay('REVIEW-1', { callback: false })
    await opened.budan.receiveCallback(await opened.callback('REVIEW-1'))
    await noticeOn('REVIEW-1')
    await opened.adopt('EXPIRED-1')
    opened.control.setState('EXPIRED-1', 'CLOSED')
    await opened.budan.checkOrder('EXPIRED-1')
    opened.control.setState('EXPIRED-1', 'NOTPAY')
    opened.control.pay('EXPIRED-1', { callback: false })
    await noticeOn('EXPIRED-1')
    expect(alarms).toEqual({ pending: false, review: false, expired: true })
  })

  test('names the payment where it is another than the one credited', async () => {
    const opened = await openWorld()
    await refunded(opened)
    await opened.budan.receiveCallback(
      await opened.refundNotice('ORDER-1', {
        merge: { transaction_id: '4200000000000000000000009999' },
      }),
    )
    expect((await notices(opened))[0]?.reason).toBe(
      'a refund of ¥1.00 of ¥88.00 was made at the gateway, of another payment than the one credited (4200000000000000000000009999)',
    )
  })

  test('of an order that is not here is acknowledged, and logged', async () => {
    const opened = await openWorld()
    await refunded(opened)
    const merge = { out_trade_no: 'NOT-HERE-1', transaction_id: '42000000' }
    const receipt = await opened.budan.receiveCallback(
      await opened.refundNotice('ORDER-1', { merge }),
    )
    expect(receipt).toEqual({ kind: 'noted', order: null })
    expect(await notices(opened)).toEqual([])
    expect(opened.events).toContainEqual(
      expect.objectContaining({
        type: 'refund_noticed',
        orderNo: 'NOT-HERE-1',
        result: 'no_order',
      }),
    )
  })

  test('of another merchant is rejected', async () => {
    const opened = await openWorld()
    await refunded(opened)
    for (const merge of [
      { mchid: '1999999999' },
      { mchid: 1999999999 },
      { mchid: null, sp_mchid: '1999999999' },
    ]) {
      const receipt = await opened.budan.receiveCallback(
        await opened.refundNotice('ORDER-1', { merge }),
      )
      expect(receipt).toMatchObject({ kind: 'rejected', status: 400 })
    }
    expect(await notices(opened)).toEqual([])
  })

  test('that was tampered with is rejected, and noted nowhere', async () => {
    const opened = await openWorld()
    await refunded(opened)
    const { headers, body } = await opened.refundNotice('ORDER-1')
    const forged = Buffer.from(
      Buffer.from(body).toString().replace('REFUND.SUCCESS', 'REFUND.CLOSED'),
    )
    expect(await opened.budan.receiveCallback({ headers, body: forged })).toMatchObject({
      ...{ kind: 'rejected', status: 401 },
    })
    expect(await notices(opened)).toEqual([])
  })

  const strange: readonly (readonly [string, NoticeInput])[] = [
    ['an absurd time', { merge: { success_time: '0001-01-01T00:00:00+08:00' } }],
    ['a time of another type', { merge: { success_time: { at: 1 } } }],
    [
      'a huge text',
      { merge: { user_received_account: 'x'.repeat(500_000), refund_id: 'y'.repeat(9_000) } },
    ],
    ['no sums', { merge: { amount: null } }],
    [
      'sums that are none',
      { merge: { amount: { total: 'all', refund: -1, payer_refund: 1e300 } } },
    ],
    ['no refund ids', { merge: { refund_id: null, out_refund_no: null } }],
    ['no status', { merge: { refund_status: null } }],
    ['a status that nobody knows', { status: 'PONDERING' }],
    ['no merchant', { merge: { mchid: null } }],
    ['no order number, but the payment', { merge: { out_trade_no: null } }],
    [
      'NUL and half characters',
      { merge: { refund_status: 'SUCCESS', out_refund_no: 'a\u0000\ud800b' } },
    ],
  ]
  test.each(strange)('with %s is noted all the same, once', async (_, input) => {
    const opened = await openWorld()
    await refunded(opened)
    for (const _time of [1, 2]) {
      const receipt = await opened.budan.receiveCallback(
        await opened.refundNotice('ORDER-1', input),
      )
      expect(receipt).toMatchObject({ kind: 'noted', order: { orderNo: 'ORDER-1' } })
    }
    // Without its ids one notice is distinguished from another by WeChat Pay's number of the notification.
    const lacksIds =
      input.merge !== undefined && 'refund_id' in input.merge && input.merge.refund_id === null
    expect(await notices(opened)).toHaveLength(lacksIds ? 2 : 1)
  })

  test('whatever is in its fields is acknowledged', async () => {
    const opened = await openWorld()
    await refunded(opened)
    const member = fc.constantFrom(
      ...[
        'transaction_id',
        'refund_id',
        'out_refund_no',
        'refund_status',
        'success_time',
        'amount',
        'extra',
      ],
    )
    await fc.assert(
      fc.asyncProperty(fc.dictionary(member, fc.jsonValue()), async (fields) => {
        const merge = JSON.parse(JSON.stringify(fields)) as NonNullable<NoticeInput['merge']>
        const receipt = await opened.budan.receiveCallback(
          await opened.refundNotice('ORDER-1', { merge }),
        )
        expect(receipt.kind).toBe('noted')
      }),
      { numRuns: runsOf(40) },
    )
  })
})

describe('a callback of something else', () => {
  test.each(['COUPON.USE', 'PAYSCORE.USER_PAID', 'nonsense', ''])(
    '(%s) is acknowledged once it is verified, counted, and no failure',
    async (event_type) => {
      const opened = await openWorld()
      await refunded(opened)
      const callback = await opened.refundNotice('ORDER-1', { event_type })
      expect(await opened.budan.receiveCallback(callback)).toEqual({ kind: 'foreign' })
      expect(opened.events).toContainEqual({ type: 'callback_foreign', event: event_type })
      expect(await metric(opened, 'budan_callbacks_foreign_total')).toBe(1)
      expect(await metric(opened, 'budan_callbacks_rejected_total')).toBe(0)
      const { headers, body } = callback
      const forged = Buffer.concat([body, Buffer.from(' ')])
      expect(await opened.budan.receiveCallback({ headers, body: forged })).toMatchObject({
        status: 401,
      })
    },
  )

  test('that may be of a payment is refused, and sent again', async () => {
    const opened = await openWorld()
    await refunded(opened)
    const callback = await opened.refundNotice('ORDER-1', { event_type: 'TRANSACTION.PAID' })
    expect(await opened.budan.receiveCallback(callback)).toMatchObject({ status: 400 })
  })
})
