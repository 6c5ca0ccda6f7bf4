import { describe, expect, it } from 'vitest'
import type { PlaceRequest } from '../../src/orders/requests.ts'
import type { Store } from '../../src/store/store.ts'
import { newEvent, merchant as other } from '../contract/store-fixtures.ts'
import { keyOf } from '../support/order-key.ts'
import { freshStore } from '../support/stores.ts'
import { sharedMerchant, useWorlds, type World } from '../support/world.ts'

/** Report M1: an order that is found again is compared with whose it is. */

const world = useWorlds()
const actor = { name: 'tests', address: null }
const reason = 'the app id was wrong'

function requestOf(changes: Partial<PlaceRequest> = {}): PlaceRequest {
  const facts = { userId: 'u1', amount: 1234n, description: 'credit', attach: null }
  return { ...facts, idempotencyKey: 'cart-1', ...changes }
}

/** One store, first under a wrong app id, which the gateway refuses, then under the right one. */
async function worldsOfTwoAppIds(): Promise<{ wrong: World; right: World; orderNo: string }> {
  const store = await freshStore('postgres')
  const wrong = await world({ store, appId: 'wxwrong00000000' })
  const placement = await wrong.budan.placeOrder(requestOf())
  expect(placement).toMatchObject({ kind: 'refused', code: 'APPID_MCHID_NOT_MATCH' })
  const { order } = placement as Extract<typeof placement, { kind: 'refused' }>
  return { wrong, right: await world({ store }), orderNo: order.orderNo }
}

describe('an order placed under a wrong app id', () => {
  it('is no live code for the same Idempotency-Key under the right one: a conflict names the other', async () => {
    const { right, orderNo } = await worldsOfTwoAppIds()
    const { appid } = await sharedMerchant()
    const again = await right.budan.placeOrder(requestOf())
    expect(again).toMatchObject({ kind: 'conflict' })
    const { message } = again as { message: string }
    for (const named of [orderNo, 'wxwrong00000000', appid]) expect(message).toContain(named)
    expect(right.control.requests({ operation: 'native' })).toHaveLength(0)
  })

  it('can be given up, and its Idempotency-Key used again', async () => {
    const { right, orderNo } = await worldsOfTwoAppIds()
    const abandoned = await right.budan.abandonOrder(orderNo, { reason, actor })
    expect(abandoned).toMatchObject({ kind: 'abandoned', order: { status: 'expired' } })
    expect((await right.timeline(orderNo)).at(-1)).toMatchObject({
      ...{ kind: 'abandoned', source: 'operator', operator: 'tests', reason, actor },
    })
    const again = await right.budan.placeOrder(requestOf())
    expect(again).toMatchObject({ kind: 'placed' })
    expect((again as { order: { orderNo: string } }).order.orderNo).not.toBe(orderNo)
  })

  it('is not to be given up once it has ended: another key is what is left', async () => {
    const { right, orderNo } = await worldsOfTwoAppIds()
    await right.store.transaction(async (tx) => {
      const locked = await tx.lockOrder(keyOf(orderNo))
      if (locked === null) throw new Error('It is gone')
      const event = newEvent({ kind: 'answered', decision: 'expire' })
      await tx.changeStatus(locked.order, { status: 'expired', event })
    })
    const { message } = (await right.budan.placeOrder(requestOf())) as { message: string }
    expect(message).toContain(orderNo)
    expect(message).toMatch(/: use a new key$/)
  })

  it('is credited all the same if a payment turns up after it was given up', async () => {
    const opened = await world()
    const placement = await opened.budan.placeOrder(requestOf())
    const { orderNo } = (placement as { order: { orderNo: string } }).order
    expect(await opened.budan.abandonOrder(orderNo, { reason, actor })).toMatchObject({
      kind: 'accepted',
    })
    opened.control.pay(orderNo, { callback: false })
    expect(await opened.budan.checkOrder(orderNo)).toMatchObject({ decision: 'pay' })
  })
})

describe('giving up', () => {
  it('is not given up when its code comes while the gateway is queried about it', async () => {
    const { right, orderNo } = await worldsOfTwoAppIds()
    const { store } = right
    const update = { codeUrl: 'weixin://wxpay/bizpayurl?pr=late', codeLifeMs: 7_200_000 }
    const racing: Store = {
      ...store,
      transaction: async (work) => {
        await store.setCodeUrl(keyOf(orderNo), {
          ...update,
          event: newEvent({ kind: 'prepaid', source: 'api' }),
        })
        return store.transaction(work)
      },
    }
    const { budan } = await world({ store: racing })
    expect(await budan.abandonOrder(orderNo, { reason, actor })).toMatchObject({ kind: 'accepted' })
    expect(await right.order(orderNo)).toMatchObject({
      ...{ status: 'pending', codeUrl: update.codeUrl },
    })
  })

  it('changes nothing where the gateway knows the order, does not answer, or it has ended', async () => {
    const opened = await world()
    const giveUp = (orderNo: string) => opened.budan.abandonOrder(orderNo, { reason, actor })
    await opened.adopt('ORDER-1')
    expect(await giveUp('ORDER-1')).toMatchObject({ kind: 'accepted' })
    opened.control.addFault({ operation: 'query', fault: { kind: 'error', status: 503 } })
    expect(await giveUp('ORDER-1')).toMatchObject({ kind: 'unanswered' })
    expect(await opened.order('ORDER-1')).toMatchObject({ status: 'pending' })
    expect(await giveUp('ORDER-2')).toBeNull()
  })

  it('leaves late checks for an adopted number, and they find what was paid after all', async () => {
    const clock = { days: 0 }
    const now = () => new Date(Date.UTC(2026, 0, 24, 7) + clock.days * 86_400_000)
    const opened = await world({ store: await freshStore('postgres', { clock: now }) })
    const facts = { orderNo: 'LATER-1', userId: 'u1', amount: 100n, description: '' }
    await opened.budan.adoptOrder({ ...facts, createdAt: null, expiresAt: null })
    expect(await opened.budan.abandonOrder('LATER-1', { reason, actor })).toMatchObject({
      kind: 'abandoned',
    })
    opened.control.putOrder({ out_trade_no: 'LATER-1', total: 100 })
    opened.control.pay('LATER-1', { callback: false })
    clock.days = 1.1
    const { run } = await opened.budan.run({ dryRun: false })
    expect(run).toMatchObject({ success: 1 })
    expect(await opened.balance('u1')).toBe(100n)
  })
})

describe('a code that a node of the version before hands out while its order is given up', () => {
  it('is found to be paid by a late check, though the callback was lost', async () => {
    const clock = { days: 0 }
    const now = () => new Date(Date.UTC(2026, 0, 24, 7) + clock.days * 86_400_000)
    const opened = await world({ store: await freshStore('postgres', { clock: now }) })
    opened.control.addFault({ operation: 'native', fault: { kind: 'error', status: 503 } })
    const placement = await opened.budan.placeOrder(requestOf())
    const { orderNo } = (placement as { order: { orderNo: string } }).order
    await opened.budan.abandonOrder(orderNo, { reason, actor })
    opened.control.putOrder({ out_trade_no: orderNo, total: 1234 })
    opened.control.pay(orderNo, { callback: false })
    clock.days = 1.1
    await opened.budan.run({ dryRun: false })
    expect(await opened.balance('u1')).toBe(1234n)
  })
})

describe('several app ids of one merchant', () => {
  const appIds = ['wxsecond0000000']

  it('places, adopts, queries and credits under each, and compares them', async () => {
    const opened = await world({ appIds })
    const placed = await opened.budan.placeOrder(requestOf({ appid: 'wxsecond0000000' }))
    expect(placed).toMatchObject({ kind: 'placed', order: { appid: 'wxsecond0000000' } })
    const { orderNo } = (placed as { order: { orderNo: string } }).order
    opened.control.putOrder({ out_trade_no: 'SHOP-1', total: 100, appid: 'wxsecond0000000' })
    const facts = { orderNo: 'SHOP-1', userId: 'u1', amount: 100n, description: '' }
    const adopting = { ...facts, createdAt: null, expiresAt: null }
    expect(await opened.budan.adoptOrder(adopting)).toMatchObject({ kind: 'app_id_required' })
    expect(await opened.budan.adoptOrder({ ...adopting, appid: 'wxnone' })).toMatchObject({
      kind: 'app_id_unknown',
    })
    const adopted = await opened.budan.adoptOrder({ ...adopting, appid: 'wxsecond0000000' })
    expect(adopted).toMatchObject({ kind: 'adopted' })
    for (const paid of [orderNo, 'SHOP-1']) opened.control.pay(paid, { callback: false })
    await opened.advanceMins(6)
    const { run } = await opened.budan.run({ dryRun: false })
    expect(run).toMatchObject({ success: 2, failed: 0 })
    expect(await opened.balance('u1')).toBe(1334n)
  })

  it('finds the order that was paid by its payment, though it was adopted under a wrong one', async () => {
    const opened = await world({ appIds })
    opened.control.putOrder({ out_trade_no: 'SHOP-1', total: 100, appid: 'wxsecond0000000' })
    opened.control.pay('SHOP-1', { callback: false })
    const { appid } = await sharedMerchant()
    const facts = { orderNo: 'SHOP-1', userId: 'u1', amount: 100n, description: '', appid }
    await opened.budan.adoptOrder({ ...facts, createdAt: null, expiresAt: null })
    expect(await opened.budan.checkOrder('SHOP-1')).toMatchObject({ decision: 'review' })
    const paid = opened.control.order('SHOP-1').payments[0]?.transaction_id ?? ''
    expect(await opened.budan.traceTransaction(paid)).toMatchObject({
      ...{ kind: 'found', order: { orderNo: 'SHOP-1', status: 'review' } },
    })
  })

  it('refuses to place under one that is not configured, and to repeat a key under another', async () => {
    const opened = await world({ appIds })
    expect(await opened.budan.placeOrder(requestOf({ appid: 'wxnone' }))).toMatchObject({
      kind: 'app_id_unknown',
    })
    await opened.budan.placeOrder(requestOf())
    expect(await opened.budan.placeOrder(requestOf({ appid: 'wxsecond0000000' }))).toMatchObject({
      kind: 'conflict',
    })
  })
})

describe('adopting a number again', () => {
  it('is a conflict where it belongs to another app id, and names it; another merchant has its own', async () => {
    const store = await freshStore('postgres')
    const before = await world({ store, appId: 'wxwrong00000000' })
    const facts = { orderNo: 'SHOP-1', userId: 'u1', amount: 100n, description: '' }
    const request = { ...facts, createdAt: null, expiresAt: null }
    await before.budan.adoptOrder(request)
    const after = await world({ store })
    const again = await after.budan.adoptOrder(request)
    expect(again).toMatchObject({ kind: 'conflict' })
    expect((again as { message: string }).message).toContain('wxwrong00000000')
    const foreign = await world({ store, mchId: other.mchid })
    expect(await foreign.budan.adoptOrder(request)).toMatchObject({
      ...{ kind: 'adopted', order: { orderNo: 'SHOP-1', mchid: other.mchid } },
    })
    expect(await store.findOrders('SHOP-1')).toHaveLength(2)
  })
})
