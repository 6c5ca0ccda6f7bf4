import type { KeyObject } from 'node:crypto'
import { nameOf } from './fault.ts'
import type { Overlay } from './file.ts'
import { type ConfigTree, isMapping } from './file.ts'
import {
  isOwnHalf,
  type LoadedKey,
  loadPrivateKey,
  loadPublicKey,
  ownHalf,
  readPrivateKey,
  readPublicKey,
} from './keys.ts'

export interface WechatKeys {
  readonly privateKey: KeyObject | null
  readonly publicKey: KeyObject | null
  readonly faults: readonly string[]
}

/** Loads the keys that the tree names, also where other values are wrong: all faults are told at once. */
export function loadWechatKeys({ tree, origins }: Pick<Overlay, 'tree' | 'origins'>): WechatKeys {
  const [privatePath, privateKey] = loadEither(tree, 'private_key', {
    fromFile: loadPrivateKey,
    fromText: readPrivateKey,
  })
  const [publicPath, publicKey] = loadEither(tree, 'public_key', {
    fromFile: loadPublicKey,
    fromText: readPublicKey,
  })
  const [privateName, publicName] = [nameOf(privatePath, origins), nameOf(publicPath, origins)]
  const faults = [...faultOf(privateName, privateKey), ...faultOf(publicName, publicKey)]
  if (privateKey?.kind === 'key' && publicKey?.kind === 'key') {
    if (isOwnHalf(publicKey.key, privateKey.key)) {
      faults.push(`${publicName}: ${ownHalf}`)
    }
  }
  return { privateKey: keyOf(privateKey), publicKey: keyOf(publicKey), faults }
}

/** The path under a key of the wechat section; null where there is none, or the schema tells its fault. */
export function pathIn(tree: ConfigTree, key: string): string | null {
  const section = tree.wechat
  const value = isMapping(section) ? section[key] : null
  if (typeof value !== 'string' || value.trim() === '') return null
  return /-----BEGIN|\n|\0/.test(value.trim()) ? null : value.trim()
}

interface Loading {
  readonly fromFile: (path: string) => LoadedKey
  readonly fromText: (pem: string) => LoadedKey
}

/** The key as text, or in the file of the key's path: which of the two it was, and what came of it. */
function loadEither(
  tree: ConfigTree,
  key: string,
  { fromFile, fromText }: Loading,
): [name: string, LoadedKey | null] {
  const pem = pemIn(tree, key)
  if (pem !== null) return [`wechat.${key}`, fromText(pem)]
  const path = pathIn(tree, `${key}_path`)
  return [`wechat.${key}_path`, path === null ? null : fromFile(path)]
}

/** Null where there is none, or the schema tells its fault. */
function pemIn(tree: ConfigTree, key: string): string | null {
  const value = isMapping(tree.wechat) ? tree.wechat[key] : null
  return typeof value === 'string' && value.includes('-----BEGIN ') ? value : null
}

function faultOf(name: string, loaded: LoadedKey | null): string[] {
  return loaded?.kind === 'fault' ? [`${name}: ${loaded.fault}`] : []
}

function keyOf(loaded: LoadedKey | null): KeyObject | null {
  return loaded?.kind === 'key' ? loaded.key : null
}
