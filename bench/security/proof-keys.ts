import type { ProofKey } from '../../src/config/config.ts'

export const proofKeys: readonly ProofKey[] = [
  { id: 'bench', secret: 'of the bench, with 32 characters' },
]
