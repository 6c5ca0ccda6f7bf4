import { median, percentile } from '../figure.ts'
import { paidOrder } from '../numbered.ts'
import { type Dataset, firstPendingOf, runsOf, userOf } from './dataset.ts'
import { alternate, growthOf, type Laps, type Pair, type Repeated } from './side-by-side.ts'
import type { Site } from './site.ts'

/** Pages that show the same number of rows with both tables. */
function pathsOf({ orders }: Dataset) {
  // Of every five orders only the first was not paid, so the order at index 5n + 4 was.
  const index = Math.floor(firstPendingOf(orders) / 10) * 5 + 4
  const { orderNo, transactionId } = paidOrder(index)
  const user = userOf(index, orders)
  return {
    overview: '/',
    'overview, read anew': '/',
    orders: '/orders',
    'orders, pending': '/orders?status=pending',
    'search by transaction id': `/orders?q=${transactionId}`,
    'search by user': `/orders?q=${user}`,
    order: `/orders/${orderNo}`,
    runs: '/runs',
    run: `/runs/${runsOf(orders)}`,
    reviews: '/reviews',
    account: `/accounts/${user}`,
    audit: '/audit',
  }
}

type PageName = keyof ReturnType<typeof pathsOf>

/**
 * `growth`: how many times as long the page takes with the large table. One value for each
 * repetition.
 */
export interface PageCost {
  readonly page: PageName
  readonly growth: readonly number[]
  readonly p95Ms: readonly number[]
}

/**
 * Each repetition requests each page `requests` times, from the small and the large site in turn.
 */
export async function costOfPages(
  sites: Pair<Site>,
  { first, repetitions, requests }: Repeated & { readonly requests: number },
): Promise<readonly PageCost[]> {
  const paths = { small: pathsOf(sites.small.dataset), large: pathsOf(sites.large.dataset) }
  const costs = []
  for (const page of Object.keys(paths.large) as PageName[]) {
    const targets = {
      small: { site: sites.small, path: paths.small[page] },
      large: { site: sites.large, path: paths.large[page] },
    }
    const laps: Laps[] = []
    for (let repetition = first; repetition <= repetitions; repetition += 1) {
      const lap = await alternate(targets, {
        times: requests,
        work: async ({ site, path }) => {
          // Readers share one snapshot for some seconds; an event makes the next request compute a
          // new one.
          if (page === 'overview, read anew') site.budan.emit({ type: 'job_stopped' })
          await site.readPage(path)
        },
      })
      if (repetition > 0) laps.push(lap)
    }
    costs.push({
      page,
      growth: laps.map(growthOf),
      p95Ms: laps.map(({ large }) => percentile(large, 0.95)),
    })
  }
  return costs
}

export function worstOf(costs: readonly PageCost[]): PageCost {
  return costs.reduce((a, b) => (median(a.growth) > median(b.growth) ? a : b))
}
