import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { inCamelCase } from '../text/names.ts'
import { fillAlerts } from './alerts/fill-alerts.ts'
import type { AlertConfig, Config, ProofKey, TokenConfig } from './config.ts'
import { overlayEnvironment } from './environment.ts'
import { ConfigError, type Read } from './fault.ts'
import {
  type ConfigTree,
  isMapping,
  type Overlay,
  readConfigFile,
  textOf,
  valueIn,
} from './file.ts'
import { configLists, itemsIn } from './filling/lists.ts'
import {
  assembleMerchants,
  type LoadedKeys,
  merchantIdsOf,
} from './merchants/assemble-merchants.ts'
import { fillMerchants } from './merchants/fill-merchants.ts'
import { loadMerchantKeys, pathIn } from './merchants/merchant-keys.ts'
import { merchantFileKeys } from './merchants/merchant-schema.ts'
import { merchantSections, withMerchantNames } from './merchants/merchant-sections.ts'
import { sameNameFaults, sharedKeyFaults } from './merchants/same-merchant.ts'
import { anchorPaths, homeOf, secondDatabaseFaults } from './paths.ts'
import { fillProof } from './proof/fill-proof.ts'
import { madeKeysPath, readMadeKeys } from './proof/made-keys.ts'
import { type ConfigNeed, requirementFaults } from './requirements.ts'
import { configSchema, type ParsedConfig } from './schema.ts'
import { schemaFaults } from './schema-faults.ts'
import {
  assembleSources,
  ownDatabaseFaults,
  sourceMerchantFaults,
} from './sources/assemble-sources.ts'
import { fillSources } from './sources/fill-sources.ts'
import { fillWebhooks } from './webhooks/fill-webhooks.ts'
import { assembleWebhooks } from './webhooks/webhook-config.ts'

/** Which file and environment `loadConfig` reads, and what the caller needs. */
export interface ConfigRequest {
  /** Null: ./budan.yaml if it exists, else only the environment and the defaults. */
  readonly file: string | null
  /** Its values override those of the file. */
  readonly env: NodeJS.ProcessEnv
  /** `serve` and `gateway` require the merchants' keys; `database` loads none, and has no `merchants`. */
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
  const sections = merchantSections(tree)
  const keys =
    need === 'database' ? [] : sections.map((section) => loadMerchantKeys(section, origins))
  const made = madeKeys(tree, file)
  const all = [
    ...faults,
    ...(made?.kind === 'fault' ? [`proof: ${made.fault}`] : []),
    ...(parsed.success ? [] : schemaFaults(parsed.error.issues, { origins, unread })),
    ...sameNameFaults(sections, origins),
    ...requirementFaults(tree, { need, unread, origins }),
    ...keys.flatMap((each) => each.faults),
    ...sharedKeyFaults(sections, { keys, origins }),
  ]
  if (all.length === 0 && parsed.success) {
    const names = merchantIdsOf(parsed.data).map(({ name }) => name)
    all.push(...ownDatabaseFaults(parsed.data), ...sourceMerchantFaults(parsed.data, names))
  }
  if (all.length > 0 || !parsed.success) throw new ConfigError(withMerchantNames(all, sections))
  const config = assemble(parsed.data, keys)
  return made?.kind === 'value' ? { ...config, proof: { keys: made.value } } : config
}

/** The keys that budan made; null: the configuration has its own, or none was made yet. */
function madeKeys(tree: ConfigTree, file: string | null): Read<readonly ProofKey[]> | null {
  return valueIn(tree, 'proof', 'keys') === undefined
    ? readMadeKeys(madeKeysPath(tree, fileOf({ file })))
    : null
}

/** Where the keys of proofs of a valid configuration are from. `path`: where budan keeps those it makes. */
export function proofKeysPlace(
  request: Omit<ConfigRequest, 'need'>,
): { readonly kind: 'given' } | { readonly kind: 'made'; readonly path: string } {
  const { tree } = readTree(request)
  if (valueIn(tree, 'proof', 'keys') !== undefined) return { kind: 'given' }
  return { kind: 'made', path: madeKeysPath(tree, fileOf(request)) }
}

/** How the configuration names a merchant, and the file of its private key, where it has one. */
export interface MerchantPlace {
  /** `wechat`, `merchants[1] (shop-b)`. */
  readonly section: string
  readonly privateKeyPath: string | null
}

/** Of each merchant of a valid configuration, in the order of `Config.merchants`. */
export function merchantPlaces(request: Omit<ConfigRequest, 'need'>): readonly MerchantPlace[] {
  return merchantSections(readTree(request).tree).map(({ label, keys }) => ({
    section: label,
    privateKeyPath: pathIn(keys, 'private_key_path'),
  }))
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
  const tree = file === null ? {} : readConfigFile(file)
  const place = proofKeysPlace(request)
  const keyFiles = merchantPlaces(request).flatMap(({ privateKeyPath }) => privateKeyPath ?? [])
  return [
    ...(file !== null && hasSecret(tree) ? [file] : []),
    ...keyFiles,
    ...(file === null ? [] : secretFilesIn(tree, file)),
    ...(place.kind === 'made' && existsSync(place.path) ? [place.path] : []),
  ]
}

function secretFilesIn(tree: ConfigTree, file: string): readonly string[] {
  const lists = configLists.map(({ path, filled }) => ({
    ...{ mappings: itemsIn(tree, path) ?? [], keys: filled },
  }))
  return [{ mappings: [tree.wechat], keys: merchantFileKeys }, ...lists].flatMap(
    ({ mappings, keys }) =>
      mappings.filter(isMapping).flatMap((mapping) =>
        keys
          .filter((key) => key.endsWith('_file'))
          .map((key) => textOf(mapping[key]))
          .flatMap((path) => (path === null ? [] : [resolve(homeOf(file), path)])),
      ),
  )
}

function hasSecret(tree: ConfigTree): boolean {
  const { server, database, engine, proof, sources, alerts, webhooks } = tree
  const has = (section: unknown, key: string) => isMapping(section) && section[key] !== undefined
  const hasPassword = (section: unknown) =>
    isMapping(section) && /:\/\/.*:.*@/s.test(String(section.url ?? ''))
  return (
    has(server, 'api_token') ||
    hasPassword(database) ||
    hasPassword(engine) ||
    merchantSections(tree).some(
      ({ keys }) =>
        has(keys, 'api_v3_key') || has(keys, 'private_key') || hasPassword({ url: keys.proxy_url }),
    ) ||
    (Array.isArray(sources) && sources.some(hasPassword)) ||
    (Array.isArray(alerts) && alerts.some((alert) => has(alert, 'url') || has(alert, 'secret'))) ||
    (Array.isArray(webhooks) &&
      webhooks.some((each) => has(each, 'secret') || has(each, 'secrets'))) ||
    (isMapping(proof) && Array.isArray(proof.keys) && proof.keys.some((key) => has(key, 'secret')))
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
  const anchored = {
    ...overlay,
    tree: anchorPaths(overlay, path),
    faults: [...overlay.faults, ...secondDatabaseFaults(overlay, path)],
  }
  const fills = [fillProof, fillWebhooks, fillMerchants, fillAlerts, fillSources]
  return fills.reduce<Overlay>((filled, fill) => fill(filled, { file: path, env }), anchored)
}

function tokenOf(token: ParsedConfig['server']['tokens'][number]): TokenConfig {
  const { name, sha256, role = null, scopes = null, expires_at: expiresAt = null } = token
  return { name, sha256, role, scopes, expiresAt }
}

function alertOf(alert: ParsedConfig['alerts'][number]): AlertConfig {
  return { ...alert, secret: alert.secret ?? null }
}

/**
 * Builds the configuration from checked values.
 * @param keys of each merchant; none: `merchants` is empty.
 */
export function assemble(parsed: ParsedConfig, keys: readonly LoadedKeys[]): Config {
  const { server, database, engine, recharge, reviews, events, log, proof } = parsed
  return {
    server: {
      ...inCamelCase(server),
      apiToken: server.api_token ?? null,
      tokens: server.tokens.map(tokenOf),
    },
    database: inCamelCase(database),
    engine,
    recharge: inCamelCase(recharge),
    reviews: inCamelCase(reviews),
    events: inCamelCase(events),
    merchants: assembleMerchants(parsed, keys),
    merchantIds: merchantIdsOf(parsed),
    log,
    proof: { keys: proof.keys ?? [] },
    ...(parsed.sources.length > 0 && { sources: assembleSources(parsed) }),
    ...(parsed.alerts.length > 0 && { alerts: parsed.alerts.map(alertOf) }),
    ...(parsed.webhooks.length > 0 && { webhooks: assembleWebhooks(parsed.webhooks) }),
  }
}
