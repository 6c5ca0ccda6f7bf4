/** Compares a run over many merchants with runs of one merchant. */
import { type Budan, openService } from '../../src/service.ts'
import type { Database } from '../../src/store/database.ts'
import { openDatabase, openStore } from '../../src/store/open.ts'
import { type Figure, figure } from '../figure.ts'
import type { InstantGateway } from '../gateway/start.ts'
import { fillPending, type OrderRange, paidOrders, vacuum } from '../orders.ts'
import { firstRepetition, type Stage } from '../part.ts'
import { companyOf, mchidsOf } from './company.ts'
import type { Amount } from './merchants.ts'

const costMax = 1.1
/** Of each merchant; where one has all orders, as many as of all of them. */
const concurrency = 5

interface Side {
  readonly budan: Budan
  readonly database: Database
  readonly mchids: readonly string[]
}

export async function benchCost(
  stage: Stage,
  { merchants, orders }: Amount,
): Promise<readonly Figure[]> {
  const gateway = await stage.gateway()
  const all = merchants * orders
  const many = await openSide(stage, { gateway, mchids: mchidsOf(merchants), orders, share: 1 })
  const alone = { gateway, mchids: mchidsOf(1) }
  const one = await openSide(stage, { ...alone, orders, share: 1 })
  const wide = await openSide(stage, { ...alone, orders: all, share: merchants })
  const sides = [many, one, wide]
  const perOrder: number[][] = sides.map(() => [])
  for (let repetition = firstRepetition(stage); repetition <= stage.repetitions; repetition += 1) {
    const range = { gateway, first: repetition * all, count: all }
    for (const [nth, side] of sides.entries()) {
      const ms = await creditMs(side, range)
      if (repetition > 0) perOrder[nth]?.push(ms / all)
    }
  }
  for (const side of sides) {
    await side.budan.close()
    await side.database.close()
  }
  const [ofMany = [], ofOne = [], ofWide = []] = perOrder
  const to = (others: readonly number[]) => ofMany.map((ms, at) => ms / (others[at] ?? Number.NaN))
  const name = `a credited order in a run of ${merchants} merchants, ${orders} each`
  return [
    figure(`${name}, of one in a run of one merchant, ${orders} orders`, {
      ...{ unit: 'ratio', values: to(ofOne), goal: { kind: 'at most', value: costMax } },
    }),
    figure(`${name}, of one in a run of one merchant, ${all} orders, as many queries at a time`, {
      ...{ unit: 'ratio', values: to(ofWide) },
    }),
    figure(name, { unit: 'ms', values: ofMany }),
  ]
}

interface SideOptions {
  readonly gateway: InstantGateway
  readonly mchids: readonly string[]
  /** Of each merchant. */
  readonly orders: number
  /** Of how many merchants each has the concurrency. */
  readonly share: number
}

async function openSide(
  stage: Stage,
  { gateway, mchids, orders, share }: SideOptions,
): Promise<Side> {
  const url = await stage.freshPostgresUrl()
  const database = await openDatabase(url)
  const recharge = {
    compensationBatchSize: orders,
    compensationConcurrency: concurrency * share,
  }
  const config = companyOf(gateway, { mchids, recharge })
  const budan = await openService(config, { store: await openStore(url) })
  return { budan, database, mchids }
}

type Range = Pick<OrderRange, 'first' | 'count'> & { readonly gateway: InstantGateway }

async function creditMs(
  { budan, database, mchids }: Side,
  { gateway, first, count }: Range,
): Promise<number> {
  const each = count / mchids.length
  for (const [nth, mchid] of mchids.entries()) {
    const { appid } = gateway.merchant
    const range = { first: first + nth * each, count: each, mchid, appid }
    await fillPending(database, { ...range, age: 'an hour ago' })
    await gateway.sign(paidOrders(range), { mchid, beside: nth > 0 })
  }
  await vacuum(database)
  const startedAt = performance.now()
  let credited = 0
  while (credited < count) {
    const { run } = await budan.run({ dryRun: false })
    if (run.success === 0) throw new Error(`A run came to ${JSON.stringify(run.outcomes)}`)
    credited += run.success
  }
  return performance.now() - startedAt
}
