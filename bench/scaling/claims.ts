/** Measures the time of a claim, and the size of the index that claims use, as the tables grow. */
import { sql } from 'kysely'
import { storeOn } from '../../src/store/assemble.ts'
import { type Figure, figure } from '../figure.ts'
import { fillDataset, pendingOf } from '../flat/dataset.ts'
import type { Stage } from '../part.ts'

const limit = 50
/** Longer than the bench, so that no claimed order is due again. */
const leaseMs = 3_000_000

export async function benchClaims(
  stage: Stage,
  { orders, claims }: { readonly orders: readonly number[]; readonly claims: number },
): Promise<readonly Figure[]> {
  const figures: Figure[] = []
  for (const count of orders) figures.push(...(await benchTable(stage, { count, claims })))
  return figures
}

async function benchTable(
  stage: Stage,
  { count, claims }: { readonly count: number; readonly claims: number },
): Promise<readonly Figure[]> {
  const database = await stage.freshDatabase('postgres')
  const { mchid, appid } = (await stage.gateway()).merchant
  const merchant = { gateway: 'wechatpay', mchid, appid }
  await fillDataset(database, { merchant, orders: count, now: new Date() })
  const store = storeOn(database)
  const due = { merchant, thresholdMs: 300_000, farthestMs: leaseMs, limit, leaseMs }
  const ms: number[] = []
  for (let claim = 0; claim <= claims; claim += 1) {
    const began = performance.now()
    await store.claimDue(due)
    // The first claim prepares its statement.
    if (claim > 0) ms.push(performance.now() - began)
  }
  const { rows } = await sql<{ readonly claims: number; readonly all: number }>`
    select pg_relation_size('orders_claims')::float8 as claims,
      (select sum(pg_indexes_size(relid))::float8 from pg_stat_user_tables) as all`.execute(
    database.db,
  )
  const name = (what: string) =>
    `postgres: ${what}, with ${count} orders, ${pendingOf(count)} pending`
  await store.close()
  return [
    figure(name(`a claim of ${limit}`), { unit: 'ms', values: ms }),
    figure(name('index that claims use'), { unit: 'B', values: [rows[0]?.claims ?? 0] }),
    figure(name('all indexes'), { unit: 'B', values: [rows[0]?.all ?? 0] }),
  ]
}
