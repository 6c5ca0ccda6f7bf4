import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { buildWeb, startWeb } from '../../src/web/server.ts'
import { useWorlds, type World } from '../support/world.ts'
import { documentedCalls } from './documented.ts'
import { doubleBudan } from './double.ts'

/** The feed over HTTP: on a real database, and for what only connections show, on a double. */

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})
const server = { host: '127.0.0.1', port: 0, apiToken: null }
const open = useWorlds()

describe('GET /v1/events', () => {
  let world: World
  let url: string
  beforeEach(async () => {
    world = await open()
    const web = await startWeb(world.budan, { server, version: '0' })
    ends.push(() => web.close())
    url = web.url
  })

  const documented = async () => {
    const app = await buildWeb(world.budan, { server, version: '0' })
    ends.push(() => app.close())
    const call = await documentedCalls(app)
    return (query: string) => call({ url: `/v1/events${query}` })
  }
  const credit = async (orderNo: string) => {
    await world.adopt(orderNo)
    await world.control.pay(orderNo)
    await world.budan.checkOrder(orderNo)
  }

  test('answers with what happened, oldest first, page by page', async () => {
    const get = await documented()
    const start = (await get('')).json()
    expect(start).toEqual({ events: [], next_cursor: expect.any(String) })
    for (const orderNo of ['FEED-00001', 'FEED-00002', 'FEED-00003']) await credit(orderNo)
    const first = (await get(`?after=${start.next_cursor}&limit=2`)).json()
    expect(first.events).toHaveLength(2)
    const order = await world.order('FEED-00001')
    expect(first.events[0]).toEqual({
      id: expect.stringMatching(/^evt_[0-9a-f]{32}$/),
      type: 'order.paid',
      timestamp: order.creditedAt?.toISOString(),
      data: {
        ...{ order_no: 'FEED-00001', merchant: 'default', user_id: 'u1' },
        ...{ amount: 100, currency: 'CNY', transaction_id: order.transactionId },
        paid_at: order.paidAt?.toISOString(),
        credited_at: order.creditedAt?.toISOString(),
        credited_by: 'check',
      },
    })
    expect(Object.keys(first.events[0].data).slice(0, 2)).toEqual(['merchant', 'order_no'])
    const rest = (await get(`?after=${first.next_cursor}`)).json()
    expect(rest.events.map((each: { data: object }) => each.data)).toMatchObject([
      { order_no: 'FEED-00003' },
    ])
    const none = (await get(`?after=${rest.next_cursor}&types=order.expired,order.refunded`)).json()
    expect(none.events).toEqual([])
    const paid = (await get('?types=order.paid')).json()
    expect(paid.events).toHaveLength(3)
  })

  test('is held until something happens', async () => {
    const startedAt = performance.now()
    const held = fetch(`${url}/v1/events?wait=30`)
    await credit('HELD-00001')
    const { events } = (await (await held).json()) as { events: object[] }
    expect(events).toMatchObject([{ type: 'order.paid', data: { order_no: 'HELD-00001' } }])
    expect(performance.now() - startedAt).toBeLessThan(20_000)
  })

  test('is held for its wait, and then empty with the same cursor', async () => {
    const get = await documented()
    const { next_cursor } = (await get('')).json()
    const startedAt = performance.now()
    const page = (await get(`?after=${next_cursor}&wait=1`)).json()
    expect(page).toEqual({ events: [], next_cursor })
    expect(performance.now() - startedAt).toBeGreaterThan(990)
  })

  test.each([
    ['?types=order.paid,order.payed', 'types: must be a list, separated by commas, of order.paid,'],
    ['?types=', 'types: must be a list'],
    ['?types=order.paid&types=order.paid', 'types: must be given once'],
    ['?wait=31', 'wait: must be whole seconds, from 0 to 30, not "31"'],
    ['?wait=-1', 'wait: must be whole seconds, from 0 to 30, not "-1"'],
    ['?limit=201', 'limit: must be an integer from 1 to 200, not "201"'],
    ['?cursor=x', 'cursor'],
  ])('answers 400 to %s', async (query, message) => {
    const answer = await (await documented())(query)
    expect(answer.statusCode).toBe(400)
    expect(answer.json()).toMatchObject({ code: 'request_invalid' })
    expect(answer.json().message).toContain(message)
  })

  test('answers 400 to what is no cursor, and 410 to one that is gone', async () => {
    const get = await documented()
    const wrong = await get('?after=abc')
    expect(wrong.statusCode).toBe(400)
    expect(wrong.json()).toEqual({
      code: 'cursor_invalid',
      message: 'after: must be a next_cursor that GET /v1/events answered with, not "abc"',
    })
    await credit('GONE-00001')
    const other = await open()
    const { nextCursor } = await other.budan.readEvents()
    const gone = await get(`?after=${nextCursor}`)
    expect(gone.statusCode).toBe(410)
    expect(gone.json()).toMatchObject({ code: 'cursor_gone' })
    expect(gone.json().message).toMatch(/^after: .*it is of another database$/)
  })

  test('ends at once when the server closes, and when budan stops', async () => {
    const closing = await startWeb(world.budan, { server, version: '0' })
    const held = fetch(`${closing.url}/v1/events?wait=30`)
    await fetch(`${closing.url}/v1/events`)
    const startedAt = performance.now()
    await closing.close()
    expect(await (await held).json()).toMatchObject({ events: [] })
    const stopped = fetch(`${url}/v1/events?wait=30`)
    await fetch(`${url}/v1/events`)
    await world.budan.stop()
    expect(await (await stopped).json()).toMatchObject({ events: [] })
    expect(performance.now() - startedAt).toBeLessThan(10_000)
  })
})

test('GET /v1/events holds 100 requests at most, and none whose client went away', async () => {
  let count = 0
  let enough = () => {}
  const readEvents = ({ signal }: { signal?: AbortSignal } = {}) =>
    new Promise<{ events: []; nextCursor: string }>((resolve) => {
      const end = () => {
        count -= 1
        resolve({ events: [], nextCursor: 'next' })
      }
      signal?.addEventListener('abort', end)
      count += 1
      enough()
    })
  const reached = (wanted: number) =>
    new Promise<void>((resolve) => {
      enough = () => {
        if (count === wanted) resolve()
      }
      enough()
    })
  const { budan } = doubleBudan({ budan: { readEvents } })
  const web = await startWeb(budan, { server, version: '0' })
  ends.push(() => web.close())
  const clients = Array.from({ length: 100 }, () => new AbortController())
  const held = clients.map(({ signal }) => fetch(`${web.url}/v1/events?wait=30`, { signal }))
  for (const each of held) each.catch(() => undefined)
  await reached(100)
  const refused = await fetch(`${web.url}/v1/events?wait=1`)
  expect(refused.status).toBe(429)
  expect(await refused.json()).toMatchObject({ code: 'too_many_waiting' })
  for (const client of clients) client.abort()
  while (count > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  const next = fetch(`${web.url}/v1/events?wait=1`)
  await reached(1)
  await web.close()
  expect((await next).status).toBe(200)
})
