import { existsSync } from 'node:fs'
import { inCamelCase } from '../text/names.ts'
import type { Config, WechatConfig } from './config.ts'
import { overlayEnvironment } from './environment.ts'
import { ConfigError } from './fault.ts'
import { type ConfigTree, isMapping, type Overlay, readConfigFile, valueIn } from './file.ts'
import { anchorPaths, secondDatabaseFaults } from './paths.ts'
import { type ConfigNeed, requirementFaults } from './requirements.ts'
import { configSchema, type ParsedConfig } from './schema.ts'
import { schemaFaults } from './schema-faults.ts'
import { assembleSources, ownDatabaseFaults } from './sources/assemble-sources.ts'
import { fillSources } from './sources/fill-sources.ts'
import { loadWechatKeys, pathIn, type WechatKeys } from './wechat-keys.ts'

/** Which file and environment `loadConfig` reads, and what the caller needs. */
export interface ConfigRequest {
  /** Null: ./budan.yaml if it exists, else only the environment and the defaults. */
  readonly file: string | null
  /** Its values override those of the file. */
  readonly env: NodeJS.ProcessEnv
  /** `serve` and `gateway` require the merchant's keys; `database` loads none, and `wechat` is null. */
  readonly need: ConfigNeed
}

const defaultFile = './budan.yaml'

/**
 * Reads a configuration as the commands do, from a YAML file and the environment, then completes and
 * checks it, keys included. Paths in the file are relative to the file. Throws one `ConfigError` with
 * every fault, for the caller to show; nothing was started.
 */
export function loadConfig({ file, env, need }: ConfigRequest): Config {
  const read = readTree({ file, env })
  const { tree, origins, unread, faults } = read
  const parsed = configSchema.safeParse(tree)
  const keys = need === 'database' ? null : loadWechatKeys(read)
  const all = [
    ...faults,
    ...(parsed.success ? [] : schemaFaults(parsed.error.issues, origins)),
    ...requirementFaults(tree, { need, unread, origins }),
    ...(keys?.faults ?? []),
  ]
  if (all.length === 0 && parsed.success) all.push(...ownDatabaseFaults(parsed.data))
  if (all.length > 0 || !parsed.success) throw new ConfigError(all)
  return assemble(parsed.data, keys)
}

export function keyPaths(request: Omit<ConfigRequest, 'need'>): { privateKeyPath: string | null } {
  return { privateKeyPath: pathIn(readTree(request).tree, 'private_key_path') }
}

/** Whether a valid configuration says the value itself, and does not leave it to the default. */
export function isGiven(
  request: Omit<ConfigRequest, 'need'>,
  ...[section, key]: [section: string, key: string]
): boolean {
  return valueIn(readTree(request).tree, section, key) !== undefined
}

/** The files of a valid configuration that contain secrets. */
export function secretFiles(request: Omit<ConfigRequest, 'need'>): readonly string[] {
  const file = fileOf(request)
  const holdsOne = file !== null && hasSecret(readConfigFile(file))
  const { privateKeyPath } = keyPaths(request)
  return [...(holdsOne ? [file] : []), ...(privateKeyPath === null ? [] : [privateKeyPath])]
}

function hasSecret({ server, wechat, database, engine, sources }: ConfigTree): boolean {
  const has = (section: unknown, key: string) => isMapping(section) && section[key] !== undefined
  const hasPassword = (section: unknown) =>
    isMapping(section) && /:\/\/.*:.*@/s.test(String(section.url ?? ''))
  return (
    has(server, 'api_token') ||
    has(wechat, 'api_v3_key') ||
    has(wechat, 'private_key') ||
    hasPassword(database) ||
    hasPassword(engine) ||
    (isMapping(wechat) && hasPassword({ url: wechat.proxy_url })) ||
    (Array.isArray(sources) && sources.some(hasPassword))
  )
}

/** Whether a configuration file is named, or exists in the working directory. */
export function hasFile(request: Pick<ConfigRequest, 'file'>): boolean {
  return fileOf(request) !== null
}

function fileOf({ file }: Pick<ConfigRequest, 'file'>): string | null {
  return file ?? (existsSync(defaultFile) ? defaultFile : null)
}

function readTree({ file, env }: Omit<ConfigRequest, 'need'>): Overlay {
  const path = fileOf({ file })
  const overlay = overlayEnvironment(path === null ? {} : readConfigFile(path), env)
  const { tree, faults } = fillSources(anchorPaths(overlay, path), { file: path, env })
  return {
    ...overlay,
    tree,
    faults: [...overlay.faults, ...secondDatabaseFaults(overlay, path), ...faults],
  }
}

/** Builds the configuration from checked values. Without keys, `wechat` is null. */
export function assemble(parsed: ParsedConfig, keys: WechatKeys | null): Config {
  const { server, database, engine, recharge, log } = parsed
  return {
    server: { ...inCamelCase(server), apiToken: server.api_token ?? null },
    database: inCamelCase(database),
    engine,
    recharge: inCamelCase(recharge),
    wechat: keys === null ? null : assembleWechat(parsed.wechat, keys),
    log,
    ...(parsed.sources.length > 0 && { sources: assembleSources(parsed) }),
  }
}

function assembleWechat(wechat: ParsedConfig['wechat'], keys: WechatKeys): WechatConfig {
  const { public_key_id: publicKeyId } = wechat
  return {
    baseUrl: wechat.base_url,
    proxyUrl: wechat.proxy_url ?? null,
    mchId: required(wechat.mch_id),
    appId: required(wechat.app_id),
    appIds: [...new Set([required(wechat.app_id), ...(wechat.app_ids ?? [])])],
    serialNo: required(wechat.serial_no),
    privateKey: required(keys.privateKey),
    apiV3Key: Buffer.from(required(wechat.api_v3_key)),
    notifyUrl: wechat.notify_url ?? null,
    publicKey:
      publicKeyId === undefined ? null : { id: publicKeyId, key: required(keys.publicKey) },
    timeoutMs: wechat.timeout_ms,
  }
}

/** `requirementFaults` has checked the value, so a missing one is a programming error. */
function required<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new TypeError('A required key was not checked')
  return value
}
