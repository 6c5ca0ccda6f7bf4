import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fenMax } from '../../src/domain/money.ts'
import { startWeb } from '../../src/web/server.ts'
import { newEvent, place, transferOf } from '../contract/store-fixtures.ts'
import { closeStores } from '../support/open-stores.ts'
import { freshStore, type StoreKind } from '../support/stores.ts'
import { openWorld, type World } from '../support/world.ts'

/** More than 2^63 in all: what a bigint of the database cannot hold. */
const credits = 1030

describe.each<StoreKind>(['pglite', 'postgres'])('on %s', (kind) => {
  let world: World
  let web: Awaited<ReturnType<typeof startWeb>>
  beforeAll(async () => {
    const store = await freshStore(kind)
    await creditTheMost(store, credits)
    world = await openWorld({ store })
    web = await startWeb(world.budan, { server: world.config.server, version: '0' })
  })
  afterAll(async () => {
    await web.close()
    await world.close()
    await closeStores()
  })

  const total = BigInt(credits) * fenMax
  const read = async (path: string) => {
    const answer = await fetch(`${web.url}${path}`)
    expect(answer.status).toBe(200)
    return answer.text()
  }

  test('an account is shown though its balance is beyond 2^63: an integer, to the last digit', async () => {
    expect(total).toBeGreaterThan(2n ** 63n)
    expect(await read('/v1/accounts/rich')).toBe(
      `{"user_id":"rich","balance":${total},"currency":"CNY"}`,
    )
  })

  test('each entry of a statement has its exact balance, from the first page to the last', async () => {
    const balances: bigint[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const from: string = cursor === '' ? '' : `&cursor=${cursor}`
      const text = await read(`/v1/accounts/rich/entries?limit=200${from}`)
      expect(text).not.toMatch(/"balance":"|e\+/)
      balances.push(...[...text.matchAll(/"balance":(\d+)/g)].map(([, sum]) => BigInt(sum ?? '')))
      cursor = (JSON.parse(text) as { next_cursor: string | null }).next_cursor
    }
    expect(balances).toEqual(Array.from({ length: credits }, (_, nth) => BigInt(nth + 1) * fenMax))
  })

  test('the console shows such an account and its statement exactly', async () => {
    const page = await read('/accounts/rich')
    expect(page.includes(yuan(total))).toBe(true)
    expect(page.includes(yuan(total - fenMax))).toBe(true)
  })

  test('a balance just beyond 2^53 is exact, and the books agree', async () => {
    const { store } = world
    const last = async (amount: bigint) => {
      const order = await place(store, { userId: 'two', amount })
      await creditAll(store, [order])
    }
    await last(fenMax)
    await last(2n)
    expect(await read('/v1/accounts/two')).toContain('"balance":9007199254740993,')
    expect(Object.values(await store.audit())).toEqual([0, 0, 0, 0, 0, 0])
  })

  test('the document calls a sum an integer', async () => {
    const document = JSON.parse(await read('/openapi.json'))
    const { Account, Entry } = document.components.schemas
    for (const { balance } of [Account.properties, Entry.properties]) {
      expect(balance).toMatchObject({ type: 'integer' })
      expect(balance.description).toContain('exact however large')
    }
  })
})

type Store = World['store']

async function creditTheMost(store: Store, count: number): Promise<void> {
  for (let done = 0; done < count; done += 50) {
    const orders = []
    for (let nth = done; nth < Math.min(done + 50, count); nth += 1) {
      orders.push(await place(store, { userId: 'rich', amount: fenMax }))
    }
    await creditAll(store, orders)
  }
}

async function creditAll(store: Store, orders: readonly Awaited<ReturnType<typeof place>>[]) {
  await store.transaction((tx) =>
    tx.credit(
      orders.map((order) => ({
        order,
        transfer: transferOf(order),
        source: 'check' as const,
        event: newEvent({ decision: 'pay' }),
      })),
    ),
  )
}

function yuan(fen: bigint): string {
  return `¥${fen / 100n}.${String(fen % 100n).padStart(2, '0')}`
}
