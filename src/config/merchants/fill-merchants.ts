import { resolve } from 'node:path'
import { configKeys, givenValue } from '../environment.ts'
import { type ConfigTree, isMapping, type Overlay, textOf } from '../file.ts'
import { type Filling, fillingOf, fillKey, type Origin } from '../filling/fill.ts'
import { isPath } from '../paths.ts'
import { merchantFileKeys } from './merchant-schema.ts'
import { isNone, type MerchantSection, merchantSections } from './merchant-sections.ts'

const pathKeys = ['private_key_path', 'public_key_path']

/**
 * Fills in what the section of a merchant does not say itself: what its names in the environment say
 * (`MERCHANTS_SHOP_A_API_V3_KEY`, `MERCHANTS_SHOP_A_API_V3_KEY_FILE`), which wins, and what is in the
 * file that `api_v3_key_file` names. Paths of the configuration file are relative to it.
 */
export function fillMerchants(overlay: Overlay, origin: Origin): Overlay {
  const { tree } = overlay
  const filling = {
    ...fillingOf(overlay, origin),
    wechatKeys: configKeys().filter(({ section }) => section === 'wechat'),
  }
  filling.faults.push(...givenTwice(overlay))
  const filled = new Map(
    merchantSections(tree).map((section) => [section.path, fillSection(section, filling)]),
  )
  const { origins, unread, faults } = filling
  return { tree: withSections(tree, filled), origins, unread, faults }
}

interface MerchantFilling extends Filling {
  /** Each merchant takes what the section `wechat` takes. */
  readonly wechatKeys: ReturnType<typeof configKeys>
}

/** One of the two would be ignored in silence. */
function givenTwice({ tree, origins }: Overlay): string[] {
  const { wechat, merchants } = tree
  if (isNone(merchants) || wechat === undefined) return []
  const keys = isMapping(wechat) ? Object.keys(wechat) : ['']
  if (keys.length === 0) return []
  const names = keys.map((key) => origins.get(`wechat.${key}`))
  // Where no line of the file says it, the person has to look in the environment.
  const [name] = names.includes(undefined) ? [] : names
  const where = name === undefined ? 'wechat' : `wechat (${name})`
  return [`${where}: given together with merchants: give one of them`]
}

function fillSection(section: MerchantSection, filling: MerchantFilling): ConfigTree {
  const anchored = anchorPaths(section, filling)
  const overlaid = fromEnvironment({ ...section, keys: anchored }, filling)
  const at = { ...filling, place: section.path }
  return merchantFileKeys.reduce(
    (keys, fileKey) => fillKey(keys, { key: fileKey.replace(/_file$/, ''), at }),
    overlaid,
  )
}

function anchorPaths({ path, keys }: MerchantSection, { home, origins }: Filling): ConfigTree {
  // Nothing to resolve: messages show the paths as they were written.
  if (home === process.cwd()) return keys
  const anchored = pathKeys.flatMap((key) => {
    const value = textOf(keys[key])
    if (value === null || !isPath(value) || origins.has(`${path}.${key}`)) return []
    return [[key, resolve(home, value)] as const]
  })
  return { ...keys, ...Object.fromEntries(anchored) }
}

function fromEnvironment(
  { path, envPrefix, keys }: MerchantSection,
  { env, wechatKeys, origins, unread, faults }: MerchantFilling,
): ConfigTree {
  // Those of `wechat` are there already.
  if (envPrefix === null || path === 'wechat') return keys
  const values: [key: string, value: unknown][] = []
  for (const { key, isList } of wechatKeys) {
    const given = givenValue(`${envPrefix}_${key.toUpperCase()}`, env)
    if (given === null) continue
    if (given.kind === 'fault') {
      faults.push(given.fault)
      unread.add(`${path}.${key}`)
      continue
    }
    origins.set(`${path}.${key}`, given.name)
    values.push([key, isList ? given.value.split(',') : given.value])
  }
  return { ...keys, ...Object.fromEntries(values) }
}

function withSections(tree: ConfigTree, filled: ReadonlyMap<string, ConfigTree>): ConfigTree {
  const { merchants, ...rest } = tree
  const wechat = filled.get('wechat')
  if (isNone(merchants)) {
    // A section that is no mapping stays, for the schema to report.
    const isFilled = wechat !== undefined && isMapping(rest.wechat)
    return isFilled ? { ...rest, wechat } : rest
  }
  if (!Array.isArray(merchants)) return tree
  const items = merchants.map((item: unknown, at) => filled.get(`merchants[${at}]`) ?? item)
  return { ...rest, merchants: items }
}
