/**
 * Compares the callbacks credited per second with the rate that each half of the work reaches alone,
 * and measures the latency of a callback at half of that load while the same process drains a backlog.
 *
 *   v  a bare HTTP server over the real gateway client, which only verifies and decrypts
 *   s  only the crediting transaction: lock, post, commit
 *   r  the real service over HTTP: verify, credit, commit, answer
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TradeAnswer } from '../../src/domain/trade.ts'
import type { Gateway } from '../../src/gateway/gateway.ts'
import { createWechatGateway } from '../../src/gateway/wechat/wechat.ts'
import { type Budan, openService } from '../../src/service.ts'
import { storeOn } from '../../src/store/assemble.ts'
import type { Database } from '../../src/store/database.ts'
import type { Store } from '../../src/store/store.ts'
import { startWeb } from '../../src/web/server.ts'
import { configOf } from '../../test/support/world.ts'
import { type Figure, figure, percentile } from '../figure.ts'
import type { InstantGateway } from '../gateway/start.ts'
import { creditAlone } from '../measure/credit-alone.ts'
import { eachAtOnce, Laptimes, time } from '../measure/stopwatch.ts'
import type { Posting } from '../notifier/sender.ts'
import { type Notifier, startNotifier } from '../notifier/start.ts'
import {
  type Age,
  assertPaid,
  fillPending,
  type OrderRange,
  paidOrders,
  vacuum,
} from '../orders.ts'
import type { Part, Size } from '../part.ts'

interface CallbacksSize {
  /** Callbacks of each repetition; a multiple of `slice`. */
  readonly callbacks: number
  readonly slice: number
  readonly concurrency: number
  /**
   * Orders that are drained at the same time: more than the service can drain before the part ends.
   */
  readonly backlog: number
  /** How long each repetition posts callbacks at half load. */
  readonly loadSeconds: number
}

const sizes: Readonly<Record<Size, CallbacksSize>> = {
  full: { callbacks: 3000, slice: 500, concurrency: 32, backlog: 300_000, loadSeconds: 10 },
  quick: { callbacks: 500, slice: 250, concurrency: 32, backlog: 25_000, loadSeconds: 1 },
  tiny: { callbacks: 12, slice: 6, concurrency: 3, backlog: 300, loadSeconds: 0.1 },
}

export const callbacks: Part = {
  name: 'callbacks',
  target: 7,
  about: 'callbacks credited a second, of what verifying or crediting alone would allow',
  async bench(stage) {
    const gateway = await stage.gateway()
    const notifier = stage.closing.add(await startNotifier(gateway), (one) => one.stop())
    const database = await stage.freshDatabase('postgres')
    const { repetitions } = stage
    return benchCallbacks({ ...sizes[stage.size], database, gateway, notifier, repetitions })
  },
}

interface CallbacksOptions extends CallbacksSize {
  readonly database: Database
  readonly gateway: InstantGateway
  readonly notifier: Notifier
  readonly repetitions: number
}

interface Bench extends CallbacksOptions {
  readonly store: Store
  readonly budan: Budan
  /** `real`: the real service. `bare`: the server that only verifies. */
  readonly url: { readonly real: string; readonly bare: string }
  /** The answer in the last callback that the bare server opened. */
  readonly opened: () => TradeAnswer
}

/** Closes the database at the end. */
async function benchCallbacks(options: CallbacksOptions): Promise<readonly Figure[]> {
  const store = storeOn(options.database)
  const { url, merchant } = options.gateway
  const base = configOf({ url }, { merchant, recharge: { compensationDrain: true } })
  const config = { ...base, log: { level: 'silent', format: 'json' } } as const
  const budan = await openService(config, { store })
  const web = await startWeb(budan, { server: config.server, version: 'bench' })
  const client = createWechatGateway(config.merchants[0] ?? missing('merchant'), {
    emit: () => {},
  })
  const bare = await startBareServer(client)
  const urls = { real: web.url, bare: bare.url }
  try {
    const bench = { ...options, store, budan, url: urls, opened: bare.opened }
    return await measure(bench)
  } finally {
    await bare.close()
    await client.stop()
    await web.close()
    await budan.close()
  }
}

async function startBareServer({ openCallback }: Pick<Gateway, 'openCallback'>) {
  let last: TradeAnswer | null = null
  const server = createServer((request, response) => {
    const received: Buffer[] = []
    request.on('data', (bytes: Buffer) => received.push(bytes))
    request.on('end', async () => {
      const { headers } = request
      const opened = await openCallback({ headers, body: Buffer.concat(received) })
      if (opened.kind === 'opened') last = opened.answer
      response.writeHead(opened.kind === 'opened' ? 204 : 401).end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    opened: () => last ?? missing('callback that was opened'),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function measure(bench: Bench): Promise<readonly Figure[]> {
  const laps: Laps[] = []
  // The first repetition is not counted: it compiles the code and opens the connections.
  for (let repetition = 0; repetition <= bench.repetitions; repetition += 1) {
    const lap = await repeat(bench, 2 * bench.callbacks * repetition)
    if (repetition > 0) laps.push(lap)
  }
  const afterLaps = 2 * bench.callbacks * (bench.repetitions + 1)
  const loaded = await postWhileDraining(bench, { laps, first: afterLaps })
  const audit = await bench.store.audit()
  const faults = Object.entries(audit).filter(([, count]) => count !== 0)
  if (faults.length > 0) throw new Error(`The audit found ${JSON.stringify(audit)}`)
  return figuresOf(bench, { laps, loaded })
}

type Laps = Readonly<Record<'v' | 's' | 'r', Laptimes>>

/** v, s and r run in turn, one slice at a time, and each of them is first equally often. */
async function repeat(bench: Bench, first: number): Promise<Laps> {
  const { callbacks, slice, notifier, url } = bench
  const notified = await fill(bench, { first, count: callbacks, age: 'now' })
  const direct = await fill(bench, { first: first + callbacks, count: callbacks, age: 'now' })
  await vacuum(bench.database)
  await notifier.sign(paidOrders(notified))
  await post(bench, { url: url.bare, first: 0, count: 1, perSec: null })
  const sample = bench.opened()

  const laps = { v: new Laptimes(), s: new Laptimes(), r: new Laptimes() }
  const names = ['v', 's', 'r'] as const
  for (let done = 0; done < callbacks; done += slice) {
    const steps = {
      v: () => post(bench, { url: url.bare, first: done, count: slice, perSec: null }),
      s: () => creditAll(bench, { first: direct.first + done, sample }),
      r: () => post(bench, { url: url.real, first: done, count: slice, perSec: null }),
    }
    for (const [position] of names.entries()) {
      const name = names[(position + done / slice) % names.length] ?? 'v'
      laps[name].add(await time(slice, async () => void (await steps[name]())))
    }
  }
  await assertPaid(bench.database, notified)
  await assertPaid(bench.database, direct)
  return laps
}

function post(
  { notifier, concurrency }: Bench,
  posting: Omit<Posting, 'connections'>,
): ReturnType<Notifier['post']> {
  return notifier.post({ ...posting, connections: concurrency })
}

async function creditAll(
  { store, slice, concurrency }: Bench,
  { first, sample }: { first: number; sample: TradeAnswer },
): Promise<void> {
  await eachAtOnce(paidOrders({ first, count: slice }), {
    concurrency,
    work: (order) => creditAlone(store, { order, sample }),
  })
}

/** Most orders are unpaid, as in a real backlog: an unpaid order is queried repeatedly. */
const paidEvery = 10

/** The latencies of callbacks at half of the measured rate `r`. */
async function postWhileDraining(
  bench: Bench,
  { laps, first }: { laps: readonly Laps[]; first: number },
): Promise<{ readonly ms: readonly (readonly number[])[]; readonly perSec: number }> {
  const { budan, database, gateway, notifier, backlog, loadSeconds, repetitions } = bench
  const perSec = Math.min(...laps.map(({ r }) => r.rate)) / 2
  const count = Math.max(1, Math.round(perSec * loadSeconds))
  await fill(bench, { first, count: backlog, age: 'an hour ago' })
  await gateway.signOnDemand({ paidEvery })
  const ms: (readonly number[])[] = []
  try {
    for (let repetition = 0; repetition <= repetitions; repetition += 1) {
      const range = { first: first + backlog + count * repetition, count, age: 'now' } as const
      const notified = await fill(bench, range)
      await notifier.sign(paidOrders(notified))
      // Draining starts after the first filling and signing, which are not part of the measurement.
      budan.start()
      const posted = await post(bench, { url: bench.url.real, first: 0, count, perSec })
      await assertPaid(database, notified)
      if (repetition > 0) ms.push(posted.ms)
    }
    const { remaining } = await budan.backlog()
    if (remaining === 0) throw new Error(`A backlog of ${backlog} orders was drained too early`)
  } finally {
    await budan.stop()
  }
  return { ms, perSec }
}

async function fill(
  { database, gateway }: Bench,
  { first, count, age }: Pick<OrderRange, 'first' | 'count'> & { readonly age: Age },
): Promise<OrderRange> {
  const { mchid, appid } = gateway.merchant
  const range = { first, count, mchid, appid }
  await fillPending(database, { ...range, age })
  return range
}

/** Share of the slower of the two halves. */
const ratioMin = 0.7

const p99MsMax = 100

function figuresOf(
  { callbacks, concurrency, backlog }: Bench,
  {
    laps,
    loaded,
  }: { laps: readonly Laps[]; loaded: Awaited<ReturnType<typeof postWhileDraining>> },
): Figure[] {
  const each = (pick: (lap: Laps) => number) => laps.map(pick)
  const rate = (what: string, key: keyof Laps) =>
    figure(`postgres: ${what}`, { unit: '1/s', values: each((lap) => lap[key].rate) })
  const cpu = (what: string, key: keyof Laps) =>
    figure(`postgres: CPU of this process for ${what}`, {
      unit: 'µs',
      values: each((lap) => lap[key].cpuMicros),
    })
  const load = `callbacks at ${Math.round(loaded.perSec)} a second while ${backlog} orders are drained`
  const latency = (share: number) => loaded.ms.map((values) => percentile(values, share))
  return [
    figure('postgres: callbacks credited, of the slower half: r / min(v, s)', {
      unit: 'ratio',
      values: each(({ v, s, r }) => r.rate / Math.min(v.rate, s.rate)),
      goal: { kind: 'at least', value: ratioMin },
    }),
    figure(`postgres: ${load}, p99`, {
      unit: 'ms',
      values: latency(0.99),
      goal: { kind: 'at most', value: p99MsMax },
    }),
    figure(`postgres: ${load}, median`, { unit: 'ms', values: latency(0.5) }),
    rate(`v, callbacks verified alone (${callbacks} callbacks, ${concurrency} at a time)`, 'v'),
    rate('s, crediting transactions alone', 's'),
    rate('r, callbacks credited', 'r'),
    cpu('a callback verified alone', 'v'),
    cpu('a crediting transaction alone', 's'),
    cpu('a callback credited', 'r'),
  ]
}

function missing(what: string): never {
  throw new Error(`The bench has no ${what}`)
}
