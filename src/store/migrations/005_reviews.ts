import { type Kysely, sql } from 'kysely'

/**
 * A person's word on orders in review. An older budan goes on beside this schema: it moves no order
 * out of review, and what it writes leaves the new columns null.
 *
 * Nothing here rewrites or reads a table, so that no lock is held for longer than a catalog change
 * takes. New checks are `not valid` for that reason: all writes from now on are held to them, and
 * rows of before have null in what they are about.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await statement.execute(db)
}

/** Only while in review: whatever ends the review ends the dismissal. */
const dismissed = sql`
  alter table orders
    add column dismissed_at timestamptz(3),
    -- The payment that was known then; null: none. Another one brings the order back.
    add column dismissed_payment text,
    add constraint orders_dismissed_in_review check (
      (dismissed_at is null or status = 'review')
      and (dismissed_payment is null or dismissed_at is not null)
    ) not valid`

/** Whoever resolves an order gives a name and a reason. */
const operator = sql`
  alter table order_events
    add column operator text,
    add constraint order_events_operator_named check (
      (operator is not null) = (source = 'operator')
      and coalesce(char_length(operator), 1) between 1 and 64
      and (kind not in ('resolved', 'dismissed')
        or (operator is not null and coalesce(char_length(reason), 0) > 0))
    ) not valid`

/** I6, I4: the moves of 001, and those that end a review. */
const dropMoves = sql`drop trigger orders_move on orders`
const moves = sql`
  create trigger orders_move before update of status, state_seq on orders for each row
  when (
    (new.status, new.state_seq) is distinct from (old.status, old.state_seq)
    and not (
      new.state_seq = old.state_seq + 1 and (
        (old.status = 'pending' and new.status in ('paid', 'expired', 'review'))
        or (old.status = 'expired' and new.status in ('paid', 'review'))
        or (old.status = 'review' and new.status in ('paid', 'expired'))
      )
    )
  )
  execute function budan_refuse('I6: no such change of state')`

/**
 * I6, as in 002; and an order leaves review by an operator's word only. Review is never the first
 * state, so the second look is spared to nearly every credit.
 */
const telling = sql`
  create or replace function budan_check_state_event() returns trigger language plpgsql as $$
  begin
    if not exists (
      select from orders o
      where o.order_no = new.order_no and o.state_seq = new.state_seq and o.status = new.to_status
    ) then
      raise exception 'I6: event tells of a state that order % does not have', new.order_no
        using errcode = 'integrity_constraint_violation';
    end if;
    if new.state_seq > 2 and new.operator is null and exists (
      select from order_events e
      where e.order_no = new.order_no and e.state_seq = new.state_seq - 1
        and e.to_status = 'review'
    ) then
      raise exception 'I6: order % leaves review by an operator only', new.order_no
        using errcode = 'integrity_constraint_violation';
    end if;
    return null;
  end $$`

/** I6 for what is no state to the world: a dismissal has its event, with name and reason. */
const dismissal = sql`
  create function budan_check_dismissal() returns trigger language plpgsql as $$
  begin
    if not exists (
      select from order_events e
      where e.order_no = new.order_no and e.kind = 'dismissed' and e.at = new.dismissed_at
    ) then
      raise exception 'I6: order % is dismissed without an event', new.order_no
        using errcode = 'integrity_constraint_violation';
    end if;
    return null;
  end $$`

const dismissals = sql`
  create constraint trigger orders_tell_dismissal after update of dismissed_at on orders
  deferrable initially immediate for each row
  when (new.dismissed_at is not null and new.dismissed_at is distinct from old.dismissed_at)
  execute function budan_check_dismissal()`

const statements = [dismissed, operator, dropMoves, moves, telling, dismissal, dismissals]
