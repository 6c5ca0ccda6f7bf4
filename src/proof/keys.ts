import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import type { ProofKey } from '../config/config.ts'

/** What is derived from a secret: one key for each purpose. */
export interface DerivedKey {
  readonly id: string
  readonly seal: KeyObject
  readonly cipher: KeyObject
}

/** The configured keys: the first one makes new proofs, and all of them verify. */
export class ProofKeys {
  readonly #keys: ReadonlyMap<string, DerivedKey>
  /** Null: there is no key, and no proof is made. */
  readonly current: DerivedKey | null

  constructor(keys: readonly ProofKey[]) {
    this.#keys = new Map(keys.map((key) => [key.id, derived(key)]))
    const [first] = this.#keys.values()
    this.current = first ?? null
  }

  /** Null: the key is missing, so nothing can be said about what it has made. */
  find(id: string): DerivedKey | null {
    return this.#keys.get(id) ?? null
  }
}

function derived({ id, secret }: ProofKey): DerivedKey {
  return { id, seal: derive(secret, 'budan-seal'), cipher: derive(secret, 'budan-evidence') }
}

function derive(secret: string, purpose: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', purpose, 32)))
}
