import { type Kysely, sql } from 'kysely'
import { afterAll, describe, expect, it } from 'vitest'
import type { Clock } from '../../src/domain/clock.ts'
import { storeOn } from '../../src/store/assemble.ts'
import type { Database } from '../../src/store/database.ts'
import { type Migrations, migrations } from '../../src/store/migrations/index.ts'
import { openDatabase } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { credit, merchant, place } from '../contract/store-fixtures.ts'
import { emptyPostgresUrl, freshPostgresUrl } from '../support/stores.ts'
import { placeAsBefore } from '../support/version-before.ts'
import { openWorld } from '../support/world.ts'

const run = (statement: string) => ({
  up: async (db: Kysely<unknown>) => void (await sql.raw(statement).execute(db)),
})

/** What a next version may bring: it adds, and touches the busiest table. */
const added: Migrations = {
  '901_note': run('alter table orders add column note text'),
  '902_limit': run(
    'alter table orders add constraint note_short check (length(note) < 9) not valid',
  ),
  '903_notes': run('create table notes (order_no text primary key references orders (order_no))'),
}

interface Node {
  readonly store: Store
  readonly database: Database
}

const opened: Store[] = []

async function node(
  url: string,
  options: { migrations?: Migrations; clock?: Clock } = {},
): Promise<Node> {
  const database = await openDatabase(url)
  const store = storeOn(database, options)
  opened.push(store)
  return { store, database }
}

describe('migrations on PostgreSQL', () => {
  afterAll(() => Promise.all(opened.map((store) => store.close())))

  it('migrate() of a new node disturbs none of the old one’s claims and credits', async () => {
    const url = await freshPostgresUrl()
    const old = await node(url)
    const fresh = await node(url, { migrations: { ...migrations, ...added } })
    const load = underLoad(old.store)
    await load.passed(20)
    expect(await fresh.store.migrate()).toEqual(Object.keys(added))
    await load.passed(20)
    const credited = await load.end()
    expect(credited).toBeGreaterThanOrEqual(40)
    expect((await old.store.balance('u1')).balance).toBe(1234n * BigInt(credited))
    expect(Object.values(await fresh.store.audit()).every((count) => count === 0)).toBe(true)
    // Both know where they stand, and the old one has nothing to migrate.
    const unknown = Object.keys(added)
    expect(await old.store.schema()).toEqual({ pending: [], held: [], unknown, breaking: [] })
    expect(await old.store.migrate()).toEqual([])
  })

  it('migrate() lists users’ orders of before, and those that an older node places meanwhile', async () => {
    const url = await emptyPostgresUrl()
    const before = Object.entries(migrations).filter(([name]) => name < '008')
    const meanwhile = Object.entries(migrations).filter(([name]) => name < '009')
    await (await node(url, { migrations: Object.fromEntries(before) })).store.migrate()
    const old = await node(url)
    const numbers = ['BEFORE001', 'BEFORE002']
    await placeAsBefore(old.database.db, { orderNo: 'BEFORE001', createdAt: new Date(1e12) })
    await (await node(url, { migrations: Object.fromEntries(meanwhile) })).store.migrate()
    await placeAsBefore(old.database.db, { orderNo: 'BEFORE002', createdAt: new Date(2e12) })
    await old.store.migrate()
    const createdAt = new Date(3e12)
    numbers.push((await place(old.store, { createdAt })).orderNo)
    const page = { limit: 10, cursor: null, status: null, userId: 'u1' }
    const listed = await old.store.listOrders(page)
    expect(listed.items.map(({ orderNo }) => orderNo)).toEqual(numbers.reverse())
  })

  it('migrate() holds nobody up behind a long transaction, and is done when that ends', async () => {
    const url = await freshPostgresUrl()
    const old = await node(url)
    const fresh = await node(url, { migrations: { ...migrations, ...added } })
    let migrating: Promise<readonly string[]> | undefined
    await old.database.db.transaction().execute(async (long) => {
      await sql`select count(*) from orders`.execute(long)
      migrating = fresh.store.migrate()
      await waitingForOrders(old)
      // Behind an `alter table` that waited for `long`, none of these would end before it.
      for (let placed = 0; placed < 5; placed += 1) await place(old.store)
      expect((await old.store.schema()).unknown).toEqual([])
    })
    expect(await migrating).toEqual(Object.keys(added))
  })

  it('migrate() by many nodes at once applies each migration once', async () => {
    const url = await emptyPostgresUrl()
    const all = { ...migrations, ...added }
    const nodes = await Promise.all(Array.from({ length: 4 }, () => node(url, { migrations: all })))
    const applied = await Promise.all(nodes.map(({ store }) => store.migrate()))
    expect(applied.flat().sort()).toEqual(Object.keys(all))
    for (const { store } of nodes) expect((await store.schema()).pending).toEqual([])
  })

  it('migrate() that fails keeps what went before, and nothing of what failed', async () => {
    const url = await freshPostgresUrl()
    const half = {
      up: async (db: Kysely<unknown>) => {
        await sql`create table half (n integer)`.execute(db)
        await sql`select 1 / 0`.execute(db)
      },
    }
    const broken = await node(url, { migrations: { ...migrations, ...added, '904_half': half } })
    await expect(broken.store.migrate()).rejects.toThrow('Cannot migrate: division by zero')
    expect((await broken.store.schema()).pending).toEqual(['904_half'])
    const [found] = (await sql`select to_regclass('half') as half`.execute(broken.database.db)).rows
    expect(found).toEqual({ half: null })
  })

  it('readiness() stays green beside a newer node, and is red with one it cannot live with', async () => {
    const url = await freshPostgresUrl()
    const world = await openWorld({ store: (await node(url)).store })
    const schema = async () => {
      const { checks } = await world.budan.readiness()
      return checks.find(({ name }) => name === 'schema')
    }
    expect(await schema()).toMatchObject({ ok: true, detail: 'up to date' })
    await (await node(url, { migrations: { ...migrations, ...added } })).store.migrate()
    expect(await schema()).toMatchObject({
      ok: true,
      detail: expect.stringMatching(/newer than this budan.*903_notes/),
    })
    const breaking = { '905_breaking_orders': run('select 1') }
    await (
      await node(url, { migrations: { ...migrations, ...added, ...breaking } })
    ).store.migrate()
    expect(await schema()).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/905_breaking_orders.*upgrade this one/),
    })
    await world.close()
  })
})

/** Places, claims and credits, over and over, until it is ended; the end throws any error. */
function underLoad(store: Store) {
  let ending = false
  let credited = 0
  let rounds = 0
  const round = async () => {
    const createdAt = new Date(Date.now() - 3_600_000)
    await place(store, { createdAt })
    const claimed = await store.claimDue({ merchant, thresholdMs: 0, limit: 5, leaseMs: 60_000 })
    for (const { order } of claimed) if (await credit(store, order.orderNo)) credited += 1
    rounds += 1
  }
  const worker = async () => {
    while (!ending) await round()
  }
  const workers = Promise.all(Array.from({ length: 4 }, worker))
  workers.catch(() => undefined)
  return {
    passed: async (more: number) => {
      const enough = rounds + more
      while (rounds < enough) await Promise.race([workers, new Promise(setImmediate)])
    },
    end: async () => {
      ending = true
      await workers
      return credited
    },
  }
}

/** Resolves when somebody waits for a lock of the whole table `orders`. */
async function waitingForOrders({ database }: Node): Promise<void> {
  const waits = sql`
    select from pg_locks where relation = 'orders'::regclass and mode = 'AccessExclusiveLock'`
  while ((await waits.execute(database.db)).rows.length === 0);
}
