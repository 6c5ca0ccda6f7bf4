import { type Kysely, sql } from 'kysely'

/**
 * The functions of our triggers name their tables with the schema, as of here. Until now they found them
 * by the search path of whoever writes: a person in a console, or a replica that applies changes with an
 * empty one, met an error, or tables of the same name that are not ours.
 *
 * Their texts are those of the migrations before, and stay. A program of before goes on beside this.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { rows } = await functions.execute(db)
  for (const { definition, schema } of rows) {
    await sql.raw(definition.replaceAll(tables, `$1 ${schema}.$2`)).execute(db)
  }
}

/** In the schema where this transaction finds the tables. */
const functions = sql<{ readonly definition: string; readonly schema: string }>`
  select pg_get_functiondef(p.oid) as definition, quote_ident(n.nspname) as schema
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where p.pronamespace = (select relnamespace from pg_class where oid = to_regclass('orders'))
    and starts_with(p.proname, 'budan_')
  order by p.proname`

/** Whole names, where a statement of theirs begins to speak of a table. */
const tables = /\b(from|join|into) (orders|order_events|orders_of_users|entries)\b/g
