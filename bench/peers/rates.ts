import { type Figure, figure } from '../figure.ts'
import { paidOrders } from '../orders.ts'
import { Laptimes, time } from '../stopwatch.ts'
import {
  type Comparison,
  type Contender,
  type Each,
  names,
  titles,
  untilCredited,
  withContenders,
} from './contenders.ts'

/** The target's own. */
const ratioMin = 2.5

/** Orders that each credits a second, all of them paid and due. */
export async function benchRates(bench: Comparison): Promise<readonly Figure[]> {
  const { repetitions } = bench.stage
  const laps: Each<Laptimes>[] = []
  await withContenders(bench, async (contenders) => {
    // The first is not counted: code is compiled, and connections are made, when they are first used.
    for (let repetition = 0; repetition <= repetitions; repetition += 1) {
      const lap = await repeat(bench, { contenders, first: repetition * bench.orders })
      if (repetition > 0) laps.push(lap)
    }
    const all = { ...bench.gateway.merchant, first: 0, count: bench.orders * (repetitions + 1) }
    for (const name of names) {
      const credited = await contenders[name].countCredited(all)
      if (credited !== all.count) {
        throw new Error(`${titles[name]}: ${credited} orders are credited, not ${all.count}`)
      }
    }
  })
  return rateFigures(bench, laps)
}

/** All take turns, a slice of the orders at a time, and each comes first in its turn. */
async function repeat(
  { gateway, orders, slice }: Comparison,
  { contenders, first }: { contenders: Each<Contender>; first: number },
): Promise<Each<Laptimes>> {
  await gateway.sign(paidOrders({ first, count: orders }))
  for (const name of names) await contenders[name].settleDown()
  const laps = {
    budan: new Laptimes(),
    story: new Laptimes(),
    bullmq: new Laptimes(),
    pgBoss: new Laptimes(),
  }
  for (let done = 0; done < orders; done += slice) {
    for (const [position] of names.entries()) {
      const name = names[(position + (first + done) / slice) % names.length] ?? 'budan'
      const contender = contenders[name]
      await contender.place({ ...gateway.merchant, first: first + done, count: slice })
      laps[name].add(await time(slice, () => untilCredited(contender, slice)))
      await contender.stop()
    }
  }
  return laps
}

function rateFigures(
  { orders, concurrency }: Comparison,
  laps: readonly Each<Laptimes>[],
): Figure[] {
  const rivals = names.filter((name) => name !== 'budan')
  return [
    ...rivals.map((name) =>
      figure(`orders credited a second by budan, of those by ${titles[name]}`, {
        unit: 'ratio',
        values: laps.map((lap) => lap.budan.rate / lap[name].rate),
        goal: { kind: 'at least', value: ratioMin },
      }),
    ),
    ...names.map((name) =>
      figure(`${titles[name]}: orders credited (${orders}, ${concurrency} questions at a time)`, {
        unit: '1/s',
        values: laps.map((lap) => lap[name].rate),
      }),
    ),
    ...names.map((name) =>
      figure(`${titles[name]}: CPU of this process for an order`, {
        unit: 'µs',
        values: laps.map((lap) => lap[name].cpuMicros),
      }),
    ),
  ]
}
