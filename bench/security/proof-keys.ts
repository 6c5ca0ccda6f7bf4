import type { ProofKey } from '../../src/config/config.ts'
import type { Store } from '../../src/store/store.ts'

export const proofKeys: readonly ProofKey[] = [
  { id: 'bench', secret: 'of the bench, with 32 characters' },
]

/** For orders that were filled in by SQL: as a node does at its first start. */
export async function sealAll(store: Pick<Store, 'sealOld'>): Promise<void> {
  let portion = await store.sealOld(null)
  while (portion?.next) portion = await store.sealOld(portion.next)
}
