import type { z } from 'zod'
import { alertKeys } from '../alerts/alert-schema.ts'
import { type ConfigTree, isMapping } from '../file.ts'
import { merchantFileKeys, merchantSchema } from '../merchants/merchant-schema.ts'
import { proofKeySchema } from '../proof/proof-schema.ts'
import { sourceSchema } from '../sources/source-schema.ts'
import { tokenSchema } from '../tokens/token-schema.ts'
import { webhookSchema } from '../webhooks/webhook-schema.ts'

export interface ConfigList {
  readonly path: readonly string[]
  readonly item: z.ZodObject
  /** In the configuration file alone: what a file or a preset has is filled in before the schema checks it. */
  readonly filled: readonly string[]
}

/** The lists of mappings. They are in the file, because no variable can hold them. */
export const configLists: readonly ConfigList[] = [
  { path: ['server', 'tokens'], item: tokenSchema, filled: [] },
  { path: ['merchants'], item: merchantSchema, filled: merchantFileKeys },
  { path: ['proof', 'keys'], item: proofKeySchema, filled: ['secret_file'] },
  { path: ['sources'], item: sourceSchema, filled: ['preset', 'url_file'] },
  { path: ['alerts'], item: alertKeys, filled: ['url_file', 'secret_file'] },
  { path: ['webhooks'], item: webhookSchema, filled: ['secret_file', 'url_file'] },
]

/** Null: there is no list. */
export function itemsIn(tree: ConfigTree, path: readonly string[]): readonly unknown[] | null {
  const held = path.reduce<unknown>((part, key) => (isMapping(part) ? part[key] : undefined), tree)
  return Array.isArray(held) ? held : null
}
