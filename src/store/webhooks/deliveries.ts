import { sql } from 'kysely'
import type { Delivery, LoggedAttempt } from '../../domain/webhooks/delivery.ts'
import { firstOf, rowsOf, type Scope } from '../database.ts'
import type { Page } from '../page.ts'
import { byId, pageOf, startOf, walks } from '../sql/cursor.ts'
import { isUnstorable } from '../sql/storable-text.ts'
import { attemptsOfDelivery, loggedColumns } from './attempts.ts'
import { eventId } from './claim.ts'
import { isConfigured } from './endpoints.ts'
import type { DeliveryFilter, ReplayedPortion, ReplaySpan } from './webhook-store.ts'

/** A `Delivery`. Attempts by their log: a claim that was released, or whose node died, made none. */
const columns = sql`
  d.id, d.endpoint, ${eventId} as "eventId", e.type, d.order_no as "orderNo", d.state,
  (select count(*)::integer from ${attemptsOfDelivery} as made) as attempts,
  d.created_at as "createdAt", case when d.state = 'pending' then d.next_at end as "nextAt",
  d.finished_at as "finishedAt", d.last_status as "lastStatus", d.last_error as "lastError"`

/** No row is read for a name that no node ever had: the walk would end at the other end of the table. */
function ofEndpoint(name: string) {
  return sql`d.endpoint = ${name} and exists (select from webhook_endpoints where name = ${name})`
}

/** Plan: an index of the filter, or the key, from its end. */
export async function listDeliveries(
  { db }: Pick<Scope, 'db'>,
  { endpoint = null, state = null, orderNo = null, ...page }: DeliveryFilter,
): Promise<Page<Delivery>> {
  const { start, beyond, order } = walks.newest
  const from = startOf('deliveries', page)?.key ?? start
  if ([endpoint, orderNo].some((text) => text !== null && isUnstorable(text))) {
    return { items: [], nextCursor: null }
  }
  const rows = await rowsOf(
    db,
    sql<Delivery>`
      select ${columns} from webhook_deliveries d join published_events e using (position)
      where d.id ${beyond} ${from}::bigint
        and ${endpoint === null ? sql`true` : ofEndpoint(endpoint)}
        and ${state === null ? sql`true` : sql`d.state = ${sql.lit(state)}`}
        and ${orderNo === null ? sql`true` : sql`d.order_no = ${orderNo}`}
      order by d.id ${order} limit ${page.limit + 1}`,
  )
  return pageOf(rows, {
    ...{ kind: 'deliveries', limit: page.limit, item: (row) => row, position: byId },
  })
}

export async function findDelivery(
  { db }: Pick<Scope, 'db'>,
  id: bigint,
): Promise<{ readonly delivery: Delivery; readonly attempts: readonly LoggedAttempt[] } | null> {
  const delivery = await firstOf(
    db,
    sql<Delivery>`
      select ${columns} from webhook_deliveries d join published_events e using (position)
      where d.id = ${id}::bigint`,
  )
  if (delivery === null) return null
  const attempts = await rowsOf(
    db,
    sql<LoggedAttempt>`
      select ${loggedColumns} from webhook_deliveries d, lateral ${attemptsOfDelivery} as made
      where d.id = ${id}::bigint order by made.attempt`,
  )
  return { delivery, attempts }
}

/** What makes a delivery due, as if it were new. Its number goes on, so that no late result hits it. */
const renewed = (now: Scope['now']) => sql`
  state = 'pending', attempts_before = webhook_deliveries.attempts, due_since = ${now()}, next_at = ${now()},
  claimed_until = null, finished_at = null`

export function replayDelivery(
  { db, now }: Pick<Scope, 'db' | 'now'>,
  id: bigint,
): Promise<Delivery | null> {
  return firstOf(
    db,
    sql<Delivery>`
      with d as (
        update webhook_deliveries set ${renewed(now)} where id = ${id}::bigint returning *
      )
      select ${columns} from d join published_events e using (position)`,
  )
}

/** Plan: `events_by_time` from the start of the span. */
export async function replaySpan(
  { db, now }: Pick<Scope, 'db' | 'now'>,
  { endpoint, from, until, types, limit }: ReplaySpan,
): Promise<ReplayedPortion> {
  const row = await firstOf(
    db,
    sql<{
      readonly replayed: number
      readonly found: number
      readonly at: Date | null
      readonly position: bigint | null
      readonly until: Date
    }>`
      with span as materialized (
        select position, at, data->>'order_no' as order_no from published_events
        where (at, position) > (${from.at}::timestamptz(3), ${from.position}::bigint)
          and at <= coalesce(${until}::timestamptz(3), ${now()})
          and ${types === null ? sql`true` : sql`type in (${sql.join(types)})`}
        order by at, position limit ${limit}
      ),
      put as (
        insert into webhook_deliveries (endpoint, position, order_no, due_since, next_at, created_at)
        select ${endpoint}::text, position, order_no, ${now()}, ${now()}, ${now()}
        from span order by position
        on conflict (position, endpoint) do update set ${renewed(now)}
        where webhook_deliveries.state <> 'pending'
        returning 1
      )
      select (select count(*)::integer from put) as replayed,
        (select count(*)::integer from span) as found,
        (select at from span order by at desc, position desc limit 1) as at,
        (select position from span order by at desc, position desc limit 1) as position,
        coalesce(${until}::timestamptz(3), ${now()}) as until`,
  )
  const { replayed = 0, found = 0, at, position } = row ?? {}
  const isLast = found < limit || at == null || position == null
  return {
    replayed,
    next: isLast ? null : { at, position },
    until: row?.until ?? new Date(0),
  }
}

/** Plan: `deliveries_pending` for each endpoint, of which there are few. */
export async function failUnconfigured(
  { db, now }: Pick<Scope, 'db' | 'now'>,
  { olderThanMs, limit }: { readonly olderThanMs: number; readonly limit: number },
): Promise<number> {
  const row = await firstOf(
    db,
    sql<{ readonly count: number }>`
      with forgotten as materialized (
        select name from webhook_endpoints w where not exists (
          select from webhook_subscriptions
          where endpoint = w.name and ${isConfigured('webhook_subscriptions', olderThanMs)}
        ) and exists (select from webhooks_configured where at is not null)
      ),
      those as materialized (
        select d.id from forgotten, lateral (
          select id from webhook_deliveries
          where endpoint = forgotten.name and state = 'pending'
          limit ${limit} for update skip locked
        ) as d limit ${limit}
      ),
      ended as (
        update webhook_deliveries set state = 'failed', finished_at = ${now()}, claimed_until = null,
          last_error = 'its endpoint is not in the configuration any more'
        from those where webhook_deliveries.id = those.id returning 1
      )
      select count(*)::integer as count from ended`,
  )
  return row?.count ?? 0
}
