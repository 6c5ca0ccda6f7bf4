import { type RawBuilder, sql } from 'kysely'
import { standings } from '../../../domain/order.ts'
import type { NewRun } from '../../../domain/runs/run.ts'
import { givenMerchants } from '../merchant.ts'
import { standingNumber } from '../rows.ts'

/** How many orders of each standing one run repairs; the next run repairs the next ones. */
const repairMax = 1000

/**
 * The start of a statement that also repairs the schedules of these merchants' orders. A database clock that was
 * ahead, and has been set right, leaves orders that are due later than any schedule or lease reaches.
 * They would wait until the clock gets there again (I9), so they become due at once. Plan: the right
 * end of each standing of a merchant in `orders_claims`, where nothing is found as long as the clock was
 * never wrong.
 */
export function withRepairedSchedules(
  now: RawBuilder<Date>,
  { merchants, farthestMs }: Pick<NewRun, 'merchants' | 'farthestMs'>,
): RawBuilder<unknown> {
  const parts = standings.map((standing) => ({
    name: sql.raw(`far_${standing}`),
    rows: sql`
      select far.order_no from given, lateral (
        select order_no from orders
        where status = 'pending' and standing = ${sql.lit(standingNumber(standing))}
          and gateway = given.gateway and mchid = given.mchid and appid = any (given.appids)
          and next_check_at > ${now} + ${farthestMs}::float8 * interval '1 millisecond'
        order by next_check_at desc limit ${sql.lit(repairMax)} for no key update skip locked
      ) as far`,
  }))
  return sql`
    with given as materialized (${givenMerchants(merchants)}),
    ${sql.join(parts.map(({ name, rows }) => sql`${name} as materialized (${rows})`))},
    repaired as (
      update orders set next_check_at = ${now}
      where order_no = any (array(
        ${sql.join(
          parts.map(({ name }) => sql`select order_no from ${name}`),
          sql` union all `,
        )}
      ))
    )`
}
