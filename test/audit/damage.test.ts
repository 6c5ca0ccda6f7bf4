import { describe, expect, it } from 'vitest'
import { SettleGroups } from '../../src/settle/groups.ts'
import { settleTogether } from '../../src/settle/settle.ts'
import type { Store } from '../../src/store/store.ts'
import { testProofKeys } from '../support/stores.ts'
import { creditBy, laterStore, openProvedWorld, type ProvedWorld, queried } from './world.ts'

/** A seal in the form of one, by a key that nobody has. */
const strange = `'nobody.h:' || repeat('A', 43)`

const tables = ['entries', 'transfers', 'proofs', 'order_events', 'orders_of_users', 'orders']

/** Of the head, which the next process that credits seals anew. */
const changesOfTheHead: Readonly<Record<string, readonly string[]>> = {
  'a number of breaks below 0': ['update proof_head set broken = -1'],
  'another number of sequences': ['update proof_head set sequences = 7'],
  'a number of sequences that is as large as can be': [
    'update proof_head set sequences = 2147483647',
  ],
  'a seal by an unknown key': [`update proof_head set events_to = 999999, seal = ${strange}`],
  'former heads that are none': [`update proof_head set former = '[[]]'`],
  'former heads that cannot be read': [`update proof_head set former = '{'`],
  'a former head that nobody had': [`update proof_head set former = '[[1,0,null,null,"x"]]'`],
  'the last sequence deleted, with all that it counted': [
    ...tables.map((table) => `delete from ${table} where order_no = 'ORDER-2'`),
    'delete from proof_sequences where sequence = 2',
    'delete from proof_days where sequence = 2',
    `update proof_head set sequences = 1, seal = ${strange}`,
  ],
}

/** What no row of ours has, and what neither JSON nor a whole number can hold. */
const damages = [
  `update transfers set paid_at = 'infinity'`,
  `update transfers set created_at = '-infinity'`,
  `update entries set at = 'infinity'`,
  `update orders set credited_at = 'infinity'`,
  `update transfers set paid_at = '294000-01-01'`,
  `update proof_days set sum = 'NaN'`,
  `update proof_days set amount = 1.5`,
  `update proof_days set day = 'tomorrow'`,
  `update proof_head set sequences = 2147483647`,
  `update proof_head set events_to = -5`,
  `update proof_sequences set credits = 9223372036854775807`,
  `update proofs set day = 'tomorrow'`,
  `update proofs set place = -1`,
  `update proofs set seal = ''`,
  ...[
    'transfers.amount',
    'entries.amount',
    'orders.amount',
    'proofs.sequence',
    'proof_days.sum',
  ].map((name) => {
    const [table, column] = name.split('.')
    return `alter table ${table} alter column ${column} drop not null; update ${table} set ${column} = null`
  }),
]

const slip = { userId: 'u2', actor: { name: 'li', address: null }, reason: 'a slip' }

async function correctBy(store: Store, world: ProvedWorld, userId: string): Promise<void> {
  const { key } = await world.order('ORDER-1')
  const said = { kind: 'corrected', source: 'operator', operator: 'li', reason: 'a slip' } as const
  const rest = {
    tradeState: null,
    decision: null,
    alarm: false,
    evidence: {},
    runId: null,
  } as const
  const event = { ...said, ...rest, node: 'later', actor: slip.actor }
  await store.transaction(async (tx) => {
    const locked = await tx.lockOrder(key)
    if (locked === null) throw new Error('No order')
    await tx.correct(locked.order, { correction: { ...locked.order, userId }, event })
  })
}

describe.each(['pglite', 'postgres'] as const)('damage on %s', (kind) => {
  it.each(Object.entries(changesOfTheHead))(
    'of the head shows, also once another process has sealed it anew: %s',
    async (_, statements) => {
      const world = await openProvedWorld(kind)
      await world.credit('ORDER-1')
      await world.store.sealOld(null)
      await world.adopt('ORDER-2')
      await creditBy(laterStore(world), world, 'ORDER-2')
      await world.attack(...statements)
      await world.adopt('ORDER-3')
      await creditBy(laterStore(world), world, 'ORDER-3')
      const [unproven, unverifiable] = await world.counts()
      expect(unproven + unverifiable).toBeGreaterThan(0)
      await world.close()
    },
  )

  it.each([`null, seal = ${strange}`, 'null'])(
    'of the head has nothing sealed as from before: events_to = %s',
    async (value) => {
      const world = await openProvedWorld(kind)
      await world.credit('ORDER-1')
      await world.store.sealOld(null)
      await world.adopt('ORDER-2')
      await world.attack(
        `update orders set user_id = 'thief', seal = null where order_no = 'ORDER-2'`,
        `update order_events set seal = null where order_no = 'ORDER-2'`,
        `update proof_head set events_to = ${value}`,
      )
      const later = laterStore(world)
      await expect(later.sealOld(null)).rejects.toThrow('does not fit its seal')
      await creditBy(later, world, 'ORDER-2')
      expect((await world.verify()).orders.unproven).toMatchObject([{ orderNo: 'ORDER-2' }])
      await world.close()
    },
  )

  it('is counted, whatever the rows hold', async () => {
    for (const damage of damages) {
      const world = await openProvedWorld(kind)
      await world.credit('ORDER-1')
      await world.attack(...damage.split('; '))
      const [unproven] = await world.counts()
      expect(unproven, damage).toBeGreaterThan(0)
      expect(unproven, damage).toBeLessThanOrEqual(Number.MAX_SAFE_INTEGER)
      await world.close()
    }
  })

  it.each([
    `delete from order_events where decision = 'pay'`,
    `alter table order_events alter column id drop identity;
     update order_events set id = -1, reason = 'as the chief said', seal = null where decision = 'pay'`,
  ])('of the timeline shows, of an order from before too: %s', async (damage) => {
    const world = await openProvedWorld(kind, { proofKeys: [] })
    await world.adopt('ORDER-1')
    const later = laterStore(world)
    await later.sealOld(null)
    await creditBy(later, world, 'ORDER-1')
    expect(await world.counts(testProofKeys)).toEqual([0, 0, 0])
    await world.attack(...damage.split(';'))
    expect(await world.counts(testProofKeys)).toEqual([1, 0, 0])
    await world.close()
  })

  it('of the timeline shows: where the order came from is gone', async () => {
    const world = await openProvedWorld(kind)
    await world.credit('ORDER-1')
    await world.attack(`delete from order_events where kind = 'adopted'`)
    expect(await world.counts()).toEqual([1, 0, 0])
    await world.close()
  })

  it.each([
    `update orders set user_id = 'u1', seal = former_seals[1]`,
    `update orders set user_id = 'u1', seal = former_seals[1], former_seals = null`,
    `update orders set user_id = 'u1', seal = former_seals[1], former_seals = array['x']`,
    `delete from order_events where kind = 'corrected'`,
  ])('of a corrected order shows: %s', async (statement) => {
    const world = await openProvedWorld(kind)
    await world.adopt('ORDER-1')
    await world.budan.correctOrder('ORDER-1', slip)
    await world.attack(statement)
    world.control.pay('ORDER-1')
    await world.budan.checkOrder('ORDER-1')
    expect(await world.counts()).toEqual([1, 0, 0])
    await world.close()
  })

  it.each([`user_id = 'thief'`, `user_id = 'thief', seal = null`])(
    'of an order is not sealed by a later correction: %s',
    async (change) => {
      const world = await openProvedWorld(kind)
      await world.adopt('ORDER-1')
      await world.store.sealOld(null)
      await world.attack(`update orders set ${change}`)
      await world.budan.correctOrder('ORDER-1', {
        ...slip,
        userId: null,
        expiresAt: null,
      })
      world.control.pay('ORDER-1')
      await world.budan.checkOrder('ORDER-1')
      expect(await world.counts()).toEqual([1, 0, 0])
      await world.close()
    },
  )

  it('is none where an order is corrected there and back', async () => {
    const world = await openProvedWorld(kind)
    await world.adopt('ORDER-1')
    for (const userId of ['u2', 'u1', 'u2']) {
      await world.budan.correctOrder('ORDER-1', { ...slip, userId })
    }
    world.control.pay('ORDER-1')
    await world.budan.checkOrder('ORDER-1')
    expect(await world.counts()).toEqual([0, 0, 0])
    await world.close()
  })

  it('is none where an order from before is corrected, under an old and a new key', async () => {
    const world = await openProvedWorld(kind, { proofKeys: [] })
    await world.adopt('ORDER-1')
    const early = laterStore(world)
    await correctBy(early, world, 'u2')
    await early.sealOld(null)
    await correctBy(early, world, 'u3')
    const keys = [
      { id: 'new', secret: 'a new one, with more than 32 characters' },
      ...testProofKeys,
    ]
    const renewed = laterStore(world, keys)
    await correctBy(renewed, world, 'u1')
    await creditBy(renewed, world, 'ORDER-1')
    expect(await world.counts(keys)).toEqual([0, 0, 0])
    await world.attack(`update orders set seal = former_seals[1], former_seals = null`)
    expect(await world.counts(keys)).toEqual([1, 0, 0])
    await world.close()
  })

  it('of one order costs no other of its group the proof', async () => {
    const world = await openProvedWorld(kind)
    const numbers = ['ORDER-1', 'ORDER-2', 'ORDER-3']
    for (const number of numbers) await world.adopt(number)
    await world.attack(
      `insert into proofs (order_no, key_id, sequence, place, day, seal)
       values ('ORDER-2', 'k', 1, 1, '2026-01-01', 'x')`,
    )
    const answers = await Promise.all(numbers.map((number) => queried(world, number)))
    await expect(settleTogether(world.store, answers)).rejects.toThrow()
    const groups = new SettleGroups()
    await Promise.all(answers.map((answer) => groups.settle(answer)))
    for (const number of numbers) expect((await world.order(number)).status).toBe('paid')
    expect((await world.verify()).orders.unproven).toMatchObject([{ orderNo: 'ORDER-2' }])
    await world.close()
  })
})
