import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openProvedWorld, type ProvedWorld } from './world.ts'

/** Each is made on a database of its own kind of credits, and undone by nobody: one order each. */
const attacks: Readonly<Record<string, readonly string[]>> = {
  'an entry goes to another user': [
    `update entries set account = 'user:thief' where order_no = 'N' and amount > 0`,
    `update orders set user_id = 'thief' where order_no = 'N'`,
  ],
  'an entry is larger': [`update entries set amount = amount * 10 where order_no = 'N'`],
  'the amount is larger everywhere': [
    `update entries set amount = amount * 10 where order_no = 'N'`,
    `update transfers set amount = amount * 10 where order_no = 'N'`,
    `update orders set amount = amount * 10 where order_no = 'N'`,
  ],
  'the transaction is another one': [
    `update transfers set transaction_id = 'forged ' || 'N' where order_no = 'N'`,
    `update orders set transaction_id = 'forged ' || 'N' where order_no = 'N'`,
  ],
  'the user of the order is another one': [
    `update orders set user_id = 'thief' where order_no = 'N'`,
  ],
  'the app id is another one': [
    `update orders set appid = 'wx0000000000000000' where order_no = 'N'`,
    `update transfers set appid = 'wx0000000000000000' where order_no = 'N'`,
  ],
  'the seal of the order is another one': [
    `update orders set user_id = 'thief', seal = (select seal from orders where order_no = 'KEPT-1')
       where order_no = 'N'`,
  ],
  'the seal of the order is gone': [`update orders set seal = null where order_no = 'N'`],
  'a reason is another one': [
    `update order_events set reason = 'as the chief said' where order_no = 'N' and decision = 'pay'`,
  ],
  'the person of an event is another one': [
    `update order_events set actor_name = 'somebody' where order_no = 'N' and kind = 'adopted'`,
  ],
  'the evidence of an event is another one': [
    `update order_events set evidence = '{}' where order_no = 'N' and decision = 'pay'`,
  ],
  'an event has no seal': [
    `update order_events set reason = 'x', seal = null where order_no = 'N' and decision = 'pay'`,
  ],
  'an event is added': [
    `insert into order_events (order_no, at, kind, source, reason, alarm)
       values ('N', now(), 'answered', 'callback', 'forged', false)`,
  ],
  'the time of the credit is years before': [
    `update transfers set created_at = '2020-01-01' where order_no = 'N'`,
    `update entries set at = '2020-01-01' where order_no = 'N'`,
    `update orders set credited_at = '2020-01-01', created_at = '2020-01-01', known_at = '2020-01-01' where order_no = 'N'`,
  ],
  'the payment is of another time': [
    `update transfers set paid_at = '2020-01-01' where order_no = 'N'`,
    `update orders set paid_at = '2020-01-01' where order_no = 'N'`,
  ],
  'who credited it is another one': [
    `update orders set credited_by = 'operator' where order_no = 'N'`,
  ],
  'the proof is gone': [`delete from proofs where order_no = 'N'`],
  'the evidence is cut': [
    `update proofs set evidence = substring(evidence from 1 for 40) where order_no = 'N'`,
  ],
  'the evidence is empty': [`update proofs set evidence = ''::bytea where order_no = 'N'`],
  'the evidence is gone': [`update proofs set evidence = null where order_no = 'N'`],
  'the evidence is of another order': [
    `update proofs set evidence = (select evidence from proofs where order_no = 'KEPT-1')
       where order_no = 'N'`,
  ],
  'the whole proof is of another order': [
    `update proofs p set (evidence, seal, place) = (
         select o.evidence, o.seal, o.place from proofs o where o.order_no = 'KEPT-1'
       ) where p.order_no = 'N'`,
  ],
  'the credit is deleted, and the order is unpaid again': [
    `delete from entries where order_no = 'N'`,
    `delete from transfers where order_no = 'N'`,
    `update orders set status = 'expired', transaction_id = null, credited_at = null,
       credited_by = null, paid_at = null where order_no = 'N'`,
  ],
  'the credit and its proof are deleted': [
    `delete from entries where order_no = 'N'`,
    `delete from transfers where order_no = 'N'`,
    `delete from proofs where order_no = 'N'`,
    `update orders set status = 'expired', transaction_id = null, credited_at = null,
       credited_by = null, paid_at = null where order_no = 'N'`,
  ],
  'the whole order is deleted': [
    `delete from entries where order_no = 'N'`,
    `delete from transfers where order_no = 'N'`,
    `delete from proofs where order_no = 'N'`,
    `delete from order_events where order_no = 'N'`,
    `delete from orders_of_users where order_no = 'N'`,
    `delete from orders where order_no = 'N'`,
  ],
}

/** Of the counts themselves. */
const attacksOnCounts: Readonly<Record<string, readonly string[]>> = {
  'all credits and all counts but the head are deleted': [
    ...['entries', 'transfers', 'proofs', 'order_events', 'orders_of_users', 'orders'].map(
      (table) => `delete from ${table}`,
    ),
    'delete from proof_days',
    'delete from proof_sequences',
  ],
  'the last credit of the sequence is deleted, and its counts are lower': [
    `delete from entries where order_no = 'KEPT-1'`,
    `delete from transfers where order_no = 'KEPT-1'`,
    `delete from proofs where order_no = 'KEPT-1'`,
    `update proof_sequences set credits = credits - 1`,
    `update proof_days set credits = credits - 1, amount = amount - 100`,
  ],
  'the totals of a day are gone': ['delete from proof_days'],
  'the totals of a day are larger': ['update proof_days set amount = amount + 1'],
  'the count of a sequence is gone': ['delete from proof_sequences'],
  'the head is gone': ['delete from proof_head'],
  'the head is lower': ['update proof_head set sequences = 0'],
  'old events are said to reach further': ['update proof_head set events_to = 999999999'],
}

const forged = `
  insert into orders (order_no, user_id, amount, currency, description, gateway, mchid, appid,
      adopted, status, state_seq, standing, created_at, known_at, next_check_at, expires_at,
      transaction_id, paid_at, credited_at, credited_by)
    select 'FORGED', 'thief', 100000, 'CNY', '', gateway, mchid, appid, true, 'paid', 2, standing,
      'AT', 'AT', 'AT', 'AT', 'forged', 'AT', 'AT', 'callback' from orders limit 1`

function forgedAt(at: string): readonly string[] {
  return [
    forged.replaceAll("'AT'", `'${at}'`),
    `insert into transfers (order_no, gateway, transaction_id, amount, currency, mchid, appid, paid_at, created_at)
       select order_no, gateway, transaction_id, amount, currency, mchid, appid, paid_at, credited_at
       from orders where order_no = 'FORGED'`,
    `insert into entries (order_no, leg, account, amount, currency, at)
       values ('FORGED', 1, 'gateway:wechatpay:1', -100000, 'CNY', '${at}'),
              ('FORGED', 2, 'user:thief', 100000, 'CNY', '${at}')`,
    `insert into order_events (order_no, at, kind, source, to_status, state_seq, decision, alarm)
       values ('FORGED', '${at}', 'adopted', 'callback', 'pending', 1, null, false),
              ('FORGED', '${at}', 'answered', 'callback', 'paid', 2, 'pay', false)`,
  ]
}

describe.each(['pglite', 'postgres'] as const)('budan audit --verify on %s', (kind) => {
  let world: ProvedWorld
  beforeAll(async () => {
    world = await openProvedWorld(kind)
    await world.credit('KEPT-1')
    await world.credit('KEPT-2', 'callback')
    await world.store.sealOld(null)
  })
  afterAll(() => world.close())

  it('finds nothing wrong with what budan credited, by a query and by a callback', async () => {
    expect(await world.verify()).toMatchObject({ credits: 2, unproven: 0, unverifiable: 0 })
  })

  describe.each(Object.entries(attacks))('%s', (name, statements) => {
    it.each(['query', 'callback'] as const)('shows after a credit by %s', async (how) => {
      const number = `A${[...name].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 1e9, 7)}-${how}`
      await world.credit(number, how)
      const [before] = await world.counts()
      await world.attack(...statements.map((each) => each.replaceAll(`'N'`, `'${number}'`)))
      const [after, unverifiable] = await world.counts()
      expect(after).toBeGreaterThan(before)
      expect(unverifiable).toBe(0)
    })
  })
})

describe.each(['pglite', 'postgres'] as const)('the sealed counts on %s', (kind) => {
  it.each(Object.entries(attacksOnCounts))('show that %s', async (_, statements) => {
    const world = await openProvedWorld(kind)
    await world.credit('KEPT-1')
    await world.store.sealOld(null)
    expect(await world.counts()).toEqual([0, 0, 0])
    await world.attack(...statements)
    const [unproven] = await world.counts()
    expect(unproven).toBeGreaterThan(0)
    await world.close()
  })

  it.each(['2020-01-01', '2026-01-24T07:00:00Z'])(
    'show a credit that was forged at %s',
    async (at) => {
      const world = await openProvedWorld(kind)
      await world.credit('KEPT-1')
      await world.store.sealOld(null)
      await world.attack(...forgedAt(at))
      expect(await world.counts()).toEqual([1, 0, 0])
      await world.close()
    },
  )
})
