import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildWeb } from '../../src/web/server.ts'
import { Visit } from '../console/visit.ts'
import { openDesk } from '../review/desk.ts'
import { bearer, plain, tokenOf } from '../support/tokens.ts'
import { openWorld, type World } from '../support/world.ts'

/** Who caused an event is stored by every route that writes one, and shown wherever the event is. */

const name = 'wang.li'

let world: World
let app: FastifyInstance
beforeAll(async () => {
  world = await openWorld()
  const tokens = [tokenOf(name, { role: 'admin' })]
  const server = { ...world.config.server, apiToken: null, tokens }
  app = await buildWeb(world.budan, { server, version: '0', clock: world.now })
})
afterAll(async () => {
  await app.close()
  await world.close()
})

const numbers = { last: 0 }

function newNumber(): string {
  numbers.last += 1
  return `ACTOR-${String(numbers.last).padStart(4, '0')}`
}

async function send(
  method: 'POST' | 'PATCH',
  path: string,
  { payload = {}, headers = {} }: { payload?: object; headers?: Record<string, string> } = {},
) {
  const url = `/v1${path}`
  const answer = await app.inject({
    ...{ method, url, payload },
    headers: { ...bearer(name), ...headers },
  })
  expect(answer.statusCode, answer.body).toBeLessThan(300)
  return answer.json()
}

/** Adopted elsewhere, and so by nobody that this test looks for. */
async function adopted(): Promise<string> {
  const orderNo = newNumber()
  await world.adopt(orderNo)
  return orderNo
}

/** Refused by the gateway, so that it may be given up. */
async function neverAccepted(): Promise<string> {
  world.control.addFault({
    ...{ operation: 'native', times: 1 },
    fault: { kind: 'error', status: 500, code: 'SYSTEM_ERROR' },
  })
  const description = `refused ${newNumber()}`
  const payload = { user_id: 'u1', amount: 100, description }
  const headers = { ...bearer(name), 'idempotency-key': newNumber() }
  await app.inject({ method: 'POST', url: '/v1/orders', payload, headers })
  const { orders } = (await app.inject({ url: '/v1/orders', headers: bearer(name) })).json()
  // Of the same moment there may be others, which are sorted by their random numbers.
  return orders.find((order: { description: string }) => order.description === description).order_no
}

const adopting = (orderNo: string) => ({ order_no: orderNo, user_id: 'u1', amount: 100 })

/** A form of the page, sent after a login. */
async function sendForm(path: string, fields: Record<string, string>): Promise<string> {
  const visit = new Visit(app)
  await visit.logIn(plain(name))
  const _csrf = await visit.csrf('/nowhere')
  const { statusCode, body } = await visit.post(path, { ...fields, _csrf })
  expect(statusCode, body).toBeLessThan(400)
  return body
}

const seenIn = (body: string) => /name="seen" value="([^"]*)"/.exec(body)?.[1] ?? ''

/** Each does its work, and returns the number of an order that it concerns. */
const writing: Readonly<Record<string, () => Promise<string>>> = {
  'POST /v1/orders': async () => {
    const payload = { user_id: 'u1', amount: 100, description: 'credit' }
    const headers = { 'idempotency-key': newNumber() }
    return (await send('POST', '/orders', { payload, headers })).order_no
  },
  'POST /v1/orders, to adopt': async () => {
    const orderNo = newNumber()
    await send('POST', '/orders', { payload: { adopt: true, ...adopting(orderNo) } })
    return orderNo
  },
  'POST /v1/orders/batch': async () => {
    const orderNo = newNumber()
    await send('POST', '/orders/batch', { payload: { orders: [adopting(orderNo)] } })
    return orderNo
  },
  'POST /v1/orders/{order_no}/check': async () => {
    const orderNo = await adopted()
    await send('POST', `/orders/${orderNo}/check`)
    return orderNo
  },
  'PATCH /v1/orders/{order_no}': async () => {
    const orderNo = await adopted()
    const payload = { user_id: 'u2', reason: 'a slip' }
    await send('PATCH', `/orders/${orderNo}`, { payload })
    return orderNo
  },
  'POST /v1/orders/{order_no}/abandon': async () => {
    const orderNo = await neverAccepted()
    await send('POST', `/orders/${orderNo}/abandon`, { payload: { reason: 'refused' } })
    return orderNo
  },
  'POST /v1/orders/{order_no}/review': async () => {
    const { orderNo, preview } = await openDesk(world)
    const { seen } = await preview()
    const payload = { action: 'dismiss', reason: 'refunded', seen }
    await send('POST', `/orders/${orderNo}/review`, { payload })
    return orderNo
  },
  'POST /v1/runs': async () => {
    const orderNo = await adopted()
    await world.advanceMins(6)
    await send('POST', '/runs')
    return orderNo
  },
  'POST /orders/:order_no/check': async () => {
    const orderNo = await adopted()
    await sendForm(`/orders/${orderNo}/check`, {})
    return orderNo
  },
  'POST /reviews/:order_no': async () => {
    const { orderNo } = await openDesk(world)
    const path = `/reviews/${orderNo}`
    const seen = seenIn(await sendForm(path, { step: 'preview' }))
    await sendForm(path, { step: 'resolve', seen, action: 'dismiss', reason: 'refunded' })
    return orderNo
  },
  'POST /reviews/:order_no, closing its trade': async () => {
    const { orderNo } = await openDesk(world)
    const path = `/reviews/${orderNo}`
    const seen = seenIn(await sendForm(path, { step: 'preview' }))
    await sendForm(path, { step: 'resolve', seen, action: 'expire', reason: 'not paid' })
    return orderNo
  },
  'POST /runs': async () => {
    const orderNo = await adopted()
    await world.advanceMins(6)
    const from = world.events.length
    await sendForm('/runs', { kind: 'now' })
    await world.waitFor('run_finished', { from })
    return orderNo
  },
}

describe('the event of', () => {
  it.each(Object.keys(writing))('%s names who caused it, and from where', async (route) => {
    const orderNo = (await writing[route]?.()) ?? ''
    const url = `/v1/orders/${orderNo}/events`
    const { events } = (await app.inject({ url, headers: bearer(name) })).json()
    const actor = { name, address: '127.0.0.1' }
    const last = events.at(-1)
    expect(last).toMatchObject({ actor })
    // Several events of one request: each of them.
    const isOfRequest = ({ kind }: { kind: string }) => ['closing', 'prepaid'].includes(kind)
    for (const event of events.filter(isOfRequest)) expect(event).toMatchObject({ actor })
    const page = await new Visit(app, bearer(name)).get(`/orders/${orderNo}`)
    expect(page.body.replaceAll(/[\u2068\u2069]/g, '')).toContain(`by ${name} from 127.0.0.1`)
    const raw = await new Visit(app, bearer(name)).get(`/orders/${orderNo}.json`)
    expect(JSON.parse(raw.body).events.at(-1)).toMatchObject({ actor })
  })

  it('every route that writes one is in the table', async () => {
    const { paths } = (await app.inject('/openapi.json')).json() as {
      paths: Record<string, Record<string, { security?: readonly object[] }>>
    }
    const ofApi = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        // Callbacks are the gateway's own: it is no actor.
        .filter(([method, { security }]) => method !== 'get' && security?.length !== 0)
        .map(([method]) => `${method.toUpperCase()} ${path}`),
    )
    const inTable = new Set(Object.keys(writing).map((route) => route.split(',', 1)[0]))
    const withoutOrder = [
      'POST /v1/exceptions/{id}/close',
      'DELETE /v1/sessions/{id}',
      'POST /v1/webhooks/{name}/test',
      'POST /v1/webhooks/{name}/replay',
      'POST /v1/deliveries/{id}/replay',
    ]
    expect(ofApi.filter((route) => !inTable.has(route))).toEqual(withoutOrder)
  })
})
