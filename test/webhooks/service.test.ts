import type { FastifyInstance } from 'fastify'
import { Webhook } from 'standardwebhooks'
import { afterEach, describe, expect, test } from 'vitest'
import { buildWeb } from '../../src/web/server.ts'
import { bearer, plain, tokenOf } from '../support/tokens.ts'
import { openWorld, type World } from '../support/world.ts'
import { endpointTo, secretOf, until } from './desk.ts'
import { type Received, type Receiver, startReceiver, status } from './receiver.ts'

const tokens = [
  tokenOf('reader', { scopes: ['events:read'] }),
  tokenOf('writer', { scopes: ['webhooks:write'] }),
]

describe('a service with an endpoint', () => {
  const ends: (() => unknown)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })

  async function open(): Promise<{ world: World; shop: Receiver; app: FastifyInstance }> {
    const shop = await startReceiver()
    const webhooks = [endpointTo(`${shop.url}?token=abcdef`)]
    const world = await openWorld({ webhooks, recharge: { compensationEnabled: false } })
    const server = { ...world.config.server, apiToken: plain('shared'), tokens }
    const app = await buildWeb(world.budan, { server, version: '0', clock: world.now })
    ends.push(
      () => shop.stop(),
      () => app.close(),
    )
    world.budan.start()
    return { world, shop, app }
  }

  async function pay(world: World, orderNo: string): Promise<void> {
    await world.adopt(orderNo)
    await world.control.pay(orderNo)
    await world.budan.receiveCallback(await world.callback(orderNo))
  }

  const call = async (
    app: FastifyInstance,
    [method, url]: readonly ['GET' | 'POST', string],
    { by = 'reader', payload }: { by?: string; payload?: object } = {},
  ) => {
    const answer = await app.inject({
      method,
      url,
      headers: bearer(by),
      ...(payload && { payload }),
    })
    return { status: answer.statusCode, ...answer.json() }
  }

  test('sends the credit of a callback at once, with what the feed has of it', async () => {
    const { world, shop } = await open()
    await pay(world, 'ORDER-1')
    await shop.got(1)
    const { body, headers } = shop.received[0] as Received
    const event = JSON.parse(body)
    new Webhook(secretOf('a')).verify(body, headers as Record<string, string>)
    expect(event).toMatchObject({
      ...{ type: 'order.paid', id: headers['webhook-id'] },
      data: { order_no: 'ORDER-1', merchant: 'default', amount: 100, credited_by: 'callback' },
    })
    const { events } = await world.budan.readEvents()
    const [{ timestamp, data, id } = { timestamp: new Date(0), data: {}, id: '' }] = events
    expect({ id, timestamp: timestamp.toISOString(), data }).toEqual({
      ...{ id: event.id, timestamp: event.timestamp, data: event.data },
    })
  })

  test('shows over HTTP what was sent, tests the endpoint, and sends again', async () => {
    const { world, shop, app } = await open()
    await pay(world, 'ORDER-1')
    await shop.got(1)
    const deliveries = async (query = '') => {
      const page = await call(app, ['GET', `/v1/deliveries${query}`])
      return page.deliveries as readonly { id: string; state: string; event_id: string }[]
    }
    await until(async () => (await deliveries('?state=delivered')).length === 1)
    const [delivery = { id: '', event_id: '' }] = await deliveries(
      '?order_no=ORDER-1&endpoint=shop',
    )
    expect(delivery.event_id).toBe(shop.received[0]?.headers['webhook-id'])
    const detail = await call(app, ['GET', `/v1/deliveries/${delivery.id}`])
    expect(detail).toMatchObject({ status: 200, log: [{ attempt: 1, outcome: 'delivered' }] })
    expect(await call(app, ['GET', '/v1/webhooks'])).toMatchObject({
      webhooks: [{ name: 'shop', url: `${shop.url}?…`, pending: 0, failed: 0, failing: false }],
    })
    const by = { by: 'writer' }
    expect(await call(app, ['POST', '/v1/webhooks/shop/test'], by)).toMatchObject({
      ...{ status: 204, delivered: true, outcome: 'delivered' },
    })
    expect(await call(app, ['POST', `/v1/deliveries/${delivery.id}/replay`], by)).toMatchObject({
      ...{ status: 200, state: 'pending' },
    })
    await shop.got(3)
    const payload = { since: '2026-01-01T00:00:00+08:00', types: ['order.paid'] }
    await until(async () => (await deliveries('?state=delivered')).length === 1)
    expect(await call(app, ['POST', '/v1/webhooks/shop/replay'], { ...by, payload })).toMatchObject(
      { status: 200, replayed: 1, next_cursor: null },
    )
    await shop.got(4)
  })

  test('refuses what is wrong, and who may not', async () => {
    const { app } = await open()
    const by = 'writer'
    const replay = ['POST', '/v1/webhooks/shop/replay'] as const
    const since = '2026-01-01T00:00:00Z'
    for (const [request, options, code] of [
      [['POST', '/v1/webhooks/shop/test'], {}, 'scope_missing'],
      [['GET', '/v1/webhooks'], { by }, 'scope_missing'],
      [['POST', '/v1/webhooks/nobody/test'], { by }, 'endpoint_not_found'],
      [['POST', '/v1/deliveries/dlv_9/replay'], { by }, 'delivery_not_found'],
      [['GET', '/v1/deliveries/x'], {}, 'delivery_not_found'],
      [['GET', '/v1/deliveries?state=lost'], {}, 'request_invalid'],
      [['GET', '/v1/deliveries?cursor=x'], {}, 'cursor_invalid'],
      [replay, { by, payload: {} }, 'request_invalid'],
      [replay, { by, payload: { since: 'yesterday' } }, 'request_invalid'],
      [replay, { by, payload: { since, types: ['x'] } }, 'request_invalid'],
      [replay, { by, payload: { since, cursor: 'x' } }, 'cursor_invalid'],
    ] as const) {
      expect([request, await call(app, request, options)]).toEqual([
        request,
        expect.objectContaining({ code }),
      ])
    }
  })

  test('an endpoint that fails is an event, a warning and a metric, and no fault of the service', async () => {
    const { world, shop } = await open()
    shop.reply = status(503)
    await pay(world, 'ORDER-1')
    for (let tries = 1; tries <= 5; tries += 1) {
      await shop.got(tries)
      // Recorded, or its lease would be over after the step.
      await until(async () => {
        const { items } = await world.store.listDeliveries({ limit: 1, cursor: null })
        const found = await world.store.findDelivery(items[0]?.id ?? 0n)
        return found?.attempts.length === tries
      })
      // More than half an hour and its jitter.
      await world.advanceMins(34)
    }
    expect(await world.waitFor('endpoint_failing')).toMatchObject({
      ...{ endpoint: 'shop', error: 'it answered 503' },
    })
    expect(await world.ready()).toBe(true)
    const { checks } = await world.budan.readiness()
    expect(checks.find(({ name }) => name === 'webhooks')).toMatchObject({
      ...{ ok: true, condition: 'warning' },
      detail: 'warning: events wait, because endpoints take nothing: shop',
    })
    const { text } = await world.budan.metrics()
    expect(text).toContain('budan_webhook_pending_deliveries{endpoint="shop"} 1')
    expect(text).toMatch(/budan_webhook_oldest_pending_seconds\{endpoint="shop"\} \d{3,}/)
    expect(text).toMatch(
      /budan_webhook_attempts_total\{endpoint="shop",outcome="server_error"\} [5-9]/,
    )
    shop.reply = status(200)
    await world.advanceMins(34)
    expect(await world.waitFor('endpoint_recovered')).toMatchObject({ endpoint: 'shop' })
    const after = await world.budan.readiness()
    expect(after.checks.find(({ name }) => name === 'webhooks')?.condition).toBe('well')
  })
})
