import { type Figure, figure } from '../figure.ts'
import { type OrderRange, paidOrders } from '../orders.ts'
import {
  type Comparison,
  type Contender,
  type Name,
  names,
  titles,
  withContenders,
} from './contenders.ts'

/**
 * Measures how long each system takes to find one paid order behind many unpaid ones.
 *
 * The paid order is the youngest, so every system has to pass all the unpaid ones first.
 */
export async function benchSearch(bench: Comparison): Promise<readonly Figure[]> {
  const searches: Search[] = []
  for (let nth = 0; nth < bench.searches; nth += 1) {
    searches.push(await withContenders(bench, names, (contenders) => search(bench, contenders)))
  }
  const { unpaid, batchSize } = bench
  const finders = ['budan', 'bullmq', 'pgBoss'] as const
  return [
    figure(
      `the story's algorithm: orders that it came to, of ${unpaid} unpaid ones, while budan found the paid one behind them`,
      {
        unit: 'orders',
        values: searches.map(({ queriedByStory }) => queriedByStory),
        goal: { kind: 'at most', value: batchSize },
      },
    ),
    ...finders.map((name) =>
      figure(`${titles[name]}: finding one paid order behind ${unpaid} unpaid ones`, {
        unit: 's',
        values: searches.map(({ seconds }) => seconds[name]),
      }),
    ),
  ]
}

interface Search {
  readonly seconds: Readonly<Record<'budan' | 'bullmq' | 'pgBoss', number>>
  /** Counts different orders; each of them may have been queried many times. */
  readonly queriedByStory: number
}

async function search(
  { gateway, unpaid }: Comparison,
  contenders: Readonly<Record<Name, Contender>>,
): Promise<Search> {
  const range = { ...gateway.merchant, first: 0, count: unpaid + 1 }
  await gateway.sign(paidOrders({ first: 0, count: unpaid }), { tradeState: 'NOTPAY' })
  await gateway.sign(paidOrders({ first: unpaid, count: 1 }), { beside: true })
  const find = async (contender: Contender) => {
    await contender.place(range)
    await contender.vacuum()
    const { seconds } = await contender.credit(1)
    const credited = await contender.countCredited(range)
    if (credited !== 1) throw new Error(`${credited} orders are credited, and one was paid`)
    return seconds
  }
  const budan = await find(contenders.budan)
  const queriedByStory = await runStoryFor(budan, { contender: contenders.story, range })
  const seconds = {
    budan,
    bullmq: await find(contenders.bullmq),
    pgBoss: await find(contenders.pgBoss),
  }
  return { seconds, queriedByStory }
}

/**
 * Runs the story's algorithm for `seconds`, or until it finds the paid order. It completes its last
 * run.
 */
async function runStoryFor(
  seconds: number,
  { contender, range }: { contender: Contender; range: OrderRange },
): Promise<number> {
  await contender.place(range)
  await contender.vacuum()
  return contender.look(seconds * 1000)
}
