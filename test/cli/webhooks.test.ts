import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { freshPostgresUrl } from '../support/stores.ts'
import { deliveriesOf, endpointTo, pay, startNode, until } from '../webhooks/desk.ts'
import { type Receiver, startReceiver, status } from '../webhooks/receiver.ts'
import { openDirectory, runInProcess } from './budan.ts'

const { path: cwd, remove } = openDirectory()
const config = join(cwd, 'budan.yaml')
const env = { DATABASE_URL: await freshPostgresUrl(), LOG_LEVEL: 'silent' }
const budan = (...args: string[]) => runInProcess([...args, '--config', config], env)
const json = async (...args: string[]) => JSON.parse((await budan(...args, '--json')).stdout)

let store: Store
let shop: Receiver
let paid: readonly string[]

/** Three orders are paid; the shop has got two of the three events, and refused the last. */
beforeAll(async () => {
  shop = await startReceiver()
  const endpoint = endpointTo(`${shop.url}?token=abcdef`)
  const { name, url, secrets } = endpoint
  writeFileSync(config, stringify({ webhooks: [{ name, url, secrets }] }))
  store = await openStore(env.DATABASE_URL)
  const node = startNode(store, [endpoint])
  const first = await pay(store, 2)
  await shop.got(2)
  shop.reply = status(500)
  paid = [...first, ...(await pay(store))]
  await until(async () => {
    const tried = (await deliveriesOf(store)).filter(({ attempts }) => attempts > 0)
    return tried.length === paid.length
  })
  await node.dispatcher.stop()
})

beforeEach(() => {
  shop.reply = status(204)
})

afterAll(async () => {
  await store.close()
  await shop.stop()
  remove()
})

describe('budan webhooks', () => {
  test('lists the endpoints, without what is secret in their addresses', async () => {
    const listed = await budan('webhooks')
    expect(listed.code).toBe(0)
    expect(listed.stdout).toContain(shop.url)
    expect(listed.stdout).not.toContain('abcdef')
    expect(await json('webhooks', 'list')).toMatchObject({
      webhooks: [{ name: 'shop', pending: 1, failed: 0, last_status: 500 }],
    })
  })

  test('tests an endpoint: what it answered is shown, and is the exit code', async () => {
    const before = shop.received.length
    const good = await json('webhooks', 'test', 'shop')
    expect(good).toMatchObject({ delivered: true, status: 204 })
    expect(JSON.parse(shop.received[before]?.body ?? '')).toMatchObject({ type: 'budan.test' })
    shop.reply = status(410)
    const bad = await budan('webhooks', 'test', 'shop')
    expect(bad.code).toBe(1)
    expect(bad.stdout).toContain('410')
  })

  test('sends a span again, or its events of one type', async () => {
    const whole = await budan('webhooks', 'replay', 'shop', '--since', '2020-01-01')
    expect(whole).toMatchObject({ code: 0, stdout: '2 deliveries are due again\n' })
    expect(await json('webhooks', 'list')).toMatchObject({ webhooks: [{ pending: 3 }] })
    const since = ['--since', '2020-01-01T00:00:00+08:00']
    const others = await json('webhooks', 'replay', 'shop', ...since, '--types', 'order.expired')
    expect(others).toEqual({ replayed: 0, next_cursor: null })
  })

  test('names what is missing or unknown', async () => {
    const wrong = [
      [['webhooks', 'test'], 2, 'test: say of which'],
      [['webhooks', 'test', 'shoop'], 1, '"shoop"'],
      [['webhooks', 'replay', 'shoop', '--since', '2020-01-01'], 1, '"shoop"'],
      [['webhooks', 'replay', 'shop'], 2, '--since: give a date'],
      [['webhooks', 'replay', 'shop', '--since', 'monday'], 2, '--since: give a date'],
      [['webhooks', 'mend', 'shop'], 2, 'mend'],
      [['deliveries', 'replay'], 2, 'replay: say of which'],
      [['deliveries', 'replay', 'dlv_999'], 1, 'dlv_999'],
      [['deliveries', 'replay', '42; drop'], 1, '42; drop'],
    ] as const
    for (const [args, code, words] of wrong) {
      const ended = await budan(...args)
      expect(ended, args.join(' ')).toMatchObject({ code, stdout: '' })
      expect(ended.stderr).toContain(words)
    }
  })
})

describe('budan deliveries', () => {
  test('lists them, newest first, page by page, and those of one order', async () => {
    const page = await json('deliveries', '--limit', '2')
    const rest = await json('deliveries', '--limit', '2', '--cursor', page.next_cursor)
    const all = [...page.deliveries, ...rest.deliveries]
    expect(all.map(({ order_no: no }) => no)).toEqual([...paid].reverse())
    expect(rest.next_cursor).toBeNull()
    const [, , last = ''] = paid
    const one = await budan('deliveries', '--order-no', last, '--endpoint', 'shop')
    expect(one.stdout.split('\n').filter((line) => line.includes('dlv_'))).toHaveLength(1)
    expect(one.stdout).toContain(last)
    expect((await json('deliveries', '--state', 'failed')).deliveries).toEqual([])
  })

  test('sends one again', async () => {
    const { deliveries } = await json('deliveries', '--order-no', paid[0] ?? '')
    const { id } = deliveries[0]
    const again = await budan('deliveries', 'replay', id)
    expect(again).toMatchObject({ code: 0, stdout: `${id} is due again for shop\n` })
    expect(await json('deliveries', 'replay', id)).toMatchObject({ id, state: 'pending' })
  })
})
