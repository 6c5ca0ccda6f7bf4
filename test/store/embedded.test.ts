import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { DatabaseBusyError, StoreError } from '../../src/store/errors.ts'
import { openDatabase, openStore } from '../../src/store/open.ts'
import {
  credit,
  merchant,
  newEvent,
  place,
  run,
  runOfMerchant,
} from '../contract/store-fixtures.ts'
import { closeStores } from '../support/open-stores.ts'
import { keyOf } from '../support/order-key.ts'
import { shortLived } from '../support/short-lived.ts'
import { freshDatabase } from '../support/stores.ts'

describe('the embedded database', () => {
  let home: string
  let url: string
  const children: ChildProcess[] = []
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'budan-embedded-'))
    url = `pglite:${join(home, 'data')}`
    const store = await openStore(url)
    await store.migrate()
    await place(store, { orderNo: 'first', userId: 'kept' })
    await store.close()
  })
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL')
    await closeStores()
    rmSync(home, { recursive: true, force: true })
  })

  /** Opens the directory in a process of its own, and resolves with the word that it says then. */
  const openElsewhere = async (): Promise<{ child: ChildProcess; word: string }> => {
    const script = fileURLToPath(new URL('../support/open-store.ts', import.meta.url))
    const child = spawn(process.execPath, [...shortLived, '--import', 'tsx', script, url], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    children.push(child)
    const [word] = await once(createInterface(child.stdout ?? process.stdin), 'line')
    return { child, word: String(word) }
  }

  it('keeps its rows when it is opened again', async () => {
    const store = await openStore(url)
    expect(await store.schema()).toEqual({ pending: [], held: [], unknown: [], breaking: [] })
    expect(await store.findOrder(keyOf('first'))).toMatchObject({ userId: 'kept', amount: 1234n })
    await store.close()
  })

  it('is refused to a second store of this process, by whatever path', async () => {
    const link = join(home, 'link')
    symlinkSync(join(home, 'data'), link)
    const store = await openStore(url)
    for (const other of [url, `pglite:${link}`, `pglite:${realpathSync(link)}/../data`]) {
      await expect(openStore(other)).rejects.toThrow(DatabaseBusyError)
    }
    await store.close()
  })

  it('is refused to a second process, with where it is open and what to do', async () => {
    const store = await openStore(url)
    const { word, child } = await openElsewhere()
    expect(word).toContain('DatabaseBusyError')
    expect(word).toContain(join(home, 'data'))
    expect(word).toContain('another budan process has it open; use its HTTP API or stop it')
    child.kill('SIGKILL')
    await store.close()
  })

  it('is free, and whole, as soon as its process was killed with -9', async () => {
    const { child, word } = await openElsewhere()
    expect(word).toBe('open')
    await expect(openStore(url)).rejects.toThrow(DatabaseBusyError)
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
    const store = await openStore(url)
    expect(await store.findOrder(keyOf('by the child'))).toMatchObject({ status: 'paid' })
    expect(await store.audit()).toMatchObject({ paid_not_credited: 0, unexplained: 0 })
    // Its run had no end: nobody else can be at it.
    await store.openRun({ ...runOfMerchant, trigger: 'start', intervalMs: null, node: 'n2' })
    const { items } = await store.listRuns({ limit: 9, cursor: null })
    expect(items.map(({ status }) => status)).toEqual(['running', 'stopped'])
    await store.close()
  })

  it('says that it has no tables yet', async () => {
    const bare = `pglite:${join(home, 'bare')}`
    const database = await openDatabase(bare)
    await run({ database }, 'drop schema budan cascade')
    await database.close()
    const store = await openStore(bare)
    await expect(store.findOrder(keyOf('x'))).rejects.toThrow(
      /no budan tables yet.*`budan migrate`/,
    )
    expect(await store.migrate()).toContain('001_orders')
    expect(await store.findOrder(keyOf('x'))).toBeNull()
    await store.close()
  })

  it('says which directory it cannot make', async () => {
    const refused = openStore('pglite:/dev/null/data')
    await expect(refused).rejects.toThrow(StoreError)
    await expect(refused).rejects.toThrow('/dev/null/data')
  })

  it('refuses a transaction that waits for itself, and goes on', async () => {
    const { store } = await freshDatabase('pglite')
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const looped = store.transaction(async () => {
        const inner = store.findOrder(keyOf('x'))
        inner.catch(() => undefined)
        await vi.advanceTimersByTimeAsync(30_000)
        return inner
      })
      await expect(looped).rejects.toThrow('its connection was not free within 30000 ms')
      await expect(looped).rejects.toThrow(StoreError)
      expect(await store.findOrder(keyOf('x'))).toBeNull()
    } finally {
      vi.useRealTimers()
    }
  })

  it('does one transaction at a time, and statements between them', async () => {
    const { store, database } = await freshDatabase('pglite')
    const orders = await Promise.all(Array.from({ length: 5 }, () => place(store)))
    const open: string[] = []
    await Promise.all([
      ...orders.map(({ orderNo }) =>
        store.transaction(async (tx) => {
          open.push(orderNo)
          await tx.lockOrder(keyOf(orderNo))
          await new Promise((resolve) => setImmediate(resolve))
          await tx.appendEvent(keyOf(orderNo), newEvent())
          expect(open).toEqual([orderNo])
          open.pop()
        }),
      ),
      ...orders.map(({ orderNo }) => credit(store, orderNo)),
      ...orders.map(() => store.vitals([merchant]).then(() => expect(open).toEqual([]))),
    ])
    const [row] = await run({ database }, 'select count(*)::int as n from transfers')
    expect(row).toEqual({ n: 5 })
  })
})
