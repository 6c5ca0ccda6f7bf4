import { type ConfigTree, isMapping } from './file.ts'
import { sampleTokenFault, weakTokenFault } from './tokens.ts'
import { hostFault, isLoopback, shown } from './values.ts'

/**
 * What a command uses: the database alone, the gateway as well, or also a port to listen on.
 * The more it needs, the more of the configuration must be there.
 */
export type ConfigNeed = 'database' | 'gateway' | 'serve'

const wechatRequired = ['mch_id', 'app_id', 'serial_no', 'private_key_path', 'api_v3_key']

/** Keys that are missing for what the command needs. */
export function requirementFaults(tree: ConfigTree, need: ConfigNeed): string[] {
  if (need === 'database') return []
  const faults = [...missingWechat(tree), ...halfPublicKey(tree)]
  return need === 'serve' ? [...faults, ...openHost(tree)] : faults
}

function missingWechat(tree: ConfigTree): string[] {
  return wechatRequired
    .filter((key) => valueIn(tree, 'wechat', key) === undefined)
    .map((key) => `wechat.${key}: not set (nor is WECHAT_${key.toUpperCase()})`)
}

function halfPublicKey(tree: ConfigTree): string[] {
  const hasId = valueIn(tree, 'wechat', 'public_key_id') !== undefined
  const hasPath = valueIn(tree, 'wechat', 'public_key_path') !== undefined
  if (hasId === hasPath) return []
  const [given, missing] = hasId
    ? ['public_key_id', 'public_key_path']
    : ['public_key_path', 'public_key_id']
  return [`wechat.${missing}: not set, but wechat.${given} is: give both or neither`]
}

function openHost(tree: ConfigTree): string[] {
  const host = valueIn(tree, 'server', 'host')
  // A host that is none at all is the schema's to tell.
  if (typeof host !== 'string' || hostFault(host.trim()) !== null) return []
  if (isLoopback(host.trim())) return []
  const token = valueIn(tree, 'server', 'api_token')
  if (token !== undefined) return weakToken(token)
  return [
    `server.api_token: not set, and server.host ${shown(host)} can be reached from other machines: ` +
      'set a token, or listen on 127.0.0.1',
  ]
}

/** One that is no text, or nobody's secret wherever it is used, is the schema's to tell. */
function weakToken(token: unknown): string[] {
  if (typeof token !== 'string' || sampleTokenFault(token.trim()) !== null) return []
  const fault = token.trim() === '' ? null : weakTokenFault(token.trim())
  return fault === null ? [] : [`server.api_token: ${fault}`]
}

function valueIn(tree: ConfigTree, section: string, key: string): unknown {
  const keys = tree[section]
  return isMapping(keys) ? keys[key] : undefined
}
