import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await statement.execute(db)
}

/** One row: how far pruning has walked along `orders_by_time`, and when the tables were tidied. */
const retention = sql`
  create table retention (
    only_row boolean primary key default true check (only_row),
    walked_to_at timestamptz(3) not null default '-infinity',
    walked_to_no text collate "C" not null default '',
    vacuumed_at timestamptz(3)
  )`

const begun = sql`insert into retention default values`

/** Orders that the walk passed by while there was still something to come: they are looked at again. */
const passed = sql`
  create table retention_passed (
    order_no text collate "C" primary key references orders (order_no),
    look_at timestamptz(3) not null
  )`

const passedByTime = sql`create index retention_passed_due on retention_passed (look_at, order_no)`

const drop = sql`drop trigger order_events_keep on order_events`

const unchanged = sql`
  create trigger order_events_keep before update or truncate on order_events
  for each statement
  execute function budan_refuse('I4: order events are never changed')`

/** For each statement, so that it also refuses what would match no row. */
const unremoved = sql`
  create trigger order_events_keep_all before delete on order_events
  for each statement
  when (current_setting('budan.pruning', true) is distinct from 'on')
  execute function budan_refuse('I4: order events are never removed')`

/**
 * I4, I6: whatever the one who prunes believes, the timeline's changes of state, its alarms, and all
 * that is neither an answer nor a closing stay. Seven days by the server's own clock is the least
 * that can be configured.
 */
const lasting = sql`
  create trigger order_events_keep_lasting before delete on order_events
  for each row
  when (
    old.state_seq is not null or old.alarm
    or old.kind not in ('answered', 'closing')
    or old.source not in ('compensation', 'check', 'callback')
    or old.decision not in ('wait', 'close', 'keep')
    or old.at > statement_timestamp() - interval '7 days'
  )
  execute function budan_refuse('I4: this order event is never removed')`

const checkEnded = sql`
  create function budan_check_ended() returns trigger language plpgsql as $$
  begin
    if not exists (
      select from orders o where o.order_no = old.order_no and o.status in ('paid', 'expired')
    ) then
      raise exception 'I4: order % has not ended, its events stay', old.order_no
        using errcode = 'integrity_constraint_violation';
    end if;
    return old;
  end $$`

const open = sql`
  create trigger order_events_keep_open before delete on order_events
  for each row execute function budan_check_ended()`

const statements = [
  retention,
  begun,
  passed,
  passedByTime,
  drop,
  unchanged,
  unremoved,
  lasting,
  checkEnded,
  open,
]
