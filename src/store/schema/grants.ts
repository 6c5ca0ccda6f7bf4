import { sql } from 'kysely'
import { type Connection, firstOf, readValue, rowsOf } from '../database.ts'
import { GrantError } from '../errors.ts'
import { appliedTable, calledFunctions, grantsTable, neededOf } from './needed.ts'
import { ownerOids, tableOid } from './owners.ts'

/** A role, and the schema of the tables that it gets rights on. */
export interface Grant {
  readonly schema: string
  readonly role: string
}

/** PostgreSQL cuts a longer name off, and means another role. */
const nameBytesMax = 63

const roleName = /^[\p{L}_][\p{L}\p{N}_$.@-]*$/u

/** Throws `GrantError` where it makes no sense to grant: before anything is changed. */
export async function examineGrantee(db: Connection, { schema, role }: Grant): Promise<void> {
  if (!roleName.test(role) || Buffer.byteLength(role) > nameBytesMax) {
    throw new GrantError(role, {
      what: 'that is no name of a role: letters, digits, and _ $ . @ - behind the first',
    })
  }
  const found = await firstOf(
    db,
    sql<{ readonly superuser: boolean; readonly owner: boolean; readonly may: boolean }>`
      with owners as (${ownerOids(schema)})
      select r.rolsuper as superuser,
        exists (select from owners where pg_has_role(r.oid, owners.oid, 'MEMBER')) as owner,
        coalesce((select pg_has_role(c.relowner, 'USAGE') from pg_class c
          where c.oid = ${tableOid(schema, appliedTable)}), true) as may
      from pg_roles r where r.rolname = ${role}`,
  )
  if (found === null) {
    throw new GrantError(role, { what: 'there is no such role', remedy: createRole(role) })
  }
  if (found.superuser) throw new GrantError(role, { what: 'no grant limits a superuser' })
  if (found.owner) {
    throw new GrantError(role, {
      what: "it owns budan's tables, their schema or the database, or is a member of who does",
      remedy: 'name a role that owns none of them',
    })
  }
  if (found.may) return
  throw new GrantError(role, {
    what: "this user does not own budan's tables",
    remedy: 'run this as their owner',
  })
}

function createRole(role: string): string {
  return `create it: CREATE ROLE "${role}" LOGIN`
}

/** From now on each migration grants to it, see `keepGrants`. */
export async function recordGrant(db: Connection, { schema, role }: Grant): Promise<void> {
  const table = sql.id(schema, grantsTable)
  await sql`
    create table if not exists ${table} (
      role text collate "C" primary key,
      granted_at timestamptz(3) not null default statement_timestamp()
    )`.execute(db)
  await sql`insert into ${table} (role) values (${role}) on conflict do nothing`.execute(db)
}

/** Whether this session is to keep the grants of others: the owner does, where there are any. */
export async function keepsGrants(db: Connection, schema: string): Promise<boolean> {
  const isOwner = sql<boolean | null>`(
    select pg_has_role(relowner, 'USAGE') from pg_class where oid = ${tableOid(schema, grantsTable)}
  )`
  return (await readValue(db, isOwner)) === true
}

/**
 * Grants to each recorded role exactly what it needs, and writes nothing where it has that. Within a
 * transaction: nobody is without a right for a moment. A role that is gone is passed over.
 */
export async function keepGrants(db: Connection, schema: string): Promise<void> {
  if (!(await keepsGrants(db, schema))) return
  await pinFunctions(db, schema)
  const roles = await rowsOf(
    db,
    sql<{ readonly role: string }>`
      select g.role from ${sql.id(schema, grantsTable)} g
      where exists (select from pg_roles r where r.rolname = g.role) order by g.role`,
  )
  for (const { role } of roles) {
    await grantSchema(db, { schema, role })
    await grantTables(db, { schema, role })
    await grantFunctions(db, { schema, role })
  }
}

async function grantSchema(db: Connection, { schema, role }: Grant): Promise<void> {
  const hasUsage = sql<boolean>`has_schema_privilege(${role}, ${schema}, 'USAGE')`
  if (await readValue(db, hasUsage)) return
  await sql`grant usage on schema ${sql.id(schema)} to ${sql.id(role)}`.execute(db)
  if (await readValue(db, hasUsage)) return
  // Of a right that is not its own to give, PostgreSQL only warns.
  throw new GrantError(role, {
    what: `this user does not own the schema "${schema}"`,
    remedy: `let its owner run GRANT USAGE ON SCHEMA "${schema}" TO "${role}"`,
  })
}

/** What others than the owner granted is left: it is not the owner's to take. */
async function grantTables(db: Connection, { schema, role }: Grant): Promise<void> {
  const tables = await rowsOf(
    db,
    sql<{ readonly name: string; readonly held: readonly string[] }>`
      select c.relname::text as name, array_to_json(array(
        select a.privilege_type from aclexplode(c.relacl) a, pg_roles r
        where r.rolname = ${role} and a.grantee = r.oid and a.grantor = c.relowner
      )) as held
      from pg_class c
      where c.relnamespace = to_regnamespace(quote_ident(${schema})) and c.relkind in ('r', 'p')
      order by c.relname`,
  )
  for (const { name, held } of tables) {
    // In a shared schema there are tables of other programs.
    const needed = neededOf(name)
    if (needed === null || sameOf(needed, held)) continue
    const table = sql.id(schema, name)
    await sql`revoke all on table ${table} from ${sql.id(role)}`.execute(db)
    if (needed.length > 0)
      await sql`grant ${sql.raw(needed.join(', '))} on table ${table} to ${sql.id(role)}`.execute(
        db,
      )
  }
}

function sameOf(needed: readonly string[], held: readonly string[]): boolean {
  return held.length === needed.length && needed.every((right) => held.includes(right))
}

async function grantFunctions(db: Connection, { schema, role }: Grant): Promise<void> {
  const functions = await rowsOf(
    db,
    sql<{ readonly signature: string }>`
      select ${signature} as signature from pg_proc p
      where p.pronamespace = to_regnamespace(quote_ident(${schema}))
        and p.proname in (${sql.join(calledFunctions)})
        and not has_function_privilege(${role}, p.oid, 'EXECUTE')
      order by 1`,
  )
  for (const each of functions) {
    const name = sql`${sql.id(schema)}.${sql.raw(each.signature)}`
    await sql`grant execute on function ${name} to ${sql.id(role)}`.execute(db)
  }
}

/**
 * The functions of triggers run with the search path of the session that writes: a role that may create operators
 * in some schema could give `=` another meaning there. A function that a migration makes anew has lost
 * the setting again.
 */
async function pinFunctions(db: Connection, schema: string): Promise<void> {
  const functions = await rowsOf(
    db,
    sql<{ readonly signature: string }>`
      select ${signature} as signature from pg_proc p
      where p.pronamespace = to_regnamespace(quote_ident(${schema}))
        and starts_with(p.proname, 'budan_') and p.proconfig is null
      order by 1`,
  )
  for (const each of functions) {
    const name = sql`${sql.id(schema)}.${sql.raw(each.signature)}`
    await sql`alter function ${name} set search_path to ''`.execute(db)
  }
}

const signature = sql<string>`
  format('%I(%s)', p.proname, pg_get_function_identity_arguments(p.oid))`
