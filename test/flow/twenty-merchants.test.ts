import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { generateMerchant, merchantFiles, writeMerchant } from 'budan-simulator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { openService } from '../../src/service.ts'
import { openDirectory } from '../cli/budan.ts'
import {
  merchantItem,
  openPlaces,
  type Place,
  rowsAt,
  type ServingNode,
  serve,
  writeConfiguration,
} from '../support/many-merchants.ts'
import { runsOf } from '../support/random.ts'
import { freshPostgresUrl } from '../support/stores.ts'

/**
 * Two processes on one PostgreSQL serve twenty merchants, of which four are ill: one has a wrong key, one
 * is throttled, one hangs, one has a backlog. A twenty-first has what each of the others has, and a
 * process and a database for itself: it shows how many runs a merchant takes that is alone.
 */

const directory = openDirectory()
const cwd = directory.path
const ill = ['wrong-key', 'throttled', 'hanging', 'backlog'] as const
const well = Array.from({ length: 16 }, (_, nth) => `well-${nth}`)
const alone = 'alone'

const intervalMs = 4_000
const lostCount = 25
const laterCount = 2
const batchSize = 10
/** Batches of 10: three runs for those of one merchant, two hundred and fifty for the backlog. */
const backlogCount = runsOf(10_000)

let places: readonly Place[]
const running: ServingNode[] = []

beforeAll(async () => {
  places = await openPlaces([...ill, ...well, alone], { directory: cwd })
})
afterAll(async () => {
  for (const { command } of running) command.child.kill('SIGKILL')
  await Promise.all(places.map(({ simulator }) => simulator.stop()))
  directory.remove()
})

const place = (name: string): Place => {
  const found = places.find((each) => each.name === name)
  if (found === undefined) throw new Error(`No merchant "${name}"`)
  return found
}
const orderNoOf = (nth: number) => `LOST-${String(nth).padStart(6, '0')}`

async function configured(
  names: readonly string[],
  change: Readonly<Record<string, object>> = {},
  used: string | null = null,
): Promise<{ file: string; url: string }> {
  const url = used ?? (await freshPostgresUrl())
  const sections = {
    server: { port: 0 },
    database: { url },
    recharge: {
      compensation_interval_mins: intervalMs / 60_000,
      compensation_threshold_mins: 0,
      compensation_batch_size: batchSize,
      compensation_recheck_mins: [0.1, 1, 60],
      compensation_max_qps: 1000,
    },
    // None of the well ones fails for a machine that is slow.
    merchants: names.map((name) =>
      merchantItem(place(name), { timeout_ms: 30_000, ...change[name] }),
    ),
    log: { level: 'warn' },
  }
  return { file: writeConfiguration(join(cwd, `${names[0]}.yaml`), sections), url }
}

/** Orders of before the processes start, all of them due. */
async function adoptAll(file: string, wanted: Readonly<Record<string, number>>): Promise<void> {
  const budan = await openService(loadConfig({ file, env: {}, need: 'gateway' }))
  const createdAt = new Date(Date.now() - 3_600_000)
  for (const [merchant, count] of Object.entries(wanted)) {
    const orders = Array.from({ length: count }, (_, nth) => ({
      ...{ merchant, orderNo: orderNoOf(nth), userId: merchant, amount: 100n, createdAt },
    }))
    const { control } = place(merchant).simulator
    for (let at = 0; at < count; at += 500) {
      const some = orders.slice(at, at + 500)
      for (const { orderNo } of some) control.putOrder({ out_trade_no: orderNo, total: 100 })
      await budan.adoptOrders(some)
    }
  }
  await budan.close()
}

function payAll(name: string, from = 0, to = lostCount): void {
  const { control } = place(name).simulator
  for (let nth = from; nth < to; nth += 1) control.pay(orderNoOf(nth), { callback: false })
}

async function start(file: string): Promise<ServingNode> {
  const node = await serve(file, { cwd })
  running.push(node)
  return node
}

/** A run in which orders of a merchant were queried. */
interface Pass {
  /** Which of the slots with a run, from 1. */
  readonly nth: number
  readonly lastAt: Date
  readonly credited: number
}

/** By merchant, in the order of their slots; a run by hand, or a probe, has none. */
async function passesAt(url: string): Promise<ReadonlyMap<string, readonly Pass[]>> {
  const rows = await rowsAt<Pass & { mchid: string }>(
    url,
    `with slots as (
       select slot, (rank() over (order by slot))::int as nth from runs where slot is not null group by slot
     )
     select mchid, coalesce(nth, 0) as nth, max(e.at) as "lastAt",
       (count(*) filter (where e.to_status = 'paid'))::int as credited
     from order_events e join orders o using (order_no) join runs r on r.id = e.run_id
       left join slots using (slot)
     group by mchid, nth order by nth`,
  )
  const passes = new Map<string, Pass[]>()
  for (const { mchid, ...pass } of rows) {
    const name = places.find(({ merchant }) => merchant.mchid === mchid)?.name ?? mchid
    passes.set(name, [...(passes.get(name) ?? []), pass])
  }
  return passes
}

const creditedIn = (passes: readonly Pass[] = []) =>
  passes.reduce((sum, { credited }) => sum + credited, 0)

/**
 * In how many runs a merchant's orders were credited. Throws where it was left out of a slot: on a busy
 * machine that happens while its own last pass goes on, and it may not happen because of another's.
 */
function runsOfItsOwn(passes: readonly Pass[], slotStarts: readonly Date[]): number {
  const own = passes.filter(({ nth, credited }) => nth > 0 && credited > 0)
  expect(own[0]?.nth).toBe(1)
  for (const [at, pass] of own.entries()) {
    const next = own[at + 1]?.nth ?? pass.nth + 1
    for (let nth = pass.nth + 1; nth < next; nth += 1) {
      const idleMs = +(slotStarts[nth - 1] ?? 0) - +pass.lastAt
      expect(idleMs).toBeLessThan(intervalMs / 2)
    }
  }
  return own.length
}

async function slotStartsAt(url: string): Promise<readonly Date[]> {
  const rows = await rowsAt<{ startedAt: Date }>(
    url,
    'select min(started_at) as "startedAt" from runs where slot is not null group by slot order by slot',
  )
  return rows.map(({ startedAt }) => startedAt)
}

const patience = { timeout: 300_000, interval: 200 }

async function untilCredited(url: string, names: readonly string[], count: number): Promise<void> {
  await expect
    .poll(async () => {
      const passes = await passesAt(url)
      return names.filter((name) => creditedIn(passes.get(name)) !== count)
    }, patience)
    .toEqual([])
}

/** By merchant, what `/readyz` says of its gateway. */
async function gatewaysOf(node: ServingNode) {
  const { status, body } = await node.get('/readyz')
  const { checks } = body as {
    checks: { name: string; merchant?: string; ok: boolean; condition: string; detail: string }[]
  }
  const gateways = checks.filter(({ name }) => name === 'gateway')
  return { status, of: new Map(gateways.map((check) => [check.merchant, check])) }
}

/** They peak at some 130 MiB, with a backlog of any size. */
const peakMibMax = 260

/** A hanging gateway answers nothing within this time. */
const timeoutMs = 2_000

/** It takes less than a minute on two idle cores; a busy machine, or a large backlog, may take longer. */
const withinMs = 1_800_000

describe('twenty merchants in two processes', () => {
  it(
    'are credited as if each were alone, while four of them are ill',
    async () => {
      const byItself = await configured([alone])
      await adoptAll(byItself.file, { [alone]: lostCount })
      payAll(alone)
      const single = await start(byItself.file)
      await untilCredited(byItself.url, [alone], lostCount)
      const runsAlone = (await passesAt(byItself.url)).get(alone)?.length ?? 0
      expect(await single.stop()).toBe(0)
      expect(runsAlone).toBe(Math.ceil(lostCount / batchSize))

      const other = await generateMerchant()
      const keys = join(cwd, 'other-key')
      mkdirSync(keys)
      await writeMerchant(keys, other)
      const wrong = {
        private_key_path: join(keys, merchantFiles.privateKey),
        serial_no: other.serialNo,
      }
      const names = [...ill, ...well]
      const { file, url } = await configured(names, {
        'wrong-key': wrong,
        hanging: { timeout_ms: timeoutMs },
      })
      await adoptAll(file, {
        ...Object.fromEntries(names.map((name) => [name, lostCount])),
        backlog: backlogCount,
      })
      for (const name of names) if (name !== 'backlog') payAll(name)
      const faults = {
        throttled: { kind: 'error', status: 429, code: 'FREQUENCY_LIMITED' },
      } as const
      place('throttled').simulator.control.addFault({ operation: 'query', fault: faults.throttled })
      place('hanging').simulator.control.addFault({ operation: 'query', fault: { kind: 'hang' } })

      const [first, second] = await Promise.all([start(file), start(file)])
      await untilCredited(url, well, lostCount)
      const passes = await passesAt(url)
      const slotStarts = await slotStartsAt(url)
      for (const name of well) {
        const runs = runsOfItsOwn(passes.get(name) ?? [], slotStarts)
        expect({ name, runs }).toEqual({ name, runs: runsAlone })
      }
      for (const name of ill) expect(creditedIn(passes.get(name))).toBe(0)

      const nodes = [first, second]
      await readyButFor(nodes, { 'wrong-key': 'held', hanging: 'faulty' })

      // What they have when a process is stopped is not lost, nor are the orders that come meanwhile.
      await adoptLater(second)
      const peaks = [first.peakMib()]
      expect(await first.stop()).toBe(0)
      place('throttled').simulator.control.clearFaults()
      place('hanging').simulator.control.clearFaults()
      const later = lostCount + laterCount
      await untilCredited(url, well, later)
      await untilCredited(url, ['throttled', 'hanging'], lostCount)
      expect(creditedIn((await passesAt(url)).get('wrong-key'))).toBe(0)
      peaks.push(second.peakMib())
      for (const peak of peaks) expect(peak ?? 0).toBeLessThan(peakMibMax)
      expect(await second.stop()).toBe(0)

      const { file: corrected } = await configured(names, {}, url)
      const third = await start(corrected)
      await untilCredited(url, ['wrong-key'], lostCount)
      const { body } = await third.get('/v1/audit')
      expect(Object.entries(body as object).filter(([, count]) => count !== 0)).toEqual([])
      expect(await third.stop()).toBe(0)
      const balances = await rowsAt<{ name: string; sum: number }>(
        url,
        `select account as name, sum(amount)::int as sum from entries
       where account like 'user:%' group by account`,
      )
      expect(Object.fromEntries(balances.map(({ name, sum }) => [name.slice(5), sum]))).toEqual({
        ...Object.fromEntries(well.map((name) => [name, 100 * later])),
        ...Object.fromEntries(
          ['throttled', 'hanging', 'wrong-key'].map((name) => [name, 100 * lostCount]),
        ),
      })
    },
    withinMs,
  )
})

/** For each of the ill ones one of the processes says so by its name, and no process that it is not ready. */
async function readyButFor(
  nodes: readonly ServingNode[],
  expected: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, condition] of Object.entries(expected)) {
    await expect
      .poll(async () => {
        const seen = await Promise.all(nodes.map(gatewaysOf))
        return seen.map(({ of }) => of.get(name)?.condition)
      }, patience)
      .toContain(condition)
  }
  for (const { status, of } of await Promise.all(nodes.map(gatewaysOf))) {
    expect(status).toBe(200)
    expect(well.map((name) => of.get(name)?.condition)).toEqual(well.map(() => 'well'))
  }
}

async function adoptLater(node: ServingNode): Promise<void> {
  for (const merchant of well) {
    for (let nth = lostCount; nth < lostCount + laterCount; nth += 1) {
      const order = { order_no: orderNoOf(nth), user_id: merchant, amount: 100 }
      place(merchant).simulator.control.putOrder({ out_trade_no: order.order_no, total: 100 })
      const { status } = await node.post('/v1/orders', { adopt: true, merchant, ...order })
      expect(status).toBe(201)
    }
    payAll(merchant, lostCount, lostCount + laterCount)
  }
}
