import { sql } from 'kysely'
import { firstOf, type Scope } from '../database.ts'

/**
 * What is not delivered yet stays, and all behind it. The oldest first, so that what is left has no gap. The newest stays: a reader who is at the end can
 * always go on. The head is raised in the same statement, so that a reader who is behind it gets an error.
 *
 * Plan: the first entries of the key of `events`.
 */
export async function pruneEvents(
  { db, now }: Pick<Scope, 'db' | 'now'>,
  { olderThanMs, limit }: { readonly olderThanMs: number; readonly limit: number },
): Promise<number> {
  const before = sql`${now()} - ${olderThanMs}::float8 * interval '1 millisecond'`
  const removed = await firstOf(
    db,
    sql<{ readonly count: number }>`
      with oldest as materialized (
        select position, at, bool_and(at < ${before} and not is_waiting)
          over (order by position) as removable
        from (
          select position, at, exists (
            select from webhook_deliveries d where d.position = published_events.position and d.state = 'pending'
          ) as is_waiting
          from published_events
          where position < (select last from published_head)
          order by position limit ${limit}
        ) as leftmost
      ),
      removed as (
        delete from published_events using oldest
        where published_events.position = oldest.position and oldest.removable
        returning published_events.position
      ),
      counted as (select count(*)::integer as count, max(position) as floor from removed),
      raised as (
        update published_head set floor = greatest(published_head.floor, counted.floor)
        from counted where counted.count > 0
      )
      select count from counted`,
  )
  return removed?.count ?? 0
}
