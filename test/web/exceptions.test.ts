import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildWeb } from '../../src/web/server.ts'
import { plain, tokenOf } from '../support/tokens.ts'
import { openWorld, type World } from '../support/world.ts'
import { documentedCalls } from './documented.ts'

/** The routes of exceptions on the real thing; each answer is held against /openapi.json. */

let world: World
let app: FastifyInstance
let call: (options: InjectOptions) => Promise<LightMyRequestResponse>

const tokens = [
  tokenOf('wang.li', { role: 'operator' }),
  tokenOf('viewer', { role: 'viewer' }),
  tokenOf('shop', { scopes: ['orders:place'] }),
]

beforeAll(async () => {
  world = await openWorld()
  const server = { ...world.config.server, apiToken: plain('shared'), tokens }
  app = await buildWeb(world.budan, { server, version: '0', clock: world.now })
  call = await documentedCalls(app)
})
afterAll(async () => {
  await app.close()
  await world.close()
})

const headersOf = (name: string) => ({ authorization: `Bearer ${plain(name)}` })
const get = (path: string, name = 'shared') =>
  call({ url: `/v1/exceptions${path}`, headers: headersOf(name) })
const close = (id: string, payload: object, name = 'shared') =>
  call({ method: 'POST', url: `/v1/exceptions/${id}/close`, payload, headers: headersOf(name) })

/** A paid order that was paid again; the id of its exception. */
async function paidTwice(orderNo: string): Promise<string> {
  await world.adopt(orderNo, { amount: 700 })
  world.control.pay(orderNo, { callback: false })
  await world.budan.checkOrder(orderNo)
  world.control.answerAs(orderNo, { transaction_id: `42${orderNo}` })
  await world.budan.checkOrder(orderNo)
  const { items } = await world.budan.listExceptions({ orderNo })
  return items[0]?.id ?? ''
}

async function inReview(orderNo: string): Promise<string> {
  await world.adopt(orderNo, { amount: 700 })
  world.control.answerAs(orderNo, { amount: { total: 1 } })
  world.control.pay(orderNo, { callback: false })
  await world.budan.checkOrder(orderNo)
  const { items } = await world.budan.listExceptions({ orderNo })
  return items[0]?.id ?? ''
}

describe('GET /v1/exceptions', () => {
  test('lists them newest first, in pages, with count and sum of those that are open', async () => {
    const ids = [await paidTwice('TWICE-1'), await inReview('REVIEW-1'), await paidTwice('TWICE-2')]
    const first = (await get('?limit=2')).json()
    const rest = (await get(`?limit=2&cursor=${first.next_cursor}`)).json()
    const listed = [...first.exceptions, ...rest.exceptions]
    expect(listed.map(({ id }) => id)).toEqual(ids.toReversed())
    expect(rest.next_cursor).toBeNull()
    expect(first.open).toEqual({ count: 3, amount_at_stake: 1_401 })
    expect(listed[0]).toEqual({
      ...{ id: ids[2], kind: 'duplicate_payment', state: 'open', merchant: 'default' },
      ...{ gateway: 'wechatpay', mchid: expect.any(String), order_no: 'TWICE-2' },
      ...{ transaction_id: '42TWICE-2', refund_id: null, amount_at_stake: 700, currency: 'CNY' },
      opened_at: '2026-01-24T07:00:00.000Z',
      reason: expect.stringMatching(/^paid already, and now another payment: /),
      reason_code: 'another_payment',
      ...{ closed_at: null, closed_by: null, closed_reason: null },
    })
    const idsOf = async (query: string) =>
      (await get(query)).json().exceptions.map(({ id }: { id: string }) => id)
    expect(await idsOf('?kind=review')).toEqual([ids[1]])
    expect(await idsOf('?order_no=TWICE-1&state=open&merchant=default')).toEqual([ids[0]])
    expect(await idsOf('?state=closed')).toEqual([])
    expect((await get(`/${ids[1]}`)).json()).toMatchObject({ kind: 'review', amount_at_stake: 1 })
  })

  test.each([
    ['kind=x', 'kind: must be one of review, duplicate_payment'],
    ['state=x', 'state: must be one of open, closed'],
    ['order_no=a b', 'order_no: must be 6 to 32'],
    ['limit=0', 'limit: must be an integer from 1 to 200'],
    ['color=red', 'color'],
  ])('names what is wrong with ?%s', async (query, message) => {
    const answer = await get(`?${query}`)
    expect(answer.statusCode).toBe(400)
    expect(answer.json()).toMatchObject({
      code: 'request_invalid',
      message: expect.stringContaining(message),
    })
    expect((await get('?cursor=x')).json()).toMatchObject({ code: 'cursor_invalid' })
    expect((await get('?merchant=nobody')).json()).toMatchObject({ code: 'merchant_unknown' })
  })

  test('needs orders:read', async () => {
    expect((await get('', 'viewer')).statusCode).toBe(200)
    expect((await get('', 'shop')).json()).toMatchObject({ code: 'scope_missing' })
  })
})

describe('POST /v1/exceptions/{id}/close', () => {
  test('records who and why, once', async () => {
    const id = await paidTwice('CLOSE-1')
    expect((await close(id, { reason: ' refunded ' }, 'wang.li')).json()).toMatchObject({
      ...{ id, state: 'closed', closed_by: 'wang.li', closed_reason: 'refunded' },
      closed_at: '2026-01-24T07:00:00.000Z',
    })
    const again = await close(id, { reason: 'again' })
    expect(again.statusCode).toBe(409)
    expect(again.json()).toMatchObject({
      code: 'already_closed',
      message: expect.stringMatching(/was closed by "wang.li" at .*: refunded$/),
    })
    expect((await world.order('CLOSE-1')).status).toBe('paid')
    expect(await world.balance('u1')).toBeGreaterThan(0n)
  })

  test('takes the name of the token, and another only with the shared one', async () => {
    const [one, other, third] = [
      await paidTwice('NAMED-1'),
      await paidTwice('NAMED-2'),
      await paidTwice('NAMED-3'),
    ]
    expect((await close(one, { reason: 'r' })).json()).toMatchObject({ closed_by: 'api_token' })
    expect((await close(other, { reason: 'r', name: 'Li' })).json()).toMatchObject({
      closed_by: 'Li',
    })
    expect((await close(third, { reason: 'r', name: 'Li' }, 'wang.li')).json()).toMatchObject({
      code: 'request_invalid',
      message: expect.stringContaining('name: must be "wang.li"'),
    })
  })

  test.each([
    [{}, 'reason: must be a string'],
    [{ reason: '  ' }, 'reason: must have 1 to 500 characters'],
    [{ reason: 'x'.repeat(501) }, 'reason: must have 1 to 500 characters'],
    [{ reason: 'a\u0000b' }, 'reason: must not hold control characters'],
    [{ reason: 'r', credit: true }, 'credit'],
  ])('names what is wrong with %j', async (payload, message) => {
    const answer = await close('1', payload)
    expect(answer.statusCode).toBe(400)
    expect(answer.json()).toMatchObject({ message: expect.stringContaining(message) })
  })

  test('leaves a review to its review, and what is not there', async () => {
    const answer = await close(await inReview('REVIEW-9'), { reason: 'r' })
    expect([answer.statusCode, answer.json().code]).toEqual([409, 'use_review'])
    expect((await close('987654', { reason: 'r' })).json()).toMatchObject({
      code: 'exception_not_found',
      message: 'Cannot find exception "987654"',
    })
    expect((await get('/nothing')).statusCode).toBe(404)
  })

  test('needs reviews:write', async () => {
    const id = await paidTwice('SCOPE-1')
    const refused = await close(id, { reason: 'r' }, 'viewer')
    expect(refused.json()).toMatchObject({ code: 'scope_missing' })
    expect((await get(`/${id}`)).json()).toMatchObject({ state: 'open' })
  })
})

describe('monitors', () => {
  test('see what is open, by kind, and a warning that is no fault', async () => {
    const { text } = await world.budan.metrics()
    expect(text).toMatch(/^budan_exceptions\{kind="duplicate_payment",state="open"\} [1-9]\d*$/m)
    expect(text).toMatch(/^budan_exceptions\{kind="not_in_bill",state="open"\} 0$/m)
    expect(text).toMatch(
      /^budan_exceptions_amount_at_stake_fen\{kind="duplicate_payment",state="open"\} [1-9]\d*00$/m,
    )
    const { checks } = await world.budan.readiness()
    expect(checks).toContainEqual({
      ...{ name: 'exceptions', ok: true, condition: 'warning' },
      detail: expect.stringMatching(/^warning: \d+ open, ¥\d+\.\d\d at stake$/),
    })
  })
})
