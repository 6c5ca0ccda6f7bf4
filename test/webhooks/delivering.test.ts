import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Attempt } from '../../src/domain/webhooks/delivery.ts'
import { openWebhookDesk } from '../../src/outbox/webhooks/webhook-desk.ts'
import type { Store } from '../../src/store/store.ts'
import { freshDatabase } from '../support/stores.ts'
import { deliveriesOf, endpointTo, type Node, pay, secretOf, startNode, until } from './desk.ts'
import { hangs, type Receiver, startReceiver, status } from './receiver.ts'

describe.each(['pglite', 'postgres'] as const)('delivering on %s', (kind) => {
  let store: Store
  let shop: Receiver
  const ends: (() => unknown)[] = []
  beforeEach(async () => {
    ;({ store } = await freshDatabase(kind))
    shop = await startReceiver()
    ends.push(
      () => shop.stop(),
      () => store.close(),
    )
  })
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })

  async function node(endpoints = [endpointTo(shop.url)]): Promise<Node> {
    await store.configureWebhooks(endpoints)
    const started = startNode(store, endpoints)
    ends.push(() => started.dispatcher.stop())
    return started
  }
  const states = async () => (await deliveriesOf(store)).map(({ state }) => state)
  const all = (state: string) => until(async () => (await states()).every((each) => each === state))

  test('each event comes once, signed and whole, where all is well', async () => {
    const { dispatcher } = await node()
    const numbers = await pay(store, 30)
    dispatcher.wake()
    await shop.got(30)
    await all('delivered')
    const bodies = shop.received.map(({ body }) => JSON.parse(body))
    expect(bodies.map(({ data }) => data.order_no).sort()).toEqual([...numbers].sort())
    expect(bodies[0]).toMatchObject({
      ...{ type: 'order.paid', id: expect.stringMatching(/^evt_/), timestamp: expect.any(String) },
      data: { amount: 1234, currency: 'CNY', user_id: 'u1' },
    })
    for (const { headers, body } of shop.received) {
      new Webhook(secretOf('a')).verify(body, headers as Record<string, string>)
      expect(headers['webhook-id']).toBe(JSON.parse(body).id)
    }
    expect(shop.received.length).toBe(30)
  })

  /** An endpoint that takes each within a millisecond, but the one that is named. */
  function fastSender(sent: string[], refuses: (id: string) => boolean) {
    return () => ({
      send: async ({ id }: { readonly id: string }): Promise<Attempt> => {
        sent.push(id)
        const made = { durationMs: 1, answer: '', retryAfterMs: null }
        return refuses(id)
          ? { ...made, outcome: 'server_error', status: 500, error: 'it answered 500' }
          : { ...made, outcome: 'delivered', status: 204, error: null }
      },
      close: () => {},
    })
  }

  test('of a fast endpoint many are claimed at a time; after a failure, and at a stop, they are let go', async () => {
    const endpoints = [endpointTo(shop.url)]
    await store.configureWebhooks(endpoints)
    await pay(store, 100)
    let refused: string | null = null
    const released: bigint[] = []
    const watching: Store = {
      ...store,
      claimDeliveries: async (claim) => {
        const found = await store.claimDeliveries(claim)
        // Beside the sixteen that are sent at once, some wait.
        if (found.claimed.length >= 40) refused ??= found.claimed[0]?.event.id ?? null
        return found
      },
      releaseDeliveries: (claims) => {
        released.push(...claims.map(({ id }) => id))
        return store.releaseDeliveries(claims)
      },
    }
    const sent: string[] = []
    const openSender = fastSender(sent, (id) => id === refused)
    const first = startNode(watching, endpoints, { openSender })
    ends.push(() => first.dispatcher.stop())
    await until(async () => released.length > 0)
    await first.dispatcher.stop()
    // Another node need not wait for the leases.
    const second = startNode(store, endpoints, { openSender: fastSender(sent, () => false) })
    ends.push(() => second.dispatcher.stop())
    second.dispatcher.wake()
    await all('delivered')
    expect(released.length).toBeGreaterThanOrEqual(12)
    const repeated = sent.filter((id, at) => sent.indexOf(id) !== at)
    expect([new Set(sent).size, repeated]).toEqual([100, [refused]])
  }, 30_000)

  test('two nodes share the deliveries', async () => {
    const nodes = [await node(), await node()]
    shop.reply = (response) => void setTimeout(() => response.writeHead(204).end(), 5)
    await pay(store, 60)
    for (const { dispatcher } of nodes) dispatcher.wake()
    await shop.got(60)
    await all('delivered')
    const ids = shop.received.map(({ headers }) => headers['webhook-id'])
    expect([ids.length, new Set(ids).size]).toEqual([60, 60])
    const shares = nodes.map(
      ({ events }) => events.filter(({ type }) => type === 'delivery_attempted').length,
    )
    expect(Math.min(...shares)).toBeGreaterThan(0)
  })

  test('an endpoint that hangs holds up no other', async () => {
    const slow = await startReceiver()
    slow.reply = hangs
    const { dispatcher } = await node([
      endpointTo(slow.url, { name: 'slow' }),
      endpointTo(shop.url),
    ])
    // Before the dispatcher, which would wait for what hangs.
    ends.push(() => slow.stop())
    await pay(store, 20)
    dispatcher.wake()
    await shop.got(20)
    // All that was sent there is under way still.
    expect(slow.received.length).toBeLessThan(3)
    const hanging = (await deliveriesOf(store)).filter(({ endpoint }) => endpoint === 'slow')
    expect(hanging.every(({ state }) => state === 'pending')).toBe(true)
  })

  test('410, 302 and 500 are tried again with the same id, and the delivery waits meanwhile', async () => {
    const outcomes = { 410: 'rejected', 302: 'redirected', 500: 'server_error' }
    const codes = Object.keys(outcomes).map(Number)
    const receivers = await Promise.all(codes.map(() => startReceiver()))
    ends.push(() => Promise.all(receivers.map((each) => each.stop())))
    const named = receivers.map(({ url }, nth) => endpointTo(url, { name: `of-${codes[nth]}` }))
    for (const [nth, each] of receivers.entries()) each.reply = status(codes[nth] ?? 0)
    const { dispatcher, events } = await node(named)
    await pay(store)
    dispatcher.wake()
    const sorted = (numbers: readonly (number | null)[]) => [...numbers].sort()
    await until(async () => {
      const last = (await deliveriesOf(store)).map(({ lastStatus }) => lastStatus)
      return String(sorted(last)) === String(sorted(codes))
    })
    expect(await states()).toEqual(['pending', 'pending', 'pending'])
    const attempts = events.flatMap((event) =>
      event.type === 'delivery_attempted' ? [[event.endpoint, event.outcome]] : [],
    )
    expect(Object.fromEntries(attempts)).toEqual(
      Object.fromEntries(
        Object.entries(outcomes).map(([code, outcome]) => [`of-${code}`, outcome]),
      ),
    )
    for (const each of receivers) each.reply = status(200)
    await all('delivered')
    for (const { received } of receivers) {
      const [first, second, ...more] = received
      expect(more).toEqual([])
      expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
      expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(5_000)
    }
  })

  test('what was sent, and not recorded, is sent again after its lease, with the same id', async () => {
    const endpoints = [endpointTo(shop.url)]
    await store.configureWebhooks(endpoints)
    // A process that ends between the answer and its record.
    let end = () => {}
    const ended = new Promise<never>((_, reject) => {
      end = () => reject(new Error('gone'))
    })
    const dying: Store = { ...store, recordAttempts: () => ended }
    const lost = startNode(dying, endpoints, { leaseMs: 500 })
    ends.push(async () => {
      end()
      await lost.dispatcher.stop()
    })
    await pay(store)
    lost.dispatcher.wake()
    await shop.got(1)
    expect(await states()).toEqual(['pending'])
    const { dispatcher } = await node(endpoints)
    dispatcher.wake()
    await shop.got(2)
    await all('delivered')
    const [first, second] = shop.received
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
  })

  test('a stop lets the attempts under way end, and claims nothing more', async () => {
    const { dispatcher } = await node()
    shop.reply = (response) => void setTimeout(() => response.writeHead(204).end(), 300)
    await pay(store, 10)
    dispatcher.wake()
    await shop.got(1)
    await dispatcher.stop()
    const received = shop.received.length
    const delivered = (await states()).filter((state) => state === 'delivered').length
    expect(delivered).toBe(received)
    expect(received).toBeLessThan(10)
  })

  test('while the database takes no results, they are kept, and one line says so', async () => {
    let isAway = true
    const refusing: Store = {
      ...store,
      recordAttempts: (record) =>
        isAway ? Promise.reject(new Error('away')) : store.recordAttempts(record),
      claimDeliveries: (claim) =>
        isAway && shop.received.length > 0
          ? Promise.reject(new Error('away'))
          : store.claimDeliveries(claim),
    }
    await store.configureWebhooks([endpointTo(shop.url)])
    const { dispatcher, events, seen } = startNode(refusing, [endpointTo(shop.url)])
    ends.push(() => dispatcher.stop())
    await pay(store)
    dispatcher.wake()
    await shop.got(1)
    dispatcher.wake()
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    isAway = false
    await all('delivered')
    expect(shop.received.length).toBe(1)
    await seen('delivering_resumed').catch(() => undefined)
    expect(events.filter(({ type }) => type === 'delivering_failed').length).toBeLessThanOrEqual(1)
  })

  test('a node whose file lacks an endpoint drops none of its events', async () => {
    const books = endpointTo(shop.url, { name: 'books', types: ['order.paid'] })
    const withBooks = await node([endpointTo(shop.url), books])
    // Its file is the old one. It gives the positions.
    const without = await node([endpointTo(shop.url)])
    await pay(store, 5)
    for (const { dispatcher } of [withBooks, without]) dispatcher.wake()
    await shop.got(10)
    await all('delivered')
    const { events } = without
    const names = events.flatMap((event) =>
      event.type === 'delivery_attempted' ? [event.endpoint] : [],
    )
    expect(new Set(names).has('books')).toBe(false)
  })

  test('the desk tests an endpoint, and sends a span and a delivery again', async () => {
    const endpoints = [endpointTo(`${shop.url}?token=abcdef`)]
    const { dispatcher } = await node(endpoints)
    const since = new Date(Date.now() - 3_600_000)
    await pay(store, 3)
    dispatcher.wake()
    await all('delivered')
    const desk = openWebhookDesk({
      ...{ store, endpoints, emit: () => {}, wake: () => dispatcher.wake() },
    })
    const tested = await desk.test('shop')
    expect(tested?.attempt).toMatchObject({ outcome: 'delivered', status: 204 })
    const { body, headers } = shop.received.at(-1) ?? { body: '', headers: {} }
    expect(JSON.parse(body)).toMatchObject({ type: 'budan.test', data: { endpoint: 'shop' } })
    new Webhook(secretOf('a')).verify(body, headers as Record<string, string>)
    expect(await desk.test('nobody')).toBeNull()
    expect(await desk.replay('shop', { since, types: ['order.paid'] })).toEqual({
      ...{ replayed: 3, nextCursor: null },
    })
    await shop.got(7)
    await all('delivered')
    const [first] = await deliveriesOf(store)
    expect(await desk.replayDelivery(`dlv_${first?.id}`)).toMatchObject({ state: 'pending' })
    expect(await desk.replayDelivery('dlv_99999999')).toBeNull()
    expect(await desk.replayDelivery('nonsense')).toBeNull()
    await shop.got(8)
    expect(await desk.endpoints()).toMatchObject([
      {
        ...{ name: 'shop', url: `${shop.url}?…`, types: null, failed: 0 },
        ...{ failingSince: null, isFailing: false, lastStatus: 204, lastError: null },
      },
    ])
    expect((await desk.endpoints())[0]?.url).not.toContain('abcdef')
  })

  test('after a rotation both secrets verify until the old one is taken out', async () => {
    const { dispatcher } = await node([
      endpointTo(shop.url, { secrets: [secretOf('n'), secretOf('o')] }),
    ])
    await pay(store)
    dispatcher.wake()
    await shop.got(1)
    const { body, headers } = shop.received[0] ?? { body: '', headers: {} }
    for (const letter of ['n', 'o']) {
      new Webhook(secretOf(letter)).verify(body, headers as Record<string, string>)
    }
  })
})
