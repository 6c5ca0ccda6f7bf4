import type { ProofKey } from '../config/config.ts'
import type { Clock } from '../domain/clock.ts'
import { databaseAddressFault } from '../servers/addresses.ts'
import { storeOn } from './assemble.ts'
import type { Database } from './database.ts'
import { StoreError } from './errors.ts'
import type { Store } from './store.ts'

export interface StoreOptions {
  /** The time, instead of the database's. For tests and embedders. */
  readonly clock?: Clock
  /** Orders, their events and credits are sealed with the first of them; absent or empty: with none. */
  readonly proofKeys?: readonly ProofKey[]
  /** Connections at most; only PostgreSQL has more than one. */
  readonly poolMax?: number
  /** Whether a new embedded directory begins with the tables that are shipped; without, it has none. */
  readonly withTables?: boolean
}

/** Enough for a batch's concurrency and the callbacks beside it; a server allows 100 by default. */
const poolMaxDefault = 10

/**
 * Opens the database at `pglite:./directory`, `pglite:memory`, `postgres://…` or
 * `postgresql://…`. It may be without tables, behind or ahead: `schema()` says which, `migrate()`
 * brings it up to date. Throws `StoreError` when it cannot be opened, `DatabaseBusyError` when
 * another process has the embedded directory open.
 */
export async function openStore(url: string, options: StoreOptions = {}): Promise<Store> {
  return storeOn(await openDatabase(url, options), options)
}

/** Below the `Store` interface: for tests that attack the schema. */
export async function openDatabase(url: string, options: StoreOptions = {}): Promise<Database> {
  const fault = databaseAddressFault(url)
  if (fault !== null) throw new StoreError(`Cannot open the database by its url: ${fault}`)
  // Only the one that is used is loaded: each takes as long as a twentieth of a start.
  if (url === 'pglite:memory')
    return (await import('./embedded/pglite.ts')).openPglite({ directory: null })
  if (url.startsWith('pglite:')) {
    const { openPglite } = await import('./embedded/pglite.ts')
    const { withTables = true } = options
    return openPglite({ directory: url.slice('pglite:'.length), withTables })
  }
  const { openPostgres } = await import('./postgres/postgres.ts')
  return openPostgres({ url, poolMax: options.poolMax ?? poolMaxDefault })
}
