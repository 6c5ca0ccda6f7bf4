import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import type { DecisionKind } from '../../src/domain/order-states.ts'
import type { InstantGateway } from '../gateway/start.ts'
import { paidOrder } from '../numbered.ts'
import { firstPendingOf } from './dataset.ts'
import { alternate, both, growthOf, type Laps, type Pair, type Repeated } from './side-by-side.ts'
import type { Site } from './site.ts'

/** How often one repetition executes each operation. */
export interface Amounts {
  readonly claims: number
  readonly checks: number
  readonly runs: number
  /** Orders of one claim, and of one run. */
  readonly batch: number
}

export const kinds = ['claim', 'check, unpaid', 'check, paid', 'run'] as const
export type Work = Readonly<Record<(typeof kinds)[number], readonly Laps[]>>

/** A site, and the range of its pending orders that are still unused. Claims take the oldest. */
interface Stock {
  readonly site: Site
  oldest: number
  youngest: number
}

/** The laps of each repetition, without the one that warms up. */
export async function costOfWork(
  sites: Pair<Site>,
  options: Amounts & Repeated & { readonly gateway: InstantGateway },
): Promise<Work> {
  const stocks = await both(sites, async (site) => stockOf(site))
  const laps = { claim: [], 'check, unpaid': [], 'check, paid': [], run: [] } as Record<
    keyof Work,
    Laps[]
  >
  for (let repetition = options.first; repetition <= options.repetitions; repetition += 1) {
    const lap = await repeat(stocks, options)
    await both(stocks, putBack)
    await delay(cursorMs)
    if (repetition > 0) for (const kind of kinds) laps[kind].push(lap[kind])
  }
  return laps
}

/** The store remembers for a second where due orders begin; what SQL puts back lies before that. */
const cursorMs = 1_100

export const growthsOf = (laps: readonly Laps[]) => laps.map(growthOf)

async function repeat(
  stocks: Pair<Stock>,
  { claims, checks, runs, batch, gateway }: Amounts & { readonly gateway: InstantGateway },
): Promise<Readonly<Record<keyof Work, Laps>>> {
  const claim = await alternate(stocks, { times: claims, work: (stock) => claimOf(stock, batch) })

  const samples = await both(stocks, async (stock) => ({
    site: stock.site,
    ofRuns: taken(stock, { oldest: runs * batch }),
    unpaid: taken(stock, { youngest: checks }),
    paid: taken(stock, { youngest: checks }),
  }))
  const each = [samples.small, samples.large]
  const unpaid = each.flatMap((one) => [...one.ofRuns, ...one.unpaid])
  await gateway.sign(unpaid.map(paidOrder), { tradeState: 'NOTPAY' })
  const run = await alternate(samples, { times: runs, work: ({ site }) => runOf(site, batch) })
  const checked = await alternate(samples, {
    times: checks,
    work: ({ site, unpaid }, time) => checkOf(site, { index: unpaid[time], decision: 'wait' }),
  })

  await gateway.sign(each.flatMap(({ paid }) => paid).map(paidOrder))
  const credited = await alternate(samples, {
    times: checks,
    work: ({ site, paid }, time) => checkOf(site, { index: paid[time], decision: 'pay' }),
  })
  return { claim, run, 'check, unpaid': checked, 'check, paid': credited }
}

function stockOf(site: Site): Stock {
  const { orders } = site.dataset
  return { site, oldest: firstPendingOf(orders), youngest: orders - 1 }
}

/** Takes indexes of unused pending orders out of the stock. */
function taken(
  stock: Stock,
  { oldest = 0, youngest = 0 }: { oldest?: number; youngest?: number },
): readonly number[] {
  const old = Array.from({ length: oldest }, (_, offset) => stock.oldest + offset)
  const young = Array.from({ length: youngest }, (_, offset) => stock.youngest - offset)
  stock.oldest += oldest
  stock.youngest -= youngest
  return [...old, ...young]
}

/** Longer than the bench, so that no claimed order is due again before it ends. */
const leaseMs = 3_000_000

async function claimOf(stock: Stock, limit: number): Promise<void> {
  const { store, dataset } = stock.site
  const { merchant } = dataset
  const claim = { merchant, thresholdMs: 300_000, farthestMs: leaseMs, limit, leaseMs }
  const claimed = await store.claimDue(claim)
  taken(stock, { oldest: limit })
  if (claimed.length !== limit) {
    throw new Error(`A claim of ${limit} found ${claimed.length} orders`)
  }
}

async function runOf({ budan }: Site, batch: number): Promise<void> {
  const { run } = await budan.run({ dryRun: false })
  if (run.outcomes.waiting !== batch) {
    throw new Error(`A run of ${batch} unpaid orders came to ${JSON.stringify(run.outcomes)}`)
  }
}

async function checkOf(
  { budan }: Site,
  { index, decision }: { index: number | undefined; decision: DecisionKind },
): Promise<void> {
  const { orderNo } = paidOrder(index ?? Number.NaN)
  const checked = await budan.checkOrder(orderNo)
  if (checked?.decision !== decision) {
    throw new Error(`The check of "${orderNo}" came to ${JSON.stringify(checked?.decision)}`)
  }
}

/**
 * Makes the claimed orders due again as before, because the small table has too few for all
 * repetitions. In the large one too: PostgreSQL writes a page that was not changed since the last
 * checkpoint as a whole, so claims of orders that were never claimed before cost more in any table.
 */
async function putBack(stock: Stock): Promise<void> {
  await sql`
    update orders set next_check_at = created_at, checks = 0
    where status = 'pending' and next_check_at <> created_at`.execute(stock.site.database.patientDb)
  // Releasing resets the store's claim cursor, which has moved past the orders put back.
  await stock.site.store.release([])
  stock.oldest = firstPendingOf(stock.site.dataset.orders)
}
