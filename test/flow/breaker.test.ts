import type { Control } from 'budan-simulator'
import { afterEach, describe, expect, it } from 'vitest'
import type { Event } from '../../src/domain/event.ts'
import { openStore } from '../../src/store/open.ts'
import { createLog, logEvents } from '../../src/telemetry/log.ts'
import { freshPostgresUrl } from '../support/stores.ts'
import { openWorld, useWorlds, type World, type WorldOptions } from '../support/world.ts'

/** Fault 24: every order fails at once. Stop, alarm, probe, resume; spend no order's schedule. */

const query = 'query' as const
/** Certificates are made today, and good from today on. */
const world = useWorlds({ startAt: new Date() })

interface Cause {
  readonly name: string
  readonly signing?: WorldOptions['signing']
  /** Tried on the embedded database, too: one for each way of finding out. */
  readonly embedded?: boolean
  /** The gateway has shown to know each order: only then can it be a wrong merchant number. */
  readonly known?: boolean
  /** What /readyz says of it. */
  readonly reason: RegExp
  readonly begin: (control: Control, skew: { ms: number }) => void
}

function refused(status: number, code: string): Cause['begin'] {
  return (control) => control.addFault({ operation: query, fault: { kind: 'error', status, code } })
}

const causes: readonly Cause[] = [
  {
    name: '401',
    embedded: true,
    reason: /401: the serial number is not that of our private key/,
    begin: refused(401, 'SIGN_ERROR'),
  },
  { name: '403', reason: /403: this merchant may not query/, begin: refused(403, 'NO_AUTH') },
  {
    name: 'a clock that is an hour slow',
    reason: /401: this machine's clock is more than 5 minutes/,
    begin: (_control, skew) => {
      skew.ms = -3_600_000
    },
  },
  {
    name: 'a clock that is six minutes fast',
    embedded: true,
    signing: 'certificate',
    reason: /401: this machine's clock is more than 5 minutes/,
    begin: (_control, skew) => {
      skew.ms = 360_000
    },
  },
  { name: 'a wrong mchid (400)', reason: /may not query/, begin: refused(400, 'MCH_NOT_EXISTS') },
  { name: 'a wrong mchid (404)', reason: /may not query/, begin: refused(404, 'MCH_NOT_EXISTS') },
  {
    name: 'an appid of another merchant',
    reason: /may not query/,
    begin: refused(400, 'APPID_MCHID_NOT_MATCH'),
  },
  {
    name: 'nothing but absent answers',
    embedded: true,
    known: true,
    reason:
      /all 6 answers about known orders were "no such order": the merchant number, or the gateway's address, is not the one/,
    begin: refused(404, 'ORDER_NOT_EXIST'),
  },
  {
    name: 'answers signed by a public key that is not configured',
    reason: /signed by a key that is not configured/,
    begin: (control) =>
      control.addFault({
        operation: query,
        fault: { kind: 'unknown_serial', serial: 'PUB_KEY_ID_0119999999999999999999999999' },
      }),
  },
  {
    name: 'answers signed by a certificate that is not listed',
    signing: 'certificate',
    reason: /none of 6 answers could be verified/,
    begin: (control) => control.addFault({ operation: query, fault: { kind: 'unknown_serial' } }),
  },
  {
    name: 'certificates that we may not have',
    signing: 'certificate',
    reason: /signed by a key that is not configured/,
    begin: (control) =>
      control.addFault({
        operation: 'certificates',
        fault: { kind: 'error', status: 403, code: 'NO_AUTH' },
      }),
  },
  {
    name: 'certificates that cannot be had',
    embedded: true,
    signing: 'certificate',
    reason: /none of 6 answers could be verified/,
    begin: (control) => control.addFault({ operation: 'certificates', fault: { kind: 'reset' } }),
  },
  {
    name: 'wrong signatures on all answers',
    reason: /none of 6 answers could be verified: their signature is not by the key/,
    begin: (control) => control.addFault({ operation: query, fault: { kind: 'wrong_signature' } }),
  },
  {
    name: 'a proxy that strips the signatures',
    signing: 'certificate',
    reason: /none of 6 answers could be verified: .*strip headers/,
    begin: (control) =>
      control.addFault({ operation: query, fault: { kind: 'sign', signed: false } }),
  },
]

const orderNos = [1, 2, 3, 4, 5, 6].map((n) => `ORDER-${n}`)

function run(opened: World) {
  return opened.budan.run({ dryRun: false })
}

/** Where each order is in its schedule; no lease may be left. */
async function schedules(opened: World): Promise<unknown> {
  const orders = await Promise.all(orderNos.map((orderNo) => opened.order(orderNo)))
  return orders.map(({ nextCheckAt, checks, absentCount }) => ({
    nextCheckAt,
    checks,
    absentCount,
  }))
}

function typesOf(events: readonly Event[], type: Event['type']): number {
  return events.filter((event) => event.type === type).length
}

/** The messages of those log lines that somebody is woken for. */
function errorLines(events: readonly Event[]): string[] {
  const lines: string[] = []
  const log = createLog({ level: 'error', format: 'json' }, { write: (line) => lines.push(line) })
  events.forEach(logEvents(log))
  return lines.map((line) => JSON.parse(line).msg)
}

async function gatewayCheck(opened: World) {
  const { checks } = await opened.budan.readiness()
  return checks.find(({ name }) => name === 'gateway')
}

describe.each(['pglite', 'postgres'] as const)('the breaker on %s', (kind) => {
  const tried = causes.filter(({ embedded }) => kind === 'postgres' || embedded === true)
  it.each(tried)('opens once for $name, spends no schedule, probes, and heals', async (cause) => {
    const skew = { ms: 0 }
    const opened = await world({
      kind,
      signing: cause.signing ?? 'public_key',
      skewMs: () => skew.ms,
    })
    const { control } = opened
    for (const orderNo of orderNos) {
      await opened.adopt(orderNo)
      if (cause.known) await opened.budan.checkOrder(orderNo)
      control.pay(orderNo, { callback: false })
    }
    control.clearRequests()
    await opened.advanceMins(6)
    const before = await schedules(opened)

    cause.begin(control, skew)
    expect((await run(opened)).run).toMatchObject({ status: 'stopped', success: 0 })
    expect(await schedules(opened)).toEqual(before)
    for (let ticks = 0; ticks < 4; ticks += 1) {
      await opened.advanceMins(5)
      control.clearRequests()
      const { run: probing } = await run(opened)
      expect(probing).toMatchObject({ status: 'stopped', total: 1, failed: 1 })
      expect(control.requests({ operation: query })).toHaveLength(1)
      expect(await schedules(opened)).toEqual(before)
    }
    expect(typesOf(opened.events, 'breaker_opened')).toBe(1)
    expect(typesOf(opened.events, 'order_alarm')).toBe(0)
    const lines = errorLines(opened.events.filter(({ type }) => type !== 'gateway_keys_failed'))
    expect(lines).toEqual(['Breaker opened: runs are held back, and probe with one order'])
    expect(await gatewayCheck(opened)).toMatchObject({
      ok: false,
      detail: expect.stringMatching(cause.reason),
    })
    expect((await opened.budan.metrics()).text).toContain('budan_breaker_open 1')

    skew.ms = 0
    control.clearFaults()
    await opened.advanceMins(5)
    expect((await run(opened)).run).toMatchObject({ status: 'finished', success: 6 })
    expect(typesOf(opened.events, 'breaker_closed')).toBe(1)
    expect(await gatewayCheck(opened)).toMatchObject({ ok: true })
    expect((await opened.budan.metrics()).text).toContain('budan_breaker_open 0')
  })
})

describe('the probes of an open breaker', () => {
  it('begin with the youngest order, so that orders nobody ever placed hide no paid one', async () => {
    const opened = await world({ kind: 'postgres' })
    for (let n = 10; n < 40; n += 1) {
      await opened.adopt(`CART-${n}`, { ttlMins: 6_000 })
      await opened.budan.checkOrder(`CART-${n}`)
      const fault = { kind: 'error', status: 404, code: 'ORDER_NOT_EXIST' } as const
      opened.control.addFault({ operation: query, out_trade_no: `CART-${n}`, fault })
    }
    await opened.advanceMins(6)
    await run(opened)
    expect(await opened.ready()).toBe(false)
    await opened.adopt('ORDER-1')
    opened.control.pay('ORDER-1', { callback: false })
    await opened.advanceMins(6)
    expect((await run(opened)).run).toMatchObject({ success: 1 })
    expect(await opened.ready()).toBe(true)
  })

  it('query another order each time: one that is refused for its own sake holds nothing back', async () => {
    const opened = await world({ kind: 'postgres' })
    for (const orderNo of orderNos) {
      await opened.adopt(orderNo)
      await opened.advanceMins(0.1)
      opened.control.pay(orderNo, { callback: false })
    }
    const fault = { kind: 'error', status: 403, code: 'SOMETHING_NEW' } as const
    for (const out_trade_no of ['ORDER-5', 'ORDER-6']) {
      opened.control.addFault({ operation: query, out_trade_no, fault })
    }
    await opened.advanceMins(6)
    const successes: number[] = []
    for (let ticks = 0; ticks < 5; ticks += 1) {
      successes.push((await run(opened)).run.success)
      await opened.advanceMins(5)
    }
    expect(successes.reduce((sum, count) => sum + count, 0)).toBe(4)
  })
})

const ends = ['run_finished', 'scan_empty'] as const

function isEnd(type: Event['type']): boolean {
  return ends.some((end) => end === type)
}

describe('one node of three whose key is wrong', () => {
  const nodes: World[] = []
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.close()
  })

  /** Three processes on one database, each with a gateway of its own, on which the same happens. */
  async function threeNodes(recharge: WorldOptions['recharge']): Promise<readonly World[]> {
    const url = await freshPostgresUrl()
    for (let n = 0; n < 3; n += 1) {
      const store = await openStore(url)
      nodes.push(await openWorld({ store, startAt: new Date(), ...(recharge && { recharge }) }))
    }
    return nodes
  }

  async function adoptPaid(orderNo: string): Promise<void> {
    for (const { control } of nodes) {
      control.putOrder({ out_trade_no: orderNo, total: 1 })
      control.pay(orderNo, { callback: false })
    }
    const hourAgo = new Date(Date.now() - 3_600_000)
    const facts = { orderNo, userId: 'u1', amount: 1n, description: '' }
    await nodes[0]?.budan.adoptOrder({
      ...facts,
      createdAt: hourAgo,
      expiresAt: new Date(Date.now() + 3_600_000),
    })
  }

  /** How many slots the others made their runs in until one of them credited it. */
  async function slotsUntilCredited(others: readonly World[], orderNo: string): Promise<number> {
    const from = others.map(({ events }) => events.length)
    const ended = (): Event[] =>
      others.flatMap(({ events }, n) => events.slice(from[n]).filter(({ type }) => isEnd(type)))
    while ((await others[0]?.order(orderNo))?.status === 'pending') {
      const seen = others.map(({ events }) => events.length)
      await Promise.race(
        others.flatMap((node, n) => ends.map((type) => node.waitFor(type, { from: seen[n] ?? 0 }))),
      )
    }
    return ended().length
  }

  it('is red alone, leaves slots to the others, and delays no credit beyond one slot', async () => {
    const intervalMins = 0.02
    const [bad, ...good] = await threeNodes({ compensationIntervalMins: intervalMins })
    if (bad === undefined) return
    const fault = { kind: 'error', status: 401, code: 'SIGN_ERROR' } as const
    bad.control.addFault({ operation: query, fault })
    await adoptPaid('ORDER-0')
    // Alone it wins its slot, and its breaker opens.
    bad.budan.start()
    await bad.waitFor('breaker_opened')
    for (const node of good) node.budan.start()

    for (let n = 1; n <= 5; n += 1) {
      await adoptPaid(`ORDER-${n}`)
      const slots = await slotsUntilCredited(good, `ORDER-${n}`)
      expect(slots).toBeLessThanOrEqual(2)
    }
    await Promise.all(nodes.map((node) => node.budan.stop()))

    expect(await bad.ready()).toBe(false)
    for (const node of good) expect(await node.ready()).toBe(true)
    expect(await bad.store.audit()).toMatchObject({ paid_not_credited: 0, credited_twice: 0 })
    expect(await bad.balance('u1')).toBe(6n)
    const runs = typesOf(bad.events, 'run_started')
    expect(bad.control.requests({ operation: query }).length).toBeLessThanOrEqual(runs)
    expect(typesOf(bad.events, 'breaker_opened')).toBe(1)
  })
})
