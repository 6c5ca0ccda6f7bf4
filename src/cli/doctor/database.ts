import type { WechatConfig } from '../../config.ts'
import { DatabaseBusyError, EncodingError, StoreError } from '../../store/errors.ts'
import { openStore } from '../../store/open.ts'
import type { SchemaState } from '../../store/store.ts'
import { missingDirectory } from '../reader.ts'
import { examineDatabaseClock } from './clock.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

/** Whether the database can be had and has the schema of this program. Creates and migrates nothing. */
export async function examineDatabase(
  url: string,
  wechat: WechatConfig | null = null,
): Promise<readonly Finding[]> {
  const name = 'database'
  const missing = missingDirectory(url)
  if (missing !== null) {
    const detail = `"${missing}" is not there yet`
    return [warn(name, { detail, next: 'run `budan migrate` or `budan serve`: both create it' })]
  }
  try {
    const store = await openStore(url)
    try {
      const schema = await store.schema()
      const kind = store.kind === 'pglite' ? 'embedded' : 'PostgreSQL'
      const clock = await examineDatabaseClock(store, wechat)
      return [ok(name, `${kind}, answers`), examineSchema(schema), ...clock]
    } finally {
      await store.close()
    }
  } catch (error) {
    return [unavailable(url, error)]
  }
}

function unavailable(url: string, error: unknown): Finding {
  const name = 'database'
  if (error instanceof DatabaseBusyError) {
    return warn(name, {
      detail: error.message,
      next: 'nothing while `budan serve` runs; else end the other process that has it open',
    })
  }
  if (!(error instanceof StoreError)) throw error
  if (error instanceof EncodingError) {
    return fail(name, {
      detail: error.message,
      next: 'create such a database and put its url in database.url; operations.md tells how to move',
    })
  }
  return fail(name, {
    detail: error.message,
    next: url.startsWith('pglite:')
      ? 'check database.url: it must name a directory that this user may write, on a disk with room'
      : 'check database.url, and that the server runs and lets us in',
  })
}

function examineSchema({ pending, unknown, breaking }: SchemaState): Finding {
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
  return unknown.length > 0
    ? warn(name, {
        detail: `newer than this budan, which can live with it: ${unknown.join(', ')}`,
        next: 'upgrade this budan when it suits',
      })
    : ok(name, 'up to date')
}
