import type { KeyObject } from 'node:crypto'
import { nameOf } from './fault.ts'
import { type ConfigTree, type Overlay, textIn, valueIn } from './file.ts'
import { isOwnHalf, type KeyType, type LoadedKey, loadKey, ownHalf, readKey } from './keys.ts'
import { isPath } from './paths.ts'

export interface WechatKeys {
  readonly privateKey: KeyObject | null
  readonly publicKey: KeyObject | null
  readonly faults: readonly string[]
}

/**
 * Loads the keys that the tree names, also when other values are wrong, so that all faults are
 * reported together.
 */
export function loadWechatKeys({ tree, origins }: Pick<Overlay, 'tree' | 'origins'>): WechatKeys {
  const named = (type: KeyType): NamedKey => {
    const { path, read } = loadEither(tree, type)
    return { name: nameOf(path, origins), read }
  }
  return keyPair(named('private'), named('public'))
}

/** A key, or null where there is none, and its name in faults. */
interface NamedKey {
  readonly name: string
  readonly read: LoadedKey | null
}

/** Both keys, and what is wrong with either or with the two together. */
export function keyPair(ours: NamedKey, theirs: NamedKey): WechatKeys {
  const faults = [ours, theirs].flatMap(({ name, read }) =>
    read?.kind === 'fault' ? [`${name}: ${read.fault}`] : [],
  )
  const [privateKey, publicKey] = [keyOf(ours), keyOf(theirs)]
  if (privateKey !== null && publicKey !== null && isOwnHalf(publicKey, privateKey)) {
    faults.push(`${theirs.name}: ${ownHalf}`)
  }
  return { privateKey, publicKey, faults }
}

function keyOf({ read }: NamedKey): KeyObject | null {
  return read?.kind === 'value' ? read.value : null
}

/**
 * The path that a key of the wechat section holds; null when there is none, or the schema reports it.
 */
export function pathIn(tree: ConfigTree, key: string): string | null {
  const value = textIn(tree, 'wechat', key)
  return value !== null && isPath(value) ? value : null
}

/** Loads the key from its text, or else from its path. `path`: of the one that was used, in the tree. */
function loadEither(tree: ConfigTree, type: KeyType): { path: string; read: LoadedKey | null } {
  const key = `${type}_key`
  const pem = valueIn(tree, 'wechat', key)
  // The schema reports any other value.
  if (typeof pem === 'string' && pem.includes('-----BEGIN ')) {
    return { path: `wechat.${key}`, read: readKey(type, pem) }
  }
  const file = pathIn(tree, `${key}_path`)
  return { path: `wechat.${key}_path`, read: file === null ? null : loadKey(type, file) }
}
