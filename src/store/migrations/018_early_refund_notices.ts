import { type Kysely, sql } from 'kysely'

/**
 * Notices of refunds that came before their order (decision 056). Its name is before that of the breaking
 * step: a database in use waits for that one, and needs this table at once.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [notices, ofNumbers, ofPayments]) await statement.execute(db)
}

/** `notice`: what an entry of a timeline is made of. Rows go when their order takes them, or grow old. */
const notices = sql`
  create table early_refund_notices (
    id bigint generated always as identity primary key,
    gateway text not null,
    mchid text not null,
    order_number text collate "C",
    transaction_id text collate "C",
    refund_key text collate "C" not null,
    notice json not null,
    node text,
    received_at timestamptz(3) not null,
    constraint early_refund_notices_named check (num_nonnulls(order_number, transaction_id) > 0)
  )`

/** One for each refund in each of its states, however often it is sent. */
const ofNumbers = sql`
  create unique index early_refund_notices_of_numbers
  on early_refund_notices (order_number, mchid, gateway, refund_key)
  where order_number is not null`

/** Those that name a payment alone. */
const ofPayments = sql`
  create unique index early_refund_notices_of_payments
  on early_refund_notices (transaction_id, mchid, gateway, refund_key)
  where order_number is null`
