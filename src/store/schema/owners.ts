import { type RawBuilder, sql } from 'kysely'
import { type Connection, firstOf } from '../database.ts'
import { MigrationRightsError } from '../errors.ts'
import { appliedTable } from './needed.ts'

/**
 * Who can switch triggers off, or drop what they guard: the owners of our tables, of their schema and of
 * the database; before there are any tables, the user who is about to make them.
 */
export function ownerOids(schema: string): RawBuilder<unknown> {
  return sql`
    select coalesce(
      (select c.relowner from pg_class c
        where c.oid = ${tableOid(schema, appliedTable)}),
      (select r.oid from pg_roles r where r.rolname = current_user)
    ) as oid
    union select n.nspowner from pg_namespace n where n.nspname = ${schema}
    union select d.datdba from pg_database d where d.datname = current_database()`
}

/**
 * A program that runs without the right to migrate is meant to: it says who does. Where not even the
 * schema is there, making it says more.
 */
export async function refuseWithoutRights(
  db: Connection,
  { schema, missing }: { schema: string; missing: number },
): Promise<void> {
  const found = await firstOf(
    db,
    sql<{ readonly user: string; readonly may: boolean; readonly made: boolean }>`
      select current_user::text as user,
        ${tableOid(schema, appliedTable)} is not null as made, coalesce(
        (select pg_has_role(c.relowner, 'USAGE') from pg_class c
          where c.oid = ${tableOid(schema, appliedTable)}),
        has_schema_privilege(to_regnamespace(quote_ident(${schema})), 'CREATE'),
        true
      ) as may`,
  )
  if (found === null || found.may) return
  const count = missing === 1 ? '1 migration' : `${missing} migrations`
  const user = JSON.stringify(found.user)
  throw new MigrationRightsError(
    `The database is behind by ${count}, and its user ${user} may not migrate it`,
    { remedy: found.made ? byOwner : bySomebody },
  )
}

const byOwner = "run `budan migrate` as the owner of budan's tables"
const bySomebody =
  'run `budan migrate` as a user who may, or let its owner run GRANT USAGE, CREATE ON SCHEMA … TO this user'

export function tableOid(schema: string, table: string): RawBuilder<unknown> {
  return sql`to_regclass(quote_ident(${schema}) || ${`.${table}`})`
}
