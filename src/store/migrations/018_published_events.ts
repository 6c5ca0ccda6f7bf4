import { type Kysely, sql } from 'kysely'
import { schemaOfOrders } from './schema-of-orders.ts'

/**
 * What budan publishes (decision 054). A trigger writes it, so that no path can forget it: nodes of the
 * version before publish as well.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  const schema = await schemaOfOrders(db)
  for (const statement of [written, positioned, head, first]) await statement.execute(db)
  await sql.raw(publishIn(schema)).execute(db)
  await publishes.execute(db)
}

/**
 * As they are written: in the transaction that they are about, and so not in the order of `seq`. Moved to
 * `events` soon after their commit: a queue, which is vacuumed by its number of dead rows.
 */
const written = sql`
  create table published_events_new (
    seq bigint generated always as identity primary key,
    id uuid not null default gen_random_uuid(),
    type text not null,
    at timestamptz(3) not null,
    order_no text collate "C",
    gateway text not null,
    mchid text not null,
    data json not null
  ) with (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000
  )`

/** Each position has all positions below it, for ever: whoever reads on from one misses nothing. */
const positioned = sql`
  create table published_events (
    position bigint primary key,
    id uuid not null unique,
    type text not null,
    at timestamptz(3) not null,
    order_no text collate "C",
    gateway text not null,
    mchid text not null,
    data json not null
  )`

/**
 * The last position that was given, and the last that was removed. The database's id is given with the
 * first position, and not here: an embedded database begins as a copy of one that was made by the build.
 */
const head = sql`
  create table published_head (
    only_one boolean primary key default true check (only_one),
    database_id uuid,
    last bigint not null default 0,
    floor bigint not null default 0 check (floor <= last)
  )`
const first = sql`insert into published_head default values`

/**
 * One insert for all events of a statement, and nothing but a look where there is nothing to publish, as for
 * most answers. `evidence` is not read: it may hold what `json` stores and no operator can read.
 *
 * An answer without a decision is the notice of a refund. A review is open from its state, or from an
 * answer that reopened it, until it is dismissed or has another state.
 *
 * Plan: each row finds its order by its key. Without sequential scans, because a session keeps the plan
 * that it made while the tables were small.
 */
function publishIn(schema: string): string {
  const order = `'order_no', split_part(w.order_no, ':', 1), 'user_id', o.user_id,
      'amount', o.amount, 'currency', o.currency`
  const why = `'reason_code', w.reason_code, 'reason', w.reason`
  const time = (column: string) =>
    `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
  const fen = (name: string) =>
    `case when w.reason_params->>'${name}' ~ '^[0-9]{1,16}$'
      then (w.reason_params->>'${name}')::bigint end`
  const isRefund = `(w.kind = 'answered' and w.decision is null and w.state_seq is null)`
  const isReopened = `(w.kind = 'answered' and w.decision = 'review' and w.state_seq is null)`
  const isRefundSeen = `(w.reason_code = 'refund_started_after_credit')`
  return `
    create function budan_publish_order_events() returns trigger language plpgsql
    set search_path to '' set enable_seqscan to off as $$
    begin
      if not exists (
        select from written w
        where w.to_status in ('paid', 'expired', 'review') or w.kind = 'dismissed'
          or ${isRefund} or ${isReopened} or ${isRefundSeen}
      ) then
        return null;
      end if;
      insert into ${schema}.published_events_new (type, at, order_no, gateway, mchid, data)
      select told.type, w.at, w.order_no, o.gateway, o.mchid, told.data
      from written w, lateral (
        select * from ${schema}.orders where orders.order_no = w.order_no limit 1
      ) as o, lateral (
        select 'order.paid' as type, json_build_object(
          ${order}, 'transaction_id', o.transaction_id, 'paid_at', ${time('o.paid_at')},
          'credited_at', ${time('o.credited_at')}, 'credited_by', o.credited_by
        ) as data
        where w.to_status = 'paid'
        union all
        select 'order.expired', json_build_object(${order}, ${why})
        where w.to_status = 'expired'
        union all
        select 'order.review_opened', json_build_object(${order}, ${why})
        where w.to_status = 'review' or ${isReopened}
        union all
        select 'order.review_closed', json_build_object(
          ${order}, 'outcome',
          case w.to_status when 'paid' then 'credited' when 'expired' then 'expired' else 'dismissed' end,
          'closed_by', w.operator, 'reason', w.reason
        )
        where w.kind = 'dismissed' or (
          w.to_status in ('paid', 'expired') and w.operator is not null and w.state_seq > 2
          and exists (
            select from ${schema}.order_events e
            where e.order_no = w.order_no and e.state_seq = w.state_seq - 1 and e.to_status = 'review'
          )
          and (
            select e.kind from ${schema}.order_events e
            where e.order_no = w.order_no and e.id < w.id and (
              e.to_status = 'review' or e.kind = 'dismissed'
              or (e.kind = 'answered' and e.decision = 'review' and e.state_seq is null)
            )
            order by e.id desc limit 1
          ) <> 'dismissed'
        )
        union all
        select 'order.refunded', json_build_object(
          ${order}, 'status', o.status,
          'transaction_id', coalesce(w.reason_params->>'otherTransactionId', o.transaction_id),
          'refund_state', w.reason_params->>'state',
          'refunded', ${fen('refunded')}, 'paid', ${fen('total')}
        )
        where ${isRefund} or (${isRefundSeen} and not exists (
          select from ${schema}.order_events e
          where e.order_no = w.order_no and e.id < w.id and (
            e.reason_code = 'refund_started_after_credit'
            or (e.kind = 'answered' and e.decision is null and e.state_seq is null)
          )
        ))
      ) as told;
      return null;
    end $$`
}

const publishes = sql`
  create trigger order_events_publish after insert on order_events
  referencing new table as written for each statement
  execute function budan_publish_order_events()`
