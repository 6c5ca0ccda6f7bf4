import { type RawBuilder, sql } from 'kysely'
import type { Connection } from '../../src/store/database.ts'

/**
 * Statements exactly as the version before sends them (811cde6), for tests of both versions on one database.
 * It has no standings, no orders without a known end, and no record of who caused an event.
 */
export async function placeAsBefore(
  db: Connection,
  order: {
    readonly orderNo: string
    readonly userId?: string
    readonly adopted?: boolean
    readonly createdAt?: Date
    readonly appid?: string
  },
): Promise<void> {
  const { orderNo, userId = 'u1', adopted = false, createdAt = new Date() } = order
  const appid = order.appid ?? 'wx0000000000000001'
  await sql`
    with added as (
      insert into orders (
        order_no, user_id, amount, currency, description, attach, gateway, mchid, appid, adopted,
        idempotency_key, status, state_seq, created_at, next_check_at, expires_at
      )
      select ${orderNo}::text, ${userId}::text, 1234::bigint, 'CNY'::text, 'credit'::text, null::text,
        'wechatpay'::text, '1900000001'::text, ${appid}::text, ${adopted}::boolean, null::text,
        'pending', 1, created.at, created.at, created.at + interval '2 hours'
      from (select ${createdAt}::timestamptz(3) as at) as created
      on conflict do nothing
      returning *
    )
    insert into order_events (
      order_no, at, kind, source, to_status, state_seq, trade_state, decision, reason, alarm,
      evidence, run_id, node, operator
    )
    select ${orderNo}::text, statement_timestamp(), ${adopted ? 'adopted' : 'created'}::text, 'api'::text, 'pending'::text,
      added.state_seq, null::text, null::text, null::text, false::boolean, null::json,
      null::bigint, 'before'::text, null::text
    from added`.execute(db)
}

/** What a run of the version before claims, and which of those it would close: past their end. */
export function claimAsBefore(): RawBuilder<{
  readonly order_no: string
  readonly past_end: boolean
}> {
  return sql`
    with due as materialized (
      select order_no, next_check_at as due_at, false as strayed from orders
      where status = 'pending' and next_check_at <= statement_timestamp()
        and gateway = 'wechatpay' and mchid = '1900000001' and appid = 'wx0000000000000001'
        and created_at < statement_timestamp() - interval '5 minutes'
      order by next_check_at, created_at, order_no limit 50
      for no key update skip locked
    )
    update orders set next_check_at = statement_timestamp() + interval '1 minute'
    from due where orders.order_no = due.order_no
    returning orders.order_no, orders.expires_at <= statement_timestamp() as past_end`
}

/** The end of a run and its results as the version before sends them, one row for each result. */
export async function recordRunAsBefore(
  db: Connection,
  { orderNos }: { readonly orderNos: readonly string[] },
): Promise<void> {
  const results = orderNos.map((order_no, position) => ({ position, order_no }))
  await sql`
    with finished as (
      insert into runs (trigger, node, dry_run, status, started_at, finished_at, duration_ms, waiting)
      values ('manual', 'before', false, 'finished', statement_timestamp(), statement_timestamp(), 0,
        ${orderNos.length})
      returning *
    )
    insert into run_results (run_id, position, order_no, trade_state, outcome, reason, duration_ms)
    select finished.id, position, order_no, 'NOTPAY', 'waiting', 'not paid yet', 12.5
    from finished, json_to_recordset(${JSON.stringify(results)}::json) as result (
      position integer, order_no text
    )`.execute(db)
}

/** A run of the interval as the version before opens it: slots are of all merchants. Null: it is taken. */
export async function openRunAsBefore(
  db: Connection,
  { intervalMs = 1 }: { readonly intervalMs?: number } = {},
): Promise<string | null> {
  const { rows } = await sql<{ readonly id: bigint }>`
    insert into runs (trigger, slot, node, dry_run, status, started_at)
    values ('schedule', ${new Date(Math.floor(Date.now() / intervalMs) * intervalMs)}, 'before', false,
      'running', statement_timestamp())
    on conflict (slot) do nothing
    returning id`.execute(db)
  return rows[0] === undefined ? null : String(rows[0].id)
}
