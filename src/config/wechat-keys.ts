import type { KeyObject } from 'node:crypto'
import { type ConfigTree, isMapping } from './file.ts'
import { isOwnHalf, type LoadedKey, loadPrivateKey, loadPublicKey } from './keys.ts'

export interface WechatKeys {
  readonly privateKey: KeyObject | null
  readonly publicKey: KeyObject | null
  readonly faults: readonly string[]
}

/** Loads the keys that the tree names, also where other values are wrong: all faults are told at once. */
export function loadWechatKeys(tree: ConfigTree): WechatKeys {
  const privateKey = loadFrom(pathIn(tree, 'private_key_path'), loadPrivateKey)
  const publicKey = loadFrom(pathIn(tree, 'public_key_path'), loadPublicKey)
  const faults = [
    ...faultOf('wechat.private_key_path', privateKey),
    ...faultOf('wechat.public_key_path', publicKey),
  ]
  if (privateKey?.kind === 'key' && publicKey?.kind === 'key') {
    if (isOwnHalf(publicKey.key, privateKey.key)) {
      faults.push(
        "wechat.public_key_path: the key is the public half of the merchant's own private key: " +
          "give WeChat Pay's public key, downloaded from the merchant console",
      )
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

function loadFrom(path: string | null, load: (path: string) => LoadedKey): LoadedKey | null {
  return path === null ? null : load(path)
}

function faultOf(path: string, loaded: LoadedKey | null): string[] {
  return loaded?.kind === 'fault' ? [`${path}: ${loaded.fault}`] : []
}

function keyOf(loaded: LoadedKey | null): KeyObject | null {
  return loaded?.kind === 'key' ? loaded.key : null
}
