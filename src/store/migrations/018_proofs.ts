import { type Kysely, sql } from 'kysely'

/** See `src/proof`. Nodes of before write no proofs: what they write is sealed when all have ended. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await statement.execute(db)
}

/** Those of a corrected order from before its corrections are kept. */
const orders = sql`alter table orders add column seal text, add column former_seals text[]`

const events = sql`alter table order_events add column seal text`

/**
 * Inline up to a page: evidence is encrypted, so it cannot be compressed, and a table beside it would cost
 * a second write. `evidence` is null where the gateway signs nothing, or for a credit of before.
 */
const proofs = sql`
  create table proofs (
    order_no text collate "C" primary key,
    key_id text not null,
    evidence bytea,
    sequence integer not null,
    place bigint not null,
    day text not null,
    seal text not null
  ) with (toast_tuple_target = 8160)`

const inline = sql`alter table proofs alter column evidence set storage main`

const keep = sql`
  create trigger proofs_keep before update or delete or truncate on proofs
  for each statement
  execute function budan_refuse('I4: proofs are never changed or removed')`

/** Each is written by one transaction at a time, so that no credit waits for the count of another's. */
const sequences = sql`
  create table proof_sequences (
    sequence integer primary key,
    credits bigint not null,
    seal text not null
  )`

const days = sql`
  create table proof_days (
    sequence integer not null,
    day text not null,
    gateway text not null,
    mchid text not null,
    credits bigint not null,
    amount numeric not null,
    sum numeric not null,
    seal text not null,
    primary key (sequence, day, gateway, mchid)
  )`

const head = sql`
  create table proof_head (
    only_one boolean primary key check (only_one),
    sequences integer not null,
    broken integer not null,
    events_to bigint,
    former text,
    seal text not null
  )`

const statements = [orders, events, proofs, inline, keep, sequences, days, head]
