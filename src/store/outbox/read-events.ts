import { sql } from 'kysely'
import { assert } from '../../domain/assert.ts'
import type { PublishedType, StoredEvent } from '../../domain/webhooks/published-event.ts'
import { rowsOf, type Scope } from '../database.ts'
import { examineCursor, formatEventCursor, markOf, parseEventCursor } from './event-cursor.ts'
import type { EventsPage, EventsRequest } from './event-store.ts'

/** The same as for the pages of lists. */
const limitMax = 200

/**
 * How many positions one statement looks at: of a rare type there may be few among millions. A page may
 * then be empty, and have more behind it.
 */
const scannedMax = 5_000

export async function readEvents(
  { db }: Pick<Scope, 'db'>,
  { after, types, limit }: EventsRequest,
): Promise<EventsPage> {
  const isLimit = Number.isInteger(limit) && limit >= 1 && limit <= limitMax
  assert(isLimit, `Cannot list ${limit} events: a page has 1 to ${limitMax}`)
  const cursor = after === null ? null : parseEventCursor(after)
  const rows = await rowsOf(
    db,
    eventsStatement({ from: cursor?.position ?? null, types, limit: limit + 1 }),
  )
  const [head] = rows
  assert(head !== undefined, 'The head of the events is gone')
  const database = markOf(head.databaseId)
  if (cursor !== null && after !== null) {
    examineCursor(cursor, after, { ...head, database, event: markOf(head.fromId) })
  }
  const found = rows.filter(isEvent)
  const events = found.slice(0, limit).map((row) => eventOf(row, database))
  const last = events.at(-1)
  if (found.length > limit && last !== undefined) {
    return { events, nextCursor: last.cursor, position: last.position, more: true }
  }
  // All up to `end` were looked at.
  const nextCursor = formatEventCursor({
    ...{ position: head.end, database, event: markOf(head.endId) },
  })
  return { events, nextCursor, position: head.end, more: head.end < head.last }
}

interface HeadRow {
  readonly last: bigint
  readonly floor: bigint
  readonly databaseId: string | null
  /** Of the event that the cursor points at. */
  readonly fromId: string | null
  /** How far this statement looked. */
  readonly end: bigint
  readonly endId: string | null
}

interface EventRow extends HeadRow, Pick<StoredEvent, 'gateway' | 'mchid' | 'data'> {
  readonly position: bigint
  readonly id: string
  readonly type: PublishedType
  readonly at: Date
}

type Row = EventRow | (HeadRow & { readonly [name in 'position' | 'id']: null })

/**
 * One statement, so that all is of one moment: what is removed meanwhile is not skipped. At least one
 * row. Plan: the key of `published_events` from the cursor on, at most `scannedMax` entries.
 */
function eventsStatement({
  from,
  types,
  limit,
}: Pick<EventsRequest, 'types' | 'limit'> & { readonly from: bigint | null }) {
  const start = sql`coalesce(${from}::bigint, head.floor)`
  const end = sql`least(head.last, ${start} + ${sql.lit(scannedMax)})`
  const ofTypes = types === null ? sql`true` : sql`published_events.type in (${sql.join(types)})`
  return sql<Row>`
    select head.last, head.floor, head.database_id as "databaseId",
      (select id from published_events where position = ${from}::bigint) as "fromId",
      ${end} as "end", (select id from published_events where position = ${end}) as "endId",
      found.*
    from published_head head left join lateral (
      select position, id, type, at, gateway, mchid, data from published_events
      where position > ${start} and position <= ${end} and ${ofTypes}
      order by position limit ${limit}
    ) as found on true
    order by found.position`
}

function isEvent(row: Row): row is EventRow {
  return row.position !== null
}

function eventOf(
  { position, id, type, at, gateway, mchid, data }: EventRow,
  database: string,
): StoredEvent {
  return {
    ...{ id: `evt_${id.replaceAll('-', '')}`, type, timestamp: at },
    ...{ data, gateway, mchid, position },
    cursor: formatEventCursor({ position, database, event: markOf(id) }),
  }
}
