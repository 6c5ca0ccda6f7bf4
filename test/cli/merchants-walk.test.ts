import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { storeOn } from '../../src/store/assemble.ts'
import type { Database } from '../../src/store/database.ts'
import { migrations } from '../../src/store/migrations/index.ts'
import { openDatabase } from '../../src/store/open.ts'
import {
  merchantItem,
  openPlaces,
  type Place,
  rowsAt,
  type ServingNode,
  serve,
  writeConfiguration,
} from '../support/many-merchants.ts'
import { emptyPostgresUrl } from '../support/stores.ts'
import { claimAsBefore, openRunAsBefore, placeAsBefore } from '../support/version-before.ts'
import { type Ended, openDirectory, runBudan } from './budan.ts'

/**
 * The walk of docs/operations.md from one merchant to several and back, in its order and with its
 * commands: a database in use by the version before, whose statements go on beside real nodes of now.
 */

const directory = openDirectory()
const cwd = directory.path
const file = join(cwd, 'budan.yaml')

let url: string
let before: Database
let places: readonly Place[]
let node: ServingNode | null = null

beforeAll(async () => {
  places = await openPlaces(['default', 'second'], { directory: cwd })
  url = await emptyPostgresUrl()
  before = await openDatabase(url)
  const former = Object.entries(migrations).filter(([name]) => name < '018')
  await storeOn(before, { migrations: Object.fromEntries(former) }).migrate()
})
afterAll(async () => {
  node?.command.child.kill('SIGKILL')
  await before.close()
  await Promise.all(places.map(({ simulator }) => simulator.stop()))
  directory.remove()
})

const place = (nth: 0 | 1): Place => {
  const found = places[nth]
  if (found === undefined) throw new Error('No such merchant')
  return found
}

/** The commands of the page's section, as a reader copies them. */
const section = (() => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8')
  const [, text = ''] =
    /\n## From one merchant to several, and back\n(.*?)(?=\n## |$)/s.exec(page) ?? []
  return text
})()

function documented(command: string): Promise<Ended> {
  const line = section.split('\n').find((each) => each.trim() === `budan ${command}`)
  expect(line, `docs/operations.md has no "budan ${command}" there`).toBeDefined()
  return runBudan(command.split(' '), { cwd })
}

const common = () => ({
  server: { port: 0 },
  database: { url },
  recharge: {
    compensation_interval_mins: 0.02,
    compensation_threshold_mins: 0,
    compensation_recheck_mins: [0.02],
  },
  log: { level: 'warn' },
})

/** One merchant, as it was before there were several. */
function writeSingle(): void {
  const { name: _, ...wechat } = merchantItem(place(0)) as { name: string }
  writeConfiguration(file, { ...common(), wechat })
}

/** The second one under this name. */
function writeBoth(name: string): void {
  const merchants = [merchantItem(place(0)), merchantItem(place(1), { name })]
  writeConfiguration(file, { ...common(), merchants })
}

/** SIGTERM, the end, a start: as the page says it. */
async function restart(): Promise<ServingNode> {
  if (node !== null) expect(await node.stop()).toBe(0)
  node = await serve(file, { cwd })
  return node
}

function running(): ServingNode {
  if (node === null) throw new Error('No node runs')
  return node
}

/** A trade at the merchant's gateway, paid already unless `isPaid` is false; its callback never comes. */
function putTrade(nth: 0 | 1, orderNo: string, { isPaid = true, total = 1234 } = {}): void {
  const { control } = place(nth).simulator
  control.putOrder({ out_trade_no: orderNo, total })
  if (isPaid) control.pay(orderNo, { callback: false })
}

async function adopt(orderNo: string, merchant?: string) {
  const order = { adopt: true, order_no: orderNo, user_id: `of ${merchant ?? 'all'}`, amount: 1234 }
  const { status, body } = await running().post('/v1/orders', {
    ...order,
    ...(merchant !== undefined && { merchant }),
  })
  return { status, body: body as { code?: string; merchant: string | null } }
}

const statusOf = async (path: string) => {
  const { body } = await running().get(`/v1/orders/${path}`)
  return (body as { status?: string; code?: string }).status ?? (body as { code: string }).code
}

async function untilPaid(path: string): Promise<void> {
  await expect.poll(() => statusOf(path), { timeout: 60_000, interval: 50 }).toBe('paid')
}

const finishedRuns = async () =>
  (
    await rowsAt<{ count: number }>(
      url,
      `select count(*)::int as count from runs where finished_at is not null`,
    )
  )[0]?.count ?? 0

async function afterRuns(count: number): Promise<void> {
  const from = await finishedRuns()
  await expect
    .poll(finishedRuns, { timeout: 60_000, interval: 50 })
    .toBeGreaterThanOrEqual(from + count)
}

const failed = (text: string) => text.split('\n').filter((line) => line.startsWith('fail'))

/** Two merchants, the same number: each order is its own. */
const equalNo = 'EQUAL-1'

describe('from one merchant to several, and back', () => {
  it('credits the orders of the version before, beside its nodes, with one step of the schema', async () => {
    await placeAsBefore(before.db, { orderNo: 'BEFORE-1' })
    putTrade(0, 'BEFORE-1')
    writeSingle()
    await restart()
    await untilPaid('BEFORE-1')
    await placeAsBefore(before.db, { orderNo: equalNo })
    await placeAsBefore(before.db, { orderNo: 'BEFORE-2' })
    putTrade(0, equalNo, { isPaid: false })
    putTrade(0, 'BEFORE-2')
    await untilPaid('BEFORE-2')
    await openRunAsBefore(before.db)
    await claimAsBefore().execute(before.db)
    const { stdout } = await documented('doctor')
    expect(stdout).toMatch(/019_breaking_merchant_keys waits for you/)
    expect(failed(stdout)).toEqual([])
  })

  it('serves a second merchant, and refuses equal numbers until the breaking step', async () => {
    writeBoth('second')
    expect(failed((await documented('doctor')).stdout)).toEqual([])
    await restart()
    putTrade(1, equalNo)
    expect(await adopt(equalNo, 'second')).toMatchObject({
      ...{ status: 409, body: { code: 'upgrade_pending' } },
    })
    putTrade(1, 'SECOND-1')
    expect((await adopt('SECOND-1', 'second')).status).toBe(201)
    await untilPaid('SECOND-1')
    // A node of before has the same database, and sees one order of its own.
    expect(await statusOf(equalNo)).toBe('pending')
  })

  it('takes the breaking step while it runs, and then equal numbers are two orders', async () => {
    const { code, stdout } = await documented('migrate --breaking')
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'applied 019_breaking_merchant_keys\n' })
    expect((await adopt(equalNo, 'second')).status).toBe(201)
    expect(await statusOf(equalNo)).toBe('merchant_required')
    await untilPaid(`${equalNo}?merchant=second`)
    expect(await statusOf(`${equalNo}?merchant=default`)).toBe('pending')
    place(0).simulator.control.pay(equalNo, { callback: false })
    await untilPaid(`${equalNo}?merchant=default`)
    expect((await documented('audit')).code).toBe(0)
  })

  it('lets no node of the version before make a run from then on', async () => {
    await expect(openRunAsBefore(before.db)).rejects.toThrow(/ON CONFLICT/)
    const former = Object.entries(migrations).filter(([name]) => name < '018')
    const old = storeOn(before, { migrations: Object.fromEntries(former) })
    await expect(old.migrate()).rejects.toThrow('019_breaking_merchant_keys')
  })

  it('keeps a merchant’s orders when it is renamed', async () => {
    putTrade(1, 'RENAMED-1', { isPaid: false })
    expect((await adopt('RENAMED-1', 'second')).status).toBe(201)
    writeBoth('shop-b')
    await restart()
    expect(await statusOf('RENAMED-1?merchant=second')).toBe('merchant_unknown')
    const formerPath = await running().post('/v1/callbacks/wechatpay/second', {})
    expect(formerPath.status).toBe(404)
    place(1).simulator.control.pay('RENAMED-1', { callback: false })
    await untilPaid('RENAMED-1?merchant=shop-b')
  })

  it('lets the orders of a merchant wait that is removed, with an alarm, and goes on when it is back', async () => {
    putTrade(1, 'OPEN-1')
    expect(await running().stop()).toBe(0)
    node = null
    // While no node runs: nothing has queried the order when its merchant is removed.
    const csv = join(cwd, 'open.csv')
    writeFileSync(csv, 'order_no,user_id,amount_fen,merchant\nOPEN-1,u1,1234,shop-b\n')
    expect(await runBudan(['adopt', csv], { cwd })).toMatchObject({ code: 0 })

    writeSingle()
    const alone = await restart()
    await afterRuns(3)
    expect(await statusOf('OPEN-1')).toBe('pending')
    const { body } = await alone.get('/v1/orders/OPEN-1')
    expect(body).toMatchObject({ merchant: null, mchid: place(1).merchant.mchid })
    const checked = await alone.post('/v1/orders/OPEN-1/check', {})
    expect(checked.body).toMatchObject({ trade_state: null, status: 'pending' })
    const metrics = await (await fetch(`${alone.url}/metrics`)).text()
    expect(metrics).toContain('\nbudan_orders{status="pending"} 1\n')
    expect(await alone.stop()).toBe(0)
    node = null
    const { stderr } = await alone.command.ended
    const alarm = 'Pending orders of another merchant: they are not queried here'
    expect(section).toContain(alarm)
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.filter(({ msg }) => msg === alarm)).toMatchObject([
      { level: 'error', count: 1, mchid: place(1).merchant.mchid },
    ])

    writeBoth('back')
    await restart()
    await untilPaid('OPEN-1?merchant=back')
    expect((await documented('audit')).code).toBe(0)
    const credits = await rowsAt<{ order_no: string; count: number }>(
      url,
      'select order_no, count(*)::int as count from transfers group by order_no having count(*) > 1',
    )
    expect(credits).toEqual([])
    expect(await running().stop()).toBe(0)
    node = null
  })
})
