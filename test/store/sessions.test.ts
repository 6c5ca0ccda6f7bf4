import pg from 'pg'
import { afterEach, describe, expect, it } from 'vitest'
import { probeEngine } from '../../src/queue/probe.ts'
import { StatementNames } from '../../src/store/driver.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { credit, place } from '../contract/store-fixtures.ts'
import { keyOf } from '../support/order-key.ts'
import { freshPostgresUrl } from '../support/stores.ts'
import { openWorld } from '../support/world.ts'

const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function opened(url: string): Promise<Store> {
  const store = await openStore(url, { poolMax: 3 })
  closing.push(() => store.close())
  return store
}

/** For every session from now on; those that are open stay as they are. */
async function alter(url: string, setting: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query('set default_transaction_read_only = off')
  await client.query(`alter database ${new URL(url).pathname.slice(1)} ${setting}`)
  await client.end()
}

/** False: the server does not know such a limit. */
async function alterRole(
  url: string,
  { role, limit, value }: { role: string; limit: string; value: string },
): Promise<boolean> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    const { rows } = await client.query('select current_setting($1, true) as value', [limit])
    if (rows[0]?.value === null) return false
    await client.query(`create role ${role} superuser login`)
    await client.query(`alter role ${role} set ${limit} = '${value}'`)
    return true
  } finally {
    await client.end()
  }
}

async function endSessions(url: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query(`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`)
  await client.end()
}

describe('a session with PostgreSQL', () => {
  it.each([
    `datestyle = 'German'`,
    `datestyle = 'SQL, DMY'`,
    `timezone = 'Asia/Shanghai'`,
    `intervalstyle = 'sql_standard'`,
    `bytea_output = 'escape'`,
    'extra_float_digits = -15',
    'transform_null_equals = on',
    'standard_conforming_strings = off',
    `client_encoding = 'LATIN1'`,
    `statement_timeout = '5s'`,
    `statement_timeout = '1ms'`,
    `lock_timeout = '1ms'`,
    `idle_in_transaction_session_timeout = '1ms'`,
    `default_transaction_isolation = 'serializable'`,
    `plan_cache_mode = 'force_custom_plan'`,
  ])('reads and writes the same, whatever the database is set to: %s', async (setting) => {
    const url = await freshPostgresUrl()
    await alter(url, `set ${setting}`)
    const store = await opened(url)
    const createdAt = new Date('2026-02-03T04:05:06.789Z')
    const { orderNo } = await place(store, { userId: '用户', createdAt })
    await credit(store, orderNo)
    const order = await store.findOrder(keyOf(orderNo))
    expect(order).toMatchObject({ userId: '用户', createdAt, status: 'paid' })
    const [row] = await store.transaction((tx) =>
      tx.execute(
        `select $1::timestamptz as at, 0.1::float8 + 0.2::float8 as sum,
          current_setting('statement_timeout') as deadline,
          current_setting('transaction_isolation') as isolation`,
        [createdAt],
      ),
    )
    expect(row).toEqual({
      ...{ at: createdAt, sum: 0.1 + 0.2 },
      ...{ deadline: '30s', isolation: 'read committed' },
    })
  })

  it.each([
    ['statement_timeout', '1ms'],
    ['lock_timeout', '1ms'],
    ['transaction_timeout', '2ms'],
  ])(
    'is opened however often, though %s of the role is %s, by the queue of an engine too',
    async (limit, value) => {
      const url = await freshPostgresUrl()
      const known = await alterRole(url, { role: `slow_${limit}`, limit, value })
      if (!known) return
      const limited = new URL(url)
      limited.username = `slow_${limit}`
      for (let n = 0; n < 10; n += 1) {
        const store = await openStore(limited.href, { poolMax: 3 })
        await Promise.all([place(store), place(store), place(store)])
        await store.close()
      }
      expect(await probeEngine(limited.href)).toBeNull()
    },
  )

  it('is opened though its url sets a limit of 1 ms', async () => {
    const url = new URL(await freshPostgresUrl())
    url.searchParams.set('options', '-c statement_timeout=1')
    await place(await opened(url.href))
    expect(await probeEngine(url.href)).toBeNull()
  })

  it('that can only be read from is not kept: writing works again without a restart', async () => {
    const url = await freshPostgresUrl()
    const store = await opened(url)
    const { orderNo } = await place(store)
    await alter(url, 'set default_transaction_read_only = on')
    await endSessions(url)
    for (let n = 0; n < 6; n += 1) {
      await credit(store, orderNo).catch(() => undefined)
      await store.findOrder(keyOf(orderNo)).catch(() => undefined)
    }
    await expect(credit(store, orderNo)).rejects.toThrow(/it is read-only/)
    await alter(url, 'reset default_transaction_read_only')
    expect((await credit(store, orderNo))?.status).toBe('paid')
    for (let n = 0; n < 6; n += 1) await place(store)
  })

  it('that has lost a statement that it had prepared is not kept', async () => {
    const store = await opened(await freshPostgresUrl())
    const { orderNo } = await place(store)
    await store.transaction((tx) => tx.execute('deallocate all', []))
    const findAll = async () => {
      for (let n = 0; n < 3; n += 1) await store.findOrder(keyOf(orderNo))
    }
    await findAll().catch(() => undefined)
    await findAll()
    await credit(store, orderNo)
  })

  it('has names of statements that come from their text, so that another process’s are the same', () => {
    const texts = ['a', 'b', 'c'].map((text) => `select '${text}'`)
    const names = (order: readonly string[]) => {
      const one = new StatementNames()
      return new Map(
        order.map((text) => [text, one.nameOf({ text, values: [], isPrepared: true })]),
      )
    }
    const [first, second] = [names(texts), names(texts.toReversed())]
    for (const text of texts) expect(first.get(text)).toBe(second.get(text))
    expect(new Set(first.values()).size).toBe(3)
    expect(first.get(texts[0] ?? '')).toMatch(/^budan_[0-9a-f]{32}$/)
  })
})

describe('readiness()', () => {
  it('is red while the database can only be read, says so, and is green again', async () => {
    const url = await freshPostgresUrl()
    const world = await openWorld({ store: await openStore(url) })
    closing.push(() => world.close())
    const database = async () => {
      const { checks } = await world.budan.readiness()
      return checks.find(({ name }) => name === 'database')
    }
    expect(await database()).toMatchObject({ ok: true })
    await alter(url, 'set default_transaction_read_only = on')
    await endSessions(url)
    const seen = async (ok: boolean) => {
      for (;;) {
        const check = await database()
        if (check?.ok === ok && check.detail !== 'it does not answer: see the log') return check
      }
    }
    expect((await seen(false)).detail).toBe('it is read-only: nothing can be credited')
    await alter(url, 'reset default_transaction_read_only')
    expect((await seen(true)).detail).toBe('PostgreSQL')
  })

  it('writes at most once in two seconds, however often it is called', async () => {
    const url = await freshPostgresUrl()
    const store = await opened(url)
    const versions = async () => {
      const [row] = await store.transaction((tx) =>
        tx.execute('select xmin::text as version from retention', []),
      )
      return row?.version
    }
    const before = await versions()
    await store.writeFault()
    const once = await versions()
    expect(once).not.toBe(before)
    await Promise.all([store.writeFault(), store.writeFault()])
    expect(await versions()).toBe(once)
  })
})
