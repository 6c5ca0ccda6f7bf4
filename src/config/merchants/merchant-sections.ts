import { type ConfigTree, isMapping, textOf } from '../file.ts'
import { merchantNameFault, merchantsMax } from './merchant-schema.ts'

/** Where the configuration has the keys of a merchant: the section `wechat`, or an item of `merchants`. */
export interface MerchantSection {
  /** `wechat`, `merchants[1]`. */
  readonly path: string
  /** The path as messages show it, with the name: `merchants[1] (shop-b)`. */
  readonly label: string
  /** What its names in the environment begin with: `MERCHANTS_SHOP_B`. Null: its name is none. */
  readonly envPrefix: string | null
  readonly keys: ConfigTree
}

/** The sections of all merchants. Those that are no mapping are left out: the schema reports them. */
export function merchantSections({ wechat, merchants }: ConfigTree): readonly MerchantSection[] {
  if (isNone(merchants)) return [wechatSection(wechat)]
  if (!Array.isArray(merchants)) return []
  return merchants
    .slice(0, merchantsMax)
    .flatMap((keys: unknown, at) => (isMapping(keys) ? itemSection(keys, at) : []))
}

/** An empty list, and one whose lines are all behind a `#`, is the same as none. */
export function isNone(merchants: unknown): boolean {
  return (
    merchants === undefined ||
    (Array.isArray(merchants) && merchants.length === 0) ||
    (isMapping(merchants) && Object.keys(merchants).length === 0)
  )
}

function wechatSection(wechat: unknown): MerchantSection {
  const keys = isMapping(wechat) ? wechat : {}
  return { path: 'wechat', label: 'wechat', envPrefix: 'WECHAT', keys }
}

function itemSection(keys: ConfigTree, at: number): MerchantSection {
  const name = nameIn(keys)
  const path = `merchants[${at}]`
  return {
    path,
    label: name === null ? path : `${path} (${name})`,
    envPrefix: name === null ? null : `MERCHANTS_${envNameOf(name)}`,
    keys,
  }
}

/** Null: it has none, or something else, which may be a secret on the wrong line. */
function nameIn({ name }: ConfigTree): string | null {
  const text = textOf(name)
  return text === null || merchantNameFault(text) !== null ? null : text
}

/** `shop-a` is `SHOP_A`. */
export function envNameOf(name: string): string {
  return name.replaceAll(/[.-]/g, '_').toUpperCase()
}

/** The faults with the names of merchants: `merchants[1] (shop-b).mch_id: not set`. */
export function withMerchantNames(
  faults: readonly string[],
  sections: readonly MerchantSection[],
): string[] {
  const labels = new Map(sections.map(({ path, label }) => [path, label]))
  return faults.map((fault) =>
    fault.replace(/^merchants\[\d+\]/, (path) => labels.get(path) ?? path),
  )
}
