import type { Verdict } from '../../sim/failure.ts'
import type { DatabaseServer } from '../database.ts'
import type { Receiver } from '../endpoints.ts'
import type { ReadEvent, Reader } from '../readers.ts'
import type { Stories } from '../stories.ts'
import { auditExceptions } from './exceptions.ts'
import { factOf, factsIn, type PublishedRow } from './facts.ts'

export interface Audited {
  readonly verdict: Verdict
  readonly database: DatabaseServer
  readonly receivers: readonly Receiver[]
  readonly readers: readonly Reader[]
  readonly stories: Stories
}

/** When all is quiet: compares what others have with what was published, and that with what happened. */
export async function audit({ verdict, database, ...world }: Audited): Promise<void> {
  const rows = await database.rows<PublishedRow>(
    'select position, id, type, at, data from published_events order by position',
  )
  const events = rows.map((row) => ({ ...row, id: `evt_${row.id.replaceAll('-', '')}` }))
  await auditPositions({ verdict, database }, events)
  const difference = differenceOf(await factsIn(database), events.map(factOf))
  if (difference !== null) verdict.fail('each fact is published once', difference)
  const [first] = world.readers
  for (const reader of world.readers) auditReader(verdict, reader, events)
  const bodies = new Map(first?.events.map(({ id, body }) => [id, body]))
  for (const receiver of world.receivers) auditReceiver(verdict, receiver, { events, bodies })
  const [credited] = await database.rows<{ sum: string }>(
    'select coalesce(sum(amount), 0)::text as sum from transfers',
  )
  for (const { plan, credited: has } of world.receivers) {
    // One that was added later has no credits of before.
    if (plan.addedAtMs > 0 || has === BigInt(credited?.sum ?? 0)) continue
    const found = `${plan.name} has ${has}, the transfers ${credited?.sum}`
    verdict.fail('a receiver that credits by the id has the sum of all credits', found)
  }
  await auditExceptions({ verdict, database, stories: world.stories })
}

type Identified = PublishedRow & { readonly id: string }

async function auditPositions(
  { verdict, database }: Pick<Audited, 'verdict' | 'database'>,
  events: readonly Identified[],
): Promise<void> {
  const [head] = await database.rows<{ last: bigint; waiting: bigint }>(
    'select last, (select count(*) from published_events_new) as waiting from published_head',
  )
  const isWhole = events.every(({ position }, nth) => position === BigInt(nth + 1))
  const isAtEnd = head?.last === BigInt(events.length) && head.waiting === 0n
  if (!isWhole || !isAtEnd) {
    const positions = events.map(({ position }) => position).join(',')
    verdict.fail('positions have no gap', `${positions}; head ${head?.last}, new ${head?.waiting}`)
  }
  if (new Set(events.map(({ id }) => id)).size !== events.length) {
    verdict.fail('each event has an id of its own', `${events.length} events`)
  }
}

function auditReader(verdict: Verdict, { plan, events }: Reader, all: readonly Identified[]): void {
  const { types } = plan
  const wanted = all.filter(({ type }) => types?.some((each) => each === type) ?? true)
  const nth = wanted.findIndex(({ id }, at) => events[at]?.id !== id)
  if (nth === -1 && events.length === wanted.length) return
  const at = nth === -1 ? wanted.length : nth
  const what = `${types?.join(',') ?? 'all'}: at ${at + 1} of ${wanted.length}, read ${events.length}`
  verdict.fail('each reader gets each event once, in order', what)
}

function auditReceiver(
  verdict: Verdict,
  { plan, stored, configuredFrom }: Receiver,
  {
    events,
    bodies,
  }: { events: readonly Identified[]; bodies: ReadonlyMap<string, ReadEvent['body']> },
): void {
  const { name, types } = plan
  const isOfType = ({ type }: Identified) => types?.some((each) => each === type) ?? true
  const from = configuredFrom
  if (from === null) {
    verdict.fail('each endpoint is configured', name)
    return
  }
  const missing = events.filter(
    (each) => each.position > from && isOfType(each) && !stored.has(each.id),
  )
  if (missing.length > 0) {
    const which = missing.map(({ position, type }) => `${type} at ${position}`).join(', ')
    verdict.fail('each endpoint gets each event', `${name} has no ${which}`)
  }
  const wanted = new Set(events.filter(isOfType).map(({ id }) => id))
  for (const [id, body] of stored) {
    if (!wanted.has(id)) verdict.fail('an endpoint gets events alone', `${name} has ${body}`)
    if (bodies.has(id) && bodies.get(id) !== body) {
      verdict.fail('an endpoint gets what the feed has', `${body}, not ${bodies.get(id)}`)
    }
  }
}

/** Of two bags; null: they hold the same. */
function differenceOf(facts: readonly string[], published: readonly string[]): string | null {
  const counts = new Map<string, number>()
  for (const each of facts) counts.set(each, (counts.get(each) ?? 0) + 1)
  for (const each of published) counts.set(each, (counts.get(each) ?? 0) - 1)
  const wrong = [...counts].filter(([, count]) => count !== 0)
  if (wrong.length === 0) return null
  return wrong
    .map(
      ([what, count]) => `${what}: ${count > 0 ? 'not published' : 'published without the fact'}`,
    )
    .join('; ')
}
