import { type Kysely, sql } from 'kysely'

/** Deliveries of events to endpoints of shops (decision 055). */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await statement.execute(db)
}

/** Endpoints that were ever configured, and how they are, as all nodes know it. */
const endpoints = sql`
  create table webhook_endpoints (
    name text collate "C" primary key,
    failures integer not null default 0,
    failing_since timestamptz(3),
    failed_at timestamptz(3),
    held_until timestamptz(3),
    last_at timestamptz(3),
    last_status integer,
    last_error text,
    check ((failures = 0) = (failing_since is null))
  )`

/**
 * What each endpoint wants, as each of the nodes' files says it: of nodes with different files, an
 * endpoint gets what any of them wants. `types`: with commas; empty: all.
 */
const subscriptions = sql`
  create table webhook_subscriptions (
    endpoint text collate "C" references webhook_endpoints,
    types text collate "C",
    configured_at timestamptz(3) not null,
    primary key (endpoint, types)
  )`

/** When a node last said what it has configured. */
const configured = sql`
  create table webhooks_configured (
    only_one boolean primary key default true check (only_one),
    at timestamptz(3)
  )`
const first = sql`insert into webhooks_configured default values`

/** `attempts` is never put back: a result is written only for the attempt that was claimed last. */
const deliveries = sql`
  create table webhook_deliveries (
    id bigint generated always as identity primary key,
    endpoint text collate "C" not null references webhook_endpoints,
    position bigint not null references published_events on delete cascade,
    order_no text collate "C",
    state text not null default 'pending' check (state in ('pending', 'delivered', 'failed')),
    attempts integer not null default 0,
    attempts_before integer not null default 0 check (attempts_before <= attempts),
    due_since timestamptz(3) not null,
    next_at timestamptz(3) not null,
    claimed_until timestamptz(3),
    created_at timestamptz(3) not null,
    finished_at timestamptz(3),
    last_status integer,
    last_error text,
    unique (position, endpoint),
    check ((state = 'pending') = (finished_at is null))
  )`

const pending = sql`
  create index deliveries_pending on webhook_deliveries (endpoint, next_at) where state = 'pending'`
const failed = sql`
  create index deliveries_failed on webhook_deliveries (endpoint, id) where state = 'failed'`
const byEndpoint = sql`create index deliveries_by_endpoint on webhook_deliveries (endpoint, id)`
const byOrder = sql`
  create index deliveries_by_order on webhook_deliveries (order_no, id) where order_no is not null`

/** `answer`: the beginning of its body. */
const attempts = sql`
  create table webhook_attempts (
    delivery_id bigint references webhook_deliveries on delete cascade,
    attempt integer,
    at timestamptz(3) not null,
    duration_ms integer not null,
    outcome text not null,
    status integer,
    error text,
    answer text,
    primary key (delivery_id, attempt)
  )`

/** For replays of a span. The table is new, so this takes no time. */
const eventsByTime = sql`create index events_by_time on published_events (at, position)`

const statements = [
  ...[endpoints, subscriptions, configured, first],
  ...[deliveries, pending, failed, byEndpoint, byOrder, attempts, eventsByTime],
]
