import { generateKeyPairSync } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { MerchantError } from '../../src/desks.ts'
import { findOrderOf, SeveralOrdersError } from '../../src/store/find-order.ts'
import { type Company, openCompany } from '../support/merchants.ts'
import { freshStore } from '../support/stores.ts'

const companies: Company[] = []
afterEach(async () => {
  for (const company of companies.splice(0)) await company.close()
})

const prefixed = { userPrefix: 'a:' }

async function open(
  names: readonly string[],
  options: Partial<Parameters<typeof openCompany>[1]> = {},
): Promise<Company> {
  const { store = await freshStore('pglite') } = options
  const company = await openCompany(names, { ...options, store })
  companies.push(company)
  return company
}

async function statusOf({ store, member }: Company, name: string, orderNo: string) {
  const { mchid } = member(name).merchant
  const merchant = { gateway: 'wechatpay', mchid }
  return (await findOrderOf(store, { orderNo, merchant }))?.status
}

describe('several merchants in one service', () => {
  it('have equal order numbers, each queried at its own gateway and credited once', async () => {
    const company = await open(['shop-a', 'shop-b'])
    const { budan, store, member } = company
    for (const name of ['shop-a', 'shop-b']) await company.adopt(name, 'EQUAL-1')
    member('shop-b').simulator.control.pay('EQUAL-1', { callback: false })

    const { run } = await budan.run({ dryRun: false })
    expect(run).toMatchObject({ total: 2, success: 1, status: 'finished' })
    expect(await statusOf(company, 'shop-a', 'EQUAL-1')).toBe('pending')
    expect(await statusOf(company, 'shop-b', 'EQUAL-1')).toBe('paid')
    await expect(budan.checkOrder('EQUAL-1')).rejects.toThrow(SeveralOrdersError)
    await expect(budan.findOrder('EQUAL-1', { merchant: 'shop-c' })).rejects.toThrow(MerchantError)
    const checked = await budan.checkOrder('EQUAL-1', { merchant: 'shop-a' })
    expect(checked).toMatchObject({ tradeState: 'NOTPAY', order: { status: 'pending' } })
    expect((await store.balance('of shop-b')).balance).toBe(100n)
    expect((await store.balance('of shop-a')).balance).toBe(0n)
    expect(Object.values(await store.audit()).every((count) => count === 0)).toBe(true)
  })

  it('have callbacks of their own: one at another merchant’s path changes nothing', async () => {
    const company = await open(['shop-a', 'shop-b'])
    const { budan, member } = company
    for (const name of ['shop-a', 'shop-b']) {
      await company.adopt(name, 'EQUAL-2')
      member(name).simulator.control.pay('EQUAL-2', { callback: false })
    }
    const callback = await company.callback('shop-b', 'EQUAL-2')
    expect(await budan.receiveCallback(callback, { merchant: 'shop-a' })).toMatchObject({
      kind: 'rejected',
    })
    await expect(budan.receiveCallback(callback)).rejects.toThrow(MerchantError)
    expect(await statusOf(company, 'shop-a', 'EQUAL-2')).toBe('pending')
    expect(await statusOf(company, 'shop-b', 'EQUAL-2')).toBe('pending')

    expect(await budan.receiveCallback(callback, { merchant: 'shop-b' })).toMatchObject({
      ...{ kind: 'settled', decision: 'pay' },
      order: { mchid: member('shop-b').merchant.mchid },
    })
    expect(await statusOf(company, 'shop-a', 'EQUAL-2')).toBe('pending')
  })

  it('have a callback of another’s payment refused although their keys are the same', async () => {
    const company = await open(['shop-a', 'shop-b'], { sharedKeys: true })
    const { budan, store, member } = company
    for (const name of ['shop-a', 'shop-b']) await company.adopt(name, 'EQUAL-3')
    member('shop-b').simulator.control.pay('EQUAL-3', { callback: false })
    const callback = await company.callback('shop-b', 'EQUAL-3')
    const before = await store.findOrders('EQUAL-3')
    expect(await budan.receiveCallback(callback, { merchant: 'shop-a' })).toMatchObject({
      ...{ kind: 'rejected', status: 400 },
      reason: expect.stringContaining(member('shop-b').merchant.mchid),
    })
    expect(await store.findOrders('EQUAL-3')).toEqual(before)
    const settled = await budan.receiveCallback(callback, { merchant: 'shop-b' })
    expect(settled).toMatchObject({ kind: 'settled', decision: 'pay' })
    expect(await statusOf(company, 'shop-a', 'EQUAL-3')).toBe('pending')
  })

  it('must be named in placing and adopting, and have Idempotency-Keys of their own', async () => {
    const { budan } = await open(['shop-a', 'shop-b'])
    const request = { userId: 'u1', amount: 100n, description: 'credit', idempotencyKey: 'k1' }
    await expect(budan.placeOrder(request)).rejects.toThrow(MerchantError)
    await expect(budan.placeOrder({ ...request, merchant: 'nobody' })).rejects.toThrow('nobody')
    const placed = [
      await budan.placeOrder({ ...request, merchant: 'shop-a' }),
      await budan.placeOrder({ ...request, merchant: 'shop-b' }),
      await budan.placeOrder({ ...request, merchant: 'shop-b' }),
    ]
    const numbers = placed.map((each) => (each.kind === 'placed' ? each.order.orderNo : each.kind))
    expect(new Set(numbers).size).toBe(2)
    expect(numbers[1]).toBe(numbers[2])
    const adopted = await budan.adoptOrders(
      ['shop-b', 'shop-a', 'shop-b'].map((merchant, nth) => ({
        ...{ merchant, orderNo: `SHOP-${nth}`, userId: 'u1', amount: 100n },
      })),
    )
    const mchids = adopted.map((each) => (each.kind === 'adopted' ? each.order.mchid : each.kind))
    expect(mchids[0]).toBe(mchids[2])
    expect(new Set(mchids).size).toBe(2)
  })

  it('have no other merchant’s order taken for theirs, whatever is to be done with it', async () => {
    const company = await open(['shop-a', 'shop-b'])
    const { budan, store } = company
    await company.adopt('shop-b', 'ONLY-OF-B')
    const [before] = await store.findOrders('ONLY-OF-B')
    const actor = { name: 'Li', address: null }
    const merchant = 'shop-a'
    const words = { merchant, actor, reason: 'meant another' }
    expect(await budan.findOrder('ONLY-OF-B', { merchant })).toBeNull()
    expect(await budan.checkOrder('ONLY-OF-B', { merchant })).toBeNull()
    expect(await budan.previewReview('ONLY-OF-B', { merchant })).toBeNull()
    expect(await budan.abandonOrder('ONLY-OF-B', words)).toBeNull()
    expect(await budan.correctOrder('ONLY-OF-B', { ...words, amount: 1n })).toBeNull()
    expect(await store.findOrders('ONLY-OF-B')).toEqual([before])
  })

  it('have accounts of their own where a prefix keeps their users apart', async () => {
    const company = await open(['shop-a', 'shop-b'], { change: { 'shop-b': { userPrefix: 'b:' } } })
    const { budan, store, member } = company
    for (const merchant of ['shop-a', 'shop-b']) {
      const orderNo = `USER-${merchant}`
      member(merchant).simulator.control.putOrder({ out_trade_no: orderNo, total: 100 })
      await budan.adoptOrder({ merchant, orderNo, userId: 'u1', amount: 100n })
      member(merchant).simulator.control.pay(orderNo, { callback: false })
      expect(await budan.checkOrder(orderNo)).toMatchObject({ decision: 'pay' })
    }
    for (const userId of ['u1', 'b:u1']) expect((await store.balance(userId)).balance).toBe(100n)
  })

  it('correct no order of a merchant that is not configured any more', async () => {
    const store = await freshStore('pglite')
    const both = await open(['shop-a', 'shop-b'], { store, change: { 'shop-a': prefixed } })
    await both.adopt('shop-b', 'LEFT-OF-B')
    const before = await store.findOrders('LEFT-OF-B')
    const only = await open(['shop-a'], { store, change: { 'shop-a': prefixed } })
    const words = { userId: 'u2', actor: { name: 'Li', address: null }, reason: 'a mistake' }
    expect(await only.budan.correctOrder('LEFT-OF-B', words)).toMatchObject({
      kind: 'merchant_unknown',
    })
    expect(await store.findOrders('LEFT-OF-B')).toEqual(before)
    const corrected = await both.budan.correctOrder('LEFT-OF-B', words)
    expect(corrected).toMatchObject({ kind: 'corrected', order: { userId: 'u2' } })
  })

  it('hold up no other: one has a wrong key, one hangs, and the others’ orders are credited', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const company = await open(['well', 'wrong-key', 'hanging', 'well-too'], {
      recharge: { compensationIntervalMins: 0.02, compensationConcurrency: 1 },
      change: { 'wrong-key': { privateKey }, hanging: { timeoutMs: 60_000 } },
    })
    const { budan, member } = company
    for (const { name } of company.members) {
      for (let nth = 0; nth < 3; nth += 1) {
        await company.adopt(name, `ORDER-${nth}`)
        member(name).simulator.control.pay(`ORDER-${nth}`, { callback: false })
      }
    }
    member('hanging').simulator.control.addFault({
      ...{ operation: 'query', fault: { kind: 'slow', ms: 15_000 } },
    })
    budan.start()
    const credited = async (orderNo: string) => {
      for (const name of ['well', 'well-too']) {
        await expect
          .poll(() => statusOf(company, name, orderNo), { timeout: 40_000, interval: 50 })
          .toBe('paid')
      }
    }
    for (let nth = 0; nth < 3; nth += 1) await credited(`ORDER-${nth}`)
    // The run of before goes on with the merchant that hangs; those that come need not wait for it.
    for (const name of ['well', 'well-too']) {
      await company.adopt(name, 'LATER-1')
      member(name).simulator.control.pay('LATER-1', { callback: false })
    }
    await credited('LATER-1')
    expect(await statusOf(company, 'hanging', 'ORDER-0')).toBe('pending')
    expect(await statusOf(company, 'wrong-key', 'ORDER-0')).toBe('pending')
    const opened = company.events.filter(({ type }) => type === 'breaker_opened')
    expect(opened.map(({ merchantName }) => merchantName)).toEqual(['wrong-key'])
    const { checks } = await budan.readiness()
    const gateways = checks.filter(({ name }) => name === 'gateway')
    expect(gateways.map(({ merchant }) => merchant)).toEqual(
      company.members.map(({ name }) => name),
    )
    expect(gateways.every(({ ok }) => ok)).toBe(true)
    expect(gateways.find(({ merchant }) => merchant === 'wrong-key')).toMatchObject({
      condition: 'held',
    })
    await budan.stop()
  })
})
