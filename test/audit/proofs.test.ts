import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { settle } from '../../src/settle/settle.ts'
import { StoreError, UnknownOutcomeError } from '../../src/store/errors.ts'
import { newEvent } from '../contract/store-fixtures.ts'
import { testProofKeys } from '../support/stores.ts'
import { creditBy, laterStore, openProvedWorld, queried, verifyStore } from './world.ts'

const other = { id: 'other', secret: 'another one, with more than 32 characters too' }
const kinds = ['pglite', 'postgres'] as const

function manyCredits(count: number): readonly string[] {
  const each = `from generate_series(1, ${count}) as n`
  const at = `'2026-01-01T00:00:00Z'`
  return [
    `insert into orders (order_no, user_id, amount, currency, description, gateway, mchid, appid,
       adopted, status, state_seq, standing, created_at, known_at, next_check_at, expires_at,
       transaction_id, paid_at, credited_at, credited_by)
     select 'M' || n, 'u' || n, 100, 'CNY', '', 'wechatpay', '1900000001', 'wx1', true, 'paid', 2,
       0, ${at}, ${at}, ${at}, ${at}, 'T' || n, ${at}, ${at}, 'callback' ${each}`,
    `insert into transfers (order_no, gateway, transaction_id, amount, currency, mchid, appid,
       paid_at, created_at)
     select 'M' || n, 'wechatpay', 'T' || n, 100, 'CNY', '1900000001', 'wx1', ${at}, ${at} ${each}`,
    `insert into entries (order_no, leg, account, amount, currency, at)
     select 'M' || n, leg, case leg when 1 then 'gateway:wechatpay:1900000001' else 'user:u' || n end,
       case leg when 1 then -100 else 100 end, 'CNY', ${at} ${each}, generate_series(1, 2) as leg`,
  ]
}

describe.each(kinds)('proofs on %s', (kind) => {
  it('are unverifiable without their key, and fit again once it is back', async () => {
    const world = await openProvedWorld(kind)
    await world.credit('ORDER-1')
    expect(await world.counts([])).toEqual([0, expect.any(Number), 0])
    expect((await world.verify([other])).orders.unverifiable).toMatchObject([
      { orderNo: 'ORDER-1' },
    ])
    expect(await world.counts([other, ...testProofKeys])).toEqual([0, 0, 0])
    await world.close()
  })

  it('are made with the first key, and verified with that of each', async () => {
    const world = await openProvedWorld(kind)
    await world.credit('ORDER-1')
    const renewed = laterStore(world, [other, ...testProofKeys])
    await world.adopt('ORDER-2')
    await creditBy(renewed, world, 'ORDER-2')
    expect(await world.counts([other, ...testProofKeys])).toEqual([0, 0, 0])
    expect((await world.verify([other])).unverifiable).toBeGreaterThan(0)
    expect((await world.verify(testProofKeys)).unverifiable).toBeGreaterThan(0)
    await world.close()
  })

  it.each([
    `update orders set user_id = 'thief'`,
    `update orders set user_id = 'thief', seal = null`,
    `update orders set adopted = false`,
  ])('show an order that was changed before it was credited: %s', async (statement) => {
    const world = await openProvedWorld(kind)
    await world.adopt('ORDER-1')
    await world.attack(statement)
    world.control.pay('ORDER-1')
    await world.budan.checkOrder('ORDER-1')
    expect((await world.order('ORDER-1')).status).toBe('paid')
    expect(await world.counts()).toEqual([1, 0, 0])
    await world.close()
  })

  it('count an order that was corrected, and keep its former seal', async () => {
    const world = await openProvedWorld(kind)
    await world.adopt('ORDER-1', { amount: 100 })
    world.control.pay('ORDER-1')
    const actor = { name: 'li', address: null }
    await world.budan.correctOrder('ORDER-1', { userId: 'u2', actor, reason: 'a slip' })
    await world.budan.checkOrder('ORDER-1')
    expect(await world.balance('u2')).toBe(100n)
    expect(await world.counts()).toEqual([0, 0, 0])
    const { rows } = await sql<{ count: number }>`
      select cardinality(former_seals) as count from orders`.execute(world.database.db)
    expect(rows).toEqual([{ count: 1 }])
    await world.close()
  })

  it('outlive a transaction that is rolled back', async () => {
    let fails = true
    const onPaid = async () => {
      if (fails) throw new Error('not now')
    }
    const world = await openProvedWorld(kind, { onPaid })
    await world.adopt('ORDER-1')
    world.control.pay('ORDER-1')
    await expect(world.budan.checkOrder('ORDER-1')).rejects.toThrow('not now')
    fails = false
    await world.budan.checkOrder('ORDER-1')
    await world.credit('ORDER-2')
    expect(await world.counts()).toEqual([0, 0, 0])
    await world.close()
  })

  it.each([
    ['its table is gone', 'drop table proofs'],
    ['the count of its sequence is gone', 'drop table proof_sequences'],
    ['its row is refused', 'alter table proofs add check (false) not valid'],
    ['the head has another shape', 'alter table proof_head rename column sequences to tracks'],
  ])('never stop a credit: %s', async (_, statement) => {
    const world = await openProvedWorld(kind)
    await world.credit('ORDER-1')
    await sql.raw(statement).execute(world.database.db)
    const from = world.events.length
    // A sequence is taken by the first credit of a process, which reads the head.
    const later = laterStore(world)
    const faults: Error[] = []
    later.onProofFault((error) => faults.push(error))
    await world.adopt('ORDER-2')
    await creditBy(later, world, 'ORDER-2')
    if (!statement.includes('proof_head')) {
      await world.credit('ORDER-3')
      expect(world.events.slice(from).map(({ type }) => type)).toContain('proof_failed')
    }
    expect(faults).toHaveLength(1)
    expect(await world.balance('u1')).toBe(statement.includes('proof_head') ? 200n : 300n)
    expect(Object.values(await world.store.audit()).every((count) => count === 0)).toBe(true)
    await world.close()
  })

  it('show a head that was deleted, also after the next process has made it anew', async () => {
    const world = await openProvedWorld(kind)
    await world.credit('ORDER-1')
    await world.attack('delete from proof_head')
    await world.adopt('ORDER-2')
    await creditBy(laterStore(world), world, 'ORDER-2')
    expect((await world.counts())[0]).toBeGreaterThan(0)
    await world.close()
  })

  it('begin with what was there before, which is sealed once', async () => {
    const world = await openProvedWorld(kind, { proofKeys: [] })
    await world.credit('FORMER-1')
    await world.credit('FORMER-2', 'callback')
    await world.adopt('OPEN-1')
    expect(await world.counts(testProofKeys)).toEqual([2, 0, 0])
    const later = laterStore(world)
    expect(await later.isOldSealed()).toBe(false)
    expect(await later.sealOld(null)).toEqual({ orders: 1, credits: 2, next: null })
    expect(await later.isOldSealed()).toBe(true)
    expect(await world.counts(testProofKeys)).toEqual([0, 0, 2])
    await creditBy(later, world, 'OPEN-1')
    expect(await world.counts(testProofKeys)).toEqual([0, 0, 2])
    await world.close()
  })

  it.each([
    `update entries set account = 'user:thief' where order_no = 'FORMER-1' and amount > 0`,
    `update transfers set created_at = '2020-01-01' where order_no = 'FORMER-1'`,
    `delete from transfers where order_no = 'FORMER-1'`,
    `update proofs set seal = null where order_no = 'FORMER-1'`,
    `update proofs set sequence = 9, place = 1 where order_no = 'FORMER-1'`,
  ])('show that an old credit was changed: %s', async (statement) => {
    const world = await openProvedWorld(kind, { proofKeys: [] })
    await world.credit('FORMER-1')
    await laterStore(world).sealOld(null)
    const nullable = 'alter table proofs alter column seal drop not null'
    await world.attack(nullable, statement)
    expect((await world.counts(testProofKeys))[0]).toBeGreaterThan(0)
    await world.close()
  })

  it('seal many portions, and again after they were cut short', async () => {
    const world = await openProvedWorld(kind, { proofKeys: [] })
    await world.attack(...manyCredits(1200))
    const later = laterStore(world)
    const first = await later.sealOld(null)
    expect(first).toMatchObject({ credits: 500, next: expect.anything() })
    let sealed = 0
    let next = null
    for (;;) {
      const portion = await later.sealOld(next)
      sealed += portion?.credits ?? 0
      next = portion?.next ?? null
      if (next === null) break
    }
    expect(sealed).toBe(700)
    expect(await world.counts(testProofKeys)).toEqual([0, 0, 1200])
    await world.close()
  })
})

/** What a node of a version before proofs leaves of an order that it placed. */
const withoutSeals = (orderNo: string) => [
  `update orders set seal = null where order_no = '${orderNo}'`,
  `update order_events set seal = null where order_no = '${orderNo}'`,
]

describe.each(kinds)('sealing again on %s, after a node without proofs has ended', (kind) => {
  const openBoth = async () => {
    const world = await openProvedWorld(kind)
    const old = laterStore(world, [])
    const note = async (orderNo: string) =>
      old.appendEvent((await world.order(orderNo)).key, newEvent({ source: 'callback' }))
    return { world, old, note }
  }

  it('believes what both have done together, and proves what the other has credited', async () => {
    const { world, old, note } = await openBoth()
    await world.adopt('CREDITED-BEFORE')
    await creditBy(old, world, 'CREDITED-BEFORE')
    await world.store.sealOld(null)
    expect(await world.counts()).toEqual([0, 0, 1])

    await note('CREDITED-BEFORE')
    await world.adopt('CREDITED-BY-OLD')
    await creditBy(old, world, 'CREDITED-BY-OLD')
    await world.adopt('PLACED-BY-OLD')
    await world.attack(...withoutSeals('PLACED-BY-OLD'))
    await world.budan.checkOrder('PLACED-BY-OLD')
    for (const number of ['QUERIED-BY-OLD', 'STILL-OPEN']) {
      await world.adopt(number)
      await note(number)
    }
    await world.adopt('BY-NEW')
    for (const number of ['PLACED-BY-OLD', 'QUERIED-BY-OLD', 'BY-NEW']) {
      world.control.pay(number)
      await world.budan.checkOrder(number)
    }
    const { orders } = await world.verify()
    expect(orders.unproven.map(({ orderNo }) => orderNo).sort()).toEqual([
      ...['CREDITED-BEFORE', 'CREDITED-BY-OLD', 'PLACED-BY-OLD', 'QUERIED-BY-OLD'],
    ])

    const sealed = await laterStore(world).sealOld(null)
    expect(sealed).toEqual({ orders: 3, credits: 1, next: null })
    expect(await world.counts()).toEqual([0, 0, 2])
    world.control.pay('STILL-OPEN')
    await world.budan.checkOrder('STILL-OPEN')
    expect(await world.counts()).toEqual([0, 0, 2])
    expect(await world.store.sealOld(null)).toEqual({ orders: 0, credits: 0, next: null })
    await world.close()
  })

  it('never believes an order whose seal does not fit', async () => {
    const { world, note } = await openBoth()
    await world.adopt('ORDER-1')
    await note('ORDER-1')
    await world.attack(`update orders set user_id = 'thief'`)
    world.control.pay('ORDER-1')
    await world.budan.checkOrder('ORDER-1')
    await world.store.sealOld(null)
    expect(await world.counts()).toEqual([1, 0, 0])
    await world.close()
  })
})

describe('the embedder’s own work', () => {
  it('of three orders is done side by side, and each is proven', async () => {
    let waiting = 0
    let third: () => void = () => undefined
    const threeAtOnce = new Promise<void>((resolve) => (third = resolve))
    const onPaid = async () => {
      waiting += 1
      if (waiting === 3) third()
      await threeAtOnce
    }
    const world = await openProvedWorld('postgres', { onPaid })
    const numbers = ['ORDER-1', 'ORDER-2', 'ORDER-3']
    for (const number of numbers) {
      await world.adopt(number)
      world.control.pay(number)
    }
    await Promise.all(numbers.map((number) => world.budan.checkOrder(number)))
    expect(waiting).toBe(3)
    expect(await world.verify()).toMatchObject({ credits: 3, unproven: 0, unverifiable: 0 })
    await world.close()
  })
})

describe('several nodes', () => {
  it('prove side by side, each in sequences of its own', async () => {
    const world = await openProvedWorld('postgres')
    const numbers = Array.from({ length: 60 }, (_, nth) => `ORDER-${nth}`)
    for (const number of numbers) await world.adopt(number)
    const nodes = [laterStore(world), laterStore(world), laterStore(world)]
    await Promise.all(
      numbers.map((number, nth) => creditBy(nodes[nth % 3] ?? world.store, world, number)),
    )
    expect(await verifyStore(world.store, testProofKeys)).toMatchObject({
      ...{ credits: 60, unproven: 0, unverifiable: 0 },
    })
    await world.close()
  })
})

describe('a database that is away while a sequence is opened', () => {
  it.each([
    ['at its row', 'after insert on proof_sequences'],
    ['at its commit', 'after insert on proof_sequences deferrable initially deferred'],
  ])('fails the credit, which is made and proved later: %s', async (_, when) => {
    const world = await openProvedWorld('postgres')
    await world.credit('ORDER-1')
    const run = (statement: string) => sql.raw(statement).execute(world.database.db)
    await run(`create function hang_up() returns trigger language plpgsql as
      $$ begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$`)
    const constraint = when.includes('deferred') ? 'constraint' : ''
    await run(
      `create ${constraint} trigger hang_up ${when} for each row execute function hang_up()`,
    )
    const later = laterStore(world)
    const faults: Error[] = []
    later.onProofFault((error) => faults.push(error))
    await world.adopt('ORDER-2')
    const { settling, answer } = await queried(world, 'ORDER-2')
    const credit = () => settle({ ...settling, store: later }, answer)
    const error = await credit().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(StoreError)
    expect(error).not.toBeInstanceOf(UnknownOutcomeError)
    expect((await world.order('ORDER-2')).status).toBe('pending')
    await run('drop trigger hang_up on proof_sequences')
    expect((await credit())?.order.status).toBe('paid')
    expect(faults).toEqual([])
    expect(await world.verify()).toMatchObject({ credits: 2, unproven: 0, unverifiable: 0 })
    await world.close()
  })
})
