import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { storeOn } from '../../src/store/assemble.ts'
import { GrantError, MigrationRightsError } from '../../src/store/errors.ts'
import { migrations } from '../../src/store/migrations/index.ts'
import { openDatabase, openStore } from '../../src/store/open.ts'
import { grantsTable, neededRights } from '../../src/store/schema/needed.ts'
import type { Store } from '../../src/store/store.ts'
import { placePaid } from '../contract/store-fixtures.ts'
import { closeLater, closeStores } from '../support/open-stores.ts'
import { execute, newRole, type Role } from '../support/roles.ts'
import { emptyPostgresUrl, freshPostgresUrl, freshStore } from '../support/stores.ts'

afterAll(closeStores)

async function opened(url: string): Promise<Store> {
  const store = await openStore(url, { poolMax: 2 })
  closeLater(store)
  return store
}

/** A store of the migrations up to that number. */
async function openedBefore(url: string, number: string): Promise<Store> {
  const former = Object.entries(migrations).filter(([name]) => name < number)
  const database = await openDatabase(url, { poolMax: 2 })
  const store = storeOn(database, { migrations: Object.fromEntries(former) })
  closeLater(store)
  return store
}

async function granted(): Promise<{ url: string; role: Role; owner: Store }> {
  const url = await freshPostgresUrl()
  const role = await newRole(url)
  const owner = await opened(url)
  await owner.migrate({ grants: role.name })
  return { url, role, owner }
}

const rightsOf = async (url: string, role: string) =>
  Object.fromEntries(
    (
      await execute(
        url,
        `select table_name as name, array_to_json(array_agg(privilege_type::text)) as rights
         from information_schema.table_privileges where grantee = '${role}' group by 1`,
      )
    ).map(({ name, rights }) => [name as string, (rights as string[]).sort()]),
  )

const needed = Object.fromEntries(
  Object.entries(neededRights).map(([name, rights]) => [name, [...rights].sort()]),
)

describe('the list of needed rights', () => {
  const root = join(import.meta.dirname, '../../src/store')
  // What migrations write, the owner writes.
  const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !/^migrations\b|\bneeded\.ts$/.test(path))
    .map((path) => readFileSync(join(root, path), 'utf8'))
  let statements = ''
  let tables: readonly string[] = []
  beforeAll(async () => {
    const url = await freshPostgresUrl()
    // Triggers run with the rights of the user who writes.
    const functions = await execute(
      url,
      `select pg_get_functiondef(oid) as text from pg_proc where starts_with(proname, 'budan_')`,
    )
    const code = sources.join('\n').replaceAll(/^\s*(\*|\/\*|\/\/).*$/gm, '')
    statements = [code, ...functions.map(({ text }) => text)].join('\n').replaceAll('budan.', '')
    const named = await execute(
      url,
      `select tablename as name from pg_tables where schemaname = 'budan' order by 1`,
    )
    tables = named.map(({ name }) => name as string)
  })

  it('has every table', () => {
    expect(Object.keys(neededRights).sort()).toEqual(tables)
  })

  it('has the rights to write that a statement uses, and none besides', () => {
    const updatedOnConflict = (table: string) =>
      new RegExp(`insert into ${table}\\b[^;\`]*?do update set`).test(statements)
    for (const table of tables.filter((name) => name !== 'budan_migrations')) {
      const uses = (pattern: string) => new RegExp(`\\b${pattern} ${table}\\b`).test(statements)
      const writes = [
        ...(uses('delete from') ? ['DELETE'] : []),
        ...(uses('insert into') ? ['INSERT'] : []),
        ...(uses('update') || updatedOnConflict(table) ? ['UPDATE'] : []),
      ]
      expect({ table, writes: needed[table]?.filter((right) => right !== 'SELECT') }).toEqual({
        ...{ table, writes },
      })
    }
  })
})

describe('migrate({ grants })', () => {
  it('grants exactly the needed rights, however often, and takes others away', async () => {
    const { url, role, owner } = await granted()
    expect(await rightsOf(url, role.name)).toEqual(needed)
    await execute(
      url,
      `grant all on budan.transfers to ${role.name}; grant delete on budan.${grantsTable} to ${role.name}`,
    )
    await execute(url, `revoke select on budan.entries from ${role.name}`)
    // As the next start of an owner's process does.
    await owner.migrate()
    const { [grantsTable]: others, ...rights } = await rightsOf(url, role.name)
    expect({ rights, others }).toEqual({ rights: needed, others: undefined })
  })

  it('grants again with each later migration, to each role that is still there', async () => {
    const url = await emptyPostgresUrl()
    const [one, two, gone] = await Promise.all([newRole(url), newRole(url), newRole(url)])
    const before = await openedBefore(url, '018')
    for (const { name } of [one, two, gone]) await before.migrate({ grants: name })
    expect(await rightsOf(url, two.name)).not.toHaveProperty('merchant_slots')
    await execute(url, `drop owned by ${gone.name}; drop role ${gone.name}`)
    await (await opened(url)).migrate({ breaking: true })
    for (const { name } of [one, two]) expect(await rightsOf(url, name)).toEqual(needed)
  })

  it('leaves the tables of others in the same schema alone', async () => {
    const url = await emptyPostgresUrl()
    const role = await newRole(url)
    await execute(url, `create schema budan; create table budan.theirs ()`)
    await execute(url, `grant select on budan.theirs to ${role.name}`)
    await (await opened(url)).migrate({ grants: role.name })
    expect(await rightsOf(url, role.name)).toEqual({ ...needed, theirs: ['SELECT'] })
  })

  it('by several at once ends as by one', async () => {
    const url = await emptyPostgresUrl()
    const role = await newRole(url)
    const stores = await Promise.all([1, 2, 3].map(() => opened(url)))
    await Promise.all(stores.map((store) => store.migrate({ grants: role.name })))
    expect(await rightsOf(url, role.name)).toEqual(needed)
  })

  it.each(['', '1st', 'two words', 'a"b', "a'b", 'a;drop', 'x'.repeat(64)])(
    'refuses %j, which is no name',
    async (name) => {
      const store = await freshStore('postgres')
      await expect(store.migrate({ grants: name })).rejects.toThrow(GrantError)
      await expect(store.migrate({ grants: name })).rejects.toThrow(
        `Cannot grant rights to ${JSON.stringify(name)}: that is no name of a role`,
      )
    },
  )

  it('refuses a role that is not there, before it changes anything', async () => {
    const url = await emptyPostgresUrl()
    const store = await opened(url)
    await expect(store.migrate({ grants: 'nobody_here' })).rejects.toThrow(
      'Cannot grant rights to "nobody_here": there is no such role; create it: CREATE ROLE "nobody_here" LOGIN',
    )
    expect((await store.schema()).pending).toEqual(Object.keys(migrations).sort())
  })

  it('refuses whom no grant limits: the owner, its members, a superuser', async () => {
    const url = await emptyPostgresUrl()
    const database = new URL(url).pathname.slice(1)
    const [owner, member, super_] = await Promise.all([
      newRole(url),
      newRole(url),
      newRole(url, 'superuser'),
    ])
    await execute(url, `grant create on database ${database} to ${owner.name}`)
    await execute(url, `grant ${owner.name} to ${member.name}`)
    const store = await opened(owner.url)
    const refused = (role: Role) => expect(store.migrate({ grants: role.name })).rejects
    await refused(owner).toThrow(`Cannot grant rights to "${owner.name}": it owns`)
    await store.migrate()
    await refused(owner).toThrow(`Cannot grant rights to "${owner.name}": it owns`)
    await refused(member).toThrow(`Cannot grant rights to "${member.name}": it owns`)
    await refused(super_).toThrow(/no grant limits a superuser/)
  })

  it('by another than the owner names the owner', async () => {
    const { url, role } = await granted()
    const other = await newRole(url)
    const store = await opened(role.url)
    await expect(store.migrate({ grants: other.name })).rejects.toThrow(
      "this user does not own budan's tables; run this as their owner",
    )
  })

  it('on an embedded database says that it has no roles', async () => {
    const store = await freshStore('pglite')
    await expect(store.migrate({ grants: 'budan_serve' })).rejects.toThrow(
      'Cannot grant rights to "budan_serve": an embedded database has no roles',
    )
  })
})

describe('a role that owns nothing', () => {
  let url: string
  let role: Role
  beforeAll(async () => {
    const made = await granted()
    url = made.url
    role = made.role
    await placePaid(made.owner, { orderNo: 'RECH20260124150000paid000001' })
  })

  it.each([
    ['switch triggers off', 'alter table transfers disable trigger all'],
    ['skip triggers', 'set session_replication_role = replica'],
    ['take a trigger away', 'drop trigger transfers_keep on transfers'],
    ['make a trigger', 'create trigger t before insert on orders execute function budan_refuse()'],
    ['replace what a trigger calls', 'alter function budan_refuse() rename to x'],
    ['empty a table', 'truncate entries'],
    ['empty all', 'truncate orders cascade'],
    ['remove a table', 'drop table entries'],
    ['remove the schema', 'drop schema budan cascade'],
    ['change a table', 'alter table orders add column x int'],
    ['drop a constraint', 'alter table transfers drop constraint transfers_facts'],
    ['remove a credit', 'delete from transfers'],
    ['change a credit', 'update transfers set amount = 1'],
    ['remove entries', 'delete from entries'],
    ['change entries', 'update entries set amount = 1'],
    ['remove an order', 'delete from orders'],
    ['change an event', "update order_events set reason = 'x'"],
    ['feign a migration', "insert into budan_migrations values ('020_breaking_x', '')"],
    ['forget a migration', 'delete from budan_migrations'],
    ['grant rights', `insert into ${grantsTable} (role) values ('x')`],
    ['make a table', 'create table budan.x ()'],
    ['become the owner', 'set role postgres'],
  ])('cannot %s', async (_, statement) => {
    const attack = execute(role.url, `set search_path = budan; ${statement}`)
    await expect(attack).rejects.toMatchObject({
      message: expect.stringMatching(/permission denied|must be owner|must be able to SET ROLE/),
    })
  })

  it.each([
    ['the timeline', `delete from order_events`, /I4: order events are never removed/],
    [
      'the timeline, as if it pruned',
      `set budan.pruning = 'on'; delete from order_events`,
      /I4: this order event is never removed/,
    ],
    ['what paid an order', `update orders set transaction_id = 'x'`, /I1: what paid an order/],
    ['what was ordered', `update orders set amount = 1`, /I2: the facts of an order/],
    ['an end', `update orders set status = 'expired', state_seq = state_seq + 1`, /I6/],
  ])('is held by the triggers from changing %s', async (_, statement, refusal) => {
    const attack = execute(role.url, `set search_path = budan; ${statement}`)
    await expect(attack).rejects.toThrow(refusal)
  })

  it('cannot give the operators of triggers another meaning', async () => {
    const own = `own_${role.name}`
    await execute(url, `create schema ${own} authorization ${role.name}`)
    const always = (type: string) =>
      `create function ${own}.always(${type}, ${type}) returns boolean language sql as 'select true';
       create operator ${own}.= (leftarg = ${type}, rightarg = ${type}, function = ${own}.always);`
    await execute(role.url, `${always('text')} ${always('integer')}`)
    const attack = () =>
      execute(
        role.url,
        `begin; set local search_path = ${own}, pg_catalog;
         insert into budan.order_events (order_no, at, kind, source, alarm, to_status, state_seq)
           select order_no, now(), 'answered', 'check', false, 'expired', 2 from budan.orders;
         rollback`,
      )
    await expect(attack()).rejects.toThrow(/^I6: event .* a state that order .* does not have$/)
    // As a migration leaves a function that it makes anew.
    await execute(url, 'alter function budan.budan_check_state_event() reset search_path')
    await attack()
    await (await opened(url)).migrate()
    await expect(attack()).rejects.toThrow(/^I6: event .* a state that order .* does not have$/)
  })

  it('starts with a schema that is current, and names `budan migrate` with one that is behind', async () => {
    const store = await opened(role.url)
    expect(await store.migrate()).toEqual([])
    await execute(url, `delete from budan.budan_migrations where name = '017_run_results'`)
    await expect(store.migrate()).rejects.toThrow(MigrationRightsError)
    await expect(store.migrate()).rejects.toThrow(
      `The database is behind by 1 migration, and its user "${role.name}" may not migrate it; run \`budan migrate\` as the owner of budan's tables`,
    )
    await execute(url, `insert into budan.budan_migrations values ('017_run_results', '')`)
  })

  it('makes no schema', async () => {
    const empty = await emptyPostgresUrl()
    const { url: theirs } = await newRole(empty)
    const store = await opened(theirs)
    await expect(store.migrate()).rejects.toThrow(MigrationRightsError)
    await expect(store.migrate()).rejects.toThrow(/run `budan migrate` as a user who may/)
    await execute(empty, 'create schema budan; grant usage on schema budan to public')
    await expect(store.migrate()).rejects.toThrow(/may not migrate it; run `budan migrate`/)
  })
})

describe('rights()', () => {
  it('says who is a superuser, who owns the tables, and who has exactly what it needs', async () => {
    const { url, role, owner } = await granted()
    const none = { excess: [], lacking: [] }
    expect(await owner.rights()).toEqual({ user: 'postgres', standing: 'superuser', ...none })
    const store = await opened(role.url)
    expect(await store.rights()).toEqual({ user: role.name, standing: 'granted', ...none })
    const maker = await newRole(url)
    await execute(url, `alter schema budan owner to ${maker.name}`)
    expect(await (await opened(maker.url)).rights()).toEqual({
      ...{ user: maker.name, standing: 'owner', ...none },
    })
  })

  it('names what is too much, and what is missing', async () => {
    const { url, role } = await granted()
    await execute(
      url,
      `grant truncate on budan.entries to public; alter role ${role.name} createrole;
       revoke select on budan.runs from ${role.name}`,
    )
    expect(await (await opened(role.url)).rights()).toEqual({
      ...{ user: role.name, standing: 'granted' },
      excess: ['CREATEROLE', 'TRUNCATE on entries'],
      lacking: ['SELECT on runs'],
    })
  })

  it('has nothing to say of an embedded database', async () => {
    expect(await (await freshStore('pglite')).rights()).toBeNull()
  })
})
