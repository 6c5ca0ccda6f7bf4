import { describe, expect, it } from 'vitest'
import { useShops } from '../support/cowrie-shop.ts'
import { keyOf } from '../support/order-key.ts'

/** A gateway that is nothing like WeChat Pay, through the whole of budan: HTTP service, job and ledger. */

const openShop = useShops()

describe.each(['pglite', 'postgres'] as const)('an invented gateway, on %s', (kind) => {
  it('is queried about orders that nobody has begun to pay, and neither stops a run nor ends one', async () => {
    const { budan, cowrie, events, place, runAfter, order } = await openShop(kind)
    const orders = await Promise.all(Array.from({ length: 6 }, () => place()))
    for (let round = 0; round < 8; round += 1) {
      const { run } = await runAfter(10)
      expect(run).toMatchObject({ status: 'finished', failed: 0 })
    }
    expect(cowrie.calls.filter((call) => call.startsWith('query ')).length).toBeGreaterThan(20)
    expect(events.filter(({ type }) => type === 'breaker_opened')).toEqual([])
    const { checks } = await budan.readiness()
    expect(checks.filter(({ ok, name }) => !ok && name !== 'schedule')).toEqual([])
    for (const { orderNo } of orders) {
      expect(await order(orderNo)).toMatchObject({ status: 'pending', absentCount: 0 })
    }
  })

  it('ends such orders at their ends: closed, queried again, expired, and watched for late money', async () => {
    const { budan, cowrie, place, runAfter, order, balance } = await openShop(kind)
    const { orderNo } = await place()
    await runAfter(119)
    expect((await order(orderNo)).status).toBe('pending')
    await runAfter(4)
    const ended = await order(orderNo)
    expect(ended.status).toBe('expired')
    expect(cowrie.calls.slice(-3)).toEqual([
      ...[`query ${orderNo}`, `close ${orderNo}`, `query ${orderNo}`],
    ])
    const { items } = await budan.store.listOrderEvents(keyOf(orderNo), { limit: 50, cursor: null })
    expect(items.at(-1)).toMatchObject({
      ...{ toStatus: 'expired', codedReason: { code: 'never_begun' }, source: 'compensation' },
    })
    const queries = cowrie.calls.length
    await runAfter(2 * 24 * 60)
    expect(cowrie.calls.slice(queries)).toEqual([`query ${orderNo}`])
    expect(await balance()).toBe(0n)
  })

  it('has a trade that was begun closed at its end, as any other', async () => {
    const { cowrie, place, runAfter, order } = await openShop(kind)
    const { orderNo } = await place()
    cowrie.scan(orderNo)
    await runAfter(10)
    expect(await order(orderNo)).toMatchObject({ status: 'pending', standing: 'known' })
    await runAfter(111)
    expect(await order(orderNo)).toMatchObject({ status: 'expired' })
  })

  it('credits a payment whose callback was lost once, in the next run', async () => {
    const { cowrie, place, runAfter, order, balance } = await openShop(kind)
    const { orderNo } = await place()
    await runAfter(6)
    cowrie.pay(orderNo)
    const { run } = await runAfter(6)
    expect(run).toMatchObject({ success: 1 })
    expect(await order(orderNo)).toMatchObject({ status: 'paid', creditedBy: 'compensation' })
    // It comes after all, twice.
    for (const _ of ['late', 'again']) {
      expect(await cowrie.notify(orderNo)).toMatchObject({ status: 200, text: 'success' })
    }
    expect(await balance()).toBe(1234n)
  })

  it('is answered `success` by the form of a payment, and `failure` by one that is signed wrong', async () => {
    const { cowrie, place, order, balance, events } = await openShop(kind)
    const { orderNo } = await place()
    cowrie.pay(orderNo)
    const forged = cowrie.callbackOf(orderNo).replace('12.34', '12.35')
    const refused = await cowrie.notify(orderNo, forged)
    expect(refused).toMatchObject({ status: 200, text: 'failure' })
    expect(events).toContainEqual(expect.objectContaining({ type: 'callback_rejected' }))
    expect((await order(orderNo)).status).toBe('pending')
    const taken = await cowrie.notify(orderNo)
    expect(taken).toMatchObject({ status: 200, text: 'success' })
    expect(taken.type).toMatch(/^text\/plain/)
    expect(await order(orderNo)).toMatchObject({ status: 'paid', creditedBy: 'callback' })
    expect(await balance()).toBe(1234n)
  })

  it('explains answers that cannot be verified in its own words, and no key of WeChat Pay’s', async () => {
    const { budan, cowrie, events, place, runAfter } = await openShop(kind)
    const orders = await Promise.all([place(), place(), place()])
    for (const { orderNo } of orders) cowrie.fail(orderNo, 'unsigned')
    for (const { orderNo } of orders) await budan.checkOrder(orderNo)
    const detail = async () =>
      (await budan.readiness()).checks.find(({ name }) => name === 'gateway')?.detail
    expect(await detail()).toBe(
      '3 queries in a row had no valid answer: their sign is wrong; is the secret of the shop right?',
    )
    await runAfter(10)
    expect(await detail()).toBe('runs are held back: none of 3 answers could be verified')
    expect(events.filter(({ type }) => type === 'breaker_opened')).toHaveLength(1)
  })

  it.each(['12.35', '12.345', '1234'])('reviews a payment of %s yuan for 12.34', async (amount) => {
    const { cowrie, place, order, balance } = await openShop(kind)
    const { orderNo } = await place()
    cowrie.pay(orderNo, { amount })
    expect(await cowrie.notify(orderNo)).toMatchObject({ text: 'success' })
    expect((await order(orderNo)).status).toBe('review')
    expect(await balance()).toBe(0n)
  })
})
