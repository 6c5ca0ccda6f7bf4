import type { RuleInput } from 'budan-simulator'
import { describe, expect, it } from 'vitest'
import { breakableStore } from '../support/breakable-store.ts'
import { keyOf } from '../support/order-key.ts'
import { freshStore } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'

/** The faults that lost or doubled somebody's money, by their number in docs/guarantees.md. */

const world = useWorlds({ kind: 'postgres' })

function run(opened: World) {
  return opened.budan.run({ dryRun: false })
}

async function paidLost(opened: World, orderNo = 'ORDER-1', amount = 100): Promise<void> {
  await opened.adopt(orderNo, { amount })
  opened.control.pay(orderNo, { callback: false })
  await opened.advanceMins(6)
}

/** Makes a run every five minutes, for `minutes`. */
async function runFor(opened: World, minutes: number): Promise<void> {
  for (let passed = 0; passed < minutes; passed += 5) {
    await run(opened)
    await opened.advanceMins(5)
  }
}

const query = 'query' as const

describe('fault 1: a paid order behind unpaid ones', () => {
  it('is found after at most as many runs as batches lie before it, and new ones are not held up', async () => {
    const opened = await world({ recharge: { compensationBatchSize: 10 } })
    for (let n = 100; n < 160; n += 1) await opened.adopt(`ORDER-${n}`, { ttlMins: 600 })
    await opened.adopt('ORDER-PAID')
    opened.control.pay('ORDER-PAID', { callback: false })
    await opened.advanceMins(6)
    for (let runs = 0; runs < 7; runs += 1) await run(opened)
    expect((await opened.order('ORDER-PAID')).status).toBe('paid')

    // All 60 have been queried and are due again; an order placed now is still queried in its turn.
    await opened.adopt('ORDER-NEXT')
    opened.control.pay('ORDER-NEXT', { callback: false })
    await opened.advanceMins(6)
    for (let runs = 0; runs < 7; runs += 1) await run(opened)
    expect((await opened.order('ORDER-NEXT')).status).toBe('paid')
  })
})

describe('fault 2: the query fails just as the order ends', () => {
  it.each([
    ['hangs', { kind: 'hang' }],
    ['is cut off', { kind: 'cut', after_bytes: 10 }],
    ['is reset', { kind: 'reset' }],
    ['is HTML', { kind: 'error', status: 200, body: 'html' }],
    ['is a 502 page', { kind: 'error', status: 502, body: 'html' }],
    ['is a 429', { kind: 'error', status: 429, code: 'FREQUENCY_LIMITED' }],
    ['is a 401', { kind: 'error', status: 401, code: 'SIGN_ERROR' }],
    ['is a 403', { kind: 'error', status: 403, code: 'RULE_LIMIT' }],
    ['is an empty 404', { kind: 'error', status: 404, body: 'empty' }],
    ['carries a wrong signature', { kind: 'wrong_signature' }],
    ['is a signature probe', { kind: 'probe' }],
    ['is a signature probe that is no Base64', { kind: 'probe', base64: 'invalid' }],
    ['carries an old timestamp', { kind: 'timestamp', offset_seconds: -301 }],
    ['carries no signature', { kind: 'sign', signed: false }],
    ['is signed by an unknown key', { kind: 'unknown_serial' }],
    ['was changed on the way', { kind: 'changed_body', merge: { trade_state: 'CLOSED' } }],
  ] as const)(
    'the answer %s: the order waits, and is credited when the gateway recovers',
    async (_, fault) => {
      // Longer than everybody pauses after a 429; only a hung call takes this long.
      const opened = await world({ timeoutMs: 3_000 })
      await opened.adopt('ORDER-1', { ttlMins: 10 })
      opened.control.pay('ORDER-1', { callback: false })
      opened.control.addFault({ operation: query, fault })
      await opened.advanceMins(11)
      const { run: made } = await run(opened)
      expect(made).toMatchObject({ total: 1, failed: 1, outcomes: { unknown: 1 } })
      expect((await opened.order('ORDER-1')).status).toBe('pending')
      opened.control.clearFaults()
      await opened.advanceMins(6)
      await run(opened)
      expect((await opened.order('ORDER-1')).status).toBe('paid')
    },
  )
})

describe('fault 3: the payer pays between the last query and the close', () => {
  it('is credited: the close is refused, and the second query finds the payment', async () => {
    const opened = await world()
    await opened.adopt('ORDER-1', { ttlMins: 10 })
    const payment = { kind: 'pay', when: 'before', callback: false, force: true } as const
    opened.control.addFault({ operation: 'close', fault: payment })
    await opened.advanceMins(11)
    const { run: made } = await run(opened)
    expect(made).toMatchObject({ success: 1 })
    expect(await opened.order('ORDER-1')).toMatchObject({ status: 'paid' })
    const timeline = await opened.timeline('ORDER-1')
    expect(timeline.map((event) => event.decision ?? event.kind)).toEqual([
      ...['adopted', 'close', 'closing', 'pay'],
    ])
  })

  it('stays open when the close is not answered, and nothing is lost', async () => {
    const opened = await world({ timeoutMs: 2_000 })
    await opened.adopt('ORDER-1', { ttlMins: 10 })
    const hang = { kind: 'hang', performed: true } as const
    opened.control.addFault({ operation: 'close', fault: hang, times: 1 })
    await opened.advanceMins(11)
    await run(opened)
    expect((await opened.order('ORDER-1')).status).toBe('pending')
    await opened.advanceMins(6)
    await run(opened)
    expect((await opened.order('ORDER-1')).status).toBe('expired')
  })

  it('stays open when the gateway says closed and then still unpaid', async () => {
    const opened = await world()
    await opened.adopt('ORDER-1', { ttlMins: 10 })
    opened.control.answerAs('ORDER-1', { trade_state: 'NOTPAY' })
    await opened.advanceMins(11)
    const { results } = await run(opened)
    expect(results).toMatchObject([{ outcome: 'waiting' }])
    expect((await opened.order('ORDER-1')).status).toBe('pending')
  })
})

describe('fault 4: the payment commits while the job is about to expire the order', () => {
  it('stays paid: the decision is made on the locked row, not on the one that was read', async () => {
    const opened = await world()
    await opened.adopt('ORDER-1')
    opened.control.pay('ORDER-1', { callback: false })
    const closed = {
      kind: 'answer',
      merge: { trade_state: 'CLOSED', transaction_id: null },
    } as const
    opened.control.addFault({ operation: query, fault: closed })
    opened.control.addFault({ operation: query, fault: { kind: 'slow', ms: 100 } })
    await opened.advanceMins(6)
    const running = run(opened)
    await opened.control.waitForRequests({ operation: query })
    await opened.budan.receiveCallback(await opened.callback('ORDER-1'))
    expect((await opened.order('ORDER-1')).status).toBe('paid')
    expect((await running).results).toMatchObject([{ tradeState: 'CLOSED', outcome: 'kept' }])
    expect((await opened.order('ORDER-1')).status).toBe('paid')
    expect(await opened.balance('u1')).toBe(100n)
  })
})

describe('fault 5: callback, runs and checks at once', () => {
  it.each(['pglite', 'postgres'] as const)('credit once on %s', async (kind) => {
    const opened = await world({ kind })
    await paidLost(opened)
    const callback = await opened.callback('ORDER-1')
    const check = () => opened.budan.checkOrder('ORDER-1')
    await Promise.all([
      ...Array.from({ length: 5 }, check),
      ...Array.from({ length: 5 }, () => opened.budan.receiveCallback(callback)),
      ...Array.from({ length: 3 }, () => run(opened)),
    ])
    expect(await opened.balance('u1')).toBe(100n)
    expect(await opened.store.audit()).toEqual(allZero)
    const decisions = (await opened.timeline('ORDER-1')).map((event) => event.decision)
    expect(decisions.filter((decision) => decision === 'pay')).toHaveLength(1)
  })
})

describe('fault 7: a lease that runs out in the middle of the work', () => {
  it('lets a second run query again, and the order is credited once', async () => {
    const opened = await world()
    await paidLost(opened)
    opened.control.addFault({ operation: query, times: 1, fault: { kind: 'slow', ms: 150 } })
    const slow = run(opened)
    await opened.control.waitForRequests({ operation: query })
    await opened.advanceMins(60)
    const second = await run(opened)
    const first = await slow
    expect([first.run.total, second.run.total]).toEqual([1, 1])
    expect([first.run.success, second.run.success].sort()).toEqual([0, 1])
    expect(await opened.balance('u1')).toBe(100n)
  })
})

describe('fault 8: SUCCESS long after the order expired', () => {
  it.each([
    ['minutes', 10],
    ['hours', 300],
    ['six days', 6 * 24 * 60],
  ])('%s later is still credited', async (_, minutes) => {
    const opened = await world()
    await opened.adopt('ORDER-1', { ttlMins: 10 })
    opened.control.close('ORDER-1')
    await opened.advanceMins(6)
    await run(opened)
    expect((await opened.order('ORDER-1')).status).toBe('expired')
    await opened.advanceMins(minutes)
    opened.control.pay('ORDER-1', { callback: false, force: true })
    const receipt = await opened.budan.receiveCallback(await opened.callback('ORDER-1'))
    expect(receipt).toMatchObject({ kind: 'settled', decision: 'pay' })
    expect(await opened.order('ORDER-1')).toMatchObject({ status: 'paid', creditedBy: 'callback' })
    expect(await opened.balance('u1')).toBe(100n)
  })
})

describe('faults 9 and 10: an answer that is not about what was ordered', () => {
  it.each([
    ['one fen more', { amount: { total: 101 } }],
    ['one fen less', { amount: { total: 99 } }],
    ['nothing', { amount: { total: 0 } }],
    ['no amount', { amount: null }],
    ['a fraction', { amount: { total: 100.5 } }],
    ['a text', { amount: { total: '100' } }],
    ['another currency', { amount: { currency: 'USD' } }],
    ['no currency', { amount: { currency: null } }],
    ['another mchid', { mchid: '1900009999' }],
    ['another appid', { appid: 'wxffffffffffffffff' }],
    ['another order number', { out_trade_no: 'ORDER-2' }],
  ])('with %s: nobody is credited, the order never expires', async (_, patch) => {
    const opened = await world()
    await opened.adopt('ORDER-1')
    opened.control.pay('ORDER-1', { callback: false })
    opened.control.answerAs('ORDER-1', patch)
    await opened.advanceMins(6)
    await run(opened)
    expect(['review', 'pending']).toContain((await opened.order('ORDER-1')).status)
    expect(await opened.balance('u1')).toBe(0n)
    expect(await opened.store.audit()).toEqual(allZero)
  })
})

describe('fault 11: states that are neither paid nor unpaid', () => {
  it.each([
    ['REFUND', 'review'],
    ['REVOKED', 'expired'],
    ['CLOSED', 'expired'],
    ['USERPAYING', 'pending'],
    ['PAYERROR', 'pending'],
    ['ACCEPT', 'pending'],
    ['SOMETHING_NEW', 'pending'],
  ])('%s leads to %s, and credits nobody', async (state, status) => {
    const opened = await world()
    await opened.adopt('ORDER-1')
    if (state === 'REFUND') opened.control.pay('ORDER-1', { callback: false })
    opened.control.setState('ORDER-1', state)
    await opened.advanceMins(6)
    await run(opened)
    expect((await opened.order('ORDER-1')).status).toBe(status)
    expect(await opened.balance('u1')).toBe(0n)
  })

  it('"no such order" and then SUCCESS is credited', async () => {
    const opened = await world()
    const fault = { kind: 'error', status: 404, code: 'ORDER_NOT_EXIST' } as const
    opened.control.addFault({ operation: query, fault, times: 2 })
    await paidLost(opened)
    await runFor(opened, 15)
    expect((await opened.order('ORDER-1')).status).toBe('paid')
  })

  it('"no such order" ends an order only after several answers over time, among other answers', async () => {
    const opened = await world()
    for (const name of ['ORDER-2', 'ORDER-3']) await opened.adopt(name, { ttlMins: 6000 })
    await opened.adopt('ORDER-1', { ttlMins: 10 })
    const fault = { kind: 'error', status: 404, code: 'ORDER_NOT_EXIST' } as const
    opened.control.addFault({ operation: query, out_trade_no: 'ORDER-1', fault })
    await opened.advanceMins(6)
    await runFor(opened, 30)
    expect((await opened.order('ORDER-1')).status).toBe('pending')
    await runFor(opened, 180)
    expect((await opened.order('ORDER-1')).status).toBe('expired')
  })
})

describe('fault 12: lookalikes of success', () => {
  /** Everything that a payment has, but for the word. */
  const paid = {
    transaction_id: '4200000000000000000000000042',
    success_time: '2026-01-24T15:01:00+08:00',
    amount: { total: 100, currency: 'CNY', payer_total: 100, payer_currency: 'CNY' },
  }
  it.each([
    ['lower case', { ...paid, trade_state: 'success' }],
    ['a longer word', { ...paid, trade_state: 'SUCCESSFUL' }],
    ['a description', { ...paid, trade_state: 'NOTPAY', trade_state_desc: '支付成功' }],
    ['a number', { ...paid, trade_state: 1 }],
    ['a transaction id alone', { ...paid, trade_state: null }],
    ['a code', { ...paid, trade_state: null, code: 'SUCCESS', message: '成功' }],
    ['a success without a transaction id', { trade_state: 'SUCCESS', transaction_id: null }],
  ])('%s credits nobody', async (_, patch) => {
    const opened = await world()
    await opened.adopt('ORDER-1')
    opened.control.answerAs('ORDER-1', patch)
    await opened.advanceMins(6)
    await run(opened)
    expect((await opened.order('ORDER-1')).status).toBe('pending')
    expect(await opened.balance('u1')).toBe(0n)
  })
})

describe('fault 13: a second transaction id for one order', () => {
  it('is kept with an alarm, and credits nothing more', async () => {
    const opened = await world()
    await paidLost(opened)
    await run(opened)
    opened.control.pay('ORDER-1', { callback: false, again: true })
    const report = await opened.budan.checkOrder('ORDER-1')
    expect(report).toMatchObject({ decision: 'keep', tradeState: 'SUCCESS' })
    expect((await opened.timeline('ORDER-1')).at(-1)).toMatchObject({
      decision: 'keep',
      alarm: true,
    })
    expect(await opened.balance('u1')).toBe(100n)
  })

  it('and one transaction id for two orders credits the first, and sends the second to review', async () => {
    const opened = await world()
    await paidLost(opened, 'ORDER-1')
    await run(opened)
    const { transactionId } = await opened.order('ORDER-1')
    await opened.adopt('ORDER-2')
    opened.control.pay('ORDER-2', { callback: false, answered: { transaction_id: transactionId } })
    await opened.advanceMins(6)
    await run(opened)
    expect((await opened.order('ORDER-2')).status).toBe('review')
    expect(await opened.balance('u1')).toBe(100n)
  })
})

describe('fault 15: the clocks of the application and the database disagree', () => {
  it.each([
    ['ahead', 24 * 60],
    ['behind', -24 * 60],
  ])(
    'a process whose clock is a day %s: age and schedule go by the database, and nothing ends',
    async (_, offset) => {
      const times = { mins: 0 }
      const databaseNow = () => new Date(Date.UTC(2026, 0, 24, 7) + times.mins * 60_000)
      const store = await freshStore('postgres', { clock: databaseNow })
      const opened = await world({ store, startAt: new Date(+databaseNow() + offset * 60_000) })
      const facts = { orderNo: 'ORDER-1', userId: 'u1', amount: 100n, description: '' }
      opened.control.putOrder({ out_trade_no: 'ORDER-1', total: 100 })
      const expiresAt = new Date(+databaseNow() + 120 * 60_000)
      await opened.budan.adoptOrder({ ...facts, createdAt: null, expiresAt })
      const totals: number[] = []
      for (const mins of [1, 6, 7, 119, 121]) {
        times.mins = mins
        totals.push((await run(opened)).run.total)
      }
      expect(totals).toEqual([0, 1, 0, 1, 0])
      // By hand, too: it is not past its end, so nothing is closed.
      times.mins = 119
      expect(await opened.budan.checkOrder('ORDER-1')).toMatchObject({ decision: 'wait' })
      times.mins = 121
      const waits = (await opened.order('ORDER-1')).nextCheckAt
      // Not for 5: its end is sooner. Half the shortest wait passes in any case.
      expect(waits).toEqual(new Date(Date.UTC(2026, 0, 24, 7) + (119 + 2.5) * 60_000))
      times.mins = 125 // past its end by the database's clock, which may be the wrong one
      expect((await run(opened)).run.total).toBe(1)
      expect(opened.control.requests({ operation: 'close' })).toEqual([])
      expect((await opened.order('ORDER-1')).status).toBe('pending')
    },
  )

  it('by less than a minute: an order ends by the database, and no sooner', async () => {
    const times = { mins: 0 }
    const databaseNow = () => new Date(Date.UTC(2026, 0, 24, 7) + times.mins * 60_000)
    const store = await freshStore('postgres', { clock: databaseNow })
    const opened = await world({ store, startAt: new Date(+databaseNow() + 50_000) })
    const step = async (mins: number) => {
      times.mins += mins
      await opened.advanceMins(mins)
    }
    opened.control.putOrder({ out_trade_no: 'ORDER-1', total: 100 })
    const facts = { orderNo: 'ORDER-1', userId: 'u1', amount: 100n, description: '' }
    const expiresAt = new Date(+databaseNow() + 10 * 60_000)
    await opened.budan.adoptOrder({ ...facts, createdAt: null, expiresAt })
    // Past its end by the process's clock alone.
    await step(9.5)
    expect(await opened.budan.checkOrder('ORDER-1')).toMatchObject({ decision: 'wait' })
    expect(opened.control.requests({ operation: 'close' })).toEqual([])
    await step(1)
    expect(await opened.budan.checkOrder('ORDER-1')).toMatchObject({ decision: 'expire' })
  })
})

describe('fault 19: hung calls in every slot', () => {
  it('end at their deadline, and the run goes on and ends', async () => {
    const opened = await world({ timeoutMs: 2_000, recharge: { compensationConcurrency: 2 } })
    for (let n = 1; n <= 6; n += 1) await opened.adopt(`ORDER-${n}`)
    opened.control.pay('ORDER-6', { callback: false })
    opened.control.addFault({ operation: query, times: 4, fault: { kind: 'hang' } })
    await opened.advanceMins(6)
    const { run: made } = await run(opened)
    expect(made).toMatchObject({ status: 'finished', total: 6, failed: 4 })
  })
})

describe('fault 20: queries fail for ever', () => {
  it('are sent no more often than the shortest wait, and are never given up', async () => {
    const opened = await world()
    await opened.adopt('ORDER-1')
    const fault = { kind: 'error', status: 500, code: 'SYSTEM_ERROR' } as const
    opened.control.addFault({ operation: query, fault })
    await opened.advanceMins(6)
    for (let minute = 0; minute < 60; minute += 1) {
      await run(opened)
      await opened.advanceMins(1)
    }
    const queries = opened.control.requests({ operation: query }).length
    expect(queries).toBe(12)
    expect((await opened.order('ORDER-1')).status).toBe('pending')
    expect(opened.events.filter((event) => event.type === 'order_alarm')).toHaveLength(0)
  })
})

describe('fault 16: a stop in the middle of a credit', () => {
  it('waits for it, and a second stop and a start change nothing', async () => {
    const opened = await world()
    await paidLost(opened)
    opened.control.addFault({ operation: query, fault: { kind: 'slow', ms: 100 } })
    opened.budan.start()
    await opened.control.waitForRequests({ operation: query })
    await Promise.all([opened.budan.stop(), opened.budan.stop()])
    expect((await opened.order('ORDER-1')).status).toBe('paid')
    opened.budan.start()
    await opened.budan.stop()
    expect(await opened.balance('u1')).toBe(100n)
  })
})

describe('faults 21 and 22: a callback acknowledged without a commit', () => {
  it('is not: while the database fails, its sender gets an error, and the next one credits', async () => {
    const breaking = { broken: false }
    const store = breakableStore(await freshStore('pglite'), breaking)
    const opened = await world({ store })
    await opened.adopt('ORDER-1')
    opened.control.pay('ORDER-1', { callback: false })
    const callback = await opened.callback('ORDER-1')
    breaking.broken = true
    await expect(opened.budan.receiveCallback(callback)).rejects.toThrow('broken')
    expect((await opened.order('ORDER-1')).status).toBe('pending')
    breaking.broken = false
    expect(await opened.budan.receiveCallback(callback)).toMatchObject({ kind: 'settled' })
    expect(await opened.balance('u1')).toBe(100n)
  })

  it('is not when the holder of the row fails: the one that waited for it credits', async () => {
    const opened = await world({ kind: 'postgres' })
    await opened.adopt('ORDER-1')
    opened.control.pay('ORDER-1', { callback: false })
    const callback = await opened.callback('ORDER-1')
    let waiting: Promise<unknown> = Promise.resolve()
    const held = opened.store.transaction(async (tx) => {
      await tx.lockOrder(keyOf('ORDER-1'))
      waiting = opened.budan.receiveCallback(callback)
      await aWaiter(opened)
      throw new Error('the holder fails')
    })
    await expect(held).rejects.toThrow('the holder fails')
    expect(await waiting).toMatchObject({ kind: 'settled', decision: 'pay' })
  })
})

/** Resolves once somebody waits for a lock of this database. */
async function aWaiter(opened: World): Promise<void> {
  const waiting =
    "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
  const look = () => opened.store.transaction((tx) => tx.execute(waiting, []))
  while ((await look()).length === 0);
}

describe('fault 23: what is credited', () => {
  it('is what the order froze, whatever the payer paid after coupons, and whenever it runs', async () => {
    const opened = await world()
    await opened.adopt('ORDER-1', { amount: 10_000 })
    opened.control.pay('ORDER-1', { callback: false, payer_total: 1 })
    await opened.advanceMins(3 * 24 * 60)
    await run(opened)
    expect(await opened.balance('u1')).toBe(10_000n)
  })
})

describe('fault 25: callbacks that fail a check', () => {
  it.each<[string, RuleInput['fault']]>([
    ['a signature probe', { kind: 'probe' }],
    ['a signature probe that is no Base64', { kind: 'probe', base64: 'invalid' }],
    ['a stale timestamp', { kind: 'timestamp', offset_seconds: -300 }],
    ['a timestamp to come', { kind: 'timestamp', offset_seconds: 300 }],
    ['an unknown serial', { kind: 'unknown_serial' }],
    ['a wrong signature', { kind: 'wrong_signature' }],
    ['a body changed on the way', { kind: 'changed_body' }],
    ['another APIv3 key', { kind: 'wrong_api_key' }],
    ['no signature', { kind: 'missing_header', headers: ['wechatpay-signature'] }],
    ['another state than SUCCESS', { kind: 'answer', merge: { trade_state: 'CLOSED' } }],
  ])('%s: nothing changes, and the gateway has to send it again (I7)', async (_, fault) => {
    const opened = await world()
    await opened.adopt('ORDER-1')
    opened.control.pay('ORDER-1', { callback: false })
    opened.control.addFault({ operation: 'notify', fault, times: 1 })
    const before = [await opened.order('ORDER-1'), await opened.timeline('ORDER-1')]
    const receipt = await opened.budan.receiveCallback(await opened.callback('ORDER-1'))
    expect(receipt).toMatchObject({ kind: 'rejected' })
    expect(receipt.kind === 'rejected' && receipt.status).toBeGreaterThanOrEqual(400)
    expect([await opened.order('ORDER-1'), await opened.timeline('ORDER-1')]).toEqual(before)
    const sentAgain = await opened.callback('ORDER-1')
    expect(await opened.budan.receiveCallback(sentAgain)).toMatchObject({ decision: 'pay' })
  })

  it('a replayed one is stale after five minutes, and credits nothing before that', async () => {
    const opened = await world()
    await opened.adopt('ORDER-1')
    opened.control.pay('ORDER-1', { callback: false })
    const callback = await opened.callback('ORDER-1')
    for (const decision of ['pay', 'keep', 'keep']) {
      expect(await opened.budan.receiveCallback(callback)).toMatchObject({ decision })
    }
    await opened.advanceMins(5)
    expect(await opened.budan.receiveCallback(callback)).toMatchObject({ kind: 'rejected' })
    expect(await opened.balance('u1')).toBe(100n)
  })

  it('one for an order that is not here is refused', async () => {
    const opened = await world()
    await opened.adopt('ORDER-1')
    opened.control.pay('ORDER-1', { callback: false, answered: { out_trade_no: 'ORDER-9' } })
    const receipt = await opened.budan.receiveCallback(await opened.callback('ORDER-1'))
    expect(receipt).toMatchObject({ kind: 'rejected', status: 404 })
    expect((await opened.order('ORDER-1')).status).toBe('pending')
  })
})

describe('fault 24: everything fails at once', () => {
  it.each([
    ['a wrong key', { kind: 'error', status: 401, code: 'SIGN_ERROR' }],
    ['a merchant without the permission', { kind: 'error', status: 403, code: 'NO_AUTH' }],
  ] as const)(
    '%s stops the run, alarms once, probes, heals, and spends no schedule',
    async (_, fault) => {
      const opened = await world()
      for (let n = 10; n < 40; n += 1) {
        await opened.adopt(`ORDER-${n}`)
        opened.control.pay(`ORDER-${n}`, { callback: false })
      }
      opened.control.addFault({ operation: query, fault })
      await opened.advanceMins(6)
      expect((await run(opened)).run).toMatchObject({ status: 'stopped', success: 0 })
      expect(opened.control.requests({ operation: query }).length).toBeLessThanOrEqual(5)
      expect(await opened.ready()).toBe(false)

      opened.control.clearRequests()
      await opened.advanceMins(5)
      await run(opened)
      expect(opened.control.requests({ operation: query })).toHaveLength(1)
      const alarms = opened.events.filter((event) => event.type === 'breaker_opened')
      expect(alarms).toHaveLength(1)

      opened.control.clearFaults()
      await opened.advanceMins(5)
      expect((await run(opened)).run).toMatchObject({ status: 'finished', total: 30, success: 30 })
      expect(await opened.ready()).toBe(true)
    },
  )

  it('a wrong merchant number, seen as a run of absent answers, ends no order', async () => {
    const opened = await world()
    for (let n = 1; n <= 6; n += 1) {
      await opened.adopt(`ORDER-${n}`, { ttlMins: 10 })
      await opened.budan.checkOrder(`ORDER-${n}`)
    }
    const fault = { kind: 'error', status: 404, code: 'ORDER_NOT_EXIST' } as const
    opened.control.addFault({ operation: query, fault })
    await opened.advanceMins(11)
    await runFor(opened, 600)
    for (let n = 1; n <= 6; n += 1) {
      expect(await opened.order(`ORDER-${n}`)).toMatchObject({ status: 'pending', checks: 0 })
    }
    expect(await opened.ready()).toBe(false)
    opened.control.clearFaults()
    opened.control.pay('ORDER-6', { callback: false, force: true })
    await runFor(opened, 20)
    expect((await opened.order('ORDER-6')).status).toBe('paid')
    expect(await opened.ready()).toBe(true)
  })

  it('a breaker never holds a manual check back', async () => {
    const opened = await world()
    await paidLost(opened)
    const fault = { kind: 'error', status: 401, code: 'SIGN_ERROR' } as const
    opened.control.addFault({ operation: query, fault, times: 1 })
    await run(opened)
    expect(await opened.budan.checkOrder('ORDER-1')).toMatchObject({ decision: 'pay' })
    expect(await opened.ready()).toBe(true)
  })
})

const allZero = {
  paid_not_credited: 0,
  credited_not_paid: 0,
  credited_twice: 0,
  unbalanced: 0,
  mismatched: 0,
  unexplained: 0,
}
