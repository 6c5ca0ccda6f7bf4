import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { Event } from '../../src/domain/event.ts'
import type { Order } from '../../src/domain/order.ts'
import { type Budan, openService } from '../../src/service.ts'
import { buildWeb } from '../../src/web/server.ts'
import { createCowrieGateway } from '../support/cowrie.ts'
import { type CowrieServer, startCowrie } from '../support/cowrie-server.ts'
import { freshStore, type StoreKind } from '../support/stores.ts'

/** A gateway that is nothing like WeChat Pay, through the whole of budan: HTTP service, job, ledger and console. */

const keys = { merchantId: 'M-1', shopId: 'S-1', secret: 'k9' }
const minuteMs = 60_000

interface Shop {
  readonly budan: Budan
  readonly cowrie: CowrieServer
  readonly app: Awaited<ReturnType<typeof buildWeb>>
  readonly events: readonly Event[]
  /** Steps all clocks, and makes a run. */
  runAfter(minutes: number): ReturnType<Budan['run']>
  place(userId?: string): Promise<Order>
  order(orderNo: string): Promise<Order>
  balance(userId?: string): Promise<bigint>
}

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function openShop(kind: StoreKind): Promise<Shop> {
  const time = { now: Date.parse('2026-01-24T07:00:00Z') }
  const clock = () => new Date(time.now)
  const cowrie = await startCowrie(keys, { now: () => time.now })
  ends.push(() => cowrie.stop())
  const events: Event[] = []
  const store = await freshStore(kind, { clock })
  const target = { notifyUrl: '' }
  const gateway = createCowrieGateway({
    ...{ ...keys, url: cowrie.url, emit: (event) => events.push(event) },
    get notifyUrl() {
      return target.notifyUrl
    },
  })
  const budan = await openService(
    { database: { url: 'pglite:memory' }, log: { level: 'silent' } },
    { store, gateway, clock, onEvent: (event) => events.push(event) },
  )
  ends.push(() => budan.close())
  const server = { host: '127.0.0.1', port: 0, apiToken: null }
  const app = await buildWeb(budan, { server, version: 'test', clock })
  ends.push(() => app.close())
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  target.notifyUrl = `http://127.0.0.1:${port}/v1/callbacks/cowrie`
  const state = { placed: 0 }
  return {
    ...{ budan, cowrie, app, events },
    runAfter: (minutes) => {
      time.now += minutes * minuteMs
      return budan.run({ dryRun: false })
    },
    place: async (userId = 'u1') => {
      state.placed += 1
      const placement = await budan.placeOrder({
        ...{ userId, amount: 1234n, description: 'shells', idempotencyKey: `k${state.placed}` },
      })
      if (placement.kind !== 'placed') throw new Error(placement.kind)
      return placement.order
    },
    order: async (orderNo) => {
      const order = await store.findOrder(orderNo)
      if (order === null) throw new Error(`No order "${orderNo}"`)
      return order
    },
    balance: async (userId = 'u1') => (await store.balance(userId)).balance,
  }
}

describe.each(['pglite', 'postgres'] as const)('an invented gateway, on %s', (kind) => {
  it('is asked about orders that nobody has begun to pay, and neither stops a run nor ends one', async () => {
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
    const { items } = await budan.store.listOrderEvents(orderNo, { limit: 50, cursor: null })
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

  it.each(['12.35', '12.345', '1234'])('reviews a payment of %s yuan for 12.34', async (amount) => {
    const { cowrie, place, order, balance } = await openShop(kind)
    const { orderNo } = await place()
    cowrie.pay(orderNo, { amount })
    expect(await cowrie.notify(orderNo)).toMatchObject({ text: 'success' })
    expect((await order(orderNo)).status).toBe('review')
    expect(await balance()).toBe(0n)
  })
})
