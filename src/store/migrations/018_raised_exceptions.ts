import { type Kysely, sql } from 'kysely'
import { schemaOfOrders } from './schema-of-orders.ts'

/**
 * Where money and books differ. What puts an order into review, and what ends the review, is seen by
 * triggers: nodes of the version before open and close reviews beside this one.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  const schema = await schemaOfOrders(db)
  for (const statement of statementsIn(schema)) await sql.raw(statement).execute(db)
}

/**
 * `order_no` is the order's key, null where no order has the number. `about` is what makes the exception
 * one: the number of a payment or refund, or the event that opened the review.
 */
const exceptions = `
  create table payment_exceptions (
    id bigint generated always as identity primary key,
    kind text not null,
    gateway text not null,
    mchid text not null,
    order_number text collate "C" not null,
    order_no text collate "C" references orders (order_no) deferrable initially immediate,
    about text collate "C" not null,
    transaction_id text collate "C",
    refund_id text collate "C",
    amount_at_stake bigint not null check (amount_at_stake between 0 and 9007199254740991),
    currency text not null,
    opened_at timestamptz(3) not null,
    reason text not null,
    reason_code text,
    reason_params json,
    closed_at timestamptz(3),
    closed_by text,
    closed_address text,
    closed_reason text,
    closed_reason_code text,
    closed_reason_params json,
    constraint exceptions_once unique (order_number, mchid, gateway, kind, about),
    constraint exceptions_closed_whole check (
      num_nonnulls(closed_at, closed_by, closed_reason) in (0, 3)
      and (closed_at is not null or num_nonnulls(closed_address, closed_reason_code) = 0)
      and coalesce(char_length(closed_reason), 1) > 0
    )
  )`

/** For their counts and sums at each scrape. */
const open = `
  create index exceptions_open on payment_exceptions (kind) include (currency, amount_at_stake)
  where closed_at is null`

const ofReviews = `
  create index exceptions_open_reviews on payment_exceptions (order_no)
  where closed_at is null and kind = 'review'`

/** The number of a refund may become known later; a closing is the last word. */
const facts = `
  create trigger exceptions_keep before update on payment_exceptions for each row
  when (
    (new.id, new.kind, new.gateway, new.mchid, new.order_number, new.order_no, new.about,
     new.transaction_id, new.amount_at_stake, new.currency, new.opened_at, new.reason)
    is distinct from
    (old.id, old.kind, old.gateway, old.mchid, old.order_number, old.order_no, old.about,
     old.transaction_id, old.amount_at_stake, old.currency, old.opened_at, old.reason)
    or (old.refund_id is not null and new.refund_id is distinct from old.refund_id)
    or (old.closed_at is not null and
      (new.closed_at, new.closed_by, new.closed_address, new.closed_reason) is distinct from
      (old.closed_at, old.closed_by, old.closed_address, old.closed_reason))
  )
  execute function budan_refuse('I4: an exception never changes, and is closed once')`

const kept = `
  create trigger exceptions_stay before delete or truncate on payment_exceptions
  for each statement
  execute function budan_refuse('I4: exceptions are never removed')`

/**
 * The amount at stake is what was paid, where the amount is what differs; else what was ordered. Evidence
 * and parameters may hold what this database cannot read: that must not stop the order from going to
 * review.
 */
function raisingReview(schema: string, entered: string): string {
  return `
      select o.amount, o.currency, o.gateway, o.mchid into placed
      from ${schema}.orders o where o.order_no = ${entered}.order_no;
      begin
        payment := substring(
          ${entered}.evidence #>> '{trade,transaction_id}' from '^[A-Za-z0-9_-]{1,64}$');
        if ${entered}.reason_code = 'not_as_ordered'
          and ${entered}.reason_params #>> '{difference,fact}' = 'amount'
        then
          stake := (${entered}.reason_params #>> '{difference,theirs}')::bigint;
          paid_in := ${entered}.reason_params #>> '{difference,currency}';
        end if;
      exception when others then
        stake := null;
      end;
      if stake is null or stake not between 0 and 9007199254740991 then
        stake := placed.amount;
        paid_in := null;
      end if;
      insert into ${schema}.payment_exceptions (kind, gateway, mchid, order_number, order_no, about,
        transaction_id, amount_at_stake, currency, opened_at, reason, reason_code, reason_params)
      values ('review', placed.gateway, placed.mchid, split_part(${entered}.order_no, ':', 1),
        ${entered}.order_no, ${entered}.id::text, payment, stake,
        coalesce(paid_in, placed.currency), ${entered}.at, coalesce(${entered}.reason, 'in review'),
        ${entered}.reason_code, ${entered}.reason_params)
      on conflict do nothing;`
}

const variables = `
    declare
      placed record;
      payment text;
      stake bigint;
      paid_in text;`

function openReview(schema: string): string {
  return `
    create function budan_open_review() returns trigger language plpgsql
    set search_path to '' as $$ ${variables}
    begin ${raisingReview(schema, 'new')}
      return null;
    end $$`
}

/** The order went to review, or came back to the queue. */
const opening = `
  create trigger order_events_open_review after insert on order_events for each row
  when (new.to_status = 'review' or (new.decision = 'review' and new.state_seq is null))
  execute function budan_open_review()`

function closeReview(schema: string): string {
  return `
    create function budan_close_review() returns trigger language plpgsql
    set search_path to '' set enable_seqscan to off as $$
    begin
      update ${schema}.payment_exceptions set closed_at = new.at, closed_by = new.operator,
        closed_address = new.actor_address, closed_reason = coalesce(nullif(new.reason, ''), new.kind)
      where order_no = new.order_no and kind = 'review' and closed_at is null;
      return null;
    end $$`
}

/** Only an operator ends a review (I6), and whoever does is named in the event. */
const closing = `
  create trigger order_events_close_review after insert on order_events for each row
  when (new.operator is not null
    and (new.kind = 'dismissed' or new.to_status in ('paid', 'expired')))
  execute function budan_close_review()`

/** `exception.opened` and `exception.closed`, in the transaction that opens or closes it, see 018_published_events. */
function publish(schema: string): string {
  const time = (column: string) =>
    `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
  const facts = `'exception_id', new.id::text, 'kind', new.kind, 'order_no', new.order_number,
          'transaction_id', new.transaction_id, 'refund_id', new.refund_id,
          'amount_at_stake', new.amount_at_stake, 'currency', new.currency,
          'opened_at', ${time('new.opened_at')}, 'reason_code', new.reason_code, 'reason', new.reason`
  return `
    create function budan_publish_exception() returns trigger language plpgsql
    set search_path to '' as $$
    begin
      insert into ${schema}.published_events_new (type, at, order_no, gateway, mchid, data)
      values (
        case when new.closed_at is null then 'exception.opened' else 'exception.closed' end,
        coalesce(new.closed_at, new.opened_at), new.order_no, new.gateway, new.mchid,
        case when new.closed_at is null then json_build_object(${facts})
        else json_build_object(${facts}, 'closed_at', ${time('new.closed_at')},
          'closed_by', new.closed_by, 'closed_reason', new.closed_reason) end
      );
      return null;
    end $$`
}

const publishesOpened = `
  create trigger exceptions_publish_opened after insert on payment_exceptions for each row
  execute function budan_publish_exception()`

const publishesClosed = `
  create trigger exceptions_publish_closed after update of closed_at on payment_exceptions for each row
  when (old.closed_at is null and new.closed_at is not null)
  execute function budan_publish_exception()`

/**
 * The triggers are there before this, and hold back who writes events until the commit: no review is
 * missed. In the order in which they were entered.
 */
function reviewsOpenBefore(schema: string): string {
  return `
    do $$ ${variables}
      entered ${schema}.order_events;
    begin
      for entered in
        select e.* from ${schema}.orders o, lateral (
          select * from ${schema}.order_events of_order
          where of_order.order_no = o.order_no and (of_order.to_status = 'review'
            or (of_order.decision = 'review' and of_order.state_seq is null))
          order by of_order.id desc limit 1
        ) as e
        where o.status = 'review' and o.dismissed_at is null
        order by e.id
      loop ${raisingReview(schema, 'entered')}
        payment := null;
        stake := null;
        paid_in := null;
      end loop;
    end $$`
}

function statementsIn(schema: string): readonly string[] {
  return [
    ...[exceptions, open, ofReviews, facts, kept],
    ...[openReview(schema), opening, closeReview(schema), closing],
    ...[publish(schema), publishesOpened, publishesClosed],
    reviewsOpenBefore(schema),
  ]
}
