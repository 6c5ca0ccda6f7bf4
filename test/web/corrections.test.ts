import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildWeb } from '../../src/web/server.ts'
import { keyOf } from '../support/order-key.ts'
import { openWorld, type World } from '../support/world.ts'
import { documentedCalls } from './documented.ts'

/** Adopting, correcting and giving up over HTTP, on the real thing. */

let world: World
let app: FastifyInstance
let call: (options: InjectOptions) => Promise<LightMyRequestResponse>

beforeAll(async () => {
  const recharge = { compensationEnabled: false, adoptPrefixes: ['SHOP-'] }
  world = await openWorld({ recharge, appIds: ['wxsecond0000000'] })
  app = await buildWeb(world.budan, { server: world.config.server, version: '0', clock: world.now })
  call = await documentedCalls(app)
})
afterAll(async () => {
  await app.close()
  await world.close()
})

const adopt = (orderNo: string, changes: object = {}) =>
  call({
    method: 'POST',
    url: '/v1/orders',
    payload: {
      ...{ adopt: true, order_no: orderNo, user_id: 'u1', amount: 88 },
      ...{ app_id: 'wxsecond0000000', ...changes },
    },
  })
const correct = (orderNo: string, payload: object) =>
  call({ method: 'PATCH', url: `/v1/orders/${orderNo}`, payload })
const abandon = (orderNo: string, payload: object = { reason: 'a slip' }) =>
  call({ method: 'POST', url: `/v1/orders/${orderNo}/abandon`, payload })
const codeOf = (answer: LightMyRequestResponse) => [answer.statusCode, answer.json().code]

describe('POST /v1/orders with adopt', () => {
  test('answers without an end where none was given, and with the app id', async () => {
    const answer = await adopt('SHOP-0001')
    expect(answer.statusCode).toBe(201)
    expect(answer.json()).toMatchObject({ expires_at: null, app_id: 'wxsecond0000000' })
    expect((await adopt('SHOP-0001')).statusCode).toBe(200)
  })

  test('refuses what cannot be adopted, each with its own code, and stores nothing', async () => {
    expect(codeOf(await adopt('OTHER-001'))).toEqual([403, 'prefix_not_allowed'])
    expect(codeOf(await adopt('SHOP-0002', { app_id: undefined }))).toEqual([
      400,
      'app_id_required',
    ])
    expect(codeOf(await adopt('SHOP-0002', { app_id: 'wxnone' }))).toEqual([422, 'app_id_unknown'])
    const expires_at = new Date(+world.now() + 16 * 86_400_000).toISOString()
    expect(codeOf(await adopt('SHOP-0002', { expires_at }))).toEqual([400, 'request_invalid'])
    expect(await world.store.findOrder(keyOf('SHOP-0002'))).toBeNull()
  })

  test('refuses to place under an app id that is not configured', async () => {
    const answer = await call({
      ...{ method: 'POST', url: '/v1/orders', headers: { 'idempotency-key': 'k1' } },
      payload: { user_id: 'u1', amount: 100, description: 'credit', app_id: 'wxnone' },
    })
    expect(codeOf(answer)).toEqual([422, 'app_id_unknown'])
  })
})

describe('POST /v1/orders/batch', () => {
  const batch = (orders: unknown, more: object = {}) =>
    call({ method: 'POST', url: '/v1/orders/batch', payload: { orders, ...more } })
  const order = (order_no: string, changes: object = {}) => ({
    ...{ order_no, user_id: 'u1', amount: 88, app_id: 'wxsecond0000000', ...changes },
  })

  test('gives each order its own result, and adopts what can be adopted', async () => {
    await adopt('SHOP-B-OLD')
    const answer = await batch([
      order('SHOP-B-NEW', { adopt: true, created_at: '2026-01-24T10:00:00+08:00' }),
      order('SHOP-B-OLD'),
      order('SHOP-B-OLD', { amount: 89 }),
      order('SHOP-B-YEN', { amount: 1.5 }),
      order('OTHER-B-01'),
      order('SHOP-B-APP', { app_id: 'wxnone' }),
      order('SHOP-B-KEY', { colour: 'red' }),
      'SHOP-B-TXT',
      null,
      order('SHOP-B-END', { expires_at: '2026-01-24T10:00:00' }),
    ])
    expect(answer.statusCode).toBe(200)
    const { results } = answer.json()
    expect(results.slice(0, 2)).toEqual([
      { order_no: 'SHOP-B-NEW', status: 'pending' },
      { order_no: 'SHOP-B-OLD', status: 'pending' },
    ])
    const refusals = results
      .slice(2)
      .map((each: Record<string, unknown>) => [
        ...[each.order_no, each.status, each.code],
        String(each.message),
      ])
    const named = (text: string) => expect.stringContaining(text)
    expect(refusals).toEqual([
      ['SHOP-B-OLD', 'pending', 'order_conflict', named('¥0.88')],
      ['SHOP-B-YEN', null, 'request_invalid', named('amount: must be an integer')],
      ['OTHER-B-01', null, 'prefix_not_allowed', named('SHOP-')],
      ['SHOP-B-APP', null, 'app_id_unknown', named('wxnone')],
      ['SHOP-B-KEY', null, 'request_invalid', named('colour')],
      [null, null, 'request_invalid', named('JSON object')],
      [null, null, 'request_invalid', named('JSON object')],
      ['SHOP-B-END', null, 'request_invalid', named('expires_at')],
    ])
    const stored = await world.store.findOrder(keyOf('SHOP-B-NEW'))
    expect(stored).toMatchObject({ userId: 'u1', amount: 88n, adopted: true, expiresAt: null })
    const { items } = await world.store.listOrderEvents(keyOf('SHOP-B-NEW'), {
      limit: 9,
      cursor: null,
    })
    expect(items.map(({ kind, toStatus }) => [kind, toStatus])).toEqual([['adopted', 'pending']])
    expect(await world.store.findOrder(keyOf('SHOP-B-YEN'))).toBeNull()
  })

  test('is the same again when it is repeated, also by two callers at once', async () => {
    const orders = Array.from({ length: 60 }, (_, nth) => order(`SHOP-R-${100 + nth}`))
    const answers = await Promise.all([batch(orders), batch([...orders].reverse())])
    const again = await batch(orders)
    for (const { results } of [...answers, again].map((each) => each.json())) {
      expect(results.every((each: { status: string }) => each.status === 'pending')).toBe(true)
      expect(results.some((each: object) => 'code' in each)).toBe(false)
    }
    const { items } = await world.store.listOrderEvents(keyOf('SHOP-R-130'), {
      limit: 9,
      cursor: null,
    })
    expect(items).toHaveLength(1)
  })

  test('adopts the first of two with one number, and compares the second with it', async () => {
    const answer = await batch([
      order('SHOP-TWICE'),
      order('SHOP-TWICE'),
      order('SHOP-TWICE', { user_id: 'u2' }),
    ])
    const codes = answer.json().results.map((each: { code?: string }) => each.code ?? null)
    expect(codes).toEqual([null, null, 'order_conflict'])
  })

  test('takes 500 orders and no more, and 1 MiB', async () => {
    const orders = (count: number) =>
      Array.from({ length: count }, (_, nth) => order(`SHOP-M-${1000 + nth}`))
    const full = await batch(orders(500))
    expect(full.json().results).toHaveLength(500)
    expect(codeOf(await batch(orders(501)))).toEqual([400, 'request_invalid'])
    expect(
      codeOf(await batch([order('SHOP-LARGE', { description: 'x'.repeat(2 ** 20) })])),
    ).toEqual([413, 'body_too_large'])
    expect((await batch([])).json()).toEqual({ results: [] })
    expect(codeOf(await batch([], { order: 1 }))).toEqual([400, 'request_invalid'])
    expect(codeOf(await batch('SHOP-0001'))).toEqual([400, 'request_invalid'])
  })
})

describe('PATCH /v1/orders/{order_no}', () => {
  test('corrects an adopted order, and the timeline names who did it and from where', async () => {
    await adopt('SHOP-0010')
    const expires_at = new Date(+world.now() + 3_600_000).toISOString()
    const answer = await correct('SHOP-0010', { amount: 8800, expires_at, reason: 'fen for yuan' })
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toMatchObject({ amount: 8800, expires_at, status: 'pending' })
    const events = await call({ url: '/v1/orders/SHOP-0010/events' })
    expect(events.json().events.at(-1)).toMatchObject({
      ...{ kind: 'corrected', reason: 'fen for yuan' },
      actor: { name: 'anonymous', address: '127.0.0.1' },
    })
    const unknown = await correct('SHOP-0010', { expires_at: null, reason: 'not known after all' })
    expect(unknown.json()).toMatchObject({ expires_at: null })
  })

  test('refuses wrong requests, naming what is wrong', async () => {
    await adopt('SHOP-0011')
    for (const payload of [
      { reason: 'nothing to change' },
      { amount: 1 },
      { amount: 0, reason: 'r' },
      { amount: 1, reason: ' ' },
      { order_no: 'SHOP-0012', reason: 'r' },
      { expires_at: '2026-02-30T00:00:00Z', reason: 'r' },
    ]) {
      expect(codeOf(await correct('SHOP-0011', payload))).toEqual([400, 'request_invalid'])
    }
    const unknown = { app_id: 'wxnone', reason: 'r' }
    expect(codeOf(await correct('SHOP-0011', unknown))).toEqual([422, 'app_id_unknown'])
    expect(codeOf(await correct('SHOP-9999', { amount: 1, reason: 'r' }))).toEqual([
      404,
      'order_not_found',
    ])
    expect(await world.order('SHOP-0011')).toMatchObject({ amount: 88n })
  })

  test('leaves what was credited, and what was placed here, as it is', async () => {
    world.control.putOrder({ out_trade_no: 'SHOP-0013', total: 88, appid: 'wxsecond0000000' })
    world.control.pay('SHOP-0013', { callback: false })
    await adopt('SHOP-0013')
    await call({ method: 'POST', url: '/v1/orders/SHOP-0013/check' })
    const change = { amount: 1, reason: 'r' }
    expect(codeOf(await correct('SHOP-0013', change))).toEqual([409, 'credited'])
    const placed = await call({
      ...{ method: 'POST', url: '/v1/orders', headers: { 'idempotency-key': 'k2' } },
      payload: { user_id: 'u1', amount: 100, description: 'credit' },
    })
    expect(codeOf(await correct(placed.json().order_no, change))).toEqual([409, 'not_adopted'])
    expect(codeOf(await abandon(placed.json().order_no))).toEqual([409, 'order_accepted'])
  })
})

describe('POST /v1/orders/{order_no}/abandon', () => {
  test('gives up a number that the gateway does not know, once', async () => {
    await adopt('SHOP-0020')
    expect(codeOf(await abandon('SHOP-0020', {}))).toEqual([400, 'request_invalid'])
    const answer = await abandon('SHOP-0020')
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toMatchObject({ status: 'expired' })
    expect(codeOf(await abandon('SHOP-0020'))).toEqual([409, 'order_ended'])
    expect(codeOf(await abandon('SHOP-9999'))).toEqual([404, 'order_not_found'])
  })

  test('changes nothing while the gateway gives no answer', async () => {
    await adopt('SHOP-0021')
    world.control.addFault({ operation: 'query', fault: { kind: 'error', status: 500 } })
    expect(codeOf(await abandon('SHOP-0021'))).toEqual([502, 'gateway_unavailable'])
    world.control.clearFaults()
    expect(await world.order('SHOP-0021')).toMatchObject({ status: 'pending' })
  })
})
