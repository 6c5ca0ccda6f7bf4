import { existsSync } from 'node:fs'
import type { MerchantId } from '../config/config.ts'
import { merchantNamed, type OfMerchant } from '../desks.ts'
import type { MerchantIdentity } from '../domain/merchant.ts'
import { NewerSchemaError } from '../store/errors.ts'
import { openStore, type StoreOptions } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import type { CommandContext, CommandInput } from './context.ts'
import { CommandError } from './failure.ts'

/**
 * Opens the database for a command, and closes it afterwards. Creates and migrates nothing: a database
 * that is missing or behind is an error.
 * @param options of a command that seals: its keys.
 */
export async function withStore<T>(
  context: CommandContext,
  work: (store: Store) => Promise<T>,
  options: Pick<StoreOptions, 'proofKeys'> = {},
): Promise<T> {
  const { url } = context.config('database').database
  const missing = missingDirectory(url)
  if (missing !== null) throw new CommandError(`No database at "${missing}": run \`budan migrate\``)
  const store = await openStore(url, options)
  try {
    const { pending, breaking } = await store.schema()
    if (breaking.length > 0) throw new NewerSchemaError(breaking)
    if (pending.length > 0) {
      const count = pending.length === 1 ? '1 migration' : `${pending.length} migrations`
      throw new CommandError(`The database is behind by ${count}: run \`budan migrate\``)
    }
    return await work(store)
  } finally {
    await store.close()
  }
}

/**
 * The directory of an embedded database that does not exist; null when it exists, or no directory
 * is needed.
 */
export function missingDirectory(url: string): string | null {
  if (!url.startsWith('pglite:') || url === 'pglite:memory') return null
  const directory = url.slice('pglite:'.length)
  return existsSync(directory) ? null : directory
}

/** `--merchant`: whose order it is. */
export function merchantGiven({ options }: Pick<CommandInput, 'options'>): OfMerchant {
  return { merchant: typeof options.merchant === 'string' ? options.merchant : null }
}

/** For a command that only reads the database. Throws `MerchantError`. */
export function merchantIdGiven(
  { config }: Pick<CommandContext, 'config'>,
  given: Pick<CommandInput, 'options'>,
): MerchantIdentity | null {
  const { merchant = null } = merchantGiven(given)
  if (merchant === null) return null
  return merchantNamed(config('database').merchantIds, merchant)
}

/** The names of the configured merchants, for what is printed as JSON. */
export function namesIn({ config }: Pick<CommandContext, 'config'>): {
  readonly merchants: readonly MerchantId[]
} {
  return { merchants: config('database').merchantIds }
}
