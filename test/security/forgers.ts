import { expect } from 'vitest'
import { openProvedWorld, type ProvedWorld } from '../audit/world.ts'
import type { Attacks } from './site.ts'

/** Credits of an order that nobody placed, as budan writes a credit. */
const forgedOrder = [
  `insert into orders (order_no, user_id, amount, currency, description, gateway, mchid, appid,
      adopted, status, state_seq, standing, created_at, known_at, next_check_at, expires_at,
      transaction_id, paid_at, credited_at, credited_by)
    select 'FORGED', 'thief', 100000, 'CNY', '', gateway, mchid, appid, true, 'paid', 2, standing,
      created_at, created_at, created_at, created_at, 'forged', paid_at, credited_at, 'callback'
    from orders where order_no = 'ORDER-1'`,
  `insert into transfers (order_no, gateway, transaction_id, amount, currency, mchid, appid, paid_at,
      created_at)
    select order_no, gateway, transaction_id, amount, currency, mchid, appid, paid_at, credited_at
    from orders where order_no = 'FORGED'`,
  `insert into entries (order_no, leg, account, amount, currency, at)
    select 'FORGED', leg, case leg when 1 then account else 'user:thief' end,
      case leg when 1 then -100000 else 100000 end, currency, at
    from entries where order_no = 'ORDER-1'`,
  `insert into order_events (order_no, at, kind, source, to_status, state_seq, decision, alarm)
    select 'FORGED', at, kind, source, to_status, state_seq, decision, alarm
    from order_events where order_no = 'ORDER-1' and to_status is not null`,
]

/** A copy of an open order that was adopted, with another number and user. */
const openOrder = [
  `insert into orders (order_no, user_id, amount, currency, description, gateway, mchid, appid,
      adopted, status, state_seq, standing, created_at, known_at, next_check_at, expires_at)
    select 'ORDER-3', 'thief', amount, currency, description, gateway, mchid, appid, adopted, status,
      state_seq, standing, created_at, known_at, next_check_at, expires_at
    from orders where order_no = 'ORDER-4'`,
  `insert into order_events (order_no, at, kind, source, to_status, state_seq, decision, alarm)
    select 'ORDER-3', at, kind, source, to_status, state_seq, decision, alarm
    from order_events where order_no = 'ORDER-4'`,
]

const withoutOrder = [
  ...['entries', 'transfers', 'proofs', 'order_events', 'orders_of_users', 'orders'].map(
    (table) => `delete from ${table} where order_no = 'ORDER-1'`,
  ),
]

const unpaidAgain = [
  `delete from entries where order_no = 'ORDER-1'`,
  `delete from transfers where order_no = 'ORDER-1'`,
  `delete from proofs where order_no = 'ORDER-1'`,
  `update orders set status = 'expired', transaction_id = null, credited_at = null,
     credited_by = null, paid_at = null where order_no = 'ORDER-1'`,
]

/** Of somebody who owns the database, has switched its triggers off, and has no proof key. */
export const forgers: Attacks = {
  F1: shows([
    `update entries set account = 'user:thief' where order_no = 'ORDER-1' and amount > 0`,
    `update orders set user_id = 'thief' where order_no = 'ORDER-1'`,
  ]),
  F2: shows(
    ['entries', 'transfers', 'orders'].map(
      (table) => `update ${table} set amount = amount * 10 where order_no = 'ORDER-1'`,
    ),
  ),
  F3: shows(forgedOrder),
  F4: shows(unpaidAgain),
  F5: shows(withoutOrder),
  F6: shows([
    `update transfers set created_at = '2020-01-01' where order_no = 'ORDER-1'`,
    `update entries set at = '2020-01-01' where order_no = 'ORDER-1'`,
    `update orders set credited_at = '2020-01-01', created_at = '2020-01-01',
       known_at = '2020-01-01' where order_no = 'ORDER-1'`,
  ]),
  F7: shows([
    `update order_events set reason = 'as the chief said'
       where order_no = 'ORDER-1' and decision = 'pay'`,
  ]),
  F8: shows([
    `update proofs set evidence = (select evidence from proofs where order_no = 'ORDER-2')
       where order_no = 'ORDER-1'`,
  ]),
  F9: shows([
    `update proofs set evidence = substring(evidence from 1 for 40) where order_no = 'ORDER-1'`,
  ]),
  F10: shows([`delete from proofs where order_no = 'ORDER-1'`]),
  F11: async () => {
    await withCredits(async (world) => {
      const made = { id: 'made-anew', secret: 'another one, of more than 32 characters' }
      const { unproven, unverifiable } = await world.verify([made])
      expect({ unproven, unverifiable: unverifiable > 0 }).toEqual({
        ...{ unproven: 0, unverifiable: true },
      })
    })
  },
  F12: () =>
    withCredits(async (world) => {
      await world.adopt('ORDER-3')
      await world.attack(`update orders set user_id = 'thief' where order_no = 'ORDER-3'`)
      await credited(world)
    }),
  F13: () =>
    withCredits(async (world) => {
      world.control.putOrder({ out_trade_no: 'ORDER-3', total: 100 })
      await world.adopt('ORDER-4')
      await world.attack(...openOrder)
      await credited(world)
    }),
}

/** What budan cannot know when it credits, the audit finds. */
async function credited(world: ProvedWorld): Promise<void> {
  world.control.pay('ORDER-3', { callback: false })
  await world.budan.checkOrder('ORDER-3')
  expect(await world.balance('thief')).toBe(100n)
  const { unproven, orders } = await world.verify()
  expect({ unproven, orders: orders.unproven }).toMatchObject({
    ...{ unproven: 1, orders: [{ orderNo: 'ORDER-3' }] },
  })
}

function shows(statements: readonly string[]): Attacks[string] {
  return () =>
    withCredits(async (world) => {
      await world.attack(...statements)
      expect((await world.verify()).unproven).toBeGreaterThan(0)
    })
}

/** Two credits, which are proven. */
async function withCredits(attack: (world: ProvedWorld) => Promise<void>): Promise<void> {
  const world = await openProvedWorld('pglite')
  try {
    await world.credit('ORDER-1')
    await world.credit('ORDER-2', 'callback')
    await world.store.sealOld(null)
    expect(await world.verify()).toMatchObject({ credits: 2, unproven: 0, unverifiable: 0 })
    await attack(world)
  } finally {
    await world.close()
  }
}
