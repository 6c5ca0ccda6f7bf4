/** A connection to a database that is lent to one test after the other. */
export interface Session {
  query<T extends object>(statement: string): Promise<{ rows: T[] }>
  /** Statements one after the other, in one transaction unless they say otherwise. */
  exec(statements: string): Promise<unknown>
}

/** How a database is at first, and the statements that lead back to it. */
export interface Initial {
  readonly schema: string
  /** Deletes the rows: of few rows the quickest. */
  readonly emptying: string
  /** Also its files and statistics are those of a new one. */
  readonly renewing: string
}

export async function initialOf(session: Session): Promise<Initial> {
  return { schema: await schemaOf(session), ...(await resettingOf(session)) }
}

/** False where a test has changed what deleting rows does not restore. Fails inside a transaction. */
export async function isUnchanged(session: Session, { schema }: Initial): Promise<boolean> {
  // Settings and prepared statements of the session.
  await session.exec('discard all')
  return (await schemaOf(session)) === schema
}

/** The tables that many rows were in. Deleted ones stay in their pages. */
export async function largeTables(session: Session): Promise<readonly string[]> {
  const { rows } = await session.query<{ name: string }>(`
    select oid::regclass::text as name from pg_class
    where relnamespace = 'budan'::regnamespace and relkind = 'r' and pg_relation_size(oid) > 65536`)
  return rows.map(({ name }) => name)
}

/** Of all that a statement of a test could have changed and that deleting rows does not restore. */
async function schemaOf(session: Session): Promise<string> {
  const { rows } = await session.query<{ digest: string }>(`
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
      select concat('setting ', setconfig) from pg_db_role_setting
        where setdatabase = (select oid from pg_database where datname = current_database())
      union all
      select concat('migration ', name) from budan.budan_migrations
    )
    select md5(string_agg(part, ';' order by part)) as digest from parts`)
  return rows[0]?.digest ?? ''
}

/** Removes all rows but those that the migrations put there, and has each sequence begin again. */
async function resettingOf(session: Session): Promise<Pick<Initial, 'emptying' | 'renewing'>> {
  const { rows } = await session.query<{ name: string; kind: 'r' | 'S' }>(`
    select quote_ident(relname) as name, relkind as kind from pg_class
    where relnamespace = 'budan'::regnamespace and relkind in ('r', 'S')
      and relname not like 'budan_migrations%'`)
  const of = (wanted: 'r' | 'S') =>
    rows.filter(({ kind }) => kind === wanted).map(({ name }) => `budan.${name}`)
  const inserts: string[] = []
  for (const table of of('r')) inserts.push(...(await insertOf(session, table)))
  const refill = [
    ...inserts,
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

async function insertOf(session: Session, table: string): Promise<readonly string[]> {
  const { rows } = await session.query<{ insert: string | null }>(`
    select format('insert into ${table} select * from json_populate_recordset(null::${table}, %L)',
      json_agg(t)::text) as insert
    from ${table} t having count(*) > 0`)
  return rows.flatMap(({ insert }) => insert ?? [])
}
