import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  merchantItem,
  openPlaces,
  type Place,
  type ServingNode,
  serve,
  writeConfiguration,
} from '../support/many-merchants.ts'
import { execute } from '../support/roles.ts'
import { emptyPostgresUrl } from '../support/stores.ts'
import { type Ended, openDirectory, runBudan } from './budan.ts'

/**
 * The walk of docs/operations.md from one role in the database to two, in its order and with its commands,
 * by real processes.
 */

const directory = openDirectory()
const cwd = directory.path
const file = join(cwd, 'budan.yaml')

let ownerUrl: string
let serveUrl: string
let place: Place
let node: ServingNode | null = null

beforeAll(async () => {
  const [opened] = await openPlaces(['default'], { directory: cwd })
  if (opened === undefined) throw new Error('No merchant')
  place = opened
  const url = await emptyPostgresUrl()
  const database = new URL(url).pathname.slice(1)
  await execute(url, `create role budan_owner login`)
  await execute(url, `grant create on database ${database} to budan_owner`)
  ownerUrl = url.replace('postgres@', 'budan_owner@')
  serveUrl = url.replace('postgres@', 'budan_serve@')
})
afterAll(async () => {
  node?.command.child.kill('SIGKILL')
  await place.simulator.stop()
  directory.remove()
})

const section = (() => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8')
  const [, text = ''] = /\n## Two roles in the database\n(.*?)(?=\n## |$)/s.exec(page) ?? []
  return text
})()

/** A command as the page has it, by the user of that url. */
function documented(command: string, url: string, more: readonly string[] = []): Promise<Ended> {
  expect(section, `docs/operations.md has no "budan ${command}" there`).toContain(
    `budan ${command}\n`,
  )
  return runBudan([...command.split(' '), ...more], { cwd, env: { DATABASE_URL: url } })
}

async function restart(url: string): Promise<ServingNode> {
  if (node !== null) expect(await node.stop()).toBe(0)
  const { name: _, ...wechat } = merchantItem(place) as { name: string }
  writeConfiguration(file, {
    server: { port: 0 },
    database: { url, retention_days: 7 },
    recharge: {
      compensation_interval_mins: 0.02,
      compensation_threshold_mins: 0,
      compensation_recheck_mins: [0.02],
    },
    wechat,
    log: { level: 'error' },
  })
  node = await serve(file, { cwd })
  return node
}

/** Adopted, paid at the gateway without a callback, found by a run. */
async function creditsLostPayment(orderNo: string): Promise<void> {
  if (node === null) throw new Error('No node runs')
  const serving = node
  place.simulator.control.putOrder({ out_trade_no: orderNo, total: 1234 })
  place.simulator.control.pay(orderNo, { callback: false })
  const order = { adopt: true, order_no: orderNo, user_id: 'u1', amount: 1234 }
  expect(await serving.post('/v1/orders', order)).toMatchObject({ status: 201 })
  const status = async () =>
    ((await serving.get(`/v1/orders/${orderNo}`)).body as { status: string }).status
  await expect.poll(status, { timeout: 60_000, interval: 50 }).toBe('paid')
}

const rightsIn = async (url: string) => {
  const { stdout } = await documented('doctor', url, ['--json'])
  const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string }[] }
  return checks.find(({ name }) => name === 'database rights')
}

describe('the walk to two roles', () => {
  it('begins with an owner who serves, as before', async () => {
    await restart(ownerUrl)
    await creditsLostPayment('SHOP-0001')
    expect(await rightsIn(ownerUrl)).toMatchObject({ status: 'warn' })
  })

  it('grants, while the owner still serves', async () => {
    expect(section).toContain('CREATE ROLE budan_serve LOGIN')
    const early = await documented('migrate --grants budan_serve', ownerUrl)
    expect(early).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/"budan_serve": there is no such role; create it/),
    })
    await execute(ownerUrl.replace('budan_owner@', 'postgres@'), 'create role budan_serve login')
    const granted = await documented('migrate --grants budan_serve', ownerUrl)
    expect(granted).toMatchObject({ code: 0, stderr: '' })
    expect(granted.stdout).toBe('the database is up to date\ngranted budan_serve\n')
    await creditsLostPayment('SHOP-0002')
  })

  it('serves as the role: all green, lost payments credited, the books right', async () => {
    const serving = await restart(serveUrl)
    await creditsLostPayment('SHOP-0003')
    await expect
      .poll(async () => (await serving.get('/readyz')).status, { timeout: 60_000 })
      .toBe(200)
    expect(await serving.post('/v1/runs', {})).toMatchObject({ status: 200 })
    const { body } = await serving.get('/v1/audit')
    expect(Object.values(body as object).every((count) => count === 0)).toBe(true)
    expect(await rightsIn(serveUrl)).toMatchObject({ status: 'ok' })
    expect(await documented('audit', serveUrl)).toMatchObject({ code: 0 })
  })

  it('refuses to start behind its program, until the owner has migrated', async () => {
    if (node !== null) expect(await node.stop()).toBe(0)
    node = null
    const last = '017_run_results'
    const forget = `delete from budan.budan_migrations where name = '${last}'`
    await execute(ownerUrl, forget)
    for (const command of ['serve', 'run', 'check SHOP-0003']) {
      const { code, stderr } = await runBudan([...command.split(' '), '--config', file], { cwd })
      expect({ command, code }).toEqual({ command, code: 2 })
      expect(stderr).toMatch(
        /^The database is behind by 1 migration, and its user "budan_serve" may not migrate it; run `\S+ migrate` as the owner of budan's tables\n$/,
      )
    }
    expect(await documented('migrate', ownerUrl)).toMatchObject({
      ...{ code: 0, stdout: `applied ${last}\n` },
    })
    await restart(serveUrl)
    await creditsLostPayment('SHOP-0004')
  })
})
