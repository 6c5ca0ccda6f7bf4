import { type Kysely, sql } from 'kysely'

/** Quoted. Functions name their tables with the schema, see 014. */
export async function schemaOfOrders(db: Kysely<unknown>): Promise<string> {
  const { rows } = await sql<{ readonly schema: string }>`
    select quote_ident(n.nspname) as schema
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.oid = to_regclass('orders')`.execute(db)
  const schema = rows[0]?.schema
  if (schema === undefined) throw new Error('Cannot find the table of orders')
  return schema
}
