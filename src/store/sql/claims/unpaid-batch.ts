import { sql } from 'kysely'
import type { OrderKey } from '../../../domain/order.ts'
import { preparedRows, type Scope } from '../../database.ts'
import type { ClaimedWait } from '../../store.ts'
import { eventRecord, eventRecordColumns, insertEventRecords, recordsOf } from '../json-records.ts'
import { standingNumber } from '../rows.ts'

/**
 * Moves claimed orders along their schedules, each with its event: one statement, however many they
 * are. Only rows that still are what was claimed (the same state, under the same lease, as often
 * absent) and that no other transaction holds are written. A settlement or a claim changes one of the
 * first two, a check by hand that found the trade the last. Returns the keys of the rows written.
 */
export async function waitAsClaimed(
  scope: Scope,
  waits: readonly ClaimedWait[],
): Promise<ReadonlySet<OrderKey>> {
  if (waits.length === 0) return new Set()
  const rows = await preparedRows(scope.db, waitStatement(scope, waits))
  return new Set(rows.map((row) => row.order_no))
}

/**
 * Plan: each record finds its row by the key of `orders`, though the planner takes the records for
 * a hundred: for that many it would read the whole of a small table, or all pending orders of a table
 * without statistics, and the plan is kept while the table grows. `lateral`, an array, and the status in
 * an expression leave it no such choice. The update returns the records for the events: if they were
 * joined again by their keys, the planner could compare each record with each.
 */
export function waitStatement(
  scope: Pick<Scope, 'now' | 'sealing'>,
  waits: readonly ClaimedWait[],
) {
  const { now } = scope
  const records = recordsOf(waits, (wait) => waitRecord(scope, wait))
  return sql<{ readonly order_no: OrderKey }>`
    with step as materialized (
      select * from json_to_recordset(${records}::json) as step (
        order_no text, state_seq integer, leased_to timestamptz(3), absences integer,
        next_check_at timestamptz(3), checks integer, absent_count integer,
        absent_since timestamptz(3), standing smallint, watched_until timestamptz(3),
        ${eventRecordColumns}
      )
    ),
    held as materialized (
      select found.order_no from step, lateral (
        select order_no from orders
        where orders.order_no = step.order_no and coalesce(orders.status, '') = 'pending'
          and orders.state_seq = step.state_seq and orders.next_check_at = step.leased_to
          and orders.absent_count = step.absences
        for no key update skip locked
      ) as found
    ),
    waiting as (
      update orders set next_check_at = step.next_check_at, checks = step.checks,
        absent_count = step.absent_count, absent_since = step.absent_since,
        -- A code may have come since the claim: what is known stays known.
        standing = case when orders.standing = ${standingNumber('known')}
          then orders.standing else step.standing end,
        -- A correction may have come since then, too: an end that is given now stays, and no watch ends sooner.
        watched_until = case when orders.watched_until is not null
          then greatest(orders.watched_until, step.watched_until) end
      from step
      where orders.order_no = step.order_no
        and orders.order_no = any (array(select order_no from held))
      returning step.*
    ),
    event as (${insertEventRecords({
      at: now(),
      from: sql`from waiting as step`,
    })})
    select order_no from waiting`
}

function waitRecord(
  scope: Pick<Scope, 'sealing'>,
  { claimed, schedule, event }: ClaimedWait,
): object {
  const { key, stateSeq, nextCheckAt, absentCount } = claimed.order
  return {
    order_no: key,
    state_seq: stateSeq,
    leased_to: nextCheckAt,
    absences: absentCount,
    next_check_at: schedule.nextCheckAt,
    checks: schedule.checks,
    absent_count: schedule.absentCount,
    absent_since: schedule.absentSince,
    standing: standingNumber(schedule.standing),
    watched_until: schedule.watchedUntil,
    ...eventRecord(scope, { owner: key, event }),
  }
}
