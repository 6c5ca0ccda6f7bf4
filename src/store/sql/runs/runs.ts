import { type RawBuilder, sql } from 'kysely'
import { assert } from '../../../domain/assert.ts'
import type { FinishedRun, NewRun, OpenedMerchant, OpenedRun } from '../../../domain/runs/run.ts'
import {
  countResults,
  countsOf,
  type Run,
  type RunCounts,
  type RunResult,
} from '../../../domain/runs/run.ts'
import { firstOf, readValue, rowsOf, type Scope } from '../../database.ts'
import type { Page, PageRequest } from '../../store.ts'
import { anyDue } from '../claims/claim.ts'
import { withRepairedSchedules } from '../claims/clock-skew.ts'
import { lateCheckDue } from '../claims/late-checks.ts'
import { byId, pageOf, startOf } from '../cursor.ts'
import { givenMerchants } from '../merchant.ts'
import { formerResults, resultsJson, resultsOf } from './run-results.ts'

const runColumns = sql.raw(`
  id, trigger, slot, dry_run as "dryRun", status, started_at as "startedAt",
  finished_at as "finishedAt", duration_ms as "durationMs",
  credited, waiting, expired, review, kept, unknown, error`)

type RunRow = Omit<Run, 'id' | 'durationMs' | keyof RunCounts> &
  Run['outcomes'] & { readonly id: bigint; readonly durationMs: bigint | null }

function runOf({ id, durationMs, ...row }: RunRow): Run {
  const { trigger, slot, startedAt, finishedAt, dryRun, status } = row
  const { credited, waiting, expired, review, kept, unknown, error } = row
  return {
    ...{ id: String(id), trigger, slot, startedAt, finishedAt, dryRun, status },
    durationMs: durationMs === null ? null : Number(durationMs),
    ...countsOf({ credited, waiting, expired, review, kept, unknown, error }),
  }
}

/**
 * One run a slot and merchant: a merchant's row lets one node through, which moves its slot on. The run is
 * for the merchants whose slots it took; a node that took none gets the time of the next slot.
 */
export async function openRun(scope: Scope, run: NewRun): Promise<OpenedRun> {
  const { slot, nextSlotInMs } = await slotNow(scope, run.intervalMs)
  const slotted = { ...run, slot, mayTakeAgain: false }
  const row =
    (await insertRun(scope, slotted)) ??
    ((await freeSlotOfTheFuture(scope, slotted))
      ? await insertRun(scope, { ...slotted, mayTakeAgain: true })
      : null)
  if (row === null) return { kind: 'taken', nextSlotInMs }
  const { merchants, ...opened } = row
  return {
    ...{ kind: 'opened', run: runOf(opened), nextSlotInMs },
    merchants: merchants.flatMap(({ nth, ...found }) => {
      const merchant = run.merchants[nth - 1]
      return merchant === undefined ? [] : [{ merchant, ...found }]
    }),
  }
}

/** Slots are counted from 1970, so that every node cuts time at the same places. */
async function slotNow(
  { db, now }: Scope,
  intervalMs: number | null,
): Promise<{ slot: Date | null; nextSlotInMs: number }> {
  if (intervalMs === null) return { slot: null, nextSlotInMs: 0 }
  const read = await readValue(db, now())
  const slot = new Date(Math.floor(+read / intervalMs) * intervalMs)
  return { slot, nextSlotInMs: +slot + intervalMs - +read }
}

type SlottedRun = NewRun & { readonly slot: Date | null; readonly mayTakeAgain: boolean }

/**
 * `on conflict` names no index: until the breaking step of the schema, `runs.slot` is unique, and a node
 * of the version before may have the slot.
 * Plan: each merchant finds its row by its key, and what is due by the start of `late_checks_due`.
 */
function insertRun(scope: Scope, run: SlottedRun): Promise<OpenedRow | null> {
  const { db, now } = scope
  const { trigger, slot, node, dryRun, merchants } = run
  const isDue = merchants.length === 1 ? sql.lit(true) : anyDue(now(), run)
  const isLateCheckDue = dryRun ? sql.lit(false) : lateCheckDue(now(), sql`given`)
  return firstOf(
    db,
    sql<OpenedRow>`
      with given as materialized (${givenMerchants(merchants)}),
      taken as (${slot === null ? sql`select gateway, mchid from given` : takenSlots(scope, { ...run, slot })}),
      opened as (
        insert into runs (trigger, slot, node, dry_run, status, started_at)
        select ${trigger}, ${slot}::timestamptz(3), ${node}, ${dryRun}, 'running', ${now()}
        where exists (select from taken)
        on conflict do nothing
        returning *
      )
      select ${runColumns}, (
        select json_agg(json_build_object(
          'nth', nth, 'due', ${isDue}, 'lateCheckDue', ${isLateCheckDue}
        ) order by nth)
        from given join taken using (gateway, mchid)
      ) as merchants
      from opened`,
  )
}

type OpenedRow = RunRow & {
  readonly merchants: readonly (Omit<OpenedMerchant, 'merchant'> & { readonly nth: number })[]
}

/**
 * A slot that is farther ahead than a clock that is merely corrected leaves it is from before the clock
 * was set back. In the order of their keys, so that two nodes do not wait for each other.
 */
function takenSlots(
  { now }: Scope,
  { slot, intervalMs, mayTakeAgain }: SlottedRun & { readonly slot: Date },
): RawBuilder<unknown> {
  return sql`
    insert into merchant_slots as held (gateway, mchid, slot)
    select gateway, mchid, ${slot}::timestamptz(3) from given order by gateway, mchid
    on conflict (gateway, mchid) do update set slot = excluded.slot
    where held.slot < excluded.slot
      or held.slot > ${now()} + ${intervalMs}::float8 / 2 * interval '1 millisecond'
      or ${mayTakeAgain}::boolean
    returning gateway, mchid`
}

/**
 * A clock that is set back comes to its slots a second time, and finds them taken. A run that holds
 * a slot is from before that where it, or a run after it, began at a time that is still to come.
 * Half an interval is left to clocks that are merely corrected: the next slot comes soon enough.
 * Plan: one run by its slot, and the few after it by their key.
 */
async function freeSlotOfTheFuture(
  { db, now }: Scope,
  { slot, intervalMs }: { slot: Date | null; intervalMs: number | null },
): Promise<boolean> {
  const freed = await firstOf(
    db,
    sql`
      update runs set slot = null
      where slot = ${slot}
        -- Of several with one slot the last has it: each merchant takes its own.
        and not exists (select from runs newer where newer.slot = ${slot} and newer.id > runs.id)
        and exists (
        select from runs later
        where later.id >= runs.id
          and later.started_at > ${now()} + ${intervalMs}::float8 / 2 * interval '1 millisecond'
      )
      returning id`,
  )
  return freed !== null
}

type Repair = Pick<NewRun, 'merchants' | 'farthestMs' | 'dryRun'> & {
  readonly before: RawBuilder<unknown>
}

/**
 * Repairs what crashes and wrong clocks left behind. A run whose process died stays `running`; no
 * process works on one that began before `before`. It gets no end and no results: what it settled is
 * in the orders' events. One that begins a day ahead is from before a clock was set back.
 */
export async function repairBefore(
  { db, now }: Scope,
  { before, ...ofOrders }: Repair,
): Promise<void> {
  await sql`
    ${ofOrders.dryRun ? sql`` : withRepairedSchedules(now(), ofOrders)}
    update runs set status = 'stopped'
    where status = 'running'
      and (started_at < ${before} or started_at > ${now()} + interval '1 day')`.execute(db)
}

/** The end and all results in one statement, the results as one value however many they are. */
export async function finishRun(scope: Scope, end: RunEnd): Promise<Run> {
  const { db, now } = scope
  const { runId, status, results } = end
  const { outcomes } = countResults(results)
  const row = await firstOf(
    db,
    sql<RunRow>`
      ${isUnbegun(end) ? freedSlots(end) : sql``}
      update runs set status = ${status},
        -- A run that could not even begin must not cost the interval.
        slot = case when ${isUnbegun(end)} then null else slot end,
        finished_at = ${now()},
        duration_ms = floor(extract(epoch from ${now()} - started_at) * 1000)::bigint,
        credited = ${outcomes.credited}, waiting = ${outcomes.waiting},
        expired = ${outcomes.expired}, review = ${outcomes.review}, kept = ${outcomes.kept},
        unknown = ${outcomes.unknown}, error = ${outcomes.error},
        results = ${resultsJson(results)}::json
      where id = ${runId}::bigint and finished_at is null
      returning ${runColumns}`,
  )
  return row === null ? finishedBefore(scope, end) : runOf(row)
}

interface RunEnd extends FinishedRun {
  readonly runId: string
}

function isUnbegun({ status, results }: RunEnd): boolean {
  return status === 'failed' && results.length === 0
}

function freedSlots({ runId, merchants = [] }: RunEnd): RawBuilder<unknown> {
  return sql`
    with given as materialized (${givenMerchants(merchants)}),
    freed as (
      delete from merchant_slots held using given
      where held.gateway = given.gateway and held.mchid = given.mchid
        and held.slot = (select slot from runs where id = ${runId}::bigint)
    )`
}

/** The answer to the first try may have been lost: the same end once more is no mistake, another is. */
async function finishedBefore({ db }: Scope, { runId, status, results }: RunEnd): Promise<Run> {
  const row = await firstOf(
    db,
    sql<RunRow>`
      select ${runColumns} from runs
      where id = ${runId}::bigint and finished_at is not null and status = ${status}
        and results::text = ${resultsJson(results)}`,
  )
  assert(row !== null, `Cannot finish run "${runId}": it is not open, or ended otherwise`)
  return runOf(row)
}

export async function listRuns({ db }: Scope, page: PageRequest): Promise<Page<Run>> {
  const after = startOf('runs', page)?.key ?? null
  const older = after === null ? sql`true` : sql`id < ${after}::bigint`
  const rows = await rowsOf(
    db,
    sql<RunRow>`
      select ${runColumns} from runs where ${older} order by id desc limit ${page.limit + 1}`,
  )
  return pageOf(rows, { kind: 'runs', limit: page.limit, item: runOf, position: byId })
}

export async function findRun(
  { db }: Scope,
  runId: string,
): Promise<{ run: Run; results: readonly RunResult[]; node: string } | null> {
  if (!/^\d{1,18}$/.test(runId)) return null
  const row = await firstOf(
    db,
    sql<FoundRow>`select ${runColumns}, node, results from runs where id = ${runId}::bigint`,
  )
  if (row === null) return null
  const { node, results, ...run } = row
  const found = results === null ? await formerResults(db, runId) : resultsOf(results)
  return { run: runOf(run), results: found, node }
}

/** `results`: null of a run that has not ended, or that a node of the version before made. */
type FoundRow = RunRow & { readonly node: string; readonly results: unknown }
