/** Compares claims in a large table of many merchants' orders with claims in a small one. */
import { storeOn } from '../../src/store/assemble.ts'
import { type Figure, figure } from '../figure.ts'
import { fillDataset, pendingOf } from '../flat/dataset.ts'
import { alternate, both, growthOf } from '../flat/side-by-side.ts'
import { firstRepetition, type Stage } from '../part.ts'
import { mchidsOf } from './company.ts'
import type { Amount } from './merchants.ts'

const growthMax = 1.2
const limit = 50
/** Longer than the bench, so that no claimed order is due again. */
const leaseMs = 3_000_000

export async function benchClaims(
  stage: Stage,
  { claims: { merchants, small, large } }: Amount,
): Promise<readonly Figure[]> {
  const { appid } = (await stage.gateway()).merchant
  const mchids = mchidsOf(merchants)
  const identity = { gateway: 'wechatpay', mchid: mchids[0] ?? '', appid }
  const stores = await both({ small, large }, async (orders) => {
    const database = await stage.freshDatabase('postgres')
    await fillDataset(database, { merchant: identity, mchids, orders, now: new Date() })
    return storeOn(database)
  })
  const expected = Math.min(limit, pendingOf(small) / merchants)
  const growth: number[] = []
  for (let repetition = firstRepetition(stage); repetition <= stage.repetitions; repetition += 1) {
    const laps = await alternate(stores, {
      times: merchants,
      work: async (store, nth) => {
        const merchant = { ...identity, mchid: mchids[nth] ?? '' }
        const due = { merchant, thresholdMs: 300_000, farthestMs: leaseMs, limit }
        const claimed = await store.claimDue({ ...due, leaseMs })
        if (claimed.length < expected)
          throw new Error(`A claim of merchant ${merchant.mchid} found ${claimed.length} orders`)
      },
    })
    if (repetition > 0) growth.push(growthOf(laps))
  }
  await both(stores, (store) => store.close())
  return [
    figure(`a claim of ${limit} with ${large} orders of ${merchants} merchants, of ${small}`, {
      ...{ unit: 'ratio', values: growth, goal: { kind: 'at most', value: growthMax } },
    }),
  ]
}
