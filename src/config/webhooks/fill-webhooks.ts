import { resolve } from 'node:path'
import { givenValue } from '../environment.ts'
import { type ConfigTree, isMapping, type Overlay } from '../file.ts'
import { homeOf } from '../paths.ts'
import { readSecretFile } from '../secret-file.ts'

interface Origin {
  /** The configuration file; null: there is none. */
  readonly file: string | null
  readonly env: NodeJS.ProcessEnv
}

interface Filling {
  readonly env: NodeJS.ProcessEnv
  readonly home: string
  readonly origins: Map<string, string>
  readonly unread: Set<string>
  readonly faults: string[]
}

/**
 * Fills in the address and the secrets of endpoints: from the environment, which wins
 * (`WEBHOOKS_SHOP_SECRET`, `WEBHOOKS_SHOP_URL`, each also with `_FILE`), or from the files that
 * `secret_file` and `url_file` name. Several secrets are written one after the other, with commas or on
 * lines of their own.
 */
export function fillWebhooks(overlay: Overlay, { file, env }: Origin): Overlay {
  const { webhooks } = overlay.tree
  if (!Array.isArray(webhooks)) return overlay
  const filling: Filling = {
    ...{ env, home: homeOf(file), origins: new Map(overlay.origins) },
    ...{ unread: new Set(overlay.unread), faults: [...overlay.faults] },
  }
  const filled = webhooks.map((webhook: unknown, at) =>
    isMapping(webhook) ? fillWebhook(webhook, { ...filling, place: `webhooks[${at}]` }) : webhook,
  )
  const { origins, unread, faults } = filling
  return { tree: { ...overlay.tree, webhooks: filled }, origins, unread, faults }
}

type Place = Filling & { readonly place: string }

function fillWebhook(webhook: ConfigTree, at: Place): ConfigTree {
  return ['secret', 'url'].reduce((filled, key) => fillKey(filled, key, at), webhook)
}

function fillKey(webhook: ConfigTree, key: string, at: Place): ConfigTree {
  const { place, env, home, origins, unread, faults } = at
  const { [`${key}_file`]: path, ...rest } = webhook
  const { name } = webhook
  const given = typeof name === 'string' ? givenValue(envNameOf(name, key), env) : null
  if (given?.kind === 'fault') {
    faults.push(given.fault)
    unread.add(`${place}.${key}`)
    return rest
  }
  if (given !== null) {
    // What the file says is replaced as a whole.
    const { [key]: _1, [`${key}s`]: _2, ...others } = rest
    for (const each of [key, `${key}s`]) origins.set(`${place}.${each}`, given.name)
    return { ...others, ...filledBy(key, given.value) }
  }
  if (path === undefined) return rest
  if (rest[key] !== undefined || (key === 'secret' && rest.secrets !== undefined)) {
    faults.push(`${place}.${key}_file: given together with ${key}: give one of them`)
    return rest
  }
  const read = readSecretFile(typeof path === 'string' ? resolve(home, path.trim()) : '')
  if (read.kind === 'value') return { ...rest, ...filledBy(key, read.value) }
  faults.push(`${place}.${key}_file: ${read.fault}`)
  unread.add(`${place}.${key}`)
  return rest
}

function filledBy(key: string, value: string): ConfigTree {
  if (key !== 'secret') return { [key]: value.trim() }
  const secrets = value.split(/[\s,]+/).filter((each) => each !== '')
  return secrets.length > 1 ? { secrets } : { secret: value }
}

function envNameOf(name: string, key: string): string {
  return `WEBHOOKS_${name.replaceAll('-', '_')}_${key}`.toUpperCase()
}

/** The paths of files that hold secrets of endpoints, as the configuration file names them. */
export function webhookSecretFiles({ webhooks }: ConfigTree, file: string): readonly string[] {
  if (!Array.isArray(webhooks)) return []
  return webhooks.flatMap((webhook: unknown) => {
    if (!isMapping(webhook)) return []
    return ['secret_file', 'url_file'].flatMap((key) => {
      const path = webhook[key]
      return typeof path === 'string' && path.trim() !== ''
        ? [resolve(homeOf(file), path.trim())]
        : []
    })
  })
}
