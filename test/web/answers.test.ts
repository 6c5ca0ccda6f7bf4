import { afterEach, describe, expect, test } from 'vitest'
import { CursorError, StaleOrderError, StoreError } from '../../src/store/errors.ts'
import { buildWeb, type WebOptions } from '../../src/web/server.ts'
import { sampleOrder } from '../support/samples.ts'
import { doubleBudan, type Replaced } from './double.ts'
import { sampleRun } from './samples.ts'

/** What budan said, as HTTP says it. */

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

async function open(replaced: Replaced = {}, options: Partial<WebOptions> = {}) {
  const double = doubleBudan(replaced)
  const server = { host: '127.0.0.1', port: 0, apiToken: null }
  const app = await buildWeb(double.budan, { server, version: '0', ...options })
  ends.push(() => app.close())
  return { app, ...double }
}

const body = { user_id: 'u1', amount: 100, description: 'credit' }
const place = { method: 'POST', url: '/v1/orders', payload: body } as const
const placeWithKey = { ...place, headers: { 'idempotency-key': 'k1' } }
const adopt = {
  method: 'POST',
  url: '/v1/orders',
  payload: { adopt: true, order_no: 'OLD-000001', user_id: 'u1', amount: 100 },
} as const

describe('POST /v1/orders', () => {
  test('answers 201 with every field of the order', async () => {
    const clock = () => new Date('2026-01-24T12:00:00Z')
    const { app, calls } = await open({}, { clock })
    const answer = await app.inject(placeWithKey)
    expect(answer.statusCode).toBe(201)
    expect(answer.json()).toEqual({
      order_no: 'RECH20260124150000AbCd1234Ef',
      user_id: 'u1',
      amount: 1234,
      currency: 'CNY',
      description: 'credit',
      attach: null,
      status: 'pending',
      code_url: 'weixin://x',
      code_expires_at: null,
      transaction_id: null,
      paid_at: null,
      credited_at: null,
      credited_by: null,
      dismissed_at: null,
      adopted: false,
      created_at: '2026-01-24T12:00:00.000Z',
      expires_at: '2026-01-24T14:00:00.000Z',
      next_check_at: '2026-01-24T12:00:00.000Z',
      merchant: null,
      gateway: 'wechatpay',
      mchid: '1900000001',
      app_id: 'wx0000000000000001',
      appid: 'wx0000000000000001',
    })
    expect(calls).toEqual(['placeOrder'])
  })

  test('hands the facts over, an attach left out as null', async () => {
    const seen: unknown[] = []
    const placeOrder = async (request: unknown) => {
      seen.push(request)
      return { kind: 'placed', order: sampleOrder() } as const
    }
    const { app } = await open({ budan: { placeOrder } })
    await app.inject(placeWithKey)
    await app.inject({
      ...placeWithKey,
      payload: { ...body, adopt: false, attach: 'a', amount: 1.0 },
    })
    await app.inject({ ...placeWithKey, payload: { ...body, amount: Number.MAX_SAFE_INTEGER } })
    const actor = { name: 'anonymous', address: '127.0.0.1' }
    const facts = {
      ...{ userId: 'u1', description: 'credit', idempotencyKey: 'k1' },
      ...{ merchant: null, appid: null, actor },
    }
    expect(seen).toEqual([
      { ...facts, amount: 100n, attach: null },
      { ...facts, amount: 1n, attach: 'a' },
      { ...facts, amount: 9007199254740991n, attach: null },
    ])
  })

  test('answers 409 when the key was used for other facts', async () => {
    const placeOrder = async () => ({ kind: 'conflict', message: 'amount differs' }) as const
    const { app } = await open({ budan: { placeOrder } })
    const answer = await app.inject(placeWithKey)
    expect(answer.statusCode).toBe(409)
    expect(answer.json()).toEqual({ code: 'idempotency_key_reused', message: 'amount differs' })
  })

  test("answers 422 with the gateway's code when it refuses the order", async () => {
    const refused = { kind: 'refused', order: sampleOrder(), code: 'PARAM_ERROR', message: 'no' }
    const { app } = await open({ budan: { placeOrder: async () => refused as never } })
    const answer = await app.inject(placeWithKey)
    expect(answer.statusCode).toBe(422)
    expect(answer.json().code).toBe('gateway_refused')
    expect(answer.json().message).toContain('PARAM_ERROR: no')
  })

  test('answers 502 and says to repeat when the gateway does not answer', async () => {
    const unanswered = { kind: 'unanswered', order: sampleOrder(), message: 'timeout' }
    const { app, events } = await open({ budan: { placeOrder: async () => unanswered as never } })
    const answer = await app.inject(placeWithKey)
    expect(answer.statusCode).toBe(502)
    expect(answer.json().code).toBe('gateway_unavailable')
    expect(answer.json().message).toContain('repeat with the same Idempotency-Key')
    expect(events).toEqual([])
  })

  test('answers 201 for a new adoption, 200 for a repeated one, 409 for another one', async () => {
    const order = sampleOrder({ adopted: true })
    for (const [adoption, status] of [
      [{ kind: 'adopted', order }, 201],
      [{ kind: 'exists', order }, 200],
      [{ kind: 'conflict', status: 'pending', message: 'the user differs' }, 409],
    ] as const) {
      const { app } = await open({ budan: { adoptOrder: async () => adoption } })
      const answer = await app.inject(adopt)
      expect(answer.statusCode).toBe(status)
      if (status === 409) expect(answer.json().code).toBe('order_conflict')
      else expect(answer.json().adopted).toBe(true)
    }
  })

  test('adopts without a key, and takes 5 minutes of a fast clock', async () => {
    const seen: unknown[] = []
    const adoptOrder = async (request: unknown) => {
      seen.push(request)
      return { kind: 'adopted', order: sampleOrder() } as const
    }
    const clock = () => new Date('2026-01-24T12:00:00Z')
    const { app } = await open({ budan: { adoptOrder } }, { clock })
    const created_at = '2026-01-24T20:05:00+08:00'
    const payload = { ...adopt.payload, created_at, expires_at: '2026-01-24T14:00:00.5Z' }
    expect((await app.inject({ ...adopt, payload })).statusCode).toBe(201)
    expect(seen).toEqual([
      {
        merchant: null,
        orderNo: 'OLD-000001',
        userId: 'u1',
        amount: 100n,
        description: '',
        createdAt: new Date('2026-01-24T12:05:00Z'),
        expiresAt: new Date('2026-01-24T14:00:00.500Z'),
        appid: null,
        actor: { name: 'anonymous', address: '127.0.0.1' },
      },
    ])
  })
})

describe('POST /v1/orders/{order_no}/check', () => {
  test('answers 200 with null when the gateway said nothing', async () => {
    const order = sampleOrder()
    const reason = { reason: 'not paid yet', codedReason: { code: 'not_paid_yet' } } as const
    const report = { order, tradeState: null, decision: 'wait', ...reason } as const
    const { app } = await open({ budan: { checkOrder: async () => report } })
    const answer = await app.inject({ method: 'POST', url: `/v1/orders/${order.orderNo}/check` })
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toEqual({
      order_no: order.orderNo,
      trade_state: null,
      decision: 'wait',
      status: 'pending',
      reason: 'not paid yet',
      reason_code: 'not_paid_yet',
    })
  })

  test('answers 404 for an order that is not ours', async () => {
    const { app } = await open()
    const answer = await app.inject({ method: 'POST', url: '/v1/orders/OLD-000001/check' })
    expect(answer.statusCode).toBe(404)
    expect(answer.json().code).toBe('order_not_found')
  })

  test('takes an empty JSON body', async () => {
    const { app, calls } = await open()
    const headers = { 'content-type': 'application/json' }
    const url = '/v1/orders/OLD-000001/check'
    for (const payload of ['', '{}']) await app.inject({ method: 'POST', url, headers, payload })
    expect(calls).toEqual(['checkOrder', 'checkOrder'])
  })

  test('finds numbers with every sign of the alphabet', async () => {
    const seen: string[] = []
    const findOrder = async (orderNo: string) => {
      seen.push(orderNo)
      return sampleOrder({ orderNo })
    }
    const { app } = await open({ budan: { findOrder } })
    expect((await app.inject('/v1/orders/a%7Cb*_-9')).statusCode).toBe(200)
    expect((await app.inject('/v1/orders/a|b*_-9')).statusCode).toBe(200)
    expect(seen).toEqual(['a|b*_-9', 'a|b*_-9'])
  })
})

describe('lists', () => {
  test('take 50 from the start by default', async () => {
    const seen: unknown[] = []
    const listOrders = async (filter: unknown) => {
      seen.push(filter)
      return { items: [sampleOrder()], nextCursor: 'more' }
    }
    const { app } = await open({ store: { listOrders } })
    const page = (await app.inject('/v1/orders')).json()
    expect(page.orders).toHaveLength(1)
    expect(page.next_cursor).toBe('more')
    await app.inject('/v1/orders?status=paid&user_id=%E7%94%A8%E6%88%B7&limit=200&cursor=more')
    expect(seen).toEqual([
      { limit: 50, cursor: null, status: null, userId: null, merchant: null },
      { limit: 200, cursor: 'more', status: 'paid', userId: '用户', merchant: null },
    ])
  })

  test('answer 400 cursor_invalid for a cursor that is not ours', async () => {
    const refuse = async () => {
      throw new CursorError('not ours')
    }
    const findOrder = async () => sampleOrder()
    const lists = { listOrders: refuse, listOrderEvents: refuse, listEntries: refuse }
    const { app } = await open({ store: { ...lists, listRuns: refuse }, budan: { findOrder } })
    for (const path of ['orders', 'orders/OLD-000001/events', 'accounts/u1/entries', 'runs']) {
      const answer = await app.inject(`/v1/${path}?cursor=x`)
      expect(answer.statusCode).toBe(400)
      expect(answer.json().code).toBe('cursor_invalid')
    }
  })
})

describe('POST /v1/runs', () => {
  test.each([
    ['no body', undefined, false],
    ['an empty object', {}, false],
    ['dry_run false', { dry_run: false }, false],
    ['dry_run true', { dry_run: true }, true],
  ])('runs with %s', async (_what, payload, dryRun) => {
    const run = async (options: { dryRun: boolean }) => ({ run: sampleRun(options), results: [] })
    const { app } = await open({ budan: { run } })
    const answer = await app.inject({
      method: 'POST',
      url: '/v1/runs',
      ...(payload && { payload }),
    })
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toMatchObject({ dry_run: dryRun, results: [], trigger: 'manual' })
  })
})

describe('errors', () => {
  const storeFailures = [new StoreError('connect ECONNREFUSED 10.0.0.7'), new StaleOrderError('x')]
  test.each(storeFailures)('are 503 database_unavailable for %o', async (failure) => {
    const { app, events } = await open({ store: { balance: () => Promise.reject(failure) } })
    const answer = await app.inject('/v1/accounts/u1?')
    expect(answer.statusCode).toBe(503)
    expect(answer.json().code).toBe('database_unavailable')
    expect(answer.body).not.toContain('10.0.0.7')
    const event = { type: 'request_failed', method: 'GET', path: '/v1/accounts/u1', error: failure }
    expect(events).toEqual([event])
  })

  const faults: readonly unknown[] = [new Error('secret at /x.ts:1'), null, 'secret', undefined]
  test.each(faults)('are 500 internal without a word of %o', async (fault) => {
    const audit = () => Promise.reject(fault)
    const { app, events } = await open({ store: { audit } })
    const answer = await app.inject('/v1/audit')
    expect(answer.statusCode).toBe(500)
    expect(answer.json()).toEqual({
      code: 'internal',
      message: 'Internal error; the log of budan has the cause',
    })
    expect(events.map(({ type }) => type)).toEqual(['request_failed'])
  })

  test('are 500 internal when budan returns what no client may see', async () => {
    const balance = async () => ({ userId: 'u1', balance: 'a lot' as never, currency: 'CNY' })
    const { app, events } = await open({ store: { balance } })
    const answer = await app.inject('/v1/accounts/u1')
    expect(answer.statusCode).toBe(500)
    expect(answer.json().code).toBe('internal')
    expect(events).toHaveLength(1)
  })

  test('are 503 deadline_exceeded when the work hangs', async () => {
    const audit = () => new Promise<never>(() => undefined)
    const { app } = await open({ store: { audit } }, { limits: { answerMs: 20 } })
    const answer = await app.inject('/v1/audit')
    expect(answer.statusCode).toBe(503)
    expect(answer.json().code).toBe('deadline_exceeded')
  })
})

describe('monitors', () => {
  test('GET /healthz says ok and calls nothing', async () => {
    const { app, calls } = await open()
    const answer = await app.inject('/healthz')
    expect(answer.json()).toEqual({ status: 'ok' })
    expect(calls).toEqual([])
  })

  test.each([
    [true, 200, 'ready'],
    [false, 503, 'not_ready'],
  ])('GET /readyz for ready: %s answers %i', async (ready, status, word) => {
    const condition = ready ? 'well' : 'held'
    const checks = [{ name: 'gateway', ok: ready, condition, detail: 'the breaker' }] as const
    const { app } = await open({
      budan: { readiness: async () => ({ ready, checks, vitals: null }) },
    })
    const answer = await app.inject('/readyz')
    expect(answer.statusCode).toBe(status)
    expect(answer.json()).toEqual({ status: word, checks })
  })

  test('GET /readyz answers 503 when the checks themselves fail', async () => {
    const readiness = () => Promise.reject(new StoreError('connect ECONNREFUSED 10.0.0.7'))
    const { app } = await open({ budan: { readiness } })
    const answer = await app.inject('/readyz')
    expect(answer.statusCode).toBe(503)
    expect(answer.json().code).toBe('database_unavailable')
  })

  test('GET /metrics answers in the type and text that budan gave', async () => {
    const { app } = await open()
    const answer = await app.inject('/metrics')
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4')
    expect(answer.body).toBe('up 1\n')
  })
})
