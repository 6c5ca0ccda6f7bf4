import type { KeyObject } from 'node:crypto'
import { nameOf } from '../fault.ts'
import { type ConfigTree, textOf } from '../file.ts'
import { isOwnHalf, type KeyType, type LoadedKey, loadKey, ownHalf, readKey } from '../keys/keys.ts'
import { isPath } from '../paths.ts'
import type { MerchantSection } from './merchant-sections.ts'

export interface MerchantKeys {
  readonly privateKey: KeyObject | null
  readonly publicKey: KeyObject | null
  /** What the keys are called in faults: `merchants[1].private_key_path`. */
  readonly names: { readonly privateKey: string; readonly publicKey: string }
  readonly faults: readonly string[]
}

/**
 * Loads the keys that the section names, also when other values are wrong, so that all faults are
 * reported together.
 */
export function loadMerchantKeys(
  section: MerchantSection,
  origins: ReadonlyMap<string, string>,
): MerchantKeys {
  const named = (type: KeyType): NamedKey => {
    const { key, read } = loadEither(section.keys, type)
    return { name: nameOf(`${section.path}.${key}`, origins), read }
  }
  return keyPair(named('private'), named('public'))
}

/** A key, or null where there is none, and its name in faults. */
interface NamedKey {
  readonly name: string
  readonly read: LoadedKey | null
}

/** Both keys, and what is wrong with either or with the two together. */
export function keyPair(ours: NamedKey, theirs: NamedKey): MerchantKeys {
  const faults = [ours, theirs].flatMap(({ name, read }) =>
    read?.kind === 'fault' ? [`${name}: ${read.fault}`] : [],
  )
  const [privateKey, publicKey] = [keyOf(ours), keyOf(theirs)]
  if (privateKey !== null && publicKey !== null && isOwnHalf(publicKey, privateKey)) {
    faults.push(`${theirs.name}: ${ownHalf}`)
  }
  return { privateKey, publicKey, names: { privateKey: ours.name, publicKey: theirs.name }, faults }
}

function keyOf({ read }: NamedKey): KeyObject | null {
  return read?.kind === 'value' ? read.value : null
}

/** The path that the key of a section holds; null when there is none, or the schema reports it. */
export function pathIn(keys: ConfigTree, key: string): string | null {
  const value = textOf(keys[key])
  return value !== null && isPath(value) ? value : null
}

/** Loads the key from its text, or else from its path. `key`: the one that was used. */
function loadEither(keys: ConfigTree, type: KeyType): { key: string; read: LoadedKey | null } {
  const key = `${type}_key`
  const pem = keys[key]
  // The schema reports any other value.
  if (typeof pem === 'string' && pem.includes('-----BEGIN '))
    return { key, read: readKey(type, pem) }
  const file = pathIn(keys, `${key}_path`)
  return { key: `${key}_path`, read: file === null ? null : loadKey(type, file) }
}
