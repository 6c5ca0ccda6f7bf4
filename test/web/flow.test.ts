import fc from 'fast-check'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildWeb, startWeb } from '../../src/web/server.ts'
import { place as placeInStore } from '../contract/store-fixtures.ts'
import { runsOf } from '../support/random.ts'
import { openWorld, type World } from '../support/world.ts'
import { documentedCalls } from './documented.ts'
import { orderLike } from './order-like.ts'

/** Each route on the real thing: a real database, and the gateway's simulator over HTTP. */

let world: World
let app: FastifyInstance
let web: Awaited<ReturnType<typeof startWeb>>
let call: (options: InjectOptions) => Promise<LightMyRequestResponse>

beforeAll(async () => {
  // Runs are requested here; a clock that is on, and not started, would not be ready.
  const recharge = { compensationBatchSize: 500, compensationEnabled: false }
  world = await openWorld({ recharge })
  const { server } = world.config
  const options = { server, version: '0', clock: world.now }
  app = await buildWeb(world.budan, options)
  web = await startWeb(world.budan, options)
  call = await documentedCalls(app)
})
afterAll(async () => {
  await web.close()
  await app.close()
  await world.close()
})

const get = (url: string) => call({ url })
const place = (key: string, changes: object = {}) =>
  call({
    method: 'POST',
    url: '/v1/orders',
    headers: { 'idempotency-key': key },
    payload: { user_id: 'placer', amount: 100, description: 'credit', ...changes },
  })
const adopt = (orderNo: string, changes: object = {}) =>
  call({
    method: 'POST',
    url: '/v1/orders',
    payload: { adopt: true, order_no: orderNo, user_id: 'adopter', amount: 100, ...changes },
  })
const check = (orderNo: string) => call({ method: 'POST', url: `/v1/orders/${orderNo}/check` })
const run = (payload?: object) =>
  call({ method: 'POST', url: '/v1/runs', ...(payload && { payload }) })

test('an account with an invisible character in its name, from before, is read as ever', async () => {
  const userId = 'old\u200b '
  await placeInStore(world.store, { orderNo: 'OLD-UNSEEN1', userId })
  const path = encodeURIComponent(userId)
  expect((await get(`/v1/accounts/${path}`)).json()).toMatchObject({ user_id: userId })
  expect((await get(`/v1/orders?user_id=${path}`)).json().orders).toMatchObject([
    { order_no: 'OLD-UNSEEN1', user_id: userId },
  ])
  expect((await adopt('OLD-UNSEEN2', { user_id: userId })).statusCode).toBe(400)
})

describe('POST /v1/orders', () => {
  test('places an order whose code the payer can pay', async () => {
    const answer = await place('key-1', { attach: 'cart 7' })
    expect(answer.statusCode).toBe(201)
    const order = answer.json()
    expect(order).toMatchObject({
      user_id: 'placer',
      amount: 100,
      currency: 'CNY',
      attach: 'cart 7',
      status: 'pending',
      adopted: false,
      transaction_id: null,
      created_at: '2026-01-24T07:00:00.000Z',
      expires_at: '2026-01-24T09:00:00.000Z',
      next_check_at: '2026-01-24T07:00:00.000Z',
    })
    expect(order.order_no).toMatch(/^RECH20260124150000[0-9A-Za-z]{10}$/)
    expect(order.code_url).toMatch(/^weixin:/)
    expect(world.control.order(order.order_no)).toMatchObject({ total: 100, trade_state: 'NOTPAY' })
  })

  test('answers a repetition with the same order, one of other facts with 409', async () => {
    const [first, second] = [await place('key-2'), await place('key-2')]
    expect(second.statusCode).toBe(201)
    expect(second.json()).toEqual(first.json())
    for (const changes of [
      { amount: 101 },
      { user_id: 'x' },
      { description: 'y' },
      { attach: '' },
    ]) {
      const other = await place('key-2', changes)
      expect(other.statusCode, JSON.stringify(changes)).toBe(409)
      expect(other.json().code).toBe('idempotency_key_reused')
    }
  })

  test('makes one order of the same key sent five times at once', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => place('key-3')))
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 201, 201, 201, 201])
    expect(new Set(answers.map((answer) => answer.json().order_no)).size).toBe(1)
  })

  test('answers 502 while the gateway does not answer, and 201 when repeated', async () => {
    const id = 'no-prepay'
    const fault = { kind: 'error', status: 500, code: 'SYSTEM_ERROR' } as const
    world.control.addFault({ id, operation: 'native', fault })
    const first = await place('key-4')
    expect(first.statusCode).toBe(502)
    expect(first.json().code).toBe('gateway_unavailable')
    world.control.removeFault(id)
    const second = await place('key-4')
    expect(second.statusCode).toBe(201)
    expect(second.json().code_url).toMatch(/^weixin:/)
  })

  test("answers 422 with the gateway's code when it refuses", async () => {
    const id = 'refusal'
    const fault = { kind: 'error', status: 400, code: 'PARAM_ERROR', message: 'bad' } as const
    world.control.addFault({ id, operation: 'native', fault })
    const answer = await place('key-5')
    world.control.removeFault(id)
    expect(answer.statusCode).toBe(422)
    expect(answer.json().code).toBe('gateway_refused')
    expect(answer.json().message).toContain('PARAM_ERROR')
  })

  test('stores nothing when it refuses', async () => {
    const before = (await get('/v1/orders?limit=200')).json().orders.length
    await place('key-6', { amount: 0 })
    await place('key-6', { user_id: 'u\u0000' })
    await place('', {})
    await adopt('no')
    await adopt('OLD-REFUSED', { amount: 2 ** 53 })
    await adopt('OLD-REFUSED', { created_at: '2030-01-01T00:00:00Z' })
    expect((await get('/v1/orders?limit=200')).json().orders).toHaveLength(before)
  })

  test('never fails, and stores just what it took, for anything like an order', async () => {
    const count = async () => {
      const [order] = (
        await world.store.listOrders({ limit: 1, cursor: null, status: null, userId: null })
      ).items
      if (order === undefined) throw new Error('No order yet')
      const { ordersByStatus } = await world.store.vitals([order])
      return Object.values(ordersByStatus).reduce((sum, rows) => sum + rows, 0)
    }
    const before = await count()
    const taken = new Set<string>()
    const headers = () => ({ 'idempotency-key': `fuzz-${taken.size}` })
    await fc.assert(
      fc.asyncProperty(orderLike, async (payload) => {
        const answer = await call({
          method: 'POST',
          url: '/v1/orders',
          headers: headers(),
          payload,
        })
        expect([200, 201, 400, 409]).toContain(answer.statusCode)
        if (answer.statusCode === 201) taken.add(answer.json().order_no)
      }),
      { numRuns: runsOf(200) },
    )
    expect(taken.size).toBeGreaterThan(0)
    expect(await count()).toBe(before + taken.size)
  })

  test('adopts without a query to the gateway: 201, then 200, then 409 for other facts', async () => {
    world.control.clearRequests()
    const facts = {
      created_at: '2026-01-24T14:30:00+08:00',
      expires_at: '2026-01-24T08:30:00.500Z',
      description: 'of the old shop',
    }
    const first = await adopt('OLD|*_-0001', facts)
    expect(first.statusCode).toBe(201)
    expect(first.json()).toMatchObject({
      adopted: true,
      code_url: null,
      created_at: '2026-01-24T06:30:00.000Z',
    })
    const again = await adopt('OLD|*_-0001', facts)
    expect(again.statusCode).toBe(200)
    expect(again.json()).toEqual(first.json())
    for (const changes of [
      { amount: 101 },
      { user_id: 'x' },
      { created_at: '2026-01-24T06:00:00Z' },
    ]) {
      const other = await adopt('OLD|*_-0001', { ...facts, ...changes })
      expect(other.statusCode, JSON.stringify(changes)).toBe(409)
      expect(other.json().code).toBe('order_conflict')
    }
    expect(world.control.requests()).toEqual([])
    expect((await get('/v1/orders/OLD%7C*_-0001')).json()).toEqual(first.json())
  })
})

describe('POST /v1/orders/{order_no}/check', () => {
  test('credits a paid order whose callback was lost, once', async () => {
    const { order_no } = (await place('key-paid', { user_id: 'payer', amount: 1234 })).json()
    expect((await check(order_no)).json()).toMatchObject({
      order_no,
      trade_state: 'NOTPAY',
      decision: 'wait',
      status: 'pending',
    })
    world.control.pay(order_no, { callback: false })
    expect((await check(order_no)).json()).toMatchObject({
      trade_state: 'SUCCESS',
      decision: 'pay',
      status: 'paid',
    })
    expect((await check(order_no)).json()).toMatchObject({ decision: 'keep', status: 'paid' })

    expect((await get('/v1/accounts/payer')).json()).toEqual({
      user_id: 'payer',
      balance: 1234,
      currency: 'CNY',
    })
    const { entries, next_cursor } = (await get('/v1/accounts/payer/entries')).json()
    expect(next_cursor).toBeNull()
    expect(entries).toHaveLength(1)
    const order = (await get(`/v1/orders/${order_no}`)).json()
    expect(entries[0]).toMatchObject({
      order_no,
      amount: 1234,
      balance: 1234,
      transaction_id: order.transaction_id,
    })
    expect(order).toMatchObject({ status: 'paid', credited_by: 'check', next_check_at: null })
    expect(order.transaction_id).toBeTruthy()
    expect(order.paid_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(order.credited_at).toMatch(/Z$/)
  })

  test('answers 200 with null when the gateway does not answer', async () => {
    await adopt('OLD-HANGS1')
    const id = 'no-query'
    world.control.addFault({
      id,
      operation: 'query',
      fault: { kind: 'error', status: 503, body: 'html' },
    })
    const answer = await check('OLD-HANGS1')
    world.control.removeFault(id)
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toMatchObject({ trade_state: null, decision: 'wait', status: 'pending' })
  })

  test('answers 404 for an order that is not ours', async () => {
    expect((await check('NOT-OURS-1')).statusCode).toBe(404)
  })
})

describe('POST /v1/callbacks/wechatpay', () => {
  test('answers 204 after the credit, for a repetition too, and credits once', async () => {
    const orderNo = 'OLD-CALLBACK'
    world.control.putOrder({
      out_trade_no: orderNo,
      total: 500,
      notify_url: `${web.url}/v1/callbacks/wechatpay`,
    })
    await adopt(orderNo, { user_id: 'called', amount: 500 })
    world.control.pay(orderNo)
    await world.advanceMins(0)
    const [first] = await world.control.waitForDeliveries(orderNo, { attempts: 1 })
    expect(first).toMatchObject({ outcome: 'accepted', status: 204 })
    expect(await world.control.redeliver(orderNo)).toMatchObject({ status: 204 })
    expect((await get(`/v1/orders/${orderNo}`)).json()).toMatchObject({
      status: 'paid',
      credited_by: 'callback',
    })
    expect((await get('/v1/accounts/called')).json().balance).toBe(500)
  })

  test('changes nothing and has it sent again when a check fails', async () => {
    const orderNo = 'OLD-FORGED'
    world.control.putOrder({
      out_trade_no: orderNo,
      total: 500,
      notify_url: `${web.url}/v1/callbacks/wechatpay`,
    })
    await adopt(orderNo, { user_id: 'forged', amount: 500 })
    const id = 'probe'
    const fault = { kind: 'probe', base64: 'invalid' } as const
    world.control.addFault({ id, operation: 'notify', fault, times: 1 })
    world.control.pay(orderNo)
    await world.advanceMins(0)
    const [probed] = await world.control.waitForDeliveries(orderNo, { attempts: 1 })
    expect(probed?.outcome).toBe('refused')
    expect((await get(`/v1/orders/${orderNo}`)).json().status).toBe('pending')
    await world.advanceMins(1)
    const [, second] = await world.control.waitForDeliveries(orderNo, { attempts: 2 })
    expect(second).toMatchObject({ outcome: 'accepted', status: 204 })
    expect((await get('/v1/accounts/forged')).json().balance).toBe(500)
  })

  test.each([
    ['nothing', Buffer.alloc(0), {}],
    ['JSON without a signature', Buffer.from('{"id":"x"}'), {}],
    ['bytes that are no JSON', Buffer.from([0xff, 0x00]), { 'wechatpay-signature': '????' }],
    [
      'a probe',
      Buffer.from('{}'),
      {
        'wechatpay-signature': 'WECHATPAY/SIGNTEST/abc',
        'wechatpay-timestamp': '1769238000',
        'wechatpay-nonce': 'n',
        'wechatpay-serial': 'PUB_KEY_ID_0',
      },
    ],
  ])('answers %s with a 4xx and FAIL', async (_what, payload, headers) => {
    const url = '/v1/callbacks/wechatpay'
    const answer = await app.inject({ method: 'POST', url, payload, headers })
    expect(answer.statusCode).toBeGreaterThanOrEqual(400)
    expect(answer.statusCode).toBeLessThan(500)
    expect(Object.keys(answer.json())).toEqual(['code', 'message'])
    expect(answer.json().code).toBe('FAIL')
  })
})

describe('the timeline', () => {
  test('GET /v1/orders/{order_no}/events lists every query, page by page', async () => {
    const { order_no } = (await place('key-events')).json()
    await check(order_no)
    world.control.pay(order_no, { callback: false })
    await check(order_no)
    const all = (await get(`/v1/orders/${order_no}/events`)).json()
    expect(all.next_cursor).toBeNull()
    expect(all.events.map((event: { kind: string }) => event.kind)).toEqual([
      'created',
      'prepaid',
      'answered',
      'answered',
    ])
    expect(all.events.at(-1)).toMatchObject({
      source: 'check',
      decision: 'pay',
      to_status: 'paid',
      trade_state: 'SUCCESS',
      alarm: false,
    })
    const paged: unknown[] = []
    let cursor: string | null = ''
    for (let pages = 0; cursor !== null && pages < 10; pages += 1) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`
      const page = (await get(`/v1/orders/${order_no}/events?limit=1${query}`)).json()
      paged.push(...page.events)
      cursor = page.next_cursor
    }
    expect(paged).toEqual(all.events)
  })
})

describe('lists', () => {
  test('GET /v1/orders filters by status and user, and pages without a gap', async () => {
    const all = (await get('/v1/orders?limit=200')).json().orders
    const paged: unknown[] = []
    let cursor: string | null = ''
    for (let pages = 0; cursor !== null && pages < 50; pages += 1) {
      const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
      const page = (await get(`/v1/orders?limit=7${query}`)).json()
      paged.push(...page.orders)
      cursor = page.next_cursor
    }
    expect(paged).toEqual(all)
    const paid = (await get('/v1/orders?status=paid&user_id=payer')).json().orders
    expect(paid.map((order: { user_id: string }) => order.user_id)).toEqual(['payer'])
    expect((await get('/v1/orders?user_id=nobody')).json()).toEqual({
      orders: [],
      next_cursor: null,
    })
  })

  test.each(['', 'x', '%00', 'W10', 'WyJvcmRlcnMiLDEsIlx1MDAwMCJd', 'a'.repeat(5000)])(
    'refuse the cursor %j',
    async (cursor) => {
      for (const path of ['orders', 'runs', 'accounts/u1/entries', 'orders/OLD-HANGS1/events']) {
        const answer = await get(`/v1/${path}?cursor=${cursor}`)
        expect(answer.statusCode, path).toBe(400)
        expect(answer.json().code).toBe('cursor_invalid')
      }
    },
  )

  test('refuse the cursor of another list', async () => {
    const { next_cursor } = (await get('/v1/orders?limit=1')).json()
    const answer = await get(`/v1/runs?cursor=${next_cursor}`)
    expect(answer.json().code).toBe('cursor_invalid')
  })
})

describe('POST /v1/runs', () => {
  test('finds the lost callbacks, and answers with the finished run and its results', async () => {
    world.control.putOrder({ out_trade_no: 'OLD-LOST-1', total: 700 })
    await adopt('OLD-LOST-1', { user_id: 'lost', amount: 700 })
    world.control.pay('OLD-LOST-1', { callback: false })
    await world.advanceMins(10)

    const dry = (await run({ dry_run: true })).json()
    expect(dry).toMatchObject({ trigger: 'manual', dry_run: true, status: 'finished', slot: null })
    expect((await get('/v1/accounts/lost')).json().balance).toBe(0)

    const answer = await run()
    expect(answer.statusCode).toBe(200)
    const made = answer.json()
    expect(made).toMatchObject({ trigger: 'manual', dry_run: false, status: 'finished' })
    expect(made.total).toBe(made.results.length)
    expect(made.success + made.failed + made.skipped).toBe(made.total)
    const result = made.results.find((each: { order_no: string }) => each.order_no === 'OLD-LOST-1')
    expect(result).toMatchObject({ trade_state: 'SUCCESS', outcome: 'credited' })
    expect((await get('/v1/accounts/lost')).json().balance).toBe(700)

    expect((await get(`/v1/runs/${made.id}`)).json()).toEqual(made)
    const { results: _results, ...withoutResults } = made
    expect((await get('/v1/runs?limit=1')).json().runs).toEqual([withoutResults])
  })

  const absent = ['0', '999999999999', '9999999999999999999999', 'x', '1e3', '-1', 'a'.repeat(64)]
  test.each(absent)('has no run %s', async (id) => {
    const answer = await get(`/v1/runs/${id}`)
    expect(answer.statusCode).toBe(404)
    expect(answer.json().code).toBe('run_not_found')
  })
})

describe('the rest', () => {
  test('GET /v1/audit finds nothing broken', async () => {
    const counts = (await get('/v1/audit')).json()
    expect(Object.keys(counts)).toContain('paid_not_credited')
    expect(Object.values(counts).every((rows) => rows === 0)).toBe(true)
  })

  test('GET /readyz is ready and GET /metrics counts', async () => {
    expect((await get('/readyz')).json().status).toBe('ready')
    const { body, headers } = await app.inject('/metrics')
    expect(headers['content-type']).toContain('text/plain')
    expect(body).toContain('# TYPE')
  })

  test('no request failed on the way', () => {
    expect(world.events.filter(({ type }) => type === 'request_failed')).toEqual([])
  })
})
