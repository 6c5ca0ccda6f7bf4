import { nameOf } from './fault.ts'
import { type ConfigTree, type Overlay, valueIn } from './file.ts'
import { type MerchantSection, merchantSections } from './merchants/merchant-sections.ts'
import { sampleTokenFault, weakTokenFault } from './tokens/tokens.ts'
import { hostFault, isLoopback, shown } from './values.ts'

/**
 * What a command uses: only the database, also the gateway, or also a port to listen on. It decides
 * which keys are required.
 */
export type ConfigNeed = 'database' | 'gateway' | 'serve'

const wechatRequired = ['mch_id', 'app_id', 'serial_no', 'private_key_path', 'api_v3_key']

/** The keys that give as text what these give as the path of a file. */
const keyTexts: Readonly<Record<string, string>> = {
  private_key_path: 'private_key',
  public_key_path: 'public_key',
}

/** The required keys that are missing. A key whose `_FILE` could not be read is not missing. */
export function requirementFaults(
  tree: ConfigTree,
  { need, unread, origins }: { need: ConfigNeed } & Pick<Overlay, 'unread' | 'origins'>,
): string[] {
  if (need === 'database') return []
  const name = (path: string) => nameOf(path, origins)
  const faults = merchantSections(tree).flatMap((section) =>
    merchantFaults(section, { unread, name }),
  )
  return need === 'serve' ? [...faults, ...openHost(tree, { unread, name })] : faults
}

type Name = (path: string) => string

interface Required {
  readonly path: string
  readonly isGiven: (key: string) => boolean
  readonly name: Name
}

function merchantFaults(
  { path, keys, envPrefix }: MerchantSection,
  { unread, name }: { unread: ReadonlySet<string>; name: Name },
): string[] {
  const isGiven = (key: string) => keys[key] !== undefined || unread.has(`${path}.${key}`)
  const required = { path, isGiven, name }
  return [...missingKeys(required, envPrefix), ...halfPublicKey(required), ...givenTwice(required)]
}

function missingKeys({ path, isGiven }: Required, envPrefix: string | null): string[] {
  return wechatRequired
    .filter((key) => !isGiven(key) && !isGiven(keyTexts[key] ?? key))
    .map((key) =>
      envPrefix === null
        ? `${path}.${key}: not set`
        : `${path}.${key}: not set (nor is ${envPrefix}_${key.toUpperCase()})`,
    )
}

function halfPublicKey({ path, isGiven, name }: Required): string[] {
  const hasId = isGiven('public_key_id')
  const key = isGiven('public_key') ? 'public_key' : 'public_key_path'
  if (hasId === isGiven(key)) return []
  const [given, missing] = hasId ? ['public_key_id', key] : [key, 'public_key_id']
  return [`${path}.${missing}: not set, but ${name(`${path}.${given}`)} is: give both or neither`]
}

function givenTwice({ path, isGiven, name }: Required): string[] {
  return Object.entries(keyTexts)
    .filter(([file, text]) => isGiven(file) && isGiven(text))
    .map(([file, text]) => [name(`${path}.${file}`), name(`${path}.${text}`)] as const)
    .map(([file, text]) => `${text}: given together with ${file}: give one of them`)
}

function openHost(
  tree: ConfigTree,
  { unread, name }: { unread: ReadonlySet<string>; name: Name },
): string[] {
  const host = valueIn(tree, 'server', 'host')
  // The schema reports a host that is not valid.
  if (typeof host !== 'string' || hostFault(host.trim()) !== null) return []
  if (isLoopback(host.trim())) return []
  const token = valueIn(tree, 'server', 'api_token')
  if (token !== undefined) return weakToken(token, name)
  if (unread.has('server.api_token')) return []
  const tokens = valueIn(tree, 'server', 'tokens')
  if (Array.isArray(tokens) && tokens.length > 0) return []
  return [
    `server.api_token: not set, and ${name('server.host')} ${shown(host)} can be reached from other machines: ` +
      'set a token, or listen on 127.0.0.1',
  ]
}

/** The schema reports a token that is not text, and the token of the example. */
function weakToken(token: unknown, name: Name): string[] {
  if (typeof token !== 'string' || sampleTokenFault(token.trim()) !== null) return []
  const fault = token.trim() === '' ? null : weakTokenFault(token.trim())
  return fault === null ? [] : [`${name('server.api_token')}: ${fault}`]
}
