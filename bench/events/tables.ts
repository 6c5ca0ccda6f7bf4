/** Measures whether claims and the feed slow down as their tables grow. */
import { sql } from 'kysely'
import { storeOn } from '../../src/store/assemble.ts'
import type { Database } from '../../src/store/database.ts'
import type { Store } from '../../src/store/store.ts'
import { figure, median } from '../figure.ts'
import { time } from '../measure/stopwatch.ts'
import { firstRepetition, type Part, type Size, type Stage } from '../part.ts'
import { positionAll, publish } from './event-rows.ts'

const sizes: Readonly<Record<Size, { large: number; small: number; claims: number }>> = {
  full: { large: 1_000_000, small: 10_000, claims: 200 },
  quick: { large: 100_000, small: 5_000, claims: 60 },
  tiny: { large: 400, small: 200, claims: 3 },
}

const endpoint = { name: 'endpoint-0', types: null }
const pageSize = 200

export const eventTables: Part = {
  name: 'event-tables',
  target: 22,
  about: 'claims of deliveries and pages of the feed in large tables, of small ones',
  async bench(stage) {
    const { large, small, claims } = sizes[stage.size]
    const many = await openTable(stage, large)
    const few = await openTable(stage, small)
    const claiming: number[] = []
    const paging: number[] = []
    for (let nth = firstRepetition(stage); nth <= stage.repetitions; nth += 1) {
      const [ofMany, ofFew] = [await claimMs(many, claims), await claimMs(few, claims)]
      const pages = await pageMs(many)
      if (nth > 0) {
        claiming.push(ofMany / ofFew)
        paging.push(pages.last / pages.first)
      }
    }
    return [
      figure(`a claim with ${large} pending deliveries, of ${small}`, {
        ...{ unit: 'ratio', values: claiming, goal: { kind: 'at most', value: 1.2 } },
      }),
      figure(`the last tenth of the pages of ${large} events, of the first`, {
        ...{ unit: 'ratio', values: paging, goal: { kind: 'at most', value: 1.2 } },
      }),
    ]
  },
}

async function openTable(stage: Stage, count: number): Promise<Store> {
  const database = await stage.freshDatabase('postgres')
  const store = storeOn(database)
  await store.configureWebhooks([endpoint])
  for (let left = count; left > 0; left -= portion) {
    await publish(database, Math.min(left, portion))
    await positionAll(store)
  }
  await vacuum(database)
  return store
}

const portion = 50_000

async function vacuum({ patientDb }: Database): Promise<void> {
  await sql`vacuum (analyze) published_events, published_events_new, webhook_deliveries, webhook_endpoints`.execute(
    patientDb,
  )
  await sql`checkpoint`.execute(patientDb)
}

/** The median of claims of eight, each recorded as delivered, as in production. */
async function claimMs(store: Store, claims: number): Promise<number> {
  const times: number[] = []
  for (let nth = 0; nth < claims; nth += 1) {
    const lap = await time(1, async () => {
      const { claimed } = await store.claimDeliveries({
        ...{ endpoint: endpoint.name, limit: 8, leaseMs: 60_000 },
      })
      await store.recordAttempts({
        endpoint: endpoint.name,
        attempts: claimed.map(({ event: _, ...claim }) => ({ ...claim, ...good })),
      })
    })
    times.push(lap.seconds * 1000)
  }
  return median(times)
}

const good = {
  outcome: 'delivered',
  status: 204,
  error: null,
  answer: null,
  durationMs: 3,
  retryAfterMs: null,
} as const

async function pageMs(store: Store): Promise<{ readonly first: number; readonly last: number }> {
  const times: number[] = []
  let after: string | null = null
  for (;;) {
    const startedAt = performance.now()
    const page = await store.readEvents({ after, types: null, limit: pageSize })
    times.push(performance.now() - startedAt)
    after = page.nextCursor
    if (!page.more) break
  }
  const tenth = Math.max(1, Math.floor(times.length / 10))
  return { first: median(times.slice(0, tenth)), last: median(times.slice(-tenth)) }
}
