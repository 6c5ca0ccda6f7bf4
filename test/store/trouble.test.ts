import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { StoreError, UnknownOutcomeError } from '../../src/store/errors.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store, Tx } from '../../src/store/store.ts'
import { credit, merchant, newEvent, place, run, type Subject } from '../contract/store-fixtures.ts'
import { closeStores } from '../support/open-stores.ts'
import { keyOf } from '../support/order-key.ts'
import { emptyPostgresUrl, freshDatabase, freshPostgresUrl } from '../support/stores.ts'

describe('PostgreSQL in trouble', () => {
  let subject: Subject
  let store: Store
  beforeAll(async () => {
    subject = await freshDatabase('postgres')
    store = subject.store
  })
  afterAll(closeStores)

  const backendOf = async (tx: Tx) => {
    const [row] = await tx.execute('select pg_backend_pid() as pid', [])
    return row?.pid
  }
  const terminate = (pid: unknown) => run(subject, 'select pg_terminate_backend($1)', [pid])

  it('transaction() whose connection is cut keeps nothing, and the store goes on', async () => {
    const { orderNo } = await place(store)
    const cut = store.transaction(async (tx) => {
      await tx.appendEvent(keyOf(orderNo), newEvent())
      await terminate(await backendOf(tx))
      await tx.appendEvent(keyOf(orderNo), newEvent())
    })
    await expect(cut).rejects.toThrow(StoreError)
    const { items } = await store.listOrderEvents(keyOf(orderNo), { limit: 9, cursor: null })
    expect(items).toHaveLength(1)
  })

  it('transaction() says that the outcome is unknown when the answer to COMMIT is lost (fault 18)', async () => {
    const { orderNo } = await place(store)
    const unknown = store.transaction(async (tx) => {
      await tx.appendEvent(keyOf(orderNo), newEvent())
      await terminate(await backendOf(tx))
    })
    await expect(unknown).rejects.toThrow(/Cannot learn whether the transaction was committed/)
    // The settling of a group has to distinguish this failure from one that was rolled back.
    await expect(unknown).rejects.toThrow(UnknownOutcomeError)
  })

  it('transaction() is done again after a deadlock', async () => {
    const [a, b] = [await place(store), await place(store)]
    const rounds: string[] = []
    const holds = [new Gate(), new Gate()]
    const crossing = (name: string, [first, second]: readonly [string, string], turn: 0 | 1) =>
      store.transaction(async (tx) => {
        rounds.push(name)
        await tx.lockOrder(keyOf(first))
        holds[turn]?.open()
        await holds[1 - turn]?.opened
        await tx.lockOrder(keyOf(second))
        await tx.appendEvent(keyOf(first), newEvent())
      })
    await Promise.all([
      crossing('one', [a.orderNo, b.orderNo], 0),
      crossing('two', [b.orderNo, a.orderNo], 1),
    ])
    expect(rounds.length).toBeGreaterThan(2)
    for (const { orderNo } of [a, b]) {
      const { items } = await store.listOrderEvents(keyOf(orderNo), { limit: 9, cursor: null })
      expect(items).toHaveLength(2)
    }
  })

  it('lockOrder() waits for its lock no longer than a deadline', async () => {
    const { orderNo } = await place(store)
    const [row] = await run(subject, 'show lock_timeout')
    expect(row).toEqual({ lock_timeout: '10s' })
    await store.transaction(async (tx) => {
      await tx.lockOrder(keyOf(orderNo))
      const second = store.transaction(async (other) => {
        await other.execute(`set local lock_timeout = '50ms'`, [])
        await other.lockOrder(keyOf(orderNo))
      })
      await expect(second).rejects.toThrow(StoreError)
      await expect(second).rejects.toThrow(/Cannot lock order .*lock timeout/)
    })
  })

  it('credit() of one order by two stores at once makes one transfer', async () => {
    const url = await freshPostgresUrl()
    const nodes = await Promise.all([openStore(url), openStore(url), openStore(url)])
    const [first] = nodes
    if (first === undefined) throw new Error('No store')
    const { orderNo } = await place(first, { userId: 'two-nodes' })
    await Promise.all([...nodes, ...nodes, ...nodes].map((node) => credit(node, orderNo)))
    expect((await first.balance('two-nodes')).balance).toBe(1234n)
    await Promise.all(nodes.map((node) => node.close()))
  })

  it.each(['postgres', 'pglite'] as const)(
    'vitals() estimates what would cost too much to count, on %s',
    async (kind) => {
      const { store: large, database } = await freshDatabase(kind)
      await run(
        { database },
        `with o as (
         insert into orders (order_no, user_id, amount, currency, description, gateway, mchid,
           appid, adopted, status, state_seq, created_at, expires_at, next_check_at)
         select 'bulk' || n, 'u', 100, 'CNY', '', 'g', 'm', 'a', false, 'pending', 1, now(), now(), now()
         from generate_series(1, 12000) n returning order_no
       )
       insert into order_events (order_no, at, kind, source, to_status, state_seq, alarm)
       select order_no, now(), 'created', 'api', 'pending', 1, false from o`,
      )
      await run({ database }, 'analyze orders')
      const { pending, paid } = (await large.vitals([merchant])).ordersByStatus
      expect(pending).toBeGreaterThan(11_000)
      expect(pending).toBeLessThan(13_000)
      expect(paid).toBe(0)
    },
  )
})

describe('openStore()', () => {
  afterAll(closeStores)

  it.each(['mysql://root:secret@db/x', '', 'data', 'pglite:'])(
    'refuses the url %j',
    async (url) => {
      const refused = openStore(url)
      await expect(refused).rejects.toThrow(/^Cannot open the database by its url: /)
      await expect(refused).rejects.not.toThrow(/secret/)
    },
  )

  it('names the server that does not answer, and not its password', async () => {
    const port = await closedPort()
    const refused = openStore(`postgres://me:secret@127.0.0.1:${port}/shop`)
    await expect(refused).rejects.toThrow(StoreError)
    await expect(refused).rejects.toThrow(`postgres://127.0.0.1:${port}/shop`)
    await expect(refused).rejects.not.toThrow(/secret/)
  })

  it('opens a database without tables, whose reading says what to do', async () => {
    const store = await openStore(await emptyPostgresUrl())
    const page = { limit: 1, cursor: null }
    const readings = [
      store.listOrders({ ...page, status: null, userId: null }),
      store.findOrder(keyOf('x')),
      store.balance('x'),
      store.audit(),
      store.vitals([merchant]),
      store.listRuns(page),
      store.transaction((tx) => tx.lockOrder(keyOf('x'))),
    ]
    for (const end of await Promise.allSettled(readings)) {
      const message = end.status === 'rejected' ? String(end.reason) : 'read something'
      expect(message).toMatch(/^StoreError: .*has no budan tables yet.*run `budan migrate`/)
    }
    expect((await store.schema()).pending).toContain('001_orders')
    expect(await store.migrate()).toContain('001_orders')
    expect(await store.schema()).toEqual({ pending: [], held: [], unknown: [], breaking: [] })
    await store.close()
  })

  it.each(['Asia/Shanghai', 'Asia/Kolkata', 'America/St_Johns', 'UTC'])(
    'reads the same times from a server in %s',
    async (zone) => {
      const url = await freshPostgresUrl()
      const admin = await openStore(url)
      await admin.transaction(async (tx) => {
        const [row] = await tx.execute('select current_database() as name', [])
        await tx.execute(`alter database ${row?.name} set timezone = '${zone}'`, [])
      })
      await admin.close()
      const store = await openStore(url)
      for (const iso of ['1900-01-01T00:00:00.123Z', '2026-07-24T07:00:00.100Z']) {
        const createdAt = new Date(iso)
        const { orderNo } = await place(store, { createdAt })
        expect((await store.findOrder(keyOf(orderNo)))?.createdAt).toEqual(createdAt)
      }
      await store.close()
    },
  )

  it('lets two nodes migrate at once', async () => {
    const url = await emptyPostgresUrl()
    const nodes = await Promise.all([openStore(url), openStore(url)])
    const applied = await Promise.all(nodes.map((node) => node.migrate()))
    expect(applied.flat().sort()).toEqual([...new Set(applied.flat())].sort())
    expect(await nodes[0]?.schema()).toEqual({ pending: [], held: [], unknown: [], breaking: [] })
    await Promise.all(nodes.map((node) => node.close()))
  })

  it('close() may be called twice, and what comes after it fails', async () => {
    for (const kind of ['pglite', 'postgres'] as const) {
      const { store } = await freshDatabase(kind)
      await Promise.all([store.close(), store.close()])
      await expect(store.findOrder(keyOf('x'))).rejects.toThrow(StoreError)
    }
  })
})

class Gate {
  readonly opened: Promise<void>
  #resolve: () => void = () => undefined

  constructor() {
    this.opened = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  open(): void {
    this.#resolve()
  }
}

/** Nobody listens there: it was free a moment ago. */
function closedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
