import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await statement.execute(db)
}

/** Counts are of outcomes; success, failed and skipped are derived from them when a row is read. */
const runs = sql`
  create table runs (
    id bigint generated always as identity primary key,
    trigger text not null,
    -- One run for each interval, over all nodes.
    slot timestamptz(3) unique,
    node text not null,
    dry_run boolean not null,
    status text not null check (status in ('running', 'finished', 'stopped', 'failed')),
    started_at timestamptz(3) not null,
    finished_at timestamptz(3),
    duration_ms bigint,
    credited integer not null default 0,
    waiting integer not null default 0,
    expired integer not null default 0,
    review integer not null default 0,
    kept integer not null default 0,
    unknown integer not null default 0,
    error integer not null default 0,
    check (status <> 'running' or finished_at is null),
    check (status not in ('finished', 'failed') or finished_at is not null)
  )`

const running = sql`create index runs_running on runs (started_at) where status = 'running'`

const finished = sql`
  create index runs_finished on runs (finished_at) where status = 'finished' and not dry_run`

const results = sql`
  create table run_results (
    run_id bigint not null references runs (id) on delete cascade,
    position integer not null,
    order_no text not null,
    trade_state text,
    outcome text not null,
    reason text not null,
    duration_ms double precision not null,
    primary key (run_id, position)
  )`

const statements = [runs, running, finished, results]
