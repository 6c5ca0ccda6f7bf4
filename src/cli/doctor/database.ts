import type { MerchantConfig } from '../../config/config.ts'
import { DatabaseBusyError, EncodingError, StoreError } from '../../store/errors.ts'
import { openStore } from '../../store/open.ts'
import type { SchemaState } from '../../store/schema/state.ts'
import type { Store } from '../../store/store.ts'
import { missingDirectory } from '../reader.ts'
import { examineDatabaseClock } from './clock.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import type { Known } from './gateway.ts'
import { examineRights } from './rights.ts'

export interface ExaminedDatabase {
  readonly findings: readonly Finding[]
  readonly known: Known
}

/**
 * Checks whether the database is available and has the schema of this program, and finds an order that
 * the gateway can be queried about. Creates and migrates nothing.
 */
export async function examineDatabase(
  url: string,
  merchants: readonly MerchantConfig[] = [],
): Promise<ExaminedDatabase> {
  const name = 'database'
  const none = { orderNos: new Map(), isServed: false }
  const missing = missingDirectory(url)
  if (missing !== null) {
    const detail = `"${missing}" is not there yet`
    const next = 'run `budan migrate` or `budan serve`: both create it'
    return { findings: [warn(name, { detail, next })], known: none }
  }
  try {
    const store = await openStore(url)
    try {
      const schema = await store.schema()
      const kind = store.kind === 'pglite' ? 'embedded' : 'PostgreSQL'
      // Merchants of one gateway see one clock.
      const clock = await examineDatabaseClock(store, merchants[0] ?? null)
      const rights = isCurrent(schema) ? await examineRights(store) : []
      const findings = [ok(name, `${kind}, answers`), examineSchema(schema), ...rights, ...clock]
      const isReadable = isCurrent(schema) && rights.every(({ status }) => status !== 'fail')
      const orderNos = isReadable ? await knownOrders(store) : new Map()
      return { findings, known: { orderNos, isServed: false } }
    } finally {
      await store.close()
    }
  } catch (error) {
    const isServed = error instanceof DatabaseBusyError
    return { findings: [unavailable(url, error)], known: { orderNos: new Map(), isServed } }
  }
}

function isCurrent({ pending, breaking }: SchemaState): boolean {
  return pending.length === 0 && breaking.length === 0
}

/** By merchant number, a recent order of it, so that the gateway still has it. */
async function knownOrders(store: Store): Promise<ReadonlyMap<string, string>> {
  const page = { limit: 50, cursor: null, status: null, userId: null }
  const { items } = await store.listOrders(page)
  // The newest come first, and of two with one key a map keeps the last.
  const known = items.filter(({ standing }) => standing === 'known').reverse()
  return new Map(known.map(({ mchid, orderNo }) => [mchid, orderNo]))
}

function unavailable(url: string, error: unknown): Finding {
  const name = 'database'
  if (error instanceof DatabaseBusyError) {
    return warn(name, {
      detail: error.what,
      next: 'nothing while `budan serve` runs; else end the other process that has it open',
    })
  }
  if (!(error instanceof StoreError)) throw error
  if (error instanceof EncodingError) {
    return fail(name, {
      detail: error.message,
      next: 'create such a database and put its url in database.url; operations.md says how to move',
    })
  }
  return fail(name, { detail: error.what, next: error.remedy ?? nextStep(url) })
}

/** For a cause that only the server's own message describes, without a known remedy. */
function nextStep(url: string): string {
  return url.startsWith('pglite:')
    ? 'keep a copy of the directory as it is, and see what its cause says'
    : 'see what the database says above, and its log'
}

function examineSchema({ pending, held, unknown, breaking }: SchemaState): Finding {
  const name = 'schema'
  if (breaking.length > 0) {
    return fail(name, {
      detail: `a newer budan changed it: ${breaking.join(', ')}`,
      next: 'upgrade this budan',
    })
  }
  if (pending.length > 0) {
    return fail(name, { detail: `behind: ${pending.join(', ')}`, next: 'run `budan migrate`' })
  }
  if (held.length > 0) {
    return warn(name, {
      detail: `all but one step: ${held.join(', ')} waits for you`,
      next: 'once no process of the version before runs, run `budan migrate --breaking`',
    })
  }
  return unknown.length > 0
    ? warn(name, {
        detail: `newer than this budan, which can live with it: ${unknown.join(', ')}`,
        next: 'upgrade this budan when it suits',
      })
    : ok(name, 'up to date')
}
