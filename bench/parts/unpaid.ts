/**
 * Counts the statements of a run of unpaid orders on PostgreSQL, without those of the run's own
 * record.
 */
import { openService } from '../../src/service.ts'
import { openDatabase, openStore } from '../../src/store/open.ts'
import { configOf } from '../../test/support/world.ts'
import { type Figure, figure } from '../figure.ts'
import { StatementCounter } from '../measure/statements.ts'
import { fillPending, paidOrders, vacuum } from '../orders.ts'
import type { Part, Size, Stage } from '../part.ts'

/** The batch size of the story. */
const batchSize = 50
const statementsMax = 5

/** At the default quota a run of 50 takes two and a half seconds. */
const quotasOf: Readonly<Record<Size, readonly number[]>> = {
  full: [20, 1000],
  quick: [20, 1000],
  tiny: [1000],
}

export const unpaid: Part = {
  name: 'unpaid',
  target: 10,
  about: 'statements of a run of 50 unpaid orders',
  async bench(stage) {
    const figures = []
    for (const quota of quotasOf[stage.size]) figures.push(await countAt(quota, stage))
    return figures
  },
}

async function countAt(quota: number, stage: Stage): Promise<Figure> {
  const url = await stage.freshPostgresUrl()
  const counter = stage.closing.add(await StatementCounter.to(url), (one) => one.close())
  const gateway = await stage.gateway()
  const { merchant } = gateway
  const recharge = { compensationMaxQps: quota }
  const config = configOf(gateway, { merchant, recharge })
  const budan = await openService(config, { store: await openStore(counter.url) })
  const range = { first: 0, count: batchSize * (stage.repetitions + 1), ...ids(merchant) }
  const database = await openDatabase(url)
  await fillPending(database, { ...range, age: 'an hour ago' })
  await vacuum(database)
  await database.close()
  await gateway.sign(paidOrders(range), { tradeState: 'NOTPAY' })

  const counts: number[] = []
  // The first run also inserts the quota's row, so it is not counted.
  for (let repetition = 0; repetition <= stage.repetitions; repetition += 1) {
    counter.take()
    const { run } = await budan.run({ dryRun: false })
    const statements = counter.take().filter((text) => !isRecord(text))
    if (run.outcomes.waiting !== batchSize) {
      throw new Error(`A run of ${batchSize} unpaid came to ${JSON.stringify(run.outcomes)}`)
    }
    if (repetition > 0) counts.push(statements.length)
  }
  await budan.close()
  return figure(
    `statements of a run of ${batchSize} unpaid orders, at ${quota} questions a second`,
    {
      unit: 'statements',
      values: counts,
      goal: { kind: 'at most', value: statementsMax },
    },
  )
}

function ids({ mchid, appid }: { readonly mchid: string; readonly appid: string }) {
  return { mchid, appid }
}

/** Whether the statement inserts the run, or finishes it with its results. */
function isRecord(text: string): boolean {
  return /(insert into|update) runs\b/.test(text) && !/\border_events\b/.test(text)
}
