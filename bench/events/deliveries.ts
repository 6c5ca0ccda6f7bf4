/** Measures how fast deliveries are made, and that an endpoint that hangs delays no other. */
import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import type { WebhookConfig } from '../../src/config/webhooks/webhook-config.ts'
import { openService } from '../../src/service.ts'
import { storeOn } from '../../src/store/assemble.ts'
import type { Database } from '../../src/store/database.ts'
import type { Store } from '../../src/store/store.ts'
import { configOf } from '../../test/support/world.ts'
import { figure, percentile } from '../figure.ts'
import { eachAtOnce, type Lap, time } from '../measure/stopwatch.ts'
import { firstRepetition, type Part, type Size, type Stage } from '../part.ts'
import { delivered, positionAll, publish } from './event-rows.ts'
import { type Receivers, startReceivers } from './receivers.ts'

const sizes: Readonly<Record<Size, { events: number; seconds: number }>> = {
  full: { events: 20_000, seconds: 15 },
  quick: { events: 1500, seconds: 6 },
  tiny: { events: 20, seconds: 1 },
}

/** As many as budan sends at once to one endpoint. */
const concurrency = 16

/** Of the test with an endpoint that hangs. */
const endpointCount = 10
const eventsPerSecond = 20

export const deliveries: Part = {
  name: 'deliveries',
  target: 21,
  about: 'deliveries of events, of bare signed requests; and beside an endpoint that hangs',
  async bench(stage) {
    const { events, seconds } = sizes[stage.size]
    const speed = await openSide(stage, await startReceivers(stage, 1))
    const ten = await openSide(stage, await startReceivers(stage, endpointCount))
    const ratios: number[] = []
    const hanging: number[] = []
    for (let nth = firstRepetition(stage); nth <= stage.repetitions; nth += 1) {
      const ratio = await deliverBoth(speed, events)
      const well = await p99Of(ten, { seconds, hangs: false })
      const beside = await p99Of(ten, { seconds, hangs: true })
      if (nth > 0) {
        ratios.push(ratio)
        hanging.push(beside / well)
      }
    }
    return [
      figure('deliveries a second, of bare signed requests at the same concurrency', {
        ...{ unit: 'ratio', values: ratios, goal: { kind: 'at least', value: 0.7 } },
      }),
      figure('with one of ten endpoints hanging, p99 of the other nine, of without', {
        ...{ unit: 'ratio', values: hanging, goal: { kind: 'at most', value: 1.2 } },
      }),
    ]
  },
}

interface Side {
  readonly database: Database
  readonly store: Store
  readonly receivers: Receivers
  readonly names: readonly string[]
  /** Delivers until the work has ended. */
  deliver(work: () => Promise<void>): Promise<void>
}

async function openSide(stage: Stage, receivers: Receivers): Promise<Side> {
  const database = await stage.freshDatabase('postgres')
  const store = storeOn(database)
  const { url, merchant } = await stage.gateway()
  const config = configOf({ url }, { merchant, recharge: { compensationEnabled: false } })
  const log = { level: 'silent', format: 'json' } as const
  const webhooks = receivers.endpoints
  const budan = await openService({ ...config, log, webhooks }, { store })
  stage.closing.add(budan, (one) => one.close())
  return {
    ...{ database, store, receivers, names: webhooks.map(({ name }) => name) },
    deliver: async (work) => {
      budan.start()
      await work()
      await budan.stop()
    },
  }
}

async function deliverBoth(side: Side, events: number): Promise<number> {
  const { database, store, receivers, names, deliver } = side
  const [endpoint] = receivers.endpoints
  if (endpoint === undefined) throw new Error('There is no endpoint')
  await store.configureWebhooks(receivers.endpoints)
  await publish(database, events)
  await positionAll(store)
  const bodies = await bodiesOf(store, events)
  const bare = await time(events, () => sendBare(endpoint, bodies))
  const laps: Lap[] = []
  await deliver(async () => {
    laps.push(await time(events, () => delivered(store, names)))
  })
  const [made] = laps
  if (made === undefined) throw new Error('Nothing was delivered')
  const received = await receivers.take()
  const count = received[endpoint.name]?.length ?? 0
  if (count !== 2 * events) throw new Error(`${count} of ${2 * events} requests were received`)
  return bare.seconds / made.seconds
}

interface Body {
  readonly id: string
  readonly text: string
}

async function bodiesOf(store: Store, count: number): Promise<readonly Body[]> {
  const { events } = await store.readEvents({ after: null, types: null, limit: 1 })
  const [event] = events
  if (event === undefined) throw new Error('There is no event')
  const { type, timestamp, data } = event
  return Array.from({ length: count }, (_, nth) => {
    const id = `evt_${String(nth).padStart(32, '0')}`
    return { id, text: JSON.stringify({ id, type, timestamp, data }) }
  })
}

async function sendBare({ url, secrets }: WebhookConfig, bodies: readonly Body[]): Promise<void> {
  const agent = new Agent({ keepAlive: true })
  const webhook = new Webhook(secrets[0] ?? '')
  const work = ({ id, text }: Body) => {
    const at = new Date()
    const headers = {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(+at / 1000)),
      'webhook-signature': webhook.sign(id, at, text),
    }
    return new Promise<void>((resolve, reject) => {
      request(url, { method: 'POST', agent, headers }, (response) => {
        response.resume().on('end', resolve)
      })
        .on('error', reject)
        .end(text)
    })
  }
  await eachAtOnce(bodies, { concurrency, work })
  agent.destroy()
}

/** Of all endpoints but the first, which may hang, from the publishing of an event to its receipt. */
async function p99Of(
  { database, store, receivers, names, deliver }: Side,
  { seconds, hangs }: { seconds: number; hangs: boolean },
): Promise<number> {
  const [first = '', ...others] = names
  await receivers.hang(hangs ? [first] : [])
  const perStep = eventsPerSecond / 10
  const times: number[] = []
  await deliver(async () => {
    await delay(500)
    for (let step = 0; step < seconds * 10; step += 1) {
      await publish(database, perStep)
      await delay(100)
    }
    times.push(...(await receivedBy(receivers, { others, count: perStep * seconds * 10 })))
    // So that the next measurement begins with nothing pending.
    await receivers.hang([])
    await delivered(store, names)
  })
  return percentile(times, 0.99)
}

const receivedWithinMs = 10_000

/** Waits until each of them has received all events. */
async function receivedBy(
  receivers: Receivers,
  { others, count }: { others: readonly string[]; count: number },
): Promise<readonly number[]> {
  const received = new Map<string, readonly number[]>(others.map((name) => [name, []]))
  const behind = () => others.filter((name) => (received.get(name)?.length ?? 0) < count)
  for (const until = Date.now() + receivedWithinMs; behind().length > 0; ) {
    if (Date.now() > until) throw new Error(`Not all events came to ${behind().join(', ')}`)
    await delay(100)
    const taken = await receivers.take()
    for (const [name, before] of received) received.set(name, [...before, ...(taken[name] ?? [])])
  }
  return [...received.values()].flat()
}
