import { readFileSync } from 'node:fs'
import type { PGlite } from '@electric-sql/pglite'
import type { Database } from '../../src/store/database.ts'
import { inMemory, onPglite } from '../../src/store/embedded/pglite.ts'
import { pgliteImage } from './image.ts'
import { type Initial, initialOf, isUnchanged, largeTables } from './initial.ts'
import { closeLater } from './open-stores.ts'

/**
 * An empty, migrated embedded database. Opening one takes longer than most tests: closing it gives it
 * back, and it is emptied before it is lent again, in this test file or in one that follows.
 */
export async function lendEmbedded(): Promise<Database> {
  const pglite = (await takeIdle()) ?? (await open())
  const lent = new Proxy(pglite, {
    get: (target, name) => {
      if (name === 'close') return async () => void idle.push(target)
      const member = Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
  return onPglite(lent, { name: 'pglite:memory', lock: null })
}

/** Given back in this file. */
const idle: PGlite[] = []

/** Left by the files before it, as they would be new. */
const kept: PGlite[] = []

/** Few tests have more than two open at a time, and each holds some 300 MB. */
const keptMax = 2

/** At the end of a file. One that was not given back, or cannot be renewed, is not kept. */
async function keep(pglite: PGlite): Promise<void> {
  const at = idle.indexOf(pglite)
  if (at !== -1) idle.splice(at, 1)
  const isKept = at !== -1 && kept.length < keptMax && (await renew(pglite).catch(() => false))
  if (isKept) kept.push(pglite)
  else if (!pglite.closed) await pglite.close()
}

/** How the image is. */
const image: { initial?: Initial } = {}

async function open(): Promise<PGlite> {
  const pglite = kept.pop() ?? (await inMemory(new Blob([readFileSync(await pgliteImage())])))
  closeLater({ close: () => keep(pglite) })
  image.initial ??= await initialOf(pglite)
  return pglite
}

/** One whose schema a test has changed, or that cannot be emptied, is not lent again. */
async function takeIdle(): Promise<PGlite | null> {
  for (let pglite = idle.pop(); pglite !== undefined; pglite = idle.pop()) {
    const isEmpty = await empty(pglite).catch(() => false)
    if (isEmpty) return pglite
    await pglite.close().catch(() => undefined)
  }
  return null
}

async function empty(pglite: PGlite): Promise<boolean> {
  const { initial } = image
  if (initial === undefined || !(await isUnchanged(pglite, initial))) return false
  await pglite.exec(initial.emptying)
  // A page or two of deleted rows cost less than the vacuum.
  for (const name of await largeTables(pglite)) await pglite.exec(`vacuum ${name}`)
  return true
}

/** So that no file sees what was before it. */
async function renew(pglite: PGlite): Promise<boolean> {
  const { initial } = image
  if (initial === undefined || !(await isUnchanged(pglite, initial))) return false
  await pglite.exec(initial.renewing)
  // Outside of a transaction. Without the flush a timer is left, which a file may fake.
  for (const last of ['checkpoint', 'discard all', 'select pg_stat_force_next_flush()'])
    await pglite.exec(last)
  return true
}
