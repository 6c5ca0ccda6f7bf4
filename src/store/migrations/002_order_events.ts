import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await statement.execute(db)
}

/**
 * `evidence` is json, not jsonb: it is stored as it was seen, and json takes what a hostile peer
 * may send (\u0000, lone surrogates) where jsonb would refuse the event and with it the answer.
 * `run_id` has no foreign key: runs may be pruned, events never are.
 */
const events = sql`
  create table order_events (
    order_no text collate "C" not null references orders (order_no),
    id bigint generated always as identity,
    at timestamptz(3) not null,
    kind text not null,
    source text not null,
    to_status text,
    state_seq integer,
    trade_state text,
    decision text,
    reason text,
    alarm boolean not null,
    evidence json,
    run_id bigint,
    node text,
    primary key (order_no, id),
    -- I6: one event for each state. Its columns are what the order's foreign key points at.
    constraint order_events_state unique (order_no, state_seq, to_status),
    constraint order_events_state_whole check (
      (state_seq is null) = (to_status is null) and (state_seq = 1) = (to_status = 'pending')
    )
  ) with (autovacuum_vacuum_insert_scale_factor = 0.05)`

/**
 * I6: an order's state has its event. Checked at the end of the statement, so the two are written
 * by one statement; deferrable for whoever restores a dump table by table.
 */
const explained = sql`
  alter table orders add constraint orders_state_explained
  foreign key (order_no, state_seq, status)
  references order_events (order_no, state_seq, to_status)
  deferrable initially immediate`

/** I6, the other way round: no event tells of a state that its order does not have at that moment. */
const telling = sql`
  create function budan_check_state_event() returns trigger language plpgsql as $$
  begin
    if not exists (
      select from orders o
      where o.order_no = new.order_no and o.state_seq = new.state_seq and o.status = new.to_status
    ) then
      raise exception 'I6: event tells of a state that order % does not have', new.order_no
        using errcode = 'integrity_constraint_violation';
    end if;
    return null;
  end $$`

const told = sql`
  create constraint trigger order_events_tell_the_state after insert on order_events
  deferrable initially immediate for each row
  when (new.state_seq is not null)
  execute function budan_check_state_event()`

/** I4. For each statement, so that it costs nothing and also refuses what would match no row. */
const kept = sql`
  create trigger order_events_keep before update or delete or truncate on order_events
  for each statement
  execute function budan_refuse('I4: order events are never changed or removed')`

const statements = [events, explained, telling, told, kept]
