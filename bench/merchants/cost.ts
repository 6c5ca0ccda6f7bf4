/** Compares a run over many merchants with a run over as many orders of one merchant. */
import { type Budan, openService } from '../../src/service.ts'
import type { Database } from '../../src/store/database.ts'
import { openDatabase, openStore } from '../../src/store/open.ts'
import { type Figure, figure } from '../figure.ts'
import type { InstantGateway } from '../gateway/start.ts'
import type { Amount } from '../merchants.ts'
import { fillPending, type OrderRange, paidOrders, vacuum } from '../orders.ts'
import { firstRepetition, type Stage } from '../part.ts'
import { companyOf, mchidsOf } from './company.ts'

const costMax = 1.1
/** Of each of the many; the one merchant has as many as all of them. */
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
  const many = await openSide(stage, { gateway, mchids: mchidsOf(merchants), orders, share: 1 })
  const alone = { mchids: mchidsOf(1), orders: orders * merchants, share: merchants }
  const one = await openSide(stage, { gateway, ...alone })
  const ratios: number[] = []
  const perOrder: number[] = []
  for (let repetition = firstRepetition(stage); repetition <= stage.repetitions; repetition += 1) {
    const first = repetition * merchants * orders
    const all = { gateway, first, count: merchants * orders }
    const manyMs = await creditMs(many, all)
    const oneMs = await creditMs(one, all)
    if (repetition === 0) continue
    ratios.push(manyMs / oneMs)
    perOrder.push(manyMs / all.count)
  }
  for (const side of [many, one]) {
    await side.budan.close()
    await side.database.close()
  }
  const name = `a credited order in a run of ${merchants} merchants, ${orders} each`
  return [
    figure(`${name}, of one in a run of one merchant`, {
      ...{ unit: 'ratio', values: ratios, goal: { kind: 'at most', value: costMax } },
    }),
    figure(name, { unit: 'ms', values: perOrder }),
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
  const { run } = await budan.run({ dryRun: false })
  const ms = performance.now() - startedAt
  if (run.success !== count) {
    throw new Error(`A run of ${count} paid orders came to ${JSON.stringify(run.outcomes)}`)
  }
  return ms
}
