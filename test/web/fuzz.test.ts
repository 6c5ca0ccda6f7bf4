import fc from 'fast-check'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { fenMax } from '../../src/domain/money.ts'
import type { AdoptRequest, PlaceRequest } from '../../src/orders/requests.ts'
import { buildWeb } from '../../src/web/server.ts'
import { runsOf } from '../support/random.ts'
import { sampleOrder } from '../support/samples.ts'
import { doubleBudan } from './double.ts'
import { anyText, orderLike } from './order-like.ts'

/** Whatever is sent: an answer in our shape, never a 5xx, and nothing taken that is not whole. */

const taken: (PlaceRequest | AdoptRequest)[] = []
const { budan, calls, events } = doubleBudan({
  budan: {
    placeOrder: async (request) => {
      taken.push(request)
      return { kind: 'placed', order: sampleOrder() }
    },
    adoptOrder: async (request) => {
      taken.push(request)
      return { kind: 'adopted', order: sampleOrder() }
    },
  },
})
let app: FastifyInstance

beforeAll(async () => {
  const server = { host: '127.0.0.1', port: 0, apiToken: null }
  app = await buildWeb(budan, { server, version: '0' })
})
afterAll(() => app.close())
beforeEach(() => {
  for (const list of [taken, calls, events]) list.length = 0
})

const post = (payload: string | Buffer, type = 'application/json') =>
  app.inject({
    method: 'POST',
    url: '/v1/orders',
    headers: { 'content-type': type, 'idempotency-key': 'k1' },
    payload,
  })

async function expectSound(answer: Awaited<ReturnType<typeof post>>): Promise<void> {
  const body = answer.json()
  if (answer.statusCode === 201) expect(body.order_no).toBeTruthy()
  else expect(Object.keys(body)).toEqual(['code', 'message'])
  expect([201, 400]).toContain(answer.statusCode)
  expect(events).toEqual([])
}

describe('POST /v1/orders', () => {
  test('never fails for any JSON', () =>
    fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 6 }), async (json) => expectSound(await post(json))),
      { numRuns: runsOf(500) },
    ))

  test('takes only whole facts of anything like an order', async () => {
    await fc.assert(
      fc.asyncProperty(orderLike, async (order) => {
        await expectSound(await post(JSON.stringify(order)))
      }),
      { numRuns: runsOf(2000) },
    )
    expect(taken.length).toBeGreaterThan(20)
    for (const { amount, userId, description } of taken) {
      expect(amount >= 1n && amount <= fenMax).toBe(true)
      expect(userId).toMatch(/^[^\p{Cc}\p{Cs}]{1,64}$/u)
      expect(description).toMatch(/^[^\p{Cc}\p{Cs}\u{10000}-\u{10FFFF}]{0,127}$/u)
    }
  })

  test('never fails for any bytes', () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const answer = await post(Buffer.from(bytes))
        expect(answer.statusCode).toBe(400)
        expect(Object.keys(answer.json())).toEqual(['code', 'message'])
      }),
      { numRuns: runsOf(300) },
    ))
})

describe('GET', () => {
  test('never fails for any path part and query', () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom('orders/', 'runs/', 'accounts/', 'orders?cursor=', 'orders?user_id='),
        fc.oneof(fc.webPath(), anyText.map(encodeAny), fc.stringMatching(/^[!-~]*$/)),
        async (start, rest) => {
          const answer = await app.inject(`/v1/${start}${rest.replaceAll('#', '')}`)
          expect(answer.statusCode).toBeLessThan(500)
          if (answer.statusCode >= 400) {
            expect(Object.keys(answer.json())).toEqual(['code', 'message'])
          }
          expect(events).toEqual([])
        },
      ),
      { numRuns: runsOf(500) },
    ))
})

/** Percent-encoded; halves of surrogate pairs have no encoding. */
function encodeAny(text: string): string {
  return encodeURIComponent(text.replace(/\p{Cs}/gu, '?'))
}
