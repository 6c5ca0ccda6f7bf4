import { availableParallelism } from 'node:os'
import { type Figure, figure } from '../figure.ts'
import { Laptimes } from '../measure/stopwatch.ts'
import { paidOrders } from '../orders.ts'
import {
  type Comparison,
  type Contender,
  halves,
  names,
  titles,
  withContenders,
} from './contenders.ts'

/** The value of the target in docs/performance.md. */
const ratioMin = 2.5

/** The compared systems, and the work that each of them has to do. */
const all = [...names, ...halves] as const
type Each<T> = Readonly<Record<(typeof all)[number], T>>

/** Measures the orders that each system credits a second. All orders are paid and due. */
export async function benchRates(bench: Comparison): Promise<readonly Figure[]> {
  const { warmUp, orders } = bench
  const { repetitions } = bench.stage
  const laps: Each<Laptimes>[] = []
  await withContenders(bench, all, async (contenders) => {
    await repeat({ ...bench, orders: warmUp }, { contenders, first: 0 })
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      laps.push(await repeat(bench, { contenders, first: warmUp + repetition * orders }))
    }
    const range = { ...bench.gateway.merchant, first: 0, count: warmUp + orders * repetitions }
    for (const name of all) {
      const credited = await contenders[name].countCredited(range)
      if (credited !== range.count) {
        throw new Error(`${name}: ${credited} orders are credited, not ${range.count}`)
      }
    }
  })
  return rateFigures(bench, laps)
}

/**
 * All systems run in turn, one slice of the orders at a time, and each of them is first equally
 * often.
 */
async function repeat(
  { gateway, orders, slice }: Comparison,
  { contenders, first }: { contenders: Each<Contender>; first: number },
): Promise<Each<Laptimes>> {
  await gateway.sign(paidOrders({ first, count: orders }))
  for (const name of all) await contenders[name].vacuum()
  const laps = Object.fromEntries(all.map((name) => [name, new Laptimes()])) as Each<Laptimes>
  for (let done = 0; done < orders; done += slice) {
    for (const [position] of all.entries()) {
      const name = all[(position + (first + done) / slice) % all.length] ?? 'budan'
      await contenders[name].place({ ...gateway.merchant, first: first + done, count: slice })
      laps[name].add(await contenders[name].credit(slice))
    }
  }
  return laps
}

/**
 * A limit that neither better code nor better grouping can exceed: all cores only query, with budan's
 * client, and credit, in groups as large as budan's, and no core is ever idle.
 */
function limitOf({ queries, credits }: Each<Laptimes>): number {
  return (availableParallelism() * 1e6) / (queries.machineMicros + credits.machineMicros)
}

function rateFigures(
  { orders, concurrency }: Comparison,
  laps: readonly Each<Laptimes>[],
): Figure[] {
  const rivals = names.filter((name) => name !== 'budan')
  const each = (pick: (lap: Each<Laptimes>) => number) => laps.map(pick)
  const figuresOf = (title: string, name: keyof Each<Laptimes>) => [
    figure(title, { unit: '1/s', values: each((lap) => lap[name].rate) }),
    figure(`${title}: CPU of its process for one`, {
      unit: 'µs',
      values: each((lap) => lap[name].cpuMicros),
    }),
    figure(`${title}: CPU of the machine for one`, {
      unit: 'µs',
      values: each((lap) => lap[name].machineMicros),
    }),
  ]
  return [
    ...rivals.map((name) =>
      figure(`orders credited a second by budan, of those by ${titles[name]}`, {
        unit: 'ratio',
        values: each((lap) => lap.budan.rate / lap[name].rate),
        goal: { kind: 'at least', value: ratioMin },
      }),
    ),
    ...rivals.map((name) =>
      figure(`asked, credited in groups, and nothing else: of those by ${titles[name]}`, {
        unit: 'ratio',
        values: each((lap) => lap.both.rate / lap[name].rate),
      }),
    ),
    figure('orders credited a second by budan, of those asked, credited, and nothing else', {
      unit: 'ratio',
      values: each((lap) => lap.budan.rate / lap.both.rate),
    }),
    ...rivals.map((name) =>
      figure(`at most, if no core ever waited, of those by ${titles[name]}`, {
        unit: 'ratio',
        values: each((lap) => limitOf(lap) / lap[name].rate),
      }),
    ),
    ...names.flatMap((name) =>
      figuresOf(`${titles[name]}: orders credited (${orders}, ${concurrency} at a time)`, name),
    ),
    ...figuresOf('questions alone', 'queries'),
    ...figuresOf('credits alone, in groups', 'credits'),
    ...figuresOf('both, and nothing else', 'both'),
  ]
}
