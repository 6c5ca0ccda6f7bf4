import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Kysely, sql } from 'kysely'
import { storeOn } from '../../src/store/assemble.ts'
import { openPglite } from '../../src/store/embedded/pglite.ts'
import type { Store } from '../../src/store/store.ts'
import { pgliteImage } from '../../test/support/image.ts'
import { present } from './keys.ts'
import { Finding } from './target.ts'

/** A store, and direct access to its rows. */
export interface FuzzDatabase {
  readonly store: Store
  rows<T>(statement: string): Promise<readonly T[]>
  remove(): Promise<void>
}

/** The database is in a directory: rows in memory would look like a leak. */
export async function openFuzzDatabase(): Promise<FuzzDatabase> {
  const directory = mkdtempSync(join(tmpdir(), 'budan-fuzz-'))
  const image = new Blob([readFileSync(await pgliteImage())])
  const database = await openPglite({ directory: join(directory, 'data'), image })
  const store = storeOn(database, { clock: () => present })
  const db: Kysely<unknown> = database.db
  return {
    store,
    rows: async <T>(statement: string) => (await sql.raw<T>(statement).execute(db)).rows,
    remove: async () => {
      await store.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

export interface Counts {
  readonly orders: number
  readonly events: number
  readonly transfers: number
  readonly entries: number
}

export async function countsOf({ rows }: FuzzDatabase): Promise<Counts> {
  const [counts] = await rows<Counts>(`
    select (select count(*)::int from orders) as orders,
      (select count(*)::int from order_events) as events,
      (select count(*)::int from transfers) as transfers,
      (select count(*)::int from entries) as entries`)
  if (counts === undefined) throw new Error('Cannot count the rows')
  return counts
}

/** Throws if the program's own audit counts anything. */
export async function inspectAudit(store: Store): Promise<void> {
  const audit = await store.audit()
  const wrong = Object.entries(audit).filter(([, count]) => count !== 0)
  if (wrong.length > 0)
    throw new Finding('wrong credit', `the audit finds ${JSON.stringify(wrong)}`, null)
}
