import { sql } from 'kysely'
import { type Connection, firstOf, rowsOf } from '../database.ts'
import { neededOf } from './needed.ts'
import { ownerOids } from './owners.ts'

/** What the user of this session may do with our tables. */
export interface HeldRights {
  readonly user: string
  /** `granted`: it owns nothing of ours, and has the rights that it was given. */
  readonly standing: 'superuser' | 'owner' | 'granted'
  /** Of one that was granted: what it may, and need not (`DELETE on transfers`). */
  readonly excess: readonly string[]
  /** Of one that was granted: what it needs, and may not. */
  readonly lacking: readonly string[]
}

/** All that there are on a table, in every version of PostgreSQL. */
const allRights = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']

export async function readHeldRights(db: Connection, schema: string): Promise<HeldRights> {
  const role = await firstOf(
    db,
    sql<{
      readonly user: string
      readonly superuser: boolean
      readonly owner: boolean
      readonly makes_roles: boolean
    }>`
      with owners as (${ownerOids(schema)})
      select r.rolname::text as user, r.rolsuper as superuser, r.rolcreaterole as makes_roles,
        exists (select from owners where pg_has_role(owners.oid, 'MEMBER')) as owner
      from pg_roles r where r.rolname = current_user`,
  )
  const user = role?.user ?? ''
  const none = { excess: [], lacking: [] }
  if (role?.superuser === true) return { user, standing: 'superuser', ...none }
  if (role?.owner === true) return { user, standing: 'owner', ...none }
  const { excess, lacking } = await compareTables(db, schema)
  // Before PostgreSQL 16 it can make itself a member of the owner.
  const roles = role?.makes_roles === true ? ['CREATEROLE'] : []
  return { user, standing: 'granted', excess: [...roles, ...excess], lacking }
}

async function compareTables(
  db: Connection,
  schema: string,
): Promise<Pick<HeldRights, 'excess' | 'lacking'>> {
  const tables = await rowsOf(
    db,
    sql<{ readonly name: string; readonly held: readonly string[] }>`
      select c.relname::text as name, array_to_json(array(
        select given from unnest(${sql.lit(`{${allRights.join(',')}}`)}::text[]) as given
        where has_table_privilege(c.oid, given)
      )) as held
      from pg_class c
      where c.relnamespace = to_regnamespace(quote_ident(${schema})) and c.relkind in ('r', 'p')
      order by c.relname`,
  )
  const excess: string[] = []
  const lacking: string[] = []
  for (const { name, held } of tables) {
    const needed: readonly string[] | null = neededOf(name)
    if (needed === null) continue
    const on = (right: string) => `${right} on ${name}`
    excess.push(...held.filter((right) => !needed.includes(right)).map(on))
    lacking.push(...needed.filter((right) => !held.includes(right)).map(on))
  }
  return { excess, lacking }
}
