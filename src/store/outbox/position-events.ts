import { sql } from 'kysely'
import { assert } from '../../domain/assert.ts'
import { type Connection, firstOf, type Scope } from '../database.ts'
import { fanOut } from '../webhooks/fan-out.ts'
import type { Positioned } from './event-store.ts'

/**
 * Positions are given after the commit, under one lock, so that no event ever appears before a position
 * that was read. A number that a transaction draws, be it an identity or a transaction's id, would: it is
 * drawn before the commit. No transaction elsewhere holds anything up here.
 */
export async function positionEvents(
  { db, now }: Pick<Scope, 'db' | 'now'>,
  { limit }: { readonly limit: number },
): Promise<Positioned> {
  const head = await firstOf(
    db,
    sql<{ readonly last: bigint; readonly waiting: boolean }>`
      select last, exists (select from published_events_new) or database_id is null as waiting
      from published_head`,
  )
  assert(head !== null, 'The head of the events is gone')
  if (!head.waiting) return { count: 0, last: head.last }
  return db.transaction().execute(async (tx) => {
    const last = await lockHead(tx)
    const { count, has_endpoints } = await move(tx, { last, limit })
    const to = last + BigInt(count)
    if (has_endpoints) await fanOut({ db: tx, now }, { from: last, to })
    return { count, last: to }
  })
}

/** A statement of its own: the next one sees all that was committed while this one waited. */
async function lockHead(tx: Connection): Promise<bigint> {
  const head = await firstOf(
    tx,
    sql<{ readonly last: bigint; readonly is_new: boolean }>`
      select last, database_id is null as is_new from published_head for update`,
  )
  assert(head !== null, 'The head of the events is gone')
  if (head.is_new) {
    await sql`update published_head set database_id = gen_random_uuid()`.execute(tx)
  }
  return head.last
}

/** Plan: the first entries of the key of `published_events_new`. */
async function move(
  tx: Connection,
  { last, limit }: { readonly last: bigint; readonly limit: number },
): Promise<{ readonly count: number; readonly has_endpoints: boolean }> {
  const moved = await firstOf(
    tx,
    sql<{ readonly count: number; readonly has_endpoints: boolean }>`
      with moved as (
        delete from published_events_new
        where seq = any (array(select seq from published_events_new order by seq limit ${limit}))
        returning *
      ),
      placed as (
        insert into published_events (position, id, type, at, order_no, gateway, mchid, data)
        select ${last}::bigint + row_number() over (order by seq),
          id, type, at, order_no, gateway, mchid, data
        from moved
        returning position
      ),
      counted as (select count(*) as count from placed),
      raised as (update published_head set last = last + counted.count from counted)
      select count::integer as count, exists (select from webhook_endpoints) as has_endpoints
      from counted`,
  )
  assert(moved !== null, 'A count of events has no row')
  return moved
}
