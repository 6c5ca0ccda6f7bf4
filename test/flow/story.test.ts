import { describe, expect, it } from 'vitest'
import { useWorlds, type World } from '../support/world.ts'

/** The story that budan began with: its acceptance criteria and its listed test cases. */

const world = useWorlds()

function run(opened: World) {
  return opened.budan.run({ dryRun: false })
}

describe('the order compensation job', () => {
  it('ends well when there is no order to compensate', async () => {
    const opened = await world()
    const { run: made } = await run(opened)
    expect(made).toMatchObject({ status: 'finished', total: 0, success: 0, failed: 0, skipped: 0 })
    expect(opened.events.map((event) => event.type)).toEqual(['run_started', 'scan_empty'])
  })

  it('credits a pending order that WeChat Pay says is paid (SUCCESS)', async () => {
    const opened = await world()
    await opened.adopt('ORDER-1', { amount: 1234 })
    opened.control.pay('ORDER-1', { callback: false })
    await opened.advanceMins(6)
    const { run: made, results } = await run(opened)
    expect(made).toMatchObject({ total: 1, success: 1, failed: 0, skipped: 0 })
    expect(results).toMatchObject([
      { orderNo: 'ORDER-1', tradeState: 'SUCCESS', outcome: 'credited' },
    ])
    expect(await opened.order('ORDER-1')).toMatchObject({
      status: 'paid',
      creditedBy: 'compensation',
    })
    expect(await opened.balance('u1')).toBe(1234n)
  })

  it('leaves an unpaid order pending, and that is no failure (NOTPAY)', async () => {
    const opened = await world()
    await opened.adopt('ORDER-1')
    await opened.advanceMins(6)
    const { run: made } = await run(opened)
    expect(made).toMatchObject({ total: 1, success: 0, failed: 0, skipped: 1 })
    expect(await opened.order('ORDER-1')).toMatchObject({ status: 'pending', checks: 1 })
  })

  it('expires an order whose trade is closed, and that is no failure (CLOSED)', async () => {
    const opened = await world()
    await opened.adopt('ORDER-1')
    opened.control.close('ORDER-1')
    await opened.advanceMins(6)
    const { run: made } = await run(opened)
    expect(made).toMatchObject({ total: 1, success: 0, failed: 0, skipped: 1 })
    expect(made.outcomes).toMatchObject({ expired: 1 })
    expect((await opened.order('ORDER-1')).status).toBe('expired')
  })

  it('queries five orders at a time, never more', async () => {
    const opened = await world()
    let most = 0
    for (let n = 10; n < 30; n += 1) await opened.adopt(`ORDER-${n}`)
    opened.control.addFault({ operation: 'query', fault: { kind: 'slow', ms: 30 } })
    await opened.advanceMins(6)
    const watch = setInterval(() => {
      const open = opened.control.requests({ operation: 'query' }).length - answered(opened)
      most = Math.max(most, open)
    }, 1)
    await run(opened)
    clearInterval(watch)
    expect(most).toBe(5)
  })

  it('lets the failure of one order leave the others alone', async () => {
    const opened = await world()
    for (const name of ['ORDER-1', 'ORDER-2', 'ORDER-3']) {
      await opened.adopt(name)
      opened.control.pay(name, { callback: false })
    }
    const fault = { kind: 'error', status: 500, code: 'SYSTEM_ERROR' } as const
    opened.control.addFault({ operation: 'query', out_trade_no: 'ORDER-2', fault })
    await opened.advanceMins(6)
    const { run: made } = await run(opened)
    expect(made).toMatchObject({ total: 3, success: 2, failed: 1, skipped: 0 })
    expect((await opened.order('ORDER-2')).status).toBe('pending')
    opened.control.clearFaults()
    await opened.advanceMins(6)
    expect((await run(opened)).run).toMatchObject({ total: 1, success: 1 })
  })

  it('runs at start and then once each interval', async () => {
    const opened = await world({ recharge: { compensationIntervalMins: 0.001 } })
    opened.budan.start()
    await opened.waitFor('scan_empty')
    const from = opened.events.length
    await opened.advanceMins(0.001)
    await opened.waitFor('scan_empty', { from })
    await opened.budan.stop()
    const { items } = await opened.store.listRuns({ limit: 10, cursor: null })
    expect(items.map((made) => made.trigger)).toEqual(['schedule', 'start'])
    expect(opened.events.map((event) => event.type)).toEqual([
      ...['job_started', 'run_started', 'scan_empty', 'run_started', 'scan_empty', 'job_stopped'],
    ])
  })

  it('says that it is disabled, and runs only by hand then', async () => {
    const opened = await world({ recharge: { compensationEnabled: false } })
    opened.budan.start()
    await opened.budan.stop()
    expect(opened.events).toEqual([{ type: 'job_disabled' }])
    expect((await run(opened)).run).toMatchObject({ trigger: 'manual', status: 'finished' })
  })

  it('may be started twice, stopped twice, and started again', async () => {
    const opened = await world({ recharge: { compensationIntervalMins: 0.001 } })
    opened.budan.start()
    opened.budan.start()
    await opened.waitFor('scan_empty')
    await Promise.all([opened.budan.stop(), opened.budan.stop()])
    await opened.budan.stop()
    const from = opened.events.length
    await opened.advanceMins(1)
    opened.budan.start()
    await opened.waitFor('scan_empty', { from })
    await opened.budan.stop()
    const types = opened.events.map((event) => event.type)
    expect(types.filter((type) => type === 'job_started')).toHaveLength(2)
    expect(types.filter((type) => type === 'job_stopped')).toHaveLength(2)
  })

  it('waits, when it is stopped, for the credits in progress, and sends no new query', async () => {
    const opened = await world({ recharge: { compensationConcurrency: 1 } })
    for (const name of ['ORDER-1', 'ORDER-2']) {
      await opened.adopt(name)
      opened.control.pay(name, { callback: false })
    }
    opened.control.addFault({ operation: 'query', fault: { kind: 'slow', ms: 100 } })
    await opened.advanceMins(6)
    opened.budan.start()
    await opened.control.waitForRequests({ operation: 'query' })
    await opened.budan.stop()
    const states = await Promise.all(['ORDER-1', 'ORDER-2'].map((name) => opened.order(name)))
    expect(states.map((order) => order.status).sort()).toEqual(['paid', 'pending'])
    expect(opened.control.requests({ operation: 'query' })).toHaveLength(1)
    const { items } = await opened.store.listRuns({ limit: 1, cursor: null })
    expect(items).toMatchObject([{ status: 'stopped', total: 1, success: 1 }])

    // The one that was claimed and not queried was released: the next run has it at once.
    opened.control.clearFaults()
    expect((await run(opened)).run).toMatchObject({ total: 1, success: 1 })
  })
})

describe('the orders for compensation', () => {
  it('are those older than the threshold', async () => {
    const opened = await world()
    await opened.adopt('ORDER-OLD')
    await opened.advanceMins(4)
    await opened.adopt('ORDER-YOUNG')
    await opened.advanceMins(1)
    expect((await run(opened)).run.total).toBe(0) // exactly five minutes is not older than five
    await opened.advanceMins(0.01)
    expect((await run(opened)).results.map((result) => result.orderNo)).toEqual(['ORDER-OLD'])
  })

  it('are at most as many as the batch', async () => {
    const opened = await world({ recharge: { compensationBatchSize: 3 } })
    for (let n = 1; n <= 5; n += 1) await opened.adopt(`ORDER-${n}`)
    await opened.advanceMins(6)
    expect((await run(opened)).run.total).toBe(3)
    expect((await run(opened)).run.total).toBe(2)
    expect((await run(opened)).run.total).toBe(0)
  })

  it('come oldest first', async () => {
    const opened = await world({
      recharge: { compensationBatchSize: 2, compensationConcurrency: 1 },
    })
    for (const name of ['ORDER-C', 'ORDER-A', 'ORDER-B']) {
      await opened.adopt(name)
      await opened.advanceMins(1)
    }
    await opened.advanceMins(6)
    const queried = async () => (await run(opened)).results.map((result) => result.orderNo)
    expect(await queried()).toEqual(['ORDER-C', 'ORDER-A'])
    expect(await queried()).toEqual(['ORDER-B'])
  })
})

function answered(opened: World): number {
  return opened.events.filter(
    (event) => event.type === 'gateway_called' && event.operation === 'query',
  ).length
}
