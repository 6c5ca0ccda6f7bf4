import { KeyObject } from 'node:crypto'
import { camelCase, snakeCase } from '../text/names.ts'
import type {
  AlertConfig,
  Config,
  DatabaseConfig,
  LogConfig,
  MerchantConfig,
  MerchantId,
  RechargeConfig,
  ServerConfig,
} from './config.ts'
import { configKeys } from './environment.ts'
import { ConfigError } from './fault.ts'
import { type ConfigTree, isMapping } from './file.ts'
import { checkedKey, type KeyType, type LoadedKey, readKey } from './keys/keys.ts'
import { assemble } from './load.ts'
import type { LoadedKeys } from './merchants/assemble-merchants.ts'
import { keyPair, type MerchantKeys } from './merchants/merchant-keys.ts'
import { apiV3KeyFault } from './merchants/merchant-schema.ts'
import { merchantSections, withMerchantNames } from './merchants/merchant-sections.ts'
import { sameNameFaults, sharedKeyFaults } from './merchants/same-merchant.ts'
import { configSchema } from './schema.ts'
import { schemaFaults } from './schema-faults.ts'
import type { SourceConfig } from './sources/source-config.ts'
import type { WebhookConfig } from './webhooks/webhook-config.ts'

/**
 * A configuration written in code. A key that is left out, or null, has the default of
 * `docs/configuration.md`. Paths are relative to the working directory.
 */
export interface ConfigInput {
  readonly server?: Partial<ServerConfig>
  /** Default: `pglite:./data`, embedded in a directory. */
  readonly database?: Partial<DatabaseConfig>
  readonly engine?: Partial<Config['engine']>
  readonly recharge?: Partial<RechargeConfig>
  /** Default: no second person is needed. */
  readonly reviews?: Config['reviews']
  readonly events?: Config['events']
  /**
   * The short form of one merchant, which is named `default`. May be null or absent only with
   * `merchants`, or with a gateway of your own.
   */
  readonly wechat?: WechatInput | null
  /** One or more merchants, in the place of `wechat`. */
  readonly merchants?: readonly MerchantInput[]
  /** As `loadConfig` gives them where it loads no keys. Otherwise they are those of the merchants. */
  readonly merchantIds?: readonly MerchantId[]
  readonly log?: Partial<LogConfig>
  /** The keys that credits are proven by; absent, or none: credits keep no proof. */
  readonly proof?: Config['proof']
  /** As `loadConfig` gives them: they are taken as they are. */
  readonly sources?: readonly SourceConfig[]
  /** Default: nobody is notified. */
  readonly alerts?: readonly AlertInput[]
  /** Endpoints that events are sent to. */
  readonly webhooks?: readonly WebhookInput[]
}

/** An endpoint, with one secret or several, which all sign. */
export interface WebhookInput extends Omit<WebhookConfig, 'secrets' | 'types'> {
  readonly secret?: string
  readonly secrets?: WebhookConfig['secrets']
  /** What is sent; absent: everything. */
  readonly types?: WebhookConfig['types']
}

/** By default a name that is the kind's, no secret, and Chinese. */
export type AlertInput = Pick<AlertConfig, 'kind' | 'url'> & Partial<AlertConfig>

/**
 * A merchant. The type lets a required value be undefined, because an environment variable may not
 * be set; it is then reported as a fault.
 */
export interface WechatInput
  extends Partial<Omit<MerchantConfig, 'name' | 'gateway' | Needed | 'publicKey'>> {
  /** 商户号, digits. */
  readonly mchId: string | undefined
  /** The app under which orders are placed: `wx` and 16 hexadecimal digits. */
  readonly appId: string | undefined
  /** The serial number of the merchant's API certificate, hexadecimal. */
  readonly serialNo: string | undefined
  /** `apiclient_key.pem`: its text or bytes, or the key itself. */
  readonly privateKey: KeyObject | string | Uint8Array | undefined
  /** 32 bytes, as set in the merchant console. */
  readonly apiV3Key: string | Uint8Array | undefined
  /** WeChat Pay's public key; null or absent: platform certificates, fetched and rotated. */
  readonly publicKey?: {
    readonly id: string
    readonly key: KeyObject | string | Uint8Array
  } | null
}

/** One of several merchants. */
export interface MerchantInput extends WechatInput {
  /** A part of the path of its callbacks: letters, digits and `.`, `_`, `-` alone. Unique. */
  readonly name: string
  readonly gateway?: MerchantConfig['gateway']
}

const needed = ['mchId', 'appId', 'serialNo', 'privateKey', 'apiV3Key'] as const

type Needed = (typeof needed)[number]

/**
 * Completes a configuration that was written in code, with the defaults of the YAML file, and checks
 * it by the same rules. Throws one `ConfigError` with every fault. `openService` calls it; a complete
 * configuration is returned unchanged.
 */
export function completeConfig(input: ConfigInput): Config {
  const { sources, merchantIds, ...checked } = input
  const config = completeChecked(checked)
  const isWithoutKeys = config.merchants.length === 0 && merchantIds !== undefined
  return {
    ...config,
    ...(isWithoutKeys && { merchantIds }),
    ...(sources !== undefined && { sources }),
  }
}

type CheckedInput = Omit<ConfigInput, 'sources' | 'merchantIds'>

function completeChecked(input: CheckedInput): Config {
  const tree = treeOf(input)
  const sections = merchantSections(tree)
  const parsed = configSchema.safeParse(tree)
  const origins = new Map<string, string>()
  const merchants = merchantsOf(input)
  const keys = merchants.map(keysOf)
  const faults = [
    ...givenTwice(input),
    ...(parsed.success ? [] : schemaFaults(parsed.error.issues, { origins })),
    ...sameNameFaults(sections, origins),
    ...merchants.flatMap(missing),
    ...keys.flatMap((each) => each.faults),
    ...sharedKeyFaults(sections, { keys, origins }),
  ].map(asInCode)
  if (faults.length > 0 || !parsed.success) {
    throw new ConfigError(withMerchantNames(faults, sections))
  }
  return assemble(parsed.data, keys)
}

/** A merchant as it was written, and where. */
interface GivenMerchant {
  /** `wechat`, `merchants[1]`. */
  readonly path: string
  readonly given: WechatInput
}

function merchantsOf({ wechat, merchants = [] }: CheckedInput): readonly GivenMerchant[] {
  if (!Array.isArray(merchants)) return []
  if (merchants.length === 0) return wechat == null ? [] : [{ path: 'wechat', given: wechat }]
  return merchants.map((given: MerchantInput, at) => ({ path: `merchants[${at}]`, given }))
}

function givenTwice({ wechat, merchants = [] }: CheckedInput): string[] {
  return wechat == null || merchants.length === 0
    ? []
    : ['wechat: given together with merchants: give one of them']
}

/** The tree that a file would give: sections with keys in snake case, and values as text. */
function treeOf({
  wechat,
  merchants = [],
  webhooks = [],
  proof,
  alerts,
  ...rest
}: CheckedInput): ConfigTree {
  // A complete configuration without keys has an empty list, which is a slip in a file alone.
  const hasNoKeys = Array.isArray(proof?.keys) && proof.keys.length === 0
  const sections = Object.entries({ ...rest, ...(!hasNoKeys && { proof }) }).map(
    ([name, section]) => [name, sectionOf(section)],
  )
  return {
    ...Object.fromEntries(sections),
    ...(alerts != null && { alerts: textOf(alerts) }),
    wechat: merchantTree(wechat),
    merchants: Array.isArray(merchants) ? merchants.map(merchantTree) : merchants,
    webhooks: Array.isArray(webhooks) ? webhooks.map(sectionOf) : webhooks,
  }
}

function merchantTree(given: WechatInput | null | undefined): unknown {
  const { privateKey: _1, apiV3Key, publicKey, ...texts } = given ?? ({} as Partial<WechatInput>)
  return sectionOf({
    ...texts,
    ...(typeof apiV3Key === 'string' ? { apiV3Key } : {}),
    ...(publicKey == null ? {} : { publicKeyId: publicKey.id }),
  })
}

function sectionOf(section: object | null | undefined): unknown {
  if (section == null) return {}
  const given = Object.entries(section).filter(([, value]) => value != null)
  return Object.fromEntries(given.map(([key, value]) => [snakeCase(key), textOf(value)]))
}

/** Values of other types are passed on unchanged: the schema reports them. */
function textOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(textOf)
  if (value instanceof Date) return Number.isNaN(+value) ? String(value) : value.toISOString()
  if (isMapping(value)) return sectionOf(value)
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value
}

function missing({ path, given }: GivenMerchant): string[] {
  return needed.filter((key) => given[key] == null).map((key) => `${path}.${key}: not set`)
}

function keysOf({ path, given }: GivenMerchant): MerchantKeys & Pick<LoadedKeys, 'apiV3Key'> {
  const { privateKey, publicKey, apiV3Key } = given
  const keys = keyPair(
    { name: `${path}.privateKey`, read: privateKey == null ? null : keyOf(privateKey, 'private') },
    { name: `${path}.publicKey`, read: publicKey == null ? null : keyOf(publicKey.key, 'public') },
  )
  // Kept as bytes: an embedder's key need not be valid UTF-8 text.
  const bytes = apiV3Key instanceof Uint8Array ? Buffer.from(apiV3Key) : null
  const isWrong = bytes !== null && bytes.length !== 32
  const faults = isWrong ? [`${path}.apiV3Key: ${apiV3KeyFault('x'.repeat(bytes.length))}`] : []
  return { ...keys, apiV3Key: bytes, faults: [...keys.faults, ...faults] }
}

function keyOf(given: WechatInput['privateKey'], type: KeyType): LoadedKey {
  if (given instanceof KeyObject) return checkedKey(given, type)
  const text = typeof given === 'string' ? given : Buffer.from(given ?? '').toString()
  return readKey(type, text)
}

/** The fault with the key names of code, `wechat.mchId`, in the place of those of the file. */
function asInCode(fault: string): string {
  const names = configKeys().map(({ key }) => key)
  return names.reduce(
    (text, name) => text.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), camelCase(name)),
    fault.replace(/^\w+(\[\d+\])?\.\w+/, camelCase),
  )
}
