import type { NoticeInput } from 'budan-simulator'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { noticedOf, type RefundNotice } from '../../src/domain/refund.ts'
import type { Exception } from '../../src/domain/review/exception.ts'
import type { RawCallback } from '../../src/gateway/gateway.ts'
import { openStore } from '../../src/store/open.ts'
import { keyOf } from '../support/order-key.ts'
import { freshPostgresUrl } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'

const openWorld = useWorlds({ kind: 'postgres' })

const orderNo = 'ORDER-1'

/** Paid at the gateway, and not here yet. Returns the callback of the payment. */
async function payEarly(opened: World): Promise<RawCallback> {
  opened.put(orderNo, { amount: 8_800 })
  opened.control.pay(orderNo, { callback: false })
  return opened.callback(orderNo)
}

async function refund(opened: World, amount: number, merge: NoticeInput['merge'] = {}) {
  opened.control.refund(orderNo, { amount })
  const notice = await opened.refundNotice(orderNo, { status: 'SUCCESS', merge })
  return { notice, receipt: await opened.budan.receiveCallback(notice) }
}

async function adopt(opened: World, amount = 8_800n) {
  const createdAt = opened.now()
  const adoption = await opened.budan.adoptOrder({ orderNo, userId: 'u1', amount, createdAt })
  expect(adoption.kind).toBe('adopted')
}

async function briefly(opened: World): Promise<readonly string[]> {
  const { items } = await opened.budan.listExceptions({ limit: 200 })
  const brief = ({ kind, amountAtStake, closing }: Exception) =>
    `${kind} ${amountAtStake} ${closing?.by ?? 'open'}`
  return items.toReversed().map(brief)
}

async function notices(opened: World) {
  return (await opened.timeline(orderNo)).filter(({ kind }) => kind === 'refund_noticed')
}

async function published(opened: World): Promise<readonly string[]> {
  await opened.store.positionEvents({ limit: 100 })
  const { events } = await opened.store.readEvents({ after: null, types: null, limit: 200 })
  return events.map(({ type }) => type)
}

/** The gateway still says that it is paid. */
function sayPaid({ control }: World): void {
  control.answerAs(orderNo, { trade_state: 'SUCCESS' })
}

type Credit = (opened: World, callback: RawCallback) => Promise<unknown>

async function outOfReview(opened: World): Promise<void> {
  opened.control.answerAs(orderNo, { trade_state: 'SUCCESS', amount: { total: 1 } })
  await opened.budan.checkOrder(orderNo)
  expect((await opened.order(orderNo)).status).toBe('review')
  sayPaid(opened)
  const previewed = await opened.budan.previewReview(orderNo)
  const seen = previewed?.kind === 'previewed' ? previewed.preview.seen : ''
  const words = { name: 'Li', reason: 'it was paid as ordered' }
  await opened.budan.resolveReview(orderNo, { action: 'credit', seen, ...words })
}

const credits: Readonly<Record<string, Credit>> = {
  'a callback that comes again': (opened, callback) => opened.budan.receiveCallback(callback),
  'a check': async (opened) => {
    sayPaid(opened)
    await opened.budan.checkOrder(orderNo)
  },
  'a run, together with others': async (opened) => {
    sayPaid(opened)
    for (const other of ['OTHER-01', 'OTHER-02']) {
      await opened.adopt(other)
      opened.control.pay(other, { callback: false })
    }
    await opened.advanceMins(6)
    await opened.budan.run({ dryRun: false })
    expect(await opened.balance('u1')).toBe(9_000n)
  },
  'an operator, out of review': outOfReview,
}

describe.each(['pglite', 'postgres'] as const)(
  'a refund that is noticed before its order is here, on %s',
  (kind) => {
    test.each(Object.keys(credits))('counts when %s credits it', async (way) => {
      const opened = await openWorld({ kind })
      const callback = await payEarly(opened)
      const early = [await refund(opened, 300), await refund(opened, 8_000)]
      for (const { receipt, notice } of early) {
        expect(receipt).toEqual({ kind: 'noted', order: null })
        await opened.budan.receiveCallback(notice)
      }
      await adopt(opened)
      expect(await briefly(opened)).toEqual([])

      await credits[way]?.(opened, callback)
      expect((await opened.order(orderNo)).status).toBe('paid')
      const refunded = ['partly_refunded 300 open', 'partly_refunded 8000 open']
      const found = async () => (await briefly(opened)).filter((each) => !each.startsWith('review'))
      expect(await found()).toEqual(refunded)
      expect((await notices(opened)).map(({ reason }) => reason)).toEqual([
        'a refund of ¥3.00 of ¥88.00 was made at the gateway',
        'a refund of ¥80.00 of ¥88.00 was made at the gateway',
      ])
      const types = await published(opened)
      expect(types.filter((type) => type === 'order.refunded')).toHaveLength(2)

      for (const { notice } of early) await opened.budan.receiveCallback(notice)
      await opened.budan.receiveCallback(callback)
      expect(await found()).toEqual(refunded)
      expect(await notices(opened)).toHaveLength(2)
      expect(await published(opened)).toEqual(types)
      const values = Object.values(await opened.store.audit())
      expect(values.every((count) => count === 0)).toBe(true)
    })

    const byItself = Object.entries(credits).filter(([way]) => !way.startsWith('an operator'))

    test.each(byItself)('keeps %s from crediting once all went back', async (_, credit) => {
      const opened = await openWorld({ kind })
      const callback = await payEarly(opened)
      for (const amount of [300, 8_500]) await refund(opened, amount)
      await adopt(opened)
      await credit(opened, callback).catch(() => {})
      expect(await opened.order(orderNo)).toMatchObject({ status: 'review', transactionId: null })
      expect(await briefly(opened)).toEqual(['review 8800 open'])
      expect(await notices(opened)).toHaveLength(2)
      await opened.budan.receiveCallback(callback)
      expect(await opened.order(orderNo)).toMatchObject({ status: 'review' })
    })

    test('keeps an order that was here before it, or had expired, from being credited', async () => {
      for (const isExpired of [false, true]) {
        const opened = await openWorld({ kind })
        const callback = await payEarly(opened)
        await adopt(opened)
        if (isExpired) {
          opened.control.answerAs(orderNo, { trade_state: 'CLOSED' })
          await opened.budan.checkOrder(orderNo)
          expect((await opened.order(orderNo)).status).toBe('expired')
        }
        await refund(opened, 8_800)
        await opened.budan.receiveCallback(callback)
        expect((await opened.order(orderNo)).status).toBe('review')
      }
    })

    test('of another payment keeps nothing from being credited', async () => {
      const opened = await openWorld({ kind })
      const callback = await payEarly(opened)
      await refund(opened, 8_800, { transaction_id: '4200009999202601240000000009' })
      await adopt(opened)
      await opened.budan.receiveCallback(callback)
      expect((await opened.order(orderNo)).status).toBe('paid')
    })

    test('counts beside one that is noticed once the order is here', async () => {
      const opened = await openWorld({ kind })
      const callback = await payEarly(opened)
      await refund(opened, 300)
      await adopt(opened)
      await refund(opened, 500)
      expect(await notices(opened)).toHaveLength(2)
      await opened.budan.receiveCallback(callback)
      await refund(opened, 8_000)
      expect(await briefly(opened)).toEqual([
        ...['partly_refunded 300 open', 'partly_refunded 500 open'],
        'refunded_after_credit 8000 open',
      ])
    })

    test('counts where it names the payment alone', async () => {
      const opened = await openWorld({ kind })
      const callback = await payEarly(opened)
      await refund(opened, 300, { out_trade_no: null })
      await adopt(opened)
      await opened.budan.receiveCallback(callback)
      expect(await briefly(opened)).toEqual(['partly_refunded 300 open'])
      expect((await opened.budan.listExceptions()).items[0]?.refundId).toMatch(/^5030/)
    })

    test('alarms once, when the credit is there', async () => {
      const opened = await openWorld({ kind })
      const callback = await payEarly(opened)
      await refund(opened, 300)
      const alarms = () => opened.events.filter(({ type }) => type === 'order_alarm').length
      expect(alarms()).toBe(0)
      await adopt(opened)
      for (const _ of [1, 2]) await opened.budan.receiveCallback(callback)
      expect(alarms()).toBe(1)
    })
  },
)

test('a refund that is forged, or of another merchant, is not kept', async () => {
  const opened = await openWorld()
  await payEarly(opened)
  opened.control.refund(orderNo, { amount: 300 })
  const { headers, body } = await opened.refundNotice(orderNo, { status: 'SUCCESS' })
  const forged = Buffer.concat([body, Buffer.from(' ')])
  expect(await opened.budan.receiveCallback({ headers, body: forged })).toMatchObject({
    status: 401,
  })
  const other = await opened.refundNotice(orderNo, { merge: { mchid: '1999999999' } })
  expect(await opened.budan.receiveCallback(other)).toMatchObject({ status: 400 })
  await adopt(opened)
  sayPaid(opened)
  await opened.budan.checkOrder(orderNo)
  expect(await notices(opened)).toEqual([])
  expect(await briefly(opened)).toEqual([])
})

test.each([
  [300n, 'pay', 'partly_refunded 300 open'],
  [8_800n, 'review', 'review 8800 open'],
])(
  'a refund of %s that is noticed while its order is being credited counts',
  async (...[refunded, decision, exception]) => {
    const url = await freshPostgresUrl()
    const store = await openStore(url, { clock: () => new Date('2026-01-24T07:00:00Z') })
    const opened = await openWorld({ store })
    const callback = await payEarly(opened)
    await adopt(opened)
    const watcher = new pg.Client(url)
    await watcher.connect()
    const isBlocked = async () =>
      (
        await watcher.query(`select from pg_stat_activity where wait_event_type = 'Lock'
      and datname = current_database()`)
      ).rows.length > 0
    // The credit has begun, and waits for the row; the notice is committed before it goes on.
    const credited = await store.transaction(async (tx) => {
      const locked = await tx.lockOrder(keyOf(orderNo))
      if (locked === null) throw new Error('It is not there')
      const crediting = opened.budan.receiveCallback(callback)
      while (!(await isBlocked()));
      const notice: RefundNotice = {
        ...{ orderNo, transactionId: null, refundId: '5030-1', key: 'k1' },
        ...{ state: 'succeeded', reported: 'SUCCESS', refunded, total: 8_800n },
        evidence: { refund_key: 'k1' },
      }
      await tx.appendEvent(keyOf(orderNo), {
        ...{ kind: 'refund_noticed', source: 'callback', ...noticedOf(locked.order, notice) },
        ...{ tradeState: null, decision: null, runId: null, node: null, evidence: notice.evidence },
      })
      return { crediting }
    })
    await watcher.end()
    expect(await credited.crediting).toMatchObject({ kind: 'settled', decision })
    expect(await briefly(opened)).toEqual([exception])
  },
)
