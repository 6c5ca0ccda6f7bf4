import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { languages, type Receiver, startReceiver } from '../receivers/languages.ts'
import { freshPostgresUrl } from '../support/stores.ts'
import { openDirectory, type RunningCommand, startBudan } from './budan.ts'

/**
 * A shop that follows the README's way "in any language, over HTTP": it hands its orders over by the call that
 * stands there, its callbacks are lost, and its backend (the receiver of docs/receivers.md, with tables of its
 * own) gets `order.paid` and is killed in between.
 */

const directory = openDirectory()
const cwd = directory.path
const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8')
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

let simulator: RunningCommand
let serving: RunningCommand
let backend: Receiver
let simulatorUrl: string
let url: string

/** The section of the README's configuration, with the address and secret of this shop. */
function documentedWebhooks(): string {
  const [, block = ''] = /```yaml\n(webhooks:\n[^`]*)```/.exec(readme) ?? []
  const { webhooks } = parse(block) as { webhooks: readonly object[] }
  expect(webhooks).toHaveLength(1)
  return stringify({ webhooks: [{ ...webhooks[0], url: backend.url, secret }] })
}

/** The body of the README's call, for this order. */
function documentedAdoption(orderNo: string): object {
  const [, text = ''] = /-d '(\{"adopt": true[^']*)'/.exec(readme) ?? []
  const { created_at: _1, expires_at: _2, ...body } = JSON.parse(text)
  expect(body).toEqual({ adopt: true, order_no: body.order_no, user_id: 'u1', amount: 1234 })
  return { ...body, order_no: orderNo }
}

async function post(address: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const reply = await fetch(address, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!reply.ok) throw new Error(`POST ${address}: ${reply.status} ${await reply.text()}`)
}

/** The payer pays, and the callback is lost. */
async function payUnseen(orderNo: string): Promise<void> {
  await post(`${simulatorUrl}/_sim/orders`, { out_trade_no: orderNo, total: 1234 })
  await post(`${simulatorUrl}/_sim/orders/${orderNo}/pay`, { callback: false })
  await post(`${url}/v1/orders`, documentedAdoption(orderNo))
}

const numbers = (from: number, count: number) =>
  Array.from({ length: count }, (_, nth) => `SHOP-20260131-${String(from + nth).padStart(4, '0')}`)

async function credited(): Promise<readonly string[]> {
  const rows = await backend.query('select order_no from credits order by order_no')
  return rows.map(([orderNo]) => String(orderNo))
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await delay(20)
}

async function endpoint(): Promise<{ readonly pending: number; readonly last_error: string }> {
  const reply = await fetch(`${url}/v1/webhooks`)
  const { webhooks } = (await reply.json()) as { webhooks: never[] }
  return webhooks[0] as never
}

beforeAll(async () => {
  simulator = startBudan(['simulator', '--port', '0', '--json'], { cwd })
  const [line] = await simulator.printed(/^\{.*\}$/m)
  simulatorUrl = (JSON.parse(line) as { url: string }).url
  const node = languages.find(({ name }) => name === 'Node')
  if (node === undefined) throw new Error('There is no receiver in Node')
  backend = await startReceiver(node, secret)
  const config = join(cwd, 'budan-simulator', 'budan.yaml')
  appendFileSync(config, documentedWebhooks())
  serving = startBudan(['serve', '--config', config], {
    cwd,
    env: {
      DATABASE_URL: await freshPostgresUrl(),
      SERVER_PORT: '0',
      // Runs are made by hand, so that each order is there when its run begins.
      RECHARGE_COMPENSATION_ENABLED: 'false',
      RECHARGE_COMPENSATION_THRESHOLD_MINS: '0',
      LOG_LEVEL: 'silent',
    },
  })
  url = (await serving.printed(/^budan is ready at (http:\/\/127\.0\.0\.1:\d+)$/m))[1] ?? ''
}, 60_000)

afterAll(async () => {
  serving.child.kill('SIGTERM')
  simulator.child.kill('SIGTERM')
  const ends = await Promise.all([serving.ended, simulator.ended])
  await backend.stop()
  directory.remove()
  expect(ends.map(({ code }) => code)).toEqual([0, 0])
})

it('has each order credited once in its own table, with its backend killed in between', async () => {
  const [away, between] = [numbers(1, 3), numbers(4, 20)]
  await backend.kill()
  for (const orderNo of away) await payUnseen(orderNo)
  await post(`${url}/v1/runs`, {})
  await until(async () => (await endpoint()).last_error !== null)
  expect((await endpoint()).pending).toBe(3)
  expect(await credited()).toEqual([])
  await backend.restart()
  await until(async () => (await credited()).length === 3)

  for (const orderNo of between) await payUnseen(orderNo)
  const run = post(`${url}/v1/runs`, {})
  await until(async () => (await credited()).length > 3)
  await backend.kill()
  await run
  await backend.restart()
  await until(async () => (await credited()).length === 23 && (await endpoint()).pending === 0)

  expect(await credited()).toEqual([...away, ...between])
  expect(await backend.query('select user_id, balance from accounts')).toEqual([['u1', 23 * 1234]])
}, 180_000)
