import type { NewOrderEvent } from '../../src/domain/order.ts'
import type { ClaimedOrder } from '../../src/store/store.ts'
import { median, percentile } from '../figure.ts'
import { lapMs } from './side-by-side.ts'
import type { Site } from './site.ts'

/** Milliseconds of each claim, in order. */
export interface LongRun {
  readonly claimMs: readonly number[]
}

/**
 * Claims one batch after the other, as a drain does, and reschedules each as unpaid answers would.
 * The tables then hold what runs would leave there, but no query is sent. Autovacuum is on.
 */
export async function claimRepeatedly(
  site: Site,
  { claims, batch }: { claims: number; batch: number },
): Promise<LongRun> {
  const claimMs: number[] = []
  for (let count = 0; count < claims; count += 1) {
    let claimed: readonly ClaimedOrder[] = []
    const ms = await lapMs(async () => {
      claimed = await claimBatch(site, batch)
    })
    claimMs.push(ms)
    if (claimed.length !== batch) {
      throw new Error(`Claim ${count + 1} of ${claims} found ${claimed.length} orders`)
    }
    await letWait(site, claimed)
  }
  return { claimMs }
}

const leaseMs = 60_000

function claimBatch({ store, dataset }: Site, limit: number): Promise<readonly ClaimedOrder[]> {
  const { merchant } = dataset
  return store.claimDue({ merchant, thresholdMs: 300_000, farthestMs: 3_600_000, limit, leaseMs })
}

/** The orders become due again after those that were not claimed yet. */
async function letWait({ store }: Site, claimed: readonly ClaimedOrder[]): Promise<void> {
  const nextCheckAt = new Date(Date.now() + 60_000)
  const written = await store.waitAsClaimed(
    claimed.map((each) => ({
      claimed: each,
      schedule: {
        nextCheckAt,
        checks: each.order.checks + 1,
        absentCount: 0,
        absentSince: null,
        standing: 'known' as const,
        watchedUntil: null,
      },
      event: unpaid,
    })),
  )
  if (written.size !== claimed.length) {
    throw new Error(`Of ${claimed.length} claimed orders ${written.size} could wait`)
  }
}

const unpaid: NewOrderEvent = {
  ...{ kind: 'answered', source: 'compensation', tradeState: 'NOTPAY' },
  ...{ decision: 'wait', reason: 'not paid yet', alarm: false, runId: '1', node: 'bench' },
  evidence: { trade_state: 'NOTPAY', trade_state_desc: '订单未支付', amount: { total: 100 } },
}

/**
 * The ratio of the last tenth of the claims to the first, as `values` values. Value k is taken from
 * every `values`-th claim beginning with k, so that each value covers the whole tenth.
 */
export function degradationOf({ claimMs }: LongRun, values: number): readonly number[] {
  const tenth = Math.max(Math.floor(claimMs.length / 10), 1)
  const first = claimMs.slice(0, tenth)
  const last = claimMs.slice(-tenth)
  const share = (laps: readonly number[], value: number) =>
    laps.length < values ? laps : laps.filter((_, index) => index % values === value)
  return Array.from(
    { length: values },
    (_, value) => median(share(last, value)) / median(share(first, value)),
  )
}

export function slowestOf({ claimMs }: LongRun): number {
  return percentile(claimMs, 0.99)
}
