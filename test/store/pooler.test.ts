import { afterEach, describe, expect, it } from 'vitest'
import { translate } from '../../src/i18n/translate.ts'
import { probeEngine } from '../../src/queue/probe.ts'
import { UnusableError } from '../../src/store/errors.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { credit, place } from '../contract/store-fixtures.ts'
import { type PgbouncerOptions, startPgbouncer, withoutPgbouncer } from '../support/pgbouncer.ts'
import { startPostgres } from '../support/postgres.ts'
import { emptyPostgresUrl, freshPostgresUrl } from '../support/stores.ts'

const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function through(options: Omit<PgbouncerOptions, 'server'>, url?: string): Promise<string> {
  const server = url ?? (await freshPostgresUrl())
  const pgbouncer = await startPgbouncer({ server, ...options })
  closing.push(() => pgbouncer.stop())
  return pgbouncer.url(server)
}

async function opened(url: string, poolMax = 4): Promise<Store> {
  const store = await openStore(url, { poolMax })
  closing.push(() => store.close())
  return store
}

const refusal = /set pool_mode = session in PgBouncer .*max_prepared_statements/

describe.skipIf(withoutPgbouncer())('PgBouncer in front of PostgreSQL', () => {
  it('in session mode works, without any setting of its own, with our deadlines', async () => {
    const url = await through({ mode: 'session' }, await emptyPostgresUrl())
    const store = await opened(url)
    expect(await store.migrate()).not.toEqual([])
    const orders = await Promise.all(
      Array.from({ length: 12 }, () => place(store, { userId: 'pooled' })),
    )
    await Promise.all(orders.map(({ orderNo }) => credit(store, orderNo)))
    expect((await store.balance('pooled')).balance).toBe(1234n * 12n)
    const [row] = await store.transaction((tx) =>
      tx.execute(`select current_setting('statement_timeout') as deadline`, []),
    )
    expect(row).toEqual({ deadline: '30s' })
  })

  it('that ignores startup parameters and resets no session is the same to two processes', async () => {
    const settings = { ignore_startup_parameters: 'options', server_reset_query: '' }
    const url = await through({ mode: 'session', settings })
    const withOptions = new URL(url)
    withOptions.searchParams.set('options', '-c search_path=budan -c statement_timeout=1ms')
    for (const each of [url, withOptions.href, url]) {
      const store = await openStore(each, { poolMax: 2 })
      const { orderNo } = await place(store, { userId: 'reused' })
      await credit(store, orderNo)
      await store.close()
    }
    const store = await opened(url)
    expect((await store.balance('reused')).balance).toBe(1234n * 3n)
  })

  it.each([
    ['transaction mode', { mode: 'transaction' }],
    [
      'transaction mode, by turns',
      { mode: 'transaction', settings: { server_round_robin: 1, min_pool_size: 3 } },
    ],
    [
      'transaction mode with one session',
      { mode: 'transaction', settings: { default_pool_size: 1 } },
    ],
    ['statement mode', { mode: 'statement' }],
  ] as const)('in %s is refused, in words that name the setting', async (_, options) => {
    const opening = openStore(await through(options))
    await expect(opening).rejects.toThrow(UnusableError)
    await expect(opening).rejects.toThrow(refusal)
    const message = await opening.catch((error: Error) => error.message)
    expect(translate(String(message), 'zh')).toContain(
      '请在 PgBouncer 中为该数据库设置 `pool_mode = session`',
    )
  })

  it('with fewer sessions than budan needs says which setting to raise', async () => {
    const opening = openStore(
      await through({ mode: 'session', settings: { default_pool_size: 1 } }),
    )
    await expect(opening).rejects.toThrow(UnusableError)
    await expect(opening).rejects.toThrow('raise default_pool_size in PgBouncer')
  })

  it('that refuses a parameter of the url is distinguished from a database that is away', async () => {
    const url = new URL(await through({ mode: 'session' }))
    url.searchParams.set('options', '-c search_path=budan')
    await expect(openStore(url.href)).rejects.toThrow(
      /unsupported startup parameter: options; .*add it to ignore_startup_parameters/,
    )
  })

  it('that has no room for more clients says which setting to raise', async () => {
    const opening = openStore(await through({ mode: 'session', settings: { max_client_conn: 1 } }))
    await expect(opening).rejects.toThrow(/raise max_client_conn in PgBouncer/)
  })

  it('whose PostgreSQL is down is distinguished from a server that takes no connection', async () => {
    const server = await startPostgres()
    const url = await through({ mode: 'session' }, server.url)
    await server.stop()
    await expect(openStore(url)).rejects.toThrow(
      /of a pooler whether its PostgreSQL is up|the pooler itself is not let in by PostgreSQL/,
    )
  })

  it('in front of the queue of an engine is refused in any mode, and the direct address named', async () => {
    const url = await through({ mode: 'session' })
    const trouble = await probeEngine(url)
    expect(trouble?.what).toMatch(/^a pooler in front of it/)
    expect(trouble?.remedy).toBe('name the address of PostgreSQL itself in engine.url')
  })
})
