import { afterAll, describe, expect, it } from 'vitest'
import { SeedRunner } from '../../proof/sim/seed.ts'
import type { Store } from '../../src/store/store.ts'
import { creditOne } from '../support/credit-one.ts'
import { catchFault as catchIn, withTx } from './catch-fault.ts'

const runner = new SeedRunner()
afterAll(() => runner.end())

function catchFault(
  wrapStore: (store: Store) => Store,
  { within, onlyLong = false }: { within: number; onlyLong?: boolean },
) {
  return catchIn({ wrapStore }, { runner, within, only: ({ isLong }) => isLong || !onlyLong })
}

describe('the auditor', () => {
  it('catches a credit without a payment (I2)', async () => {
    const planted = (store: Store) =>
      withTx(store, (tx) => ({
        reschedule: (order, { event }) => {
          const { orderNo, gateway, amount, currency, mchid, appid, userId } = order
          const entries = [
            { account: `gateway:${gateway}:${mchid}`, amount: -amount },
            { account: `user:${userId}`, amount },
          ] as const
          const transactionId = `4200${orderNo}`
          const facts = { orderNo, gateway, transactionId, amount, currency, mchid, appid }
          const transfer = { ...facts, paidAt: null, entries }
          const said = { out_trade_no: orderNo, transaction_id: transactionId }
          const words = { body: JSON.stringify(said) }
          return creditOne(tx, order, { transfer, source: 'check', event, words })
        },
      }))
    expect(await catchFault(planted, { within: 5 })).toMatchObject({ invariant: 'I2' })
  })

  it('catches a credit that is proved by the words of another payment', async () => {
    const planted = (store: Store) =>
      withTx(store, (tx) => ({
        credit: (credits) =>
          tx.credit(credits.map((each) => ({ ...each, words: { body: '{"out_trade_no":"X"}' } }))),
      }))
    expect(await catchFault(planted, { within: 5 })).toMatchObject({
      invariant: 'a constraint refused',
    })
  })

  it('catches an order that expires while it can be paid (I5)', async () => {
    const planted = (store: Store) =>
      withTx(store, (tx) => ({
        reschedule: (order, { event }) => tx.changeStatus(order, { status: 'expired', event }),
      }))
    expect(await catchFault(planted, { within: 5 })).toMatchObject({ invariant: 'I5' })
  })

  it('catches an order that is delivered twice (I1)', async () => {
    const planted = (store: Store) =>
      withTx(store, (tx) => ({
        execute: async (statement, values) => {
          await tx.execute(statement, values)
          return tx.execute(statement, values)
        },
      }))
    expect(await catchFault(planted, { within: 20 })).toMatchObject({ invariant: 'I1' })
  })

  it('catches a second credit of one order that only a constraint refuses', async () => {
    const planted = (store: Store) =>
      withTx(store, (tx) => ({
        credit: async (credits) => {
          const paid = await tx.credit(credits)
          await tx.credit(credits)
          return paid
        },
      }))
    const failure = await catchFault(planted, { within: 5 })
    expect(failure).toMatchObject({ invariant: 'a constraint refused' })
  })

  it('catches work that is reported as done but was rolled back (I7, I8)', async () => {
    const planted = (store: Store): Store => ({
      ...store,
      transaction: async (work) => {
        const ends: Awaited<ReturnType<typeof work>>[] = []
        const rollback = new Error('rolled back')
        try {
          await store.transaction(async (tx) => {
            ends.push(await work(tx))
            throw rollback
          })
        } catch (error) {
          if (error !== rollback) throw error
        }
        return ends[0] as Awaited<ReturnType<typeof work>>
      },
    })
    const failure = await catchFault(planted, { within: 10 })
    expect(['I7', 'I8', 'I9']).toContain(failure?.invariant)
  })

  it('catches an order that is claimed but never queried (I9)', async () => {
    const planted = (store: Store): Store => ({
      ...store,
      claimDue: async (due) =>
        (await store.claimDue(due)).filter(({ order }) => order.amount % 5n !== 0n),
    })
    expect(await catchFault(planted, { within: 20 })).toMatchObject({ invariant: 'I9' })
  })

  it('catches a query that is delayed beyond its schedule (I9)', async () => {
    const planted = (store: Store) =>
      withTx(store, (tx) => ({
        reschedule: (order, { schedule, event }) => {
          const nextCheckAt = new Date(+schedule.nextCheckAt + 3_600_000)
          return tx.reschedule(order, { schedule: { ...schedule, nextCheckAt }, event })
        },
      }))
    expect(await catchFault(planted, { within: 5 })).toMatchObject({ invariant: 'I9' })
  })

  it('catches an order without a known end that expires while it is watched (I5)', async () => {
    const planted = (store: Store) =>
      withTx(store, (tx) => ({
        reschedule: (order, given) =>
          order.expiresAt === null
            ? tx.changeStatus(order, { status: 'expired', event: given.event })
            : tx.reschedule(order, given),
      }))
    expect(await catchFault(planted, { within: 20 })).toMatchObject({ invariant: 'I5' })
  })

  it('catches an order that was only watched and has no late checks (I8)', async () => {
    const planted = (store: Store) =>
      withTx(store, () => ({ addLateChecks: async () => undefined }))
    expect(await catchFault(planted, { within: 300, onlyLong: true })).toMatchObject({
      invariant: 'I8',
    })
  })

  it('catches an expired order that is queried without end (I9)', async () => {
    const planted = (store: Store) =>
      withTx(store, () => ({ countLateCheck: async () => undefined }))
    expect(await catchFault(planted, { within: 600, onlyLong: true })).toMatchObject({
      invariant: 'I9',
    })
  })

  it('catches an order that is found by its key and returned with the facts of the request (I2)', async () => {
    const planted = (store: Store): Store => ({
      ...store,
      insertOrder: async (requested, event) => {
        const insertion = await store.insertOrder(requested, event)
        if (insertion.kind === 'upgrade_pending') return insertion
        const { userId, appid } = requested
        return { ...insertion, order: { ...insertion.order, userId, appid } }
      },
    })
    expect(await catchFault(planted, { within: 50 })).toMatchObject({ invariant: 'I2' })
  })

  it('catches a breaker that opens for orders that the gateway never knew (I9)', async () => {
    const planted = (store: Store): Store => ({
      ...store,
      claimDue: async (due) =>
        (await store.claimDue(due)).map(({ order, dueAt }) => ({
          ...{ order: { ...order, standing: 'known' as const }, dueAt },
        })),
    })
    expect(await catchFault(planted, { within: 100 })).toMatchObject({ invariant: 'I9' })
  })

  it('catches known orders that wait behind unknown ones (I9)', async () => {
    const planted = (store: Store): Store => ({
      ...store,
      claimDue: async (due) => {
        const claimed = await store.claimDue(due)
        const unknown = claimed.filter(({ order }) => order.standing === 'unknown')
        return unknown.length > 0 ? unknown : claimed
      },
    })
    expect(await catchFault(planted, { within: 60 })).toMatchObject({ invariant: 'I9' })
  })
})
