/** How long the console's pages take, and whether that stays so as the tables grow. */
import { request } from 'undici'
import { openService } from '../src/service.ts'
import { storeOn } from '../src/store/assemble.ts'
import type { Database } from '../src/store/database.ts'
import { startWeb } from '../src/web/server.ts'
import { configOf } from '../test/support/world.ts'
import { type Figure, figure, median, percentile } from './figure.ts'
import type { InstantGateway } from './gateway/start.ts'
import { fillPending, fillRuns, payAll, reviewAll, settleDown } from './orders.ts'
import type { Part, Size } from './part.ts'

const sizes: Readonly<Record<Size, { small: number; large: number; requests: number }>> = {
  full: { small: 10_000, large: 1_000_000, requests: 40 },
  quick: { small: 5_000, large: 50_000, requests: 20 },
  tiny: { small: 500, large: 2500, requests: 2 },
}

export const pages: Part = {
  name: 'pages',
  target: 5,
  about: "what the console's pages cost as the tables grow",
  async bench(stage) {
    const figures = []
    const { small, large, requests } = sizes[stage.size]
    for (const kind of stage.stores) {
      figures.push(
        ...(await benchPages({
          gateway: await stage.gateway(),
          small: { database: await stage.freshDatabase(kind), orders: small },
          large: { database: await stage.freshDatabase(kind), orders: large },
          ...{ repetitions: stage.repetitions, requests },
        })),
      )
    }
    return figures
  },
}

interface PagesOptions {
  readonly gateway: InstantGateway
  /** Two empty databases of one kind, on one server. They are closed. */
  readonly small: { readonly database: Database; readonly orders: number }
  readonly large: { readonly database: Database; readonly orders: number }
  readonly repetitions: number
  /** Of each page in each repetition. */
  readonly requests: number
}

/** An operator turns pages without noticing it. */
const p95MsMax = 100

const runCount = 2000

/** Of the orders 0 to n - 1: the last tenth is pending, a few before it are in review, the rest is paid. */
const pathsOf = (orders: number) => {
  const paid = String(Math.floor(orders / 2)).padStart(10, '0')
  return {
    overview: '/',
    'overview, read anew': '/',
    orders: '/orders',
    'orders, pending': '/orders?status=pending',
    'search by transaction id': `/orders?q=420000200820260124${paid}`,
    'search by user': '/orders?q=bench-7',
    order: `/orders/RECH20260124120000${paid}`,
    runs: '/runs',
    run: `/runs/${runCount}`,
    reviews: '/reviews',
    account: '/accounts/bench-7',
    audit: '/audit',
  }
}

type PageName = keyof ReturnType<typeof pathsOf>

async function benchPages(options: PagesOptions): Promise<readonly Figure[]> {
  const small = await openSite(options.small, options.gateway)
  const large = await openSite(options.large, options.gateway)
  try {
    return await measure(options, { small, large })
  } finally {
    await small.close()
    await large.close()
  }
}

interface Site {
  /** Asks for a page, and tells how long its last byte took. Throws unless it came. */
  timeMs(page: PageName): Promise<number>
  readonly pages: readonly PageName[]
  close(): Promise<void>
}

async function openSite(
  { database, orders }: PagesOptions['small'],
  { url, merchant }: InstantGateway,
): Promise<Site> {
  const { mchid, appid } = merchant
  const pending = Math.floor(orders / 10)
  const reviews = 200
  const range = { first: 0, count: orders, mchid, appid }
  await fillPending(database, { ...range, age: 'an hour ago' })
  await payAll(database, { ...range, count: orders - pending, overDays: 30 })
  await reviewAll(database, { ...range, first: orders - pending, count: reviews })
  await fillRuns(database, { ...range, count: runCount })
  await settleDown(database)
  const store = storeOn(database)
  // As its runs do.
  await store.vacuum({ everyMs: 0 })
  const budan = await openService(configOf({ url }, { merchant }), { store })
  const server = { host: '127.0.0.1', port: 0, apiToken: null }
  const web = await startWeb(budan, { server, version: 'bench' })
  const paths = pathsOf(orders)
  return {
    pages: Object.keys(paths) as PageName[],
    async timeMs(page) {
      // All who look share a reading for some seconds, unless there is news.
      if (page === 'overview, read anew') budan.emit({ type: 'job_stopped' })
      const started = performance.now()
      const { statusCode, body } = await request(`${web.url}${paths[page]}`, {
        headers: { accept: 'text/html' },
      })
      const text = await body.text()
      const ms = performance.now() - started
      // A search that finds one order answers with the way to it.
      if (statusCode >= 400) throw new Error(`${paths[page]} answered ${statusCode}: ${text}`)
      return ms
    },
    async close() {
      await web.close()
      await budan.close()
    },
  }
}

async function measure(
  { small, large, repetitions, requests }: PagesOptions,
  sites: { readonly small: Site; readonly large: Site },
): Promise<readonly Figure[]> {
  const { kind } = large.database
  const figures: Figure[] = []
  const growth: number[][] = []
  for (const page of sites.large.pages) {
    const laps = []
    for (let repetition = 0; repetition <= repetitions; repetition += 1) {
      const lap = await alternate(sites, { page, requests })
      if (repetition > 0) laps.push(lap)
    }
    figures.push(
      figure(`${kind}: page "${page}" with ${large.orders} orders, p95`, {
        unit: 'ms',
        values: laps.map(({ largeMs }) => percentile(largeMs, 0.95)),
        goal: { kind: 'at most', value: p95MsMax },
      }),
    )
    growth.push(laps.map(({ smallMs, largeMs }) => median(largeMs) / median(smallMs)))
  }
  const worst = growth.reduce((a, b) => (median(a) > median(b) ? a : b))
  const name = `${kind}: the page that grows most, with ${large.orders} orders, of ${small.orders}`
  return [...figures, figure(name, { unit: 'ratio', values: worst })]
}

/** One page here, one there, so that whatever else the machine does hits both alike. */
async function alternate(
  sites: { readonly small: Site; readonly large: Site },
  { page, requests }: { page: PageName; requests: number },
) {
  const smallMs: number[] = []
  const largeMs: number[] = []
  for (let count = 0; count < requests; count += 1) {
    smallMs.push(await sites.small.timeMs(page))
    largeMs.push(await sites.large.timeMs(page))
  }
  return { smallMs, largeMs }
}
