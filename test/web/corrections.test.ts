import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildWeb } from '../../src/web/server.ts'
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
    expect(await world.store.findOrder('SHOP-0002')).toBeNull()
  })

  test('refuses to place under an app id that is not configured', async () => {
    const answer = await call({
      ...{ method: 'POST', url: '/v1/orders', headers: { 'idempotency-key': 'k1' } },
      payload: { user_id: 'u1', amount: 100, description: 'credit', app_id: 'wxnone' },
    })
    expect(codeOf(answer)).toEqual([422, 'app_id_unknown'])
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
