import { type RawBuilder, sql } from 'kysely'
import { type Connection, firstOf, type Scope } from '../../database.ts'
import type { Prune, Pruned } from '../../store.ts'

const nothing: Pruned = { runs: 0, events: 0, more: false }

/**
 * Prunes one portion; two nodes that meet do the work of one. Runs go from the oldest on. Events go
 * with their orders: a mark walks along `orders_by_time` and stays `lagDays` behind the age that
 * events have to have, so that it meets nearly every order after its last event has come of age.
 * The few that it passes too early are noted, and looked at again.
 *
 * An event that comes to an ended order after that (a callback repeated weeks later) stays.
 */
export async function prune(scope: Scope, request: Prune): Promise<Pruned> {
  return scope.db.transaction().execute(async (db) => {
    if (!(await takeMark(db))) return nothing
    const portion = portionOf(scope, request)
    const walked = await firstOf(db, walkStatement(portion))
    const passed = await firstOf(db, passedStatement(portion))
    const runs = (await firstOf(db, runsStatement(portion)))?.count ?? 0
    return {
      runs,
      events: (walked?.events ?? 0) + (passed?.events ?? 0),
      more: [walked?.orders, passed?.orders, runs].includes(request.limit),
    }
  })
}

interface Portion {
  readonly now: RawBuilder<unknown>
  /** What happened before this may go. */
  readonly before: RawBuilder<unknown>
  readonly limit: number
}

/** Never younger than what the schema refuses, whichever clock the embedder has. */
export function portionOf({ now }: Pick<Scope, 'now'>, { olderThanMs, limit }: Prune): Portion {
  const before = sql`least(
    ${now()} - ${olderThanMs}::float8 * interval '1 millisecond',
    statement_timestamp() - interval '7 days'
  )`
  return { now: now(), before, limit }
}

/** And marks this transaction, for the triggers, as one that prunes. */
async function takeMark(db: Connection): Promise<boolean> {
  const taken = await firstOf(
    db,
    sql`select set_config('budan.pruning', 'on', true) from retention
      for no key update skip locked`,
  )
  return taken !== null
}

/** An order lives two hours unless configured otherwise, and its last answers follow within hours. */
const lagDays = 1

interface Counted {
  readonly orders: number
  readonly events: number
}

/** Plan: `orders_by_time` from the mark on, stopping at the limit. */
export function walkStatement(portion: Portion): RawBuilder<Counted> {
  const { before, limit } = portion
  return eventsStatement(portion, {
    orders: sql`
      select order_no, status, state_seq, created_at from orders
      where (created_at, order_no) >
          ((select walked_to_at from retention), (select walked_to_no from retention))
        and created_at < ${before} - ${sql.lit(lagDays)} * interval '1 day'
      order by created_at, order_no limit ${sql.lit(limit)}`,
    noted: sql`
      update retention set (walked_to_at, walked_to_no) =
        (select created_at, order_no from found order by created_at desc, order_no desc limit 1)
      where exists (select from found)`,
  })
}

/** Plan: `retention_passed_due` from its start, then each order by its key. */
export function passedStatement(portion: Portion): RawBuilder<Counted> {
  const { now, limit } = portion
  return eventsStatement(portion, {
    orders: sql`
      select o.order_no, o.status, o.state_seq from (
        select order_no from retention_passed where look_at <= ${now}
        order by look_at, order_no limit ${sql.lit(limit)}
      ) as passed, lateral (
        select * from orders where orders.order_no = passed.order_no limit 1
      ) as o`,
    noted: sql`
      delete from retention_passed p using found
      where p.order_no = found.order_no and not exists (
        select from unripe where unripe.order_no = p.order_no
      )`,
  })
}

/** Who is passed by is looked at again after this long: nothing is in a hurry here. */
const lookAgainDays = 1

/** Plan: for each order its events by their key (order_no, id); never the table as a whole. */
function eventsStatement(
  { now, before }: Portion,
  found: { readonly orders: RawBuilder<unknown>; readonly noted: RawBuilder<unknown> },
): RawBuilder<Counted> {
  return sql<Counted>`
      with found as materialized (${found.orders}),
      removable as materialized (
        select e.order_no, e.id, e.at < ${before} as ripe from found, lateral (
          select * from order_events e where e.order_no = found.order_no and ${passing}
        ) as e
        where found.status in ('paid', 'expired')
      ),
      unripe as materialized (
        select order_no from found where status not in ('paid', 'expired')
        union select order_no from removable where not ripe
      ),
      removed as (
        delete from order_events e using removable r
        where e.order_no = r.order_no and e.id = r.id and r.ripe
        returning e.id
      ),
      noted as (${found.noted}),
      passed as (
        insert into retention_passed (order_no, look_at)
        select order_no, ${now} + ${sql.lit(lookAgainDays)} * interval '1 day' from unripe
        on conflict (order_no) do update set look_at = excluded.look_at
      )
      select (select count(*)::integer from found) as orders,
        (select count(*)::integer from removed) as events`
}

/**
 * Answers and closings that changed nothing. What was said of an order that had ended stays where it
 * is another word than the one that ended it: a refund is about money.
 */
const passing = sql`
  e.state_seq is null and not e.alarm and e.source in ('compensation', 'check', 'callback')
  and (
    e.kind = 'closing'
    or (e.kind = 'answered' and e.decision in ('wait', 'close'))
    or (e.kind = 'answered' and e.decision = 'keep' and (
      e.trade_state is null or e.trade_state = (
        select ending.trade_state from order_events ending
        where ending.order_no = e.order_no and ending.state_seq = found.state_seq
          and ending.id < e.id
      )
    ))
  )`

/**
 * Rows of `run_results` in one statement, about: a run of the version before may have thousands of them,
 * which go with it.
 */
const resultsMax = 5_000

/**
 * The oldest only, by their key, so that nothing is searched. The newest run that finished stays,
 * because readiness reads when that was.
 */
export function runsStatement({ before, limit }: Portion): RawBuilder<{ readonly count: number }> {
  return sql`
      with oldest as (
        select id, started_at, status,
          sum(case when results is null
            then credited + waiting + expired + review + kept + unknown + error else 0 end)
            over (order by id rows unbounded preceding exclude current row) as results_before
        from (select * from runs order by id limit ${sql.lit(limit)}) as leftmost
      ),
      newest as (
        select id from runs where status = 'finished' and not dry_run
        order by id desc limit 1
      ),
      removed as (
        delete from runs using oldest
        where runs.id = oldest.id and oldest.status <> 'running' and oldest.started_at < ${before}
          and coalesce(oldest.results_before, 0) < ${sql.lit(resultsMax)}
          and runs.id not in (select id from newest)
        returning runs.id
      )
      select count(*)::integer as count from removed`
}
