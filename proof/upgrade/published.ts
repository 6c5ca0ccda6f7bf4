import pg from 'pg'
import { eventually } from '../campaign/wait.ts'
import type { Cluster } from './cluster.ts'
import type { Party } from './settings.ts'

export const publishingStep = '018_published_events'

export interface PublishedCredit {
  /** By merchant number and order number. */
  readonly name: string
  readonly creditedAt: Date
  /** Its events `order.paid`. */
  readonly events: number
}

export interface Publishing {
  readonly credits: readonly PublishedCredit[]
  /** When the database began to publish. */
  readonly since: Date
  /** What nodes of before have credited, by merchant number and order number. */
  readonly byBefore: ReadonlySet<string>
}

/** Credits with their event, by the version of the node that credited. */
export type PublishedFigures = Readonly<Record<'before' | 'now', number>>

/** A statement that waited for the step has a time of before it. */
const uncertainMs = 2_000

/** Each credit since the step has one event, whichever version credited; none of before it has. */
export function comparePublished({ credits, since, byBefore }: Publishing): {
  readonly figures: PublishedFigures
  readonly findings: readonly string[]
} {
  const findings = credits.flatMap(({ name, creditedAt, events }) => {
    const afterMs = +creditedAt - +since
    if (events > 1) return [`${name}: order.paid was published ${events} times`]
    if (events === 0 && afterMs > uncertainMs) return [`${name}: order.paid was not published`]
    return events === 1 && afterMs < -uncertainMs ? [`${name}: published before the step`] : []
  })
  const published = credits.filter(({ events }) => events > 0)
  const before = published.filter(({ name }) => byBefore.has(name)).length
  return { figures: { before, now: published.length - before }, findings }
}

/** While the nodes of now still run: all events are to have their positions soon. */
export async function readPublishing(
  cluster: Cluster,
  parties: readonly Party[],
): Promise<Publishing> {
  const connectionString = cluster.databaseUrl
  const client = new pg.Client({ connectionString, options: '-c search_path=budan' })
  await client.connect()
  try {
    const rows = async <T extends object>(statement: string) =>
      (await client.query(statement)).rows as T[]
    await eventually(async () => (await rows('select from published_events_new')).length === 0, {
      ...{ withinMs: 30_000, everyMs: 100 },
    })
    const [step] = await rows<{ applied_at: string }>(
      `select timestamp as applied_at from budan_migrations where name = '${publishingStep}'`,
    )
    const credits = await rows<{ number: string; mchid: string; at: Date; events: number }>(`
      select split_part(t.order_no, ':', 1) as number, t.mchid, t.created_at as at,
        (select count(*)::integer from published_events e
          where e.order_no = t.order_no and e.type = 'order.paid') as events
      from transfers t`)
    const mchids = new Map(parties.map(({ name, mchid }) => [name as string, mchid]))
    const byBefore = (await cluster.credited('before')).map((credited) => {
      const [name = '', number = ''] = credited.split(' ')
      return `${mchids.get(name)} ${number}`
    })
    return {
      credits: credits.map(({ number, mchid, at, events }) => ({
        ...{ name: `${mchid} ${number}`, creditedAt: at, events },
      })),
      since: new Date(step?.applied_at ?? Number.NaN),
      byBefore: new Set(byBefore),
    }
  } finally {
    await client.end()
  }
}
