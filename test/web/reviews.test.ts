import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildWeb } from '../../src/web/server.ts'
import { type Desk, openDesk, words } from '../review/desk.ts'
import { openWorld, type World } from '../support/world.ts'
import { documentedCalls } from './documented.ts'

/** The routes of reviews on the real thing; each answer is held against /openapi.json. */

let world: World
let app: FastifyInstance
let call: (options: InjectOptions) => Promise<LightMyRequestResponse>

beforeAll(async () => {
  world = await openWorld()
  app = await buildWeb(world.budan, { server: world.config.server, version: '0', clock: world.now })
  call = await documentedCalls(app)
})
afterAll(async () => {
  await app.close()
  await world.close()
})

const mark = `1.${'0'.repeat(16)}`
const get = (url: string) => call({ url })
const review = (orderNo: string, payload?: unknown) =>
  call({
    method: 'POST',
    url: `/v1/orders/${orderNo}/review`,
    ...(payload === undefined ? {} : { payload: payload as object }),
  })
const seenOf = async ({ orderNo }: Desk): Promise<string> =>
  (await review(orderNo, { preview: true })).json().seen

describe('GET /v1/reviews', () => {
  test('lists those that wait, with why and what can be done, in pages; dismissed ones apart', async () => {
    const desks = [await openDesk(world), await openDesk(world), await openDesk(world)]
    const numbers = desks.map(({ orderNo }) => orderNo)
    const { reviews, next_cursor } = (await get('/v1/reviews?limit=2')).json()
    const rest = (await get(`/v1/reviews?limit=2&cursor=${next_cursor}`)).json()
    const listed = [...reviews, ...rest.reviews]
    expect(listed.map(({ order_no }) => order_no)).toEqual(numbers)
    expect(rest.next_cursor).toBeNull()
    expect(listed[0]).toMatchObject({
      order_no: numbers[0],
      status: 'review',
      since: '2026-01-24T07:00:00.000Z',
      reason: 'it was paid, and a refund was started; the gateway does not say how much',
      explanation: expect.stringMatching(/^In review since .*dismiss it/),
      dismissed_at: null,
      dismissed_by: null,
    })
    const [desk] = desks
    await desk?.resolve('dismiss')
    const waiting = (await get('/v1/reviews?dismissed=false')).json()
    expect(waiting.reviews.map((one: { order_no: string }) => one.order_no)).toEqual(
      numbers.slice(1),
    )
    const dismissed = (await get('/v1/reviews?dismissed=true')).json()
    expect(dismissed.reviews).toMatchObject([
      {
        order_no: numbers[0],
        dismissed_at: '2026-01-24T07:00:00.000Z',
        dismissed_by: 'Li',
        explanation: expect.stringContaining(words.reason),
      },
    ])
    const order = (await get(`/v1/orders/${numbers[0]}`)).json()
    expect(order).toMatchObject({ status: 'review', dismissed_at: '2026-01-24T07:00:00.000Z' })
  })

  test.each([
    ['dismissed=yes', 'dismissed: must be true or false, not "yes"'],
    ['limit=0', 'limit: must be an integer from 1 to 200, not "0"'],
    ['cursor=bogus', 'cursor: must be a next_cursor that this list answered with'],
    ['colour=red', 'Unrecognized key: "colour"'],
  ])('refuses ?%s', async (query, message) => {
    const answer = await get(`/v1/reviews?${query}`)
    expect(answer.statusCode).toBe(400)
    expect(answer.json().message).toBe(message)
  })

  test('and POST …/review require the token', async () => {
    const server = { ...world.config.server, apiToken: 'secret-token' }
    const guarded = await buildWeb(world.budan, { server, version: '0' })
    const answers = [
      await guarded.inject('/v1/reviews'),
      await guarded.inject({ method: 'POST', url: '/v1/orders/ORDER-1/review', payload: {} }),
    ]
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 401])
    await guarded.close()
  })
})

describe('POST /v1/orders/{order_no}/review', () => {
  test('previews every action with the evidence, and changes nothing', async () => {
    const desk = await openDesk(world)
    desk.pay()
    const events = (await desk.timeline()).length
    const answer = await review(desk.orderNo, { action: 'credit', preview: true })
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toMatchObject({
      order_no: desk.orderNo,
      status: 'review',
      trade_state: 'SUCCESS',
      state_seq: 2,
      seen: expect.stringMatching(/^\d+\.[0-9a-f]{16}$/),
      actions: {
        credit: { possible: true, effect: expect.stringMatching(/^credits ¥1\.00 to user/) },
        expire: { possible: false, effect: 'not possible: it was paid' },
        dismiss: { possible: true },
      },
    })
    expect(JSON.stringify(answer.json().evidence)).not.toContain(
      world.control.order(desk.orderNo).payments[0]?.openid,
    )
    expect(await desk.timeline()).toHaveLength(events)
  })

  test('carries out what was previewed, and answers with the order and its event', async () => {
    const desk = await openDesk(world)
    desk.pay()
    const seen = await seenOf(desk)
    const answer = await review(desk.orderNo, { action: 'credit', ...words, seen })
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toMatchObject({
      order: { status: 'paid', credited_by: 'operator' },
      event: { kind: 'resolved', source: 'operator', operator: 'Li', reason: words.reason },
    })
    const { events } = (await get(`/v1/orders/${desk.orderNo}/events`)).json()
    expect(events.at(-1)).toEqual(answer.json().event)
    expect(await desk.balance()).toBe(100n)
  })

  test('says to the second operator who was first, and when', async () => {
    const desk = await openDesk(world)
    const seen = await seenOf(desk)
    const [wang, li] = [{ ...words, name: 'Wang' }, words]
    expect((await review(desk.orderNo, { action: 'dismiss', ...wang, seen })).statusCode).toBe(200)
    const late = await review(desk.orderNo, { action: 'dismiss', ...li, seen })
    expect(late.statusCode).toBe(409)
    expect(late.json()).toEqual({
      code: 'review_changed',
      message: `Cannot review: order "${desk.orderNo}" has changed since the preview: "Wang" dismissed it at 2026-01-24T15:00:00+08:00; preview it again`,
    })
    const fresh = { action: 'expire', ...li, seen: await seenOf(desk) }
    expect((await review(desk.orderNo, fresh)).statusCode).toBe(200)
    for (const body of [fresh, { preview: true }]) {
      const gone = await review(desk.orderNo, body)
      expect(gone.statusCode).toBe(409)
      expect(gone.json()).toMatchObject({
        code: 'not_in_review',
        message: expect.stringContaining('"Li" expired it at 2026-01-24T15:00:00+08:00'),
      })
    }
  })

  test('answers 409 with the reason for what the gateway does not bear out', async () => {
    const desk = await openDesk(world)
    const seen = await seenOf(desk)
    const answer = await review(desk.orderNo, { action: 'credit', ...words, seen })
    expect(answer.statusCode).toBe(409)
    expect(answer.json()).toEqual({
      code: 'action_refused',
      message: `Cannot credit order "${desk.orderNo}": the gateway does not say paid, but NOTPAY`,
    })
  })

  test.each(['NOBODYS-1', 'x', 'a%00bcdef'])('answers 404 for order %s', async (orderNo) => {
    for (const body of [{ preview: true }, { action: 'dismiss', ...words, seen: mark }]) {
      const answer = await review(orderNo, body)
      expect(answer.statusCode).toBe(404)
      expect(answer.json().code).toBe('order_not_found')
    }
  })

  const right = { action: 'credit', ...words, seen: mark }
  test.each([
    [undefined, /body must be a JSON object/],
    [[], /body must be a JSON object/],
    [{ preview: 'yes' }, /^preview: must be true, false or left out, not "yes"$/],
    [
      { preview: true, action: 'steal' },
      /^action: must be one of credit, expire, dismiss, not "steal"$/,
    ],
    [{ preview: true, name: 'Li' }, /Unrecognized key: "name"/],
    [{ ...right, action: undefined }, /^action: must be one of/],
    [{ ...right, name: undefined }, /^name: must be a string, and is missing$/],
    [{ ...right, name: ' ' }, /^name: must have 1 to 64 characters, not blanks alone, not " "$/],
    [{ ...right, name: 'x'.repeat(65) }, /^name: must have 1 to 64 characters/],
    [{ ...right, name: 'Li\n' }, /^name: must not hold control characters/],
    [{ ...right, reason: '' }, /^reason: must have 1 to 500 characters/],
    [{ ...right, reason: 7 }, /^reason: must be a string, not 7$/],
    [{ ...right, seen: 7 }, /^seen: must be the `seen` of a preview, not 7$/],
    [{ ...right, seen: '-1' }, /^seen: must be the `seen` of a preview, not "-1"$/],
    [{ ...right, seen: '1' }, /^seen: must be the `seen` of a preview, not "1"$/],
    [{ ...right, amount: 1 }, /Unrecognized key: "amount"/],
  ])('refuses the body %j', async (body, message) => {
    const desk = await openDesk(world)
    const answer = await review(desk.orderNo, body)
    expect(answer.statusCode).toBe(400)
    expect(answer.json().message).toMatch(message)
    expect(await desk.order()).toMatchObject({ status: 'review', dismissed: null })
  })
})
