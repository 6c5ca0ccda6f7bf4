import type { KyselyPlugin } from 'kysely'
import { afterAll, expect, it } from 'vitest'
import { storeOn } from '../../src/store/assemble.ts'
import { keyOf } from '../support/order-key.ts'
import { freshDatabase } from '../support/stores.ts'
import { openWorld } from '../support/world.ts'
import { openDesk } from './desk.ts'

const { database } = await freshDatabase('postgres')
const world = await openWorld({ store: storeOn(database) })
afterAll(() => world.close())

/** Does something after the first statement, before its rows are seen. */
function afterFirst(work: () => Promise<unknown>): KyselyPlugin {
  const left = [work]
  return {
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      await left.pop()?.()
      return result
    },
  }
}

it('findReview() reads one moment: no order in review with the trail of a resolved one', async () => {
  const desk = await openDesk(world)
  desk.pay()
  const { seen } = await desk.preview()
  const credit = () => desk.resolve('credit', { seen })
  const disturbed = { ...database, db: database.db.withPlugin(afterFirst(credit)) }
  const found = await storeOn(disturbed).findReview(keyOf(desk.orderNo))
  expect(found?.resolved).toMatchObject({ kind: 'resolved', toStatus: 'paid' })
  expect(found?.order).toMatchObject({ status: 'paid', stateSeq: found?.resolved?.stateSeq })
})
