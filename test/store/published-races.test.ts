import { sql } from 'kysely'
import { afterAll, describe, expect, it } from 'vitest'
import type { StoredEvent } from '../../src/domain/webhooks/published-event.ts'
import { storeOn } from '../../src/store/assemble.ts'
import { openDatabase } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { credit, place } from '../contract/store-fixtures.ts'
import { closeLater, closeStores } from '../support/open-stores.ts'
import { freshPostgresUrl } from '../support/stores.ts'

async function node(url: string) {
  const database = await openDatabase(url)
  const store = storeOn(database)
  closeLater(store)
  return { store, database }
}

/** Reads on until it has `count`, as a consumer of the feed does. */
async function follow(store: Store, count: number): Promise<readonly StoredEvent[]> {
  const seen: StoredEvent[] = []
  for (let after: string | null = null; seen.length < count; ) {
    await store.positionEvents({ limit: 7 })
    const page = await store.readEvents({ after, types: null, limit: 5 })
    seen.push(...page.events)
    after = page.nextCursor
  }
  return seen
}

describe('published events on PostgreSQL', () => {
  afterAll(closeStores)

  it('are seen by every reader once, in one order without a gap, while many write and position', async () => {
    const url = await freshPostgresUrl()
    const nodes = [await node(url), await node(url), await node(url)]
    const count = 120
    const writing = nodes.map(async ({ store }) => {
      for (let n = 0; n < count / nodes.length; n += 4) {
        const orders = await Promise.all([1, 2, 3, 4].map(() => place(store)))
        await Promise.all(orders.map(({ orderNo }) => credit(store, orderNo)))
      }
    })
    const readers = await Promise.all(nodes.map(({ store }) => follow(store, count)))
    await Promise.all(writing)
    for (const events of readers) {
      expect(events.map(({ position }) => Number(position))).toEqual(
        Array.from({ length: count }, (_, at) => at + 1),
      )
      expect(events.map(({ id }) => id)).toEqual(readers[0]?.map(({ id }) => id))
    }
    expect(new Set(readers[0]?.map(({ data }) => data.order_no)).size).toBe(count)
  })

  it('get their positions beside a long transaction, and those of the long one when it ends', async () => {
    const url = await freshPostgresUrl()
    const { store, database } = await node(url)
    const [slow, quick] = [await place(store), await place(store)]
    const first = await database.db.transaction().execute(async (long) => {
      // It has drawn its number, and its transaction is older than all that follows.
      await sql`
        with changed as (
          update orders set status = 'expired', state_seq = 2
          where order_no = ${slow.key} returning *
        )
        insert into order_events (order_no, at, kind, source, to_status, state_seq, alarm)
        select order_no, statement_timestamp(), 'answered', 'check', 'expired', 2, false
        from changed`.execute(long)
      await credit(store, quick.orderNo)
      return follow(store, 1)
    })
    expect(first).toMatchObject([{ position: 1n, data: { order_no: quick.orderNo } }])
    await store.positionEvents({ limit: 10 })
    const after = first[0]?.cursor ?? null
    const { events } = await store.readEvents({ after, types: null, limit: 10 })
    expect(events).toMatchObject([{ position: 2n, data: { order_no: slow.orderNo } }])
  })
})
