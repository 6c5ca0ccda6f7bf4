import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { expect, vi } from 'vitest'
import type { Event } from '../../src/domain/event.ts'
import type { ServiceOptions } from '../../src/service.ts'
import { openStore } from '../../src/store/open.ts'
import { buildWeb } from '../../src/web/server.ts'
import { PostgresRoad } from '../support/postgres-road.ts'
import { type Scrape, scrapeOf } from '../support/promql.ts'
import { freshPostgresUrl, testProofKeys } from '../support/stores.ts'
import { openWorld, type World } from '../support/world.ts'
import { endpointTo } from '../webhooks/desk.ts'
import { startReceiver } from '../webhooks/receiver.ts'

/** What a monitor, an operator and a load balancer see at one moment. */
export interface Look {
  readonly health: number
  readonly ready: number
  /** The checks that are not as they should be. */
  readonly failing: readonly string[]
  readonly overview: { readonly status: number; readonly tone: string | null }
  readonly metrics: string | null
}

/** A serving budan on PostgreSQL, whose parts can all be put into any state. */
export type Stage = Awaited<ReturnType<typeof openStage>>

export const standing = ['STANDING-1', 'STANDING-2']
const dayMins = 24 * 60

/**
 * Time goes on for process, database and gateway together, when a test says so; a process counts
 * with `performance.now()`, so that one is stepped, too.
 */
export async function openStage({ engine }: Pick<ServiceOptions, 'engine'> = {}) {
  const offset = { databaseMs: 0, nodeMs: 0, uptimeMs: 0 }
  const uptime = performance.now.bind(performance)
  vi.spyOn(performance, 'now').mockImplementation(() => uptime() + offset.uptimeMs)
  const url = await freshPostgresUrl()
  const road = await PostgresRoad.to(url)
  const opened: { world?: World } = {}
  const store = await openStore(road.url, {
    proofKeys: testProofKeys,
    clock: () => new Date(+(opened.world?.now() ?? new Date()) + offset.databaseMs),
  })
  const startAt = new Date(Math.ceil(Date.now() / 60_000) * 60_000)
  const receiver = await startReceiver()
  const world = await openWorld({
    webhooks: [endpointTo(receiver.url)],
    ...{ store, startAt, skewMs: () => offset.nodeMs },
    recharge: { compensationRecheckMins: [5] },
    timeoutMs: 60_000,
    ...(engine && { engine }),
  })
  opened.world = world
  const apiToken = randomBytes(24).toString('base64')
  const server = { ...world.config.server, apiToken }
  const app = await buildWeb(world.budan, { server, version: 'test', clock: world.now })
  const scrapes: Scrape[] = []
  const get = (path: string, from: object = {}) =>
    app.inject({ url: path, headers: { authorization: `Bearer ${apiToken}` }, ...from })

  const look = async (): Promise<Look> => {
    const paths = ['/healthz', '/readyz', '/metrics', '/']
    const [health, ready, metrics, overview] = await Promise.all(paths.map((path) => get(path)))
    if (!health || !ready || !metrics || !overview) throw new Error('Not all were fetched')
    if (metrics.statusCode !== 200) throw new Error(`/metrics: ${metrics.statusCode}`)
    scrapes.push(scrapeOf(metrics.body, world.now()))
    const { checks } = ready.json<{ checks: { name: string; ok: boolean; detail: string }[] }>()
    return {
      health: health.statusCode,
      ready: ready.statusCode,
      failing: checks
        .filter(({ ok, detail }) => !ok || detail.startsWith('warning: '))
        .map(({ name, detail }) => `${name}: ${detail}`),
      overview: {
        status: overview.statusCode,
        tone: /class="promise (\w+)"/.exec(overview.body)?.[1] ?? null,
      },
      metrics: metrics.body,
    }
  }

  /** A connection of somebody else's, which goes on. */
  const stranger = async () => {
    const client = new pg.Client(url)
    await client.connect()
    return client
  }

  /** Time leaps here: what was published just now would have waited for long. Nothing waits afterwards. */
  const settle = async () => {
    const client = await stranger()
    const waiting = `select from published_events_new
      union all select from webhook_deliveries where state = 'pending'`
    const none = async () => {
      expect((await client.query(waiting)).rows).toEqual([])
    }
    await vi.waitFor(none, { timeout: 60_000 }).finally(() => client.end())
  }

  const step = async (minutes: number) => {
    offset.uptimeMs += minutes * 60_000
    await world.advanceMins(minutes)
  }

  return {
    ...{ world, receiver, road, offset, scrapes, look, settle, step, stranger, get, app },
    admin: async (statements: readonly string[]) => {
      const client = new pg.Client(url)
      await client.connect()
      await client.query('set default_transaction_read_only = off')
      for (const statement of statements) await client.query(statement)
      await client.end()
    },
    /** The process does not answer: it was ended, or never came up. */
    missScrape: () => void scrapes.push(scrapeOf(null, world.now())),
    run: () => world.budan.run({ dryRun: false }).catch(() => null),
    emit: (event: Event) => world.budan.emit(event),
    /** Orders that are open for long, and nobody pays: each run queries them. */
    async begin() {
      for (const orderNo of standing) await world.adopt(orderNo, { ttlMins: 14 * dayMins })
      await step(6)
      world.budan.start()
      await world.waitFor('run_finished')
    },
    async close() {
      await app.close()
      road.mend()
      await world.close()
      await road.close()
      await receiver.stop()
      vi.restoreAllMocks()
    },
  }
}
