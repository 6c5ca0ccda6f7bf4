import { describe, expect, it } from 'vitest'
import type { NewException } from '../../src/domain/review/exception.ts'
import { noChanges } from '../../src/domain/review/exception.ts'
import { CursorError, StoreError } from '../../src/store/errors.ts'
import type { Store } from '../../src/store/store.ts'
import { keyOf } from '../support/order-key.ts'
import { type MakeSubject, merchant, newEvent, place, run } from './store-fixtures.ts'

const { gateway, mchid } = merchant

function newException(changes: Partial<NewException> = {}): NewException {
  return {
    ...{ kind: 'unknown_payment', gateway, mchid, orderNo: 'GONE-1', key: null },
    ...{ about: '4200-1', transactionId: '4200-1', refundId: null },
    ...{ amountAtStake: 500n, currency: 'CNY', reason: { code: 'paid_without_order' } },
    ...changes,
  }
}

async function open(store: Store, ...opened: readonly NewException[]) {
  return store.transaction((tx) => tx.changeExceptions({ ...noChanges, opened }))
}

async function all(store: Store, filter: Parameters<Store['listExceptions']>[0]) {
  return (await store.listExceptions(filter)).items
}

const page = { limit: 50, cursor: null }

const closing = { by: 'Li', address: '203.0.113.7', reason: 'settled' }

/** Statements that the schema refuses. */
const attacks: readonly (readonly [string, string])[] = [
  ['removes one', 'delete from payment_exceptions'],
  ['removes all', 'truncate payment_exceptions'],
  ['changes its sum', 'update payment_exceptions set amount_at_stake = 1'],
  ['makes it another', `update payment_exceptions set kind = 'review'`],
  [
    'opens it again',
    'update payment_exceptions set closed_at = null, closed_by = null, closed_reason = null',
  ],
  ['closes it as somebody else', `update payment_exceptions set closed_by = 'Wang'`],
  [
    'closes one without a name',
    `insert into payment_exceptions (kind, gateway, mchid, order_number, about, amount_at_stake, currency,
      opened_at, reason, closed_at, closed_reason)
     values ('review', 'g', 'm', 'X', 'Y', 1, 'CNY', now(), 'r', now(), 'c')`,
  ],
]

/** Where money and books differ. */
export function exceptionsContract(make: MakeSubject): void {
  describe('exceptions', () => {
    it('open once for each merchant, kind, number and payment, by the transaction that is first', async () => {
      const { store } = await make()
      const same = newException()
      const [first, second] = await Promise.all([open(store, same), open(store, same)])
      expect([...(first?.opened ?? []), ...(second?.opened ?? [])]).toHaveLength(1)
      const others = [
        newException({ about: '4200-2' }),
        newException({ orderNo: 'GONE-2' }),
        newException({ mchid: '1900000202' }),
        newException({ kind: 'duplicate_payment' }),
      ]
      expect((await open(store, same, ...others)).opened).toEqual(others)
      expect(await all(store, page)).toHaveLength(5)
    })

    it('are rolled back with their step', async () => {
      const { store } = await make()
      const failing = store.transaction(async (tx) => {
        await tx.changeExceptions({ ...noChanges, opened: [newException()] })
        throw new Error('no')
      })
      await expect(failing).rejects.toThrow('no')
      expect(await all(store, page)).toEqual([])
      await store.positionEvents({ limit: 10 })
      expect((await store.readEvents({ after: null, types: null, limit: 10 })).events).toEqual([])
    })

    it('are closed once, with who and why, by the first of two', async () => {
      const { store } = await make()
      await open(store, newException())
      const [{ id } = { id: '' }] = await all(store, page)
      const closed = await Promise.all([1, 2].map(() => store.closeException(id, closing)))
      expect(closed.filter((each) => each !== null)).toMatchObject([
        { id, state: 'closed', closing: { ...closing, codedReason: null } },
      ])
      await open(store, newException())
      expect(await all(store, { ...page, state: 'open' })).toEqual([])
      expect(await store.findException(id)).toMatchObject({ state: 'closed' })
      for (const none of ['', '0', '99999999999999999999', 'x', '\0']) {
        expect(await store.findException(none)).toBeNull()
        expect(await store.closeException(none, closing)).toBeNull()
      }
    })

    it('heal by budan, and keep what healed them', async () => {
      const { store } = await make()
      await open(store, newException())
      const [exception] = await all(store, page)
      if (exception === undefined) throw new Error('There is none')
      const healed = [{ exception, reason: { code: 'payment_has_order' } as const }]
      const heal = () => store.transaction((tx) => tx.changeExceptions({ ...noChanges, healed }))
      expect((await heal()).healed).toHaveLength(1)
      expect((await heal()).healed).toEqual([])
      expect(await store.findException(exception.id)).toMatchObject({
        closing: {
          ...{ by: 'budan', address: null, reason: 'an order has its number now' },
          codedReason: { code: 'payment_has_order' },
        },
      })
    })

    it('are listed newest first, by kind, state, number and merchant, and counted with their sums', async () => {
      const { store } = await make()
      const many = [1, 2, 3].map((nth) =>
        newException({ about: `T${nth}`, orderNo: `GONE-${nth}` }),
      )
      const large = newException({ kind: 'duplicate_payment', amountAtStake: 9007199254740991n })
      const others = [
        { ...large, about: 'T4' },
        { ...large, about: 'T5' },
        newException({ about: 'T6', currency: 'USD', amountAtStake: 7n }),
        newException({ about: 'T7', mchid: '1900000202' }),
      ]
      await open(store, ...many, ...others)
      const about = async (filter: object) =>
        (await all(store, { ...page, ...filter })).map((each) => each.about)
      expect(await about({})).toEqual(['T7', 'T6', 'T5', 'T4', 'T3', 'T2', 'T1'])
      expect(await about({ kind: 'duplicate_payment' })).toEqual(['T5', 'T4'])
      expect(await about({ orderNo: 'GONE-2' })).toEqual(['T2'])
      expect(await about({ orderNo: '\0' })).toEqual([])
      expect(await about({ merchant: { gateway, mchid: '1900000202' } })).toEqual(['T7'])
      const [newest] = await all(store, page)
      await store.closeException(newest?.id ?? '', closing)
      expect(await about({ state: 'closed' })).toEqual(['T7'])
      const first = await store.listExceptions({ limit: 4, cursor: null, state: 'open' })
      const rest = await store.listExceptions({ ...page, cursor: first.nextCursor, state: 'open' })
      expect([...first.items, ...rest.items].map((each) => each.about)).toEqual([
        ...['T6', 'T5', 'T4', 'T3', 'T2', 'T1'],
      ])
      await expect(store.listExceptions({ limit: 4, cursor: 'x' })).rejects.toThrow(CursorError)
      expect(await store.openExceptions()).toEqual({
        unknown_payment: { count: 4, amount: 1_500n },
        duplicate_payment: { count: 2, amount: 18_014_398_509_481_982n },
      })
      expect((await store.vitals([merchant])).exceptions).toEqual(await store.openExceptions())
    })

    it('are published when they open and when they close', async () => {
      const { store } = await make()
      await open(store, newException())
      const [{ id } = { id: '' }] = await all(store, page)
      await store.closeException(id, closing)
      await store.positionEvents({ limit: 10 })
      const { events } = await store.readEvents({ after: null, types: null, limit: 10 })
      const facts = {
        ...{ exception_id: id, kind: 'unknown_payment', order_no: 'GONE-1', refund_id: null },
        ...{ transaction_id: '4200-1', amount_at_stake: 500, currency: 'CNY' },
        ...{ reason_code: 'paid_without_order', opened_at: expect.stringMatching(/T.*Z$/) },
      }
      expect(events).toMatchObject([
        { type: 'exception.opened', data: facts },
        {
          type: 'exception.closed',
          data: { ...facts, closed_by: 'Li', closed_reason: 'settled' },
        },
      ])
    })

    it.each(attacks)('do not let a statement that %s pass', async (_, statement) => {
      const { store, database } = await make()
      await open(store, newException())
      const [{ id } = { id: '' }] = await all(store, page)
      await store.closeException(id, closing)
      await expect(run({ database }, statement)).rejects.toThrow(/I4|violates|append/)
    })

    it('of reviews cannot be closed alone, and survive evidence that the database cannot read', async () => {
      const { store } = await make()
      const placed = await place(store)
      const evidence = { trade: { transaction_id: 'a\u0000b' }, '\ud800': 1 }
      const difference = {
        fact: 'amount',
        theirs: '99999999999999999999',
        ours: '1',
        currency: 'X',
      }
      const event = newEvent({
        ...{ decision: 'review', evidence, alarm: true },
        reason: { code: 'not_as_ordered', difference } as never,
      })
      await store.transaction(async (tx) => {
        const locked = await tx.lockOrder(placed.key)
        if (locked !== null) await tx.changeStatus(locked.order, { status: 'review', event })
      })
      const [exception] = await all(store, page)
      expect(exception).toMatchObject({
        ...{ kind: 'review', orderNo: placed.orderNo, transactionId: null, state: 'open' },
        ...{ amountAtStake: placed.amount, currency: 'CNY' },
      })
      expect(await store.closeException(exception?.id ?? '', closing)).toBeNull()
      await expect(
        store.transaction((tx) =>
          tx.changeExceptions({ ...noChanges, opened: [newException({ key: keyOf('NONE-1') })] }),
        ),
      ).rejects.toThrow(StoreError)
    })
  })
}
