import { describe, expect, it } from 'vitest'
import type { AdoptRequest, CorrectRequest } from '../../src/orders/requests.ts'
import { shanghaiTime } from '../../src/text/shanghai-time.ts'
import { keyOf } from '../support/order-key.ts'
import { freshStore } from '../support/stores.ts'
import { useWorlds, type World, type WorldOptions } from '../support/world.ts'

/** Reports M5, M6, M10 and X7: orders that another system placed. */

const world = useWorlds()
const dayMs = 86_400_000
const actor = { name: 'wang.li', address: '10.0.0.7' }

/** The store's clock goes with the gateway's. */
async function openDays(options: WorldOptions = {}): Promise<World> {
  const clock: { now?: () => Date } = {}
  const store = await freshStore('postgres', { clock: () => clock.now?.() ?? new Date(0) })
  const opened = await world({ ...options, store })
  clock.now = opened.now
  return opened
}

function requestOf(orderNo: string, changes: Partial<AdoptRequest> = {}): AdoptRequest {
  const facts = { orderNo, userId: 'u1', amount: 100n, description: '' }
  return { ...facts, createdAt: null, expiresAt: null, ...changes }
}

const run = ({ budan }: World) => budan.run({ dryRun: false })
const closings = ({ control }: World) => control.requests({ operation: 'close' })

describe('an adopted order without a known end', () => {
  it('is never closed, however old it is said to be: somebody may still pay it', async () => {
    const opened = await openDays()
    const createdAt = new Date(+opened.now() - dayMs)
    opened.control.putOrder({ out_trade_no: 'SHOP-1', total: 100 })
    const adoption = await opened.budan.adoptOrder(requestOf('SHOP-1', { createdAt }))
    expect(adoption).toMatchObject({ kind: 'adopted', order: { expiresAt: null } })
    expect(await opened.budan.checkOrder('SHOP-1')).toMatchObject({ decision: 'wait' })
    for (let day = 0; day < 6; day += 1) {
      await opened.advanceMins(1440)
      await run(opened)
    }
    expect(closings(opened)).toHaveLength(0)
    expect(await opened.order('SHOP-1')).toMatchObject({ status: 'pending' })
    opened.control.pay('SHOP-1', { callback: false })
    await opened.advanceMins(61)
    await run(opened)
    expect(await opened.balance('u1')).toBe(100n)
  })

  it('expires when the gateway says that its trade is closed', async () => {
    const opened = await openDays()
    opened.control.putOrder({ out_trade_no: 'SHOP-1', total: 100 })
    await opened.budan.adoptOrder(requestOf('SHOP-1'))
    opened.control.close('SHOP-1')
    await opened.advanceMins(6)
    await run(opened)
    expect(await opened.order('SHOP-1')).toMatchObject({ status: 'expired' })
  })

  it('expires 16 days after its first NOTPAY, unclosed, and is queried 1, 7 and 30 days later', async () => {
    const opened = await openDays()
    await opened.budan.adoptOrder(requestOf('SHOP-1'))
    await opened.advanceMins(2 * 1440)
    // It is placed at the gateway long after it was adopted, for as long as can be.
    const expires_at = new Date(+opened.now() + 60 * dayMs).toISOString()
    opened.control.putOrder({ out_trade_no: 'SHOP-1', total: 100, expires_at })
    await run(opened)
    const seen = await opened.order('SHOP-1')
    expect(seen).toMatchObject({ standing: 'known' })
    expect(seen.watchedUntil).toEqual(new Date(+opened.now() + 16 * dayMs))
    await opened.advanceMins(15.9 * 1440)
    await run(opened)
    expect(await opened.order('SHOP-1')).toMatchObject({ status: 'pending' })
    await opened.advanceMins(0.2 * 1440)
    await run(opened)
    expect(await opened.order('SHOP-1')).toMatchObject({ status: 'expired' })
    expect(closings(opened)).toHaveLength(0)
    const totals: number[] = []
    for (const days of [0.9, 0.2, 5.8, 0.2, 22.8, 0.2, 60]) {
      await opened.advanceMins(days * 1440)
      totals.push((await run(opened)).run.total)
    }
    expect(totals).toEqual([0, 1, 0, 1, 0, 1, 0])
  })

  it('is credited by a late check where somebody paid after it had expired', async () => {
    const opened = await openDays()
    const expires_at = new Date(+opened.now() + 60 * dayMs).toISOString()
    opened.control.putOrder({ out_trade_no: 'SHOP-1', total: 100, expires_at })
    await opened.budan.adoptOrder(requestOf('SHOP-1'))
    await opened.advanceMins(6)
    await run(opened)
    await opened.advanceMins(16.1 * 1440)
    await run(opened)
    expect(await opened.order('SHOP-1')).toMatchObject({ status: 'expired' })
    opened.control.pay('SHOP-1', { callback: false })
    await opened.advanceMins(1.1 * 1440)
    expect((await run(opened)).run).toMatchObject({ total: 1, success: 1 })
  })

  it('is queried late although the breaker is open and nothing else is due that could close it', async () => {
    const opened = await openDays()
    const expires_at = new Date(+opened.now() + 60 * dayMs).toISOString()
    opened.control.putOrder({ out_trade_no: 'SHOP-1', total: 100, expires_at })
    await opened.budan.adoptOrder(requestOf('SHOP-1'))
    await opened.advanceMins(6)
    await run(opened)
    await opened.advanceMins(16.1 * 1440)
    await run(opened)
    opened.control.pay('SHOP-1', { callback: false })
    await opened.advanceMins(1.1 * 1440)
    opened.control.addFault({
      ...{ operation: 'query', times: 1 },
      fault: { kind: 'error', status: 401, code: 'SIGN_ERROR' },
    })
    expect((await run(opened)).run).toMatchObject({ status: 'stopped', success: 0 })
    expect(await opened.ready()).toBe(false)
    await opened.advanceMins(60)
    expect((await run(opened)).run).toMatchObject({ status: 'finished', success: 1 })
    expect(await opened.ready()).toBe(true)
    expect(await opened.balance('u1')).toBe(100n)
  })

  it('is not closed for an operator either: its end has to be given first', async () => {
    const opened = await openDays()
    opened.control.putOrder({ out_trade_no: 'SHOP-1', total: 100 })
    await opened.budan.adoptOrder(requestOf('SHOP-1'))
    opened.control.addFault({
      ...{ operation: 'query', times: 1 },
      fault: { kind: 'answer', merge: { trade_state: 'REFUND' } },
    })
    await opened.budan.checkOrder('SHOP-1')
    const previewed = await opened.budan.previewReview('SHOP-1')
    expect(previewed).toMatchObject({
      preview: { actions: { expire: { possible: false } } },
    })
    expect(closings(opened)).toHaveLength(0)
  })
})

describe('an adopted order with an end', () => {
  it('is closed at its end and expired, as one of ours', async () => {
    const opened = await openDays()
    await opened.adopt('ORDER-1', { ttlMins: 60 })
    await opened.advanceMins(61)
    await run(opened)
    expect(closings(opened)).toHaveLength(1)
    expect(await opened.order('ORDER-1')).toMatchObject({ status: 'expired' })
  })

  it('is refused where the end is beyond 15 days, which no trade has', async () => {
    const opened = await openDays()
    const at = (days: number) => new Date(+opened.now() + days * dayMs)
    expect(
      await opened.budan.adoptOrder(requestOf('SHOP-1', { expiresAt: at(15.1) })),
    ).toMatchObject({ kind: 'end_too_far' })
    expect(await opened.budan.adoptOrder(requestOf('SHOP-1', { expiresAt: at(15) }))).toMatchObject(
      {
        kind: 'adopted',
      },
    )
  })
})

describe('a wrong adoption', () => {
  const correct = (opened: World, request: Omit<CorrectRequest, 'actor' | 'reason'>) =>
    opened.budan.correctOrder('SHOP-1', { ...request, reason: 'a slip', actor })

  it('is corrected by a named person while nothing was credited, and then credited', async () => {
    const opened = await openDays()
    opened.control.putOrder({ out_trade_no: 'SHOP-1', total: 8800 })
    await opened.budan.adoptOrder(requestOf('SHOP-1', { amount: 88n, userId: 'wrong' }))
    const end = new Date(+opened.now() + dayMs)
    expect(await correct(opened, { amount: 8800n, userId: 'right', expiresAt: end })).toMatchObject(
      {
        kind: 'corrected',
        order: { amount: 8800n, userId: 'right', expiresAt: end, status: 'pending' },
      },
    )
    expect((await opened.timeline('SHOP-1')).at(-1)).toMatchObject({
      ...{ kind: 'corrected', source: 'operator', operator: 'wang.li', actor, reason: 'a slip' },
      evidence: {
        changes: [
          'user_id: wrong → right',
          'amount: ¥0.88 → ¥88.00',
          `expires_at: not known → ${shanghaiTime(end)}`,
        ],
      },
    })
    expect(await opened.store.listOrders({ ...page, userId: 'wrong' })).toMatchObject({ items: [] })
    opened.control.pay('SHOP-1', { callback: false })
    await opened.advanceMins(6)
    await run(opened)
    expect(await opened.balance('right')).toBe(8800n)
    expect(Object.values(await opened.store.audit()).every((count) => count === 0)).toBe(true)
    expect(await correct(opened, { amount: 1n })).toMatchObject({ kind: 'credited' })
    expect(
      await opened.budan.adoptOrder(requestOf('SHOP-1', { amount: 8800n, userId: 'right' })),
    ).toMatchObject({ kind: 'exists' })
  })

  it('that is in review already stays there, and can be credited after the correction', async () => {
    const opened = await openDays()
    opened.control.putOrder({ out_trade_no: 'SHOP-1', total: 8800 })
    opened.control.pay('SHOP-1', { callback: false })
    await opened.budan.adoptOrder(requestOf('SHOP-1', { amount: 88n }))
    await opened.budan.checkOrder('SHOP-1')
    expect(await correct(opened, { amount: 8800n })).toMatchObject({
      kind: 'corrected',
      order: { status: 'review' },
    })
    const previewed = await opened.budan.previewReview('SHOP-1')
    if (previewed?.kind !== 'previewed') throw new Error('No preview')
    const { seen } = previewed.preview
    const resolution = { action: 'credit', name: 'wang.li', reason: 'corrected', seen } as const
    expect(await opened.budan.resolveReview('SHOP-1', resolution)).toMatchObject({
      kind: 'resolved',
    })
    expect(await opened.balance('u1')).toBe(8800n)
  })

  it('makes a preview of before it out of date: nobody credits by facts that have changed', async () => {
    const opened = await openDays()
    opened.control.putOrder({ out_trade_no: 'SHOP-1', total: 8800 })
    opened.control.pay('SHOP-1', { callback: false })
    await opened.budan.adoptOrder(requestOf('SHOP-1', { amount: 88n }))
    await opened.budan.checkOrder('SHOP-1')
    const previewed = await opened.budan.previewReview('SHOP-1')
    if (previewed?.kind !== 'previewed') throw new Error('No preview')
    await correct(opened, { amount: 8800n })
    const { seen } = previewed.preview
    const resolution = { action: 'credit', name: 'wang.li', reason: 'as seen', seen } as const
    expect(await opened.budan.resolveReview('SHOP-1', resolution)).toMatchObject({
      kind: 'changed',
    })
  })

  it('cannot be made right by changing an order that was placed here, or that is being settled', async () => {
    const opened = await openDays()
    const placed = await opened.budan.placeOrder({
      ...{ userId: 'u1', amount: 100n, description: 'credit', attach: null },
      idempotencyKey: 'cart-1',
    })
    const { orderNo } = (placed as { order: { orderNo: string } }).order
    const change = { amount: 1n, reason: 'a slip', actor }
    expect(await opened.budan.correctOrder(orderNo, change)).toMatchObject({ kind: 'not_adopted' })
    await opened.budan.adoptOrder(requestOf('SHOP-1'))
    await opened.store.transaction(async (tx) => {
      await tx.lockOrder(keyOf('SHOP-1'))
      expect(await correct(opened, { amount: 1n })).toMatchObject({ kind: 'crediting' })
    })
    expect(await opened.order('SHOP-1')).toMatchObject({ amount: 100n })
    expect(await opened.budan.correctOrder('SHOP-2', change)).toBeNull()
  })

  it('is not given an end before its beginning, for which its trade would be closed', async () => {
    const opened = await openDays()
    const createdAt = opened.now()
    await opened.budan.adoptOrder(requestOf('SHOP-1', { createdAt }))
    for (const expiresAt of [createdAt, new Date(+createdAt - 365 * dayMs)]) {
      const change = { expiresAt, reason: 'a slip', actor }
      expect(await opened.budan.correctOrder('SHOP-1', change)).toMatchObject({
        kind: 'end_too_early',
      })
    }
    expect(await opened.order('SHOP-1')).toMatchObject({ expiresAt: null })
  })

  it('cannot be corrected in the database without its event', async () => {
    const opened = await openDays()
    await opened.budan.adoptOrder(requestOf('SHOP-1'))
    const forged = opened.store.transaction((tx) =>
      tx.execute(`update orders set amount = 1 where order_no = 'SHOP-1'`, []),
    )
    await expect(forged).rejects.toThrow(/I6: order SHOP-1 is corrected without an event/)
  })
})

describe('a thousand adopted numbers that the gateway does not know', () => {
  it('neither open the breaker nor put off a paid order by more than one run', async () => {
    const opened = await openDays({
      recharge: { compensationBatchSize: 100, compensationConcurrency: 20 },
    })
    for (let n = 0; n < 1000; n += 1) await opened.budan.adoptOrder(requestOf(`NOBODYS-${n}`))
    await opened.advanceMins(1)
    const placement = await opened.budan.placeOrder({
      ...{ userId: 'payer', amount: 100n, description: 'credit', attach: null },
      idempotencyKey: 'cart-1',
    })
    const { orderNo } = (placement as { order: { orderNo: string } }).order
    opened.control.pay(orderNo, { callback: false })
    await opened.advanceMins(6)
    await run(opened)
    expect(await opened.balance('payer')).toBe(100n)
    // One that is adopted among them, after some or all of them were queried.
    for (const orderNo of ['LATE-1', 'LATE-2']) {
      opened.control.putOrder({ out_trade_no: orderNo, total: 100 })
      opened.control.pay(orderNo, { callback: false })
      await opened.budan.adoptOrder(requestOf(orderNo, { userId: orderNo }))
      await opened.advanceMins(6)
      await run(opened)
      expect(await opened.balance(orderNo)).toBe(100n)
      for (let more = 0; more < 6; more += 1) {
        await opened.advanceMins(1)
        await run(opened)
      }
    }
    expect(opened.events.filter(({ type }) => type === 'breaker_opened')).toEqual([])
    expect((await opened.order('NOBODYS-0')).standing).toBe('unknown')
  })

  it('are still distinguished from a wrong merchant number: known orders that are absent open the breaker', async () => {
    const opened = await openDays()
    for (let n = 0; n < 3; n += 1) await opened.adopt(`KNOWN-${n}`)
    await opened.advanceMins(6)
    await run(opened)
    opened.control.addFault({
      operation: 'query',
      fault: { kind: 'error', status: 404, code: 'ORDER_NOT_EXIST' },
    })
    await opened.advanceMins(6)
    await run(opened)
    expect(opened.events.some(({ type }) => type === 'breaker_opened')).toBe(true)
  })
})

describe('who may adopt what', () => {
  it('is bounded by the beginnings of numbers that are configured', async () => {
    const opened = await openDays({ recharge: { adoptPrefixes: ['SHOP-', 'APP'] } })
    const refused = await opened.budan.adoptOrder(requestOf('OTHER-1'))
    expect(refused).toMatchObject({ kind: 'prefix_not_allowed' })
    expect((refused as { message: string }).message).toContain('OTHER-1')
    expect(await opened.budan.adoptOrder(requestOf('SHOP-1'))).toMatchObject({ kind: 'adopted' })
  })

  it('is bound to the user whom the trade was placed for, where the shop keeps that in attach', async () => {
    const opened = await openDays({ recharge: { adoptAttach: 'user={user_id}' } })
    const adoptPaid = async (orderNo: string, attach?: string) => {
      opened.control.putOrder({ out_trade_no: orderNo, total: 100, ...(attach && { attach }) })
      opened.control.pay(orderNo, { callback: false })
      await opened.budan.adoptOrder(requestOf(orderNo, { userId: 'thief' }))
      return (await opened.budan.checkOrder(orderNo))?.decision
    }
    expect(await adoptPaid('SHOP-1', 'user=payer')).toBe('review')
    expect(await adoptPaid('SHOP-2')).toBe('review')
    expect(await adoptPaid('SHOP-3', 'user=thief')).toBe('pay')
    // Neither a callback nor an operator gets around it; the right user does.
    expect((await opened.budan.previewReview('SHOP-1')) as object).toMatchObject({
      preview: { actions: { credit: { possible: false } } },
    })
    await opened.budan.correctOrder('SHOP-1', { userId: 'payer', reason: 'a slip', actor })
    expect((await opened.budan.previewReview('SHOP-1')) as object).toMatchObject({
      preview: { actions: { credit: { possible: true } } },
    })
  })
})

const page = { limit: 10, cursor: null, status: null }
