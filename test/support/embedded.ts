import { readFileSync } from 'node:fs'
import type { PGlite } from '@electric-sql/pglite'
import type { Database } from '../../src/store/database.ts'
import { inMemory, onPglite } from '../../src/store/embedded/pglite.ts'
import { pgliteImage } from './image.ts'
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

/** How the image is: what emptying a database has to lead to. */
interface Initial {
  readonly schema: string
  readonly emptying: string
  readonly renewing: string
}

const initial: { read?: Initial } = {}

async function open(): Promise<PGlite> {
  const pglite = kept.pop() ?? (await inMemory(new Blob([readFileSync(await pgliteImage())])))
  closeLater({ close: () => keep(pglite) })
  initial.read ??= { schema: await schemaOf(pglite), ...(await resettingOf(pglite)) }
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
  if (!(await isUnchanged(pglite))) return false
  await pglite.exec(initial.read?.emptying ?? '')
  const { rows } = await pglite.query<{ name: string }>(largeTables)
  for (const { name } of rows) await pglite.exec(`vacuum ${name}`)
  return true
}

/** Also its files and statistics are those of a new one, so that no file sees what was before it. */
async function renew(pglite: PGlite): Promise<boolean> {
  if (!(await isUnchanged(pglite))) return false
  await pglite.exec(initial.read?.renewing ?? '')
  // Outside of a transaction. Without the flush a timer is left, which a file may fake.
  for (const last of ['checkpoint', 'discard all', 'select pg_stat_force_next_flush()'])
    await pglite.exec(last)
  return true
}

async function isUnchanged(pglite: PGlite): Promise<boolean> {
  // Settings and prepared statements of the session. It fails inside a transaction.
  await pglite.exec('discard all')
  return (await schemaOf(pglite)) === initial.read?.schema
}

/** Deleted rows stay in their pages: a page or two cost less than the vacuum. */
const largeTables = `
  select oid::regclass::text as name from pg_class
  where relnamespace = 'budan'::regnamespace and relkind = 'r' and pg_relation_size(oid) > 65536`

/** Of all that a statement of a test could have changed and that deleting rows does not restore. */
async function schemaOf(pglite: PGlite): Promise<string> {
  const { rows } = await pglite.query<{ digest: string }>(`
    with tables as (
      select oid, relname from pg_class where relnamespace = 'budan'::regnamespace
    ), parts (part) as (
      select concat('schema ', nspname) from pg_namespace
      union all
      select concat('table ', relname, reloptions, relpersistence) from pg_class
        where relnamespace in ('budan'::regnamespace, 'public'::regnamespace)
      union all
      select concat('column ', relname, attname, attnum, atttypid, attnotnull, attisdropped)
        from pg_attribute join tables on tables.oid = attrelid
      union all
      select concat('default ', relname, adnum, adbin) from pg_attrdef join tables on tables.oid = adrelid
      union all
      select concat('constraint ', conname, conrelid, contype, convalidated, conkey, conbin)
        from pg_constraint where connamespace = 'budan'::regnamespace
      union all
      select concat('index ', relname, indkey, indisvalid, indpred) from pg_index
        join tables on tables.oid = indexrelid
      union all
      select concat('trigger ', relname, tgname, tgenabled) from pg_trigger join tables on tables.oid = tgrelid
      union all
      select concat('function ', proname, prosrc) from pg_proc
        where pronamespace in ('budan'::regnamespace, 'public'::regnamespace)
      union all
      select concat('migration ', name) from budan.budan_migrations
    )
    select md5(string_agg(part, ';' order by part)) as digest from parts`)
  return rows[0]?.digest ?? ''
}

/** Removes all rows but those that the migrations put there, and has each sequence begin again. */
async function resettingOf(pglite: PGlite): Promise<Pick<Initial, 'emptying' | 'renewing'>> {
  const { rows } = await pglite.query<{ name: string; kind: 'r' | 'S' }>(`
    select quote_ident(relname) as name, relkind as kind from pg_class
    where relnamespace = 'budan'::regnamespace and relkind in ('r', 'S')
      and relname not like 'budan_migrations%'`)
  const of = (wanted: 'r' | 'S') =>
    rows.filter(({ kind }) => kind === wanted).map(({ name }) => `budan.${name}`)
  const inserts = await Promise.all(of('r').map((table) => insertOf(pglite, table)))
  const refill = [
    ...inserts.flat(),
    ...of('S').map((sequence) => `select setval('${sequence}', 1, false)`),
    'reset session_replication_role',
  ]
  // Without triggers: those that keep the ledger, and foreign keys.
  const resetting = (removing: readonly string[]) =>
    ['set session_replication_role = replica', ...removing, ...refill].join(';')
  return {
    emptying: resetting(of('r').map((table) => `delete from ${table}`)),
    renewing: resetting([`truncate ${of('r').join(', ')}`, removingStatistics]),
  }
}

const removingStatistics = `
  delete from pg_statistic using pg_class
  where pg_class.oid = starelid and relnamespace = 'budan'::regnamespace`

async function insertOf(pglite: PGlite, table: string): Promise<readonly string[]> {
  const { rows } = await pglite.query<{ insert: string | null }>(`
    select format('insert into ${table} select * from json_populate_recordset(null::${table}, %L)',
      json_agg(t)::text) as insert
    from ${table} t having count(*) > 0`)
  return rows.flatMap(({ insert }) => insert ?? [])
}
