import { KeyObject } from 'node:crypto'
import { camelCase, snakeCase } from '../text/names.ts'
import type {
  Config,
  DatabaseConfig,
  LogConfig,
  RechargeConfig,
  ServerConfig,
  WechatConfig,
} from './config.ts'
import { configKeys } from './environment.ts'
import { ConfigError } from './fault.ts'
import { type ConfigTree, isMapping } from './file.ts'
import { checkedKey, type KeyType, type LoadedKey, readKey } from './keys.ts'
import { assemble } from './load.ts'
import { apiV3KeyFault, configSchema } from './schema.ts'
import { schemaFaults } from './schema-faults.ts'
import type { SourceConfig } from './sources/source-config.ts'
import { keyPair, type WechatKeys } from './wechat-keys.ts'

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
  /** May be null or absent only with a gateway of your own. */
  readonly wechat?: WechatInput | null
  readonly log?: Partial<LogConfig>
  /** As `loadConfig` gives them: they are taken as they are. */
  readonly sources?: readonly SourceConfig[]
}

/**
 * The merchant. The type lets a required value be undefined, because an environment variable may not
 * be set; it is then reported as a fault.
 */
export interface WechatInput
  extends Partial<
    Omit<WechatConfig, 'mchId' | 'appId' | 'serialNo' | 'privateKey' | 'apiV3Key' | 'publicKey'>
  > {
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

/**
 * Completes a configuration that was written in code, with the defaults of the YAML file, and checks
 * it by the same rules. Throws one `ConfigError` with every fault. `openService` calls it; a complete
 * configuration is returned unchanged.
 */
export function completeConfig(input: ConfigInput): Config {
  const { sources, ...checked } = input
  const config = completeChecked(checked)
  return sources === undefined ? config : { ...config, sources }
}

function completeChecked(input: Omit<ConfigInput, 'sources'>): Config {
  const { wechat } = input
  const tree = treeOf(input)
  const parsed = configSchema.safeParse(tree)
  const keys = wechat == null ? null : keysOf(wechat)
  const faults = [
    ...(parsed.success ? [] : schemaFaults(parsed.error.issues, new Map())),
    ...(wechat == null ? [] : missing(wechat)),
    ...(keys?.faults ?? []),
  ]
  if (faults.length > 0 || !parsed.success) throw new ConfigError(faults.map(asInCode))
  const apiV3Key = wechat?.apiV3Key
  const { wechat: checked } = parsed.data
  // Kept as bytes: an embedder's key need not be valid UTF-8 text.
  const bytes = apiV3Key instanceof Uint8Array ? Buffer.from(apiV3Key) : null
  const whole = { ...parsed.data, wechat: { ...checked, api_v3_key: checked.api_v3_key ?? '' } }
  const config = assemble(whole, keys)
  if (config.wechat === null || bytes === null) return config
  return { ...config, wechat: { ...config.wechat, apiV3Key: bytes } }
}

/** The tree that a file would give: sections with keys in snake case, and values as text. */
function treeOf(input: Omit<ConfigInput, 'sources'>): ConfigTree {
  const { wechat, ...rest } = input
  const { privateKey: _1, apiV3Key, publicKey, ...texts } = wechat ?? ({} as Partial<WechatInput>)
  const sections = {
    ...rest,
    wechat: {
      ...texts,
      ...(typeof apiV3Key === 'string' ? { apiV3Key } : {}),
      ...(publicKey == null ? {} : { publicKeyId: publicKey.id }),
    },
  }
  return Object.fromEntries(
    Object.entries(sections).map(([name, section]) => [name, sectionOf(section)]),
  )
}

function sectionOf(section: object | null | undefined): unknown {
  if (section == null) return {}
  const given = Object.entries(section).filter(([, value]) => value != null)
  return Object.fromEntries(given.map(([key, value]) => [snakeCase(key), textOf(value)]))
}

/** Values of other types are passed on unchanged: the schema reports them. */
function textOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(textOf)
  if (isMapping(value)) return sectionOf(value)
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value
}

const needed = ['mchId', 'appId', 'serialNo', 'privateKey', 'apiV3Key'] as const

function missing(wechat: WechatInput): string[] {
  return needed.filter((key) => wechat[key] == null).map((key) => `wechat.${key}: not set`)
}

function keysOf({ privateKey, publicKey, apiV3Key }: WechatInput): WechatKeys {
  const keys = keyPair(
    { name: 'wechat.privateKey', read: privateKey == null ? null : keyOf(privateKey, 'private') },
    { name: 'wechat.publicKey', read: publicKey == null ? null : keyOf(publicKey.key, 'public') },
  )
  const isWrong = apiV3Key instanceof Uint8Array && apiV3Key.length !== 32
  const faults = isWrong ? [`wechat.apiV3Key: ${apiV3KeyFault('x'.repeat(apiV3Key.length))}`] : []
  return { ...keys, faults: [...keys.faults, ...faults] }
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
    fault.replace(/^\w+\.\w+/, camelCase),
  )
}
