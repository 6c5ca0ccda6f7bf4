import type { Config, MerchantConfig } from '../../config/config.ts'
import type { MerchantPlace } from '../../config/load.ts'
import type { Finding } from './finding.ts'

/** A merchant to be examined, and where the configuration has its keys. */
export interface ExaminedMerchant extends MerchantPlace {
  readonly wechat: MerchantConfig
}

/** @param places in the order of the merchants. */
export function examinedMerchants(
  { merchants }: Config,
  places: readonly MerchantPlace[],
): readonly ExaminedMerchant[] {
  return merchants.map((wechat, at) => ({
    wechat,
    ...(places[at] ?? { section: 'wechat', privateKeyPath: null }),
  }))
}

/** The name of a key, as the configuration has it: `wechat.mch_id`, `merchants[1] (shop-b).mch_id`. */
export function keyIn({ section }: Pick<MerchantPlace, 'section'>, key: string): string {
  return `${section}.${key}`
}

/** Of several merchants, each finding names its own: `gateway: shop-b`. */
export function ofMerchant(
  findings: readonly Finding[],
  { wechat, isAlone }: { readonly wechat: MerchantConfig; readonly isAlone: boolean },
): readonly Finding[] {
  return isAlone
    ? findings
    : findings.map((each) => ({ ...each, name: `${each.name}: ${wechat.name}` }))
}
