import { describe, expect, it } from 'vitest'
import { breakableStore } from '../support/breakable-store.ts'
import { freshStore } from '../support/stores.ts'
import { openWorld, useWorlds, type World } from '../support/world.ts'

/** What would delay a paid order for hours, or end the job without a word. */

const world = useWorlds({ kind: 'postgres' })

const query = 'query' as const
const noSuchOrder = { kind: 'error', status: 404, code: 'ORDER_NOT_EXIST' } as const

function run(opened: World) {
  return opened.budan.run({ dryRun: false })
}

function place(opened: World, idempotencyKey: string) {
  const facts = { userId: 'u1', amount: 100n, description: 'credit', attach: null }
  return opened.budan.placeOrder({ ...facts, idempotencyKey })
}

describe('orders that were never placed', () => {
  it('do not open the breaker however many they are, and expire on their own absence', async () => {
    const opened = await world({ recharge: { orderTtlMins: 10 } })
    const refusal = { kind: 'error', status: 400, code: 'PARAM_ERROR' } as const
    opened.control.addFault({ operation: 'native', fault: refusal })
    const orderNos: string[] = []
    for (const key of ['a', 'b', 'c', 'd']) {
      const placement = await place(opened, key)
      expect(placement).toMatchObject({ kind: 'refused', code: 'PARAM_ERROR' })
      if (placement.kind === 'refused') orderNos.push(placement.order.orderNo)
    }
    for (let minutes = 0; minutes < 180; minutes += 5) {
      await opened.advanceMins(5)
      await run(opened)
      expect(await opened.ready()).toBe(true)
    }
    for (const orderNo of orderNos) expect((await opened.order(orderNo)).status).toBe('expired')
    const [first = ''] = orderNos
    expect((await opened.timeline(first)).slice(0, 2)).toMatchObject([
      { kind: 'created' },
      { kind: 'unplaced', reason: expect.stringContaining('PARAM_ERROR') },
    ])
  })

  it('are reported as ended when their key is repeated after their end', async () => {
    const opened = await world({ recharge: { orderTtlMins: 10 } })
    opened.control.addFault({ operation: 'native', times: 1, fault: { kind: 'reset' } })
    const placement = await place(opened, 'a')
    expect(placement.kind).toBe('unanswered')
    for (let minutes = 0; minutes < 180; minutes += 5) {
      await opened.advanceMins(5)
      await run(opened)
    }
    expect(await place(opened, 'a')).toMatchObject({ kind: 'ended' })
  })
})

describe('orders that cannot be queried', () => {
  it('of another merchant delay no other order, and are logged at the start', async () => {
    const store = await freshStore('postgres')
    const before = await openWorld({ store, mchId: '1900009999' })
    for (let n = 100; n < 160; n += 1) {
      const facts = { orderNo: `ORDER-${n}`, userId: 'u2', amount: 1n, description: '' }
      const hoursAgo = new Date(Date.now() - 3_600_000)
      await before.budan.adoptOrder({ ...facts, createdAt: hoursAgo, expiresAt: null })
    }
    const opened = await world({ store, recharge: { compensationBatchSize: 5 } })
    expect(opened.events).toMatchObject([{ type: 'orders_foreign', count: 60 }])
    expect((await run(opened)).run.total).toBe(0)
    expect(await opened.budan.checkOrder('ORDER-100')).toMatchObject({
      decision: 'wait',
      reason: expect.stringContaining('belongs to'),
    })
    await before.simulator.stop()
  })

  it('because the gateway refuses the very query move along their schedule', async () => {
    const opened = await world()
    await opened.adopt('ORDER-1', { ttlMins: 6000 })
    const refusal = { kind: 'error', status: 400, code: 'PARAM_ERROR' } as const
    opened.control.addFault({ operation: query, fault: refusal })
    for (let minutes = 0; minutes < 600; minutes += 5) {
      await opened.advanceMins(5)
      await run(opened)
    }
    expect(opened.control.requests({ operation: query }).length).toBeLessThan(20)
    expect((await opened.order('ORDER-1')).status).toBe('pending')
  })
})

describe('checks by hand', () => {
  it('do not delay the next query of the job, and do not count one absence twice', async () => {
    const opened = await world()
    await opened.adopt('ORDER-1')
    const before = await opened.order('ORDER-1')
    opened.control.addFault({ operation: query, times: 2, fault: noSuchOrder })
    for (let times = 0; times < 6; times += 1) await opened.budan.checkOrder('ORDER-1')
    // A trade showed among the answers; nothing else of the order has changed.
    expect(await opened.order('ORDER-1')).toEqual({ ...before, standing: 'known' })
    opened.control.pay('ORDER-1', { callback: false })
    await opened.advanceMins(6)
    expect((await run(opened)).run.success).toBe(1)
  })
})

describe('a wait of one interval', () => {
  it('ends with the next scheduled run', async () => {
    const opened = await world({
      recharge: { compensationIntervalMins: 0.001, compensationRecheckMins: [0.001] },
    })
    await opened.adopt('ORDER-1')
    await opened.advanceMins(6)
    opened.budan.start()
    await opened.waitFor('run_finished')
    for (let slots = 0; slots < 3; slots += 1) {
      const from = opened.events.length
      // The slot after the one that ran, and not more than one wait later.
      await opened.advanceMins(0.001)
      await opened.waitFor('run_finished', { from })
    }
    await opened.budan.stop()
    const queries = opened.control.requests({ operation: query })
    expect(queries).toHaveLength(4)
  })
})

describe('answers that cannot be verified, all of a run', () => {
  it('open the breaker: the configured key is wrong, or a proxy strips headers', async () => {
    const opened = await world()
    for (let n = 1; n <= 4; n += 1) {
      await opened.adopt(`ORDER-${n}`)
      opened.control.pay(`ORDER-${n}`, { callback: false })
    }
    opened.control.addFault({ operation: query, fault: { kind: 'wrong_signature' } })
    await opened.advanceMins(6)
    await run(opened)
    expect(await opened.ready()).toBe(false)
    opened.control.clearFaults()
    await opened.advanceMins(6)
    expect((await run(opened)).run.success).toBe(4)
    expect(await opened.ready()).toBe(true)
  })
})

describe('a run of absent answers', () => {
  it('is credible again once a callback shows that the merchant number is right', async () => {
    const opened = await world()
    for (let n = 1; n <= 4; n += 1) {
      await opened.adopt(`ORDER-${n}`)
      await opened.budan.checkOrder(`ORDER-${n}`)
    }
    opened.control.pay('ORDER-1', { callback: false })
    opened.control.addFault({ operation: query, fault: noSuchOrder })
    await opened.advanceMins(6)
    await run(opened)
    expect(await opened.ready()).toBe(false)
    await opened.budan.receiveCallback(await opened.callback('ORDER-1'))
    expect(await opened.ready()).toBe(true)
  })
})

describe('adopted orders that were never placed', () => {
  it('hold no paid order up while a trade shows that the merchant number is right', async () => {
    const opened = await world()
    for (let tick = 10; tick < 22; tick += 1) {
      for (const cart of [1, 2, 3, 4, 5, 6]) {
        await opened.adopt(`CART-${tick}-${cart}`, { ttlMins: 6000 })
        opened.control.addFault({
          ...{ operation: query, out_trade_no: `CART-${tick}-${cart}`, fault: noSuchOrder },
        })
      }
      for (const paid of [1, 2, 3, 4]) {
        await opened.adopt(`PAID-${tick}-${paid}`)
        opened.control.pay(`PAID-${tick}-${paid}`, { callback: false })
      }
      await opened.advanceMins(5)
      await run(opened)
    }
    await opened.advanceMins(5)
    await run(opened)
    const page = { limit: 200, cursor: null, userId: null }
    const open = await opened.store.listOrders({ ...page, status: 'pending' })
    expect(open.items.filter(({ orderNo }) => orderNo.startsWith('PAID'))).toEqual([])
    expect(open.items).toHaveLength(12 * 6) // and nothing ended that may still be placed
    expect(await opened.ready()).toBe(true)
  })
})

describe('a run that is stopped', () => {
  it('sends no new close or query, however many orders are past their end', async () => {
    const opened = await world({ recharge: { compensationConcurrency: 1 } })
    for (let n = 10; n < 30; n += 1) await opened.adopt(`ORDER-${n}`, { ttlMins: 10 })
    opened.control.addFault({ operation: 'close', fault: { kind: 'slow', ms: 50 } })
    await opened.advanceMins(11)
    opened.budan.start()
    await opened.control.waitForRequests({ operation: 'close' })
    await opened.budan.stop()
    expect(opened.control.requests({ operation: 'close' }).length).toBeLessThanOrEqual(2)
    opened.control.clearFaults()
    await opened.advanceMins(11)
    await run(opened)
    const page = { limit: 200, cursor: null, userId: null }
    const open = await opened.store.listOrders({ ...page, status: 'pending' })
    expect(open.items).toEqual([])
  })
})

describe('an order whose settling failed', () => {
  it('is due again after the shortest wait, not when its lease runs out', async () => {
    const breaking = { broken: false, methods: ['transaction'] as const }
    let minutes = 0
    const now = () => new Date(Date.UTC(2026, 0, 24, 7) + minutes * 60_000)
    const store = await freshStore('postgres', { clock: now })
    const opened = await world({ store: breakableStore(store, breaking) })
    await opened.adopt('ORDER-1')
    opened.control.pay('ORDER-1', { callback: false })
    minutes = 6
    breaking.broken = true
    expect((await run(opened)).run).toMatchObject({ failed: 1 })
    breaking.broken = false
    minutes = 11
    expect((await run(opened)).run).toMatchObject({ success: 1 })
  })
})

describe('onPaid', () => {
  it('that leaves a failing statement behind credits nothing, and nothing says it did', async () => {
    const opened = await world({
      onPaid: async (_paid, tx) => {
        void tx.execute('select * from a_table_that_is_not_there', []).catch(() => undefined)
      },
    })
    await opened.adopt('ORDER-1')
    opened.control.pay('ORDER-1', { callback: false })
    const callback = await opened.callback('ORDER-1')
    await expect(opened.budan.receiveCallback(callback)).rejects.toThrow()
    expect((await opened.order('ORDER-1')).status).toBe('pending')
    expect(opened.events.map(({ type }) => type)).not.toContain('order_credited')
  })

  it('of several orders run side by side', async () => {
    let most = 0
    let now = 0
    let third: () => void = () => undefined
    const threeAtOnce = new Promise<void>((resolve) => (third = resolve))
    const opened = await world({
      onPaid: async () => {
        now += 1
        most = Math.max(most, now)
        if (now === 3) third()
        await threeAtOnce
        now -= 1
      },
    })
    for (const name of ['ORDER-1', 'ORDER-2', 'ORDER-3']) {
      await opened.adopt(name)
      opened.control.pay(name, { callback: false })
    }
    await opened.advanceMins(6)
    expect((await run(opened)).run.success).toBe(3)
    expect(most).toBe(3)
  })
})

describe('stop() and start()', () => {
  it('one after the other without waiting leave the clock going', async () => {
    const opened = await world({ recharge: { compensationIntervalMins: 0.001 } })
    opened.budan.start()
    await opened.waitFor('scan_empty')
    const stopped = opened.budan.stop()
    opened.budan.start()
    await stopped
    const from = opened.events.length
    await opened.advanceMins(1)
    await opened.waitFor('scan_empty', { from })
    expect((await opened.budan.readiness()).ready).toBe(true)
    await opened.budan.stop()
    expect((await opened.budan.readiness()).ready).toBe(false)
  })

  it('in any order end as the last call says', async () => {
    const opened = await world({ recharge: { compensationIntervalMins: 0.001 } })
    for (const calls of ['+-', '+-+', '+-+-', '-+', '++--+', '--++-', '+-+-+']) {
      const stops = [...calls].map((call) =>
        call === '+' ? opened.budan.start() : opened.budan.stop(),
      )
      await Promise.all(stops)
      expect({ calls, ready: (await opened.budan.readiness()).ready }).toEqual({
        calls,
        ready: calls.endsWith('+'),
      })
      await opened.budan.stop()
    }
  })
})

describe('a database that blinks', () => {
  it('before the claim costs no interval: the slot is free again', async () => {
    const breaking = { broken: false, methods: ['claimDue'] as const }
    const store = await freshStore('postgres')
    const opened = await world({
      store: breakableStore(store, breaking),
      recharge: { compensationIntervalMins: 0.005 },
    })
    await opened.adopt('ORDER-1')
    await opened.advanceMins(6)
    breaking.broken = true
    opened.budan.start()
    await opened.waitFor('scan_failed')
    breaking.broken = false
    const found = await opened.waitFor('scan_found')
    expect(found).toMatchObject({ count: 1 })
    await opened.budan.stop()
  })

  it('at the end of a run loses no result', async () => {
    const breaking = { broken: false, methods: ['finishRun'] as const }
    const store = await freshStore('postgres')
    const opened = await world({ store: breakableStore(store, breaking) })
    await opened.adopt('ORDER-1')
    opened.control.pay('ORDER-1', { callback: false })
    await opened.advanceMins(6)
    breaking.broken = true
    const { run: made } = await run(opened)
    expect(made).toMatchObject({ total: 1, success: 1 })
    expect(opened.events.map(({ type }) => type)).toContain('run_unrecorded')
    const { text } = await opened.budan.metrics()
    expect(text).toContain('recharge_compensation_orders_total{result="success"} 1')
    expect(await opened.balance('u1')).toBe(100n)
  })
})

describe('placing orders', () => {
  it('waits neither for the quota nor for a socket of the queries', async () => {
    const opened = await world({
      timeoutMs: 4_000,
      recharge: { compensationMaxQps: 1, compensationConcurrency: 2 },
    })
    for (let n = 1; n <= 2; n += 1) await opened.adopt(`ORDER-${n}`)
    opened.control.addFault({ operation: query, fault: { kind: 'hang' } })
    await opened.advanceMins(6)
    const running = run(opened)
    await opened.control.waitForRequests({ operation: query })
    const keys = Array.from({ length: 30 }, (_, n) => `key-${n}`)
    const placements = await Promise.all(keys.map((key) => place(opened, key)))
    expect(placements.filter(({ kind }) => kind !== 'placed')).toEqual([])
    await running
  })
})

describe('fault 14: the scheduler was down for three days', () => {
  it('finds every order that was paid meanwhile: there is no window to fall out of', async () => {
    const opened = await world()
    for (let n = 10; n < 20; n += 1) {
      await opened.adopt(`ORDER-${n}`)
      opened.control.pay(`ORDER-${n}`, { callback: false })
    }
    await opened.advanceMins(3 * 24 * 60)
    expect((await run(opened)).run).toMatchObject({ total: 10, success: 10 })
  })
})

describe('orders that are refused like a wrong key would be, while others are answered', () => {
  it('do not stand before a paid one for ever', async () => {
    const opened = await world()
    const refusal = { kind: 'error', status: 403, code: 'NO_AUTH' } as const
    for (let n = 0; n < 5; n += 1) {
      await opened.adopt(`REFUSED-${n}`, { ttlMins: 6000 })
      opened.control.addFault({ operation: query, out_trade_no: `REFUSED-${n}`, fault: refusal })
    }
    for (let n = 0; n < 6; n += 1) await opened.adopt(`UNPAID-${n}`, { ttlMins: 6000 })
    await opened.adopt('PAID-1', { ttlMins: 6000 })
    opened.control.pay('PAID-1', { callback: false })
    let runs = 0
    while (runs < 12 && (await opened.order('PAID-1')).status === 'pending') {
      await opened.adopt(`YOUNG-${runs}`, { ttlMins: 6000 })
      await opened.advanceMins(6)
      await run(opened)
      runs += 1
    }
    expect((await opened.order('PAID-1')).status).toBe('paid')
    for (let n = 0; n < 5; n += 1) {
      expect((await opened.order(`REFUSED-${n}`)).checks).toBe(0)
    }
  })
})
