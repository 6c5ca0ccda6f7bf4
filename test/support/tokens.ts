import { createHash } from 'node:crypto'
import type { TokenConfig } from '../../src/config/config.ts'

/** The text of the token of that name. */
export const plain = (name: string) => `bdn_${name.replace(/\W/g, '')}`.padEnd(44, 'x')

/** Its line in a configuration. */
export function tokenOf(name: string, rights: Partial<TokenConfig>): TokenConfig {
  const sha256 = createHash('sha256').update(plain(name)).digest('hex')
  return { name, sha256, role: null, scopes: null, expiresAt: null, ...rights }
}

export const bearer = (name: string) => ({ authorization: `Bearer ${plain(name)}` })
