import type { Config, RechargeConfig } from '../../src/config/config.ts'
import { configOf } from '../../test/support/world.ts'
import type { InstantGateway } from '../gateway/start.ts'

/** Numbers of merchants that have the keys of the bench gateway's own. */
export function mchidsOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, nth) => String(1_800_000_000 + nth))
}

/** A configuration of many merchants at one gateway. */
export function companyOf(
  { url, merchant }: Pick<InstantGateway, 'url' | 'merchant'>,
  { mchids, recharge }: { mchids: readonly string[]; recharge: Partial<RechargeConfig> },
): Config {
  const config = configOf({ url }, { merchant, recharge })
  // Each has a key object of its own, as merchants have.
  const merchants = mchids.flatMap((mchId, nth) =>
    configOf({ url }, { merchant, mchId }).merchants.map((one) => ({
      ...{ ...one, name: `merchant-${nth}` },
    })),
  )
  const merchantIds = merchants.map(({ name, gateway, mchId: mchid, appIds: appids = [] }) => ({
    ...{ name, gateway, mchid, appids },
  }))
  return { ...config, merchants, merchantIds }
}
