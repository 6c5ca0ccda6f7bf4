import { beforeAll, describe, expect, it } from 'vitest'
import type { Order } from '../../src/domain/order.ts'
import { keyOf } from '../support/order-key.ts'
import { type MakeSubject, place, placePaid, run, type Subject } from './store-fixtures.ts'

interface Victims {
  readonly pending: Order
  readonly paid: Order
  readonly expired: Order
  readonly review: Order
}

/** `:pending`, `:paid`, … stand for the number of an order in that state. */
const attacks: readonly (readonly [string, string])[] = [
  // I1
  [
    'I1: a second transfer of an order',
    `insert into transfers (order_no, gateway, transaction_id, amount, currency, mchid, appid, created_at)
     select order_no, gateway, 'second', amount, currency, mchid, appid, created_at
     from transfers where order_no = ':paid'`,
  ],
  [
    'I1: another payment of a paid order',
    `update orders set transaction_id = 'x' where order_no = ':paid'`,
  ],
  ['I1: a payment taken back', `update orders set transaction_id = null where order_no = ':paid'`],
  ['I1: another bringer', `update orders set credited_by = 'check' where order_no = ':paid'`],
  ['I1: another time of credit', `update orders set credited_at = now() where order_no = ':paid'`],
  ['I1: another time of payment', `update orders set paid_at = null where order_no = ':paid'`],
  // I2
  ['I2: another user', `update orders set user_id = 'thief' where order_no = ':pending'`],
  ['I2: another amount', `update orders set amount = 1 where order_no = ':pending'`],
  ['I2: another currency', `update orders set currency = 'USD' where order_no = ':pending'`],
  ['I2: another mchid', `update orders set mchid = '1' where order_no = ':pending'`],
  ['I2: another appid', `update orders set appid = '1' where order_no = ':pending'`],
  ['I2: another gateway', `update orders set gateway = 'x' where order_no = ':pending'`],
  ['I2: another number', `update orders set order_no = 'x' where order_no = ':pending'`],
  ['I2: another creation', `update orders set created_at = now() where order_no = ':pending'`],
  [
    'I2: a transfer of an order that nobody paid',
    `with t as (
       insert into transfers (order_no, gateway, transaction_id, amount, currency, mchid, appid, created_at)
       select order_no, gateway, 'free', amount, currency, mchid, appid, now()
       from orders where order_no = ':pending' returning *
     )
     insert into entries (order_no, leg, account, amount, currency, at)
     select order_no, 1, 'gateway', -amount, currency, now() from t
     union all select order_no, 2, 'user:u1', amount, currency, now() from t`,
  ],
  [
    'I2: a transfer of no order',
    `insert into transfers (order_no, gateway, transaction_id, amount, currency, mchid, appid, created_at)
     values ('none', 'wechatpay', 'free', 1, 'CNY', '1', '1', now())`,
  ],
  // I3
  [
    'I3: paid without a transfer',
    `with o as (
       update orders set status = 'paid', state_seq = 2, transaction_id = 'x', credited_at = now(),
         credited_by = 'check' where order_no = ':pending' returning *
     )
     insert into order_events (order_no, at, kind, source, to_status, state_seq, alarm)
     select order_no, now(), 'answered', 'check', 'paid', 2, false from o`,
  ],
  [
    'I3: a third entry',
    `insert into entries (order_no, leg, account, amount, currency, at)
     values (':paid', 3, 'user:u1', 1, 'CNY', now())`,
  ],
  [
    'I3: a leg twice',
    `insert into entries (order_no, leg, account, amount, currency, at)
     values (':paid', 2, 'user:u1', 1, 'CNY', now())`,
  ],
  [
    'I3: an entry without a transfer',
    `insert into entries (order_no, leg, account, amount, currency, at)
     values (':pending', 1, 'user:u1', 1, 'CNY', now())`,
  ],
  [
    'I3: an entry of 0',
    `insert into entries (order_no, leg, account, amount, currency, at)
     values (':paid', 1, 'user:u1', 0, 'CNY', now())`,
  ],
  [
    'I3: paid, and nothing says by what',
    `update orders set status = 'paid' where order_no = ':pending'`,
  ],
  [
    'I3: unpaid, and a payment',
    `update orders set transaction_id = 'x' where order_no = ':pending'`,
  ],
  [
    'I3: unpaid, and a time of payment',
    `update orders set paid_at = now() where order_no = ':pending'`,
  ],
  // I4
  ...['transfers', 'entries', 'order_events'].flatMap((table) => [
    [`I4: changed ${table}`, `update ${table} set order_no = order_no`] as const,
    [`I4: removed ${table}`, `delete from ${table} where order_no = ':paid'`] as const,
    [`I4: emptied ${table}`, `truncate ${table} cascade`] as const,
  ]),
  ['I4: emptied orders', 'truncate orders cascade'],
  ...(
    [
      ['an event that gave the last state', prunedEvent(':paid', { removed: 'state_seq = 2' })],
      [
        'an event that gave an earlier state',
        prunedEvent(':expired', { removed: 'state_seq = 1' }),
      ],
      ['an old event that gave a state', olderExpired('state_seq = 1')],
      ['an old creation', olderExpired("kind = 'created'")],
      ['an alarm', prunedEvent(':paid', { alarm: true })],
      ['an event of this week', prunedEvent(':paid', { at: "now() - interval '6 days 23 hours'" })],
      ['an event to come', prunedEvent(':paid', { at: "now() + interval '40 days'" })],
      ['an event of a pending order', prunedEvent(':pending')],
      ['an event of an order in review', prunedEvent(':review')],
      ['a payment code', prunedEvent(':expired', { kind: 'prepaid', source: 'api' })],
      ['an answer whose source is the API', prunedEvent(':expired', { source: 'api' })],
      ['a decision that changes', prunedEvent(':expired', { decision: 'review' })],
      ['a transfer', pruning("delete from transfers where order_no = ':paid'")],
      ['an entry', pruning("delete from entries where order_no = ':paid'")],
      ['all events at once', pruning('truncate order_events cascade')],
      ['a word of an event', pruning("update order_events set reason = ''")],
    ] as const
  ).map(([what, statement]) => [`I4: pruned ${what}`, statement] as const),
  ['I4: a removed order', `delete from orders where order_no = ':pending'`],
  // I6
  [
    'I6: a state without its event',
    `update orders set status = 'expired', state_seq = 2 where order_no = ':pending'`,
  ],
  [
    'I6: a state without its number',
    `update orders set status = 'expired' where order_no = ':pending'`,
  ],
  ['I6: a number without its state', `update orders set state_seq = 2 where order_no = ':pending'`],
  [
    'I6: paid back to pending',
    `update orders set status = 'pending', state_seq = 3 where order_no = ':paid'`,
  ],
  [
    'I6: expired back to pending',
    `update orders set status = 'pending', state_seq = 3 where order_no = ':expired'`,
  ],
  [
    'I6: review back to pending',
    `update orders set status = 'pending', state_seq = 3 where order_no = ':review'`,
  ],
  [
    'I6: a state nobody knows',
    `update orders set status = 'done', state_seq = 2 where order_no = ':pending'`,
  ],
  [
    'I6: an event of a state to come',
    `insert into order_events (order_no, at, kind, source, to_status, state_seq, alarm)
     values (':pending', now(), 'answered', 'check', 'expired', 2, false)`,
  ],
  [
    'I6: a second event of a state',
    `insert into order_events (order_no, at, kind, source, to_status, state_seq, alarm)
     values (':pending', now(), 'answered', 'check', 'pending', 1, false)`,
  ],
  [
    'I6: an order without its event',
    `insert into orders (order_no, user_id, amount, currency, description, gateway, mchid, appid,
       adopted, status, state_seq, created_at, expires_at, next_check_at)
     values ('bare', 'u1', 1, 'CNY', '', 'g', 'm', 'a', false, 'pending', 1, now(), now(), now())`,
  ],
  [
    'I6: an order that begins as expired',
    `insert into orders (order_no, user_id, amount, currency, description, gateway, mchid, appid,
       adopted, status, state_seq, created_at, expires_at, next_check_at)
     values ('late', 'u1', 1, 'CNY', '', 'g', 'm', 'a', false, 'expired', 2, now(), now(), now())`,
  ],
  ...['0', '-1', '9007199254740992'].map(
    (amount) =>
      [
        `an order of ${amount}`,
        `with o as (
           insert into orders (order_no, user_id, amount, currency, description, gateway, mchid,
             appid, adopted, status, state_seq, created_at, expires_at, next_check_at)
           values ('amount', 'u1', ${amount}, 'CNY', '', 'g', 'm', 'a', false, 'pending', 1, now(), now(), now())
           returning *
         )
         insert into order_events (order_no, at, kind, source, to_status, state_seq, alarm)
         select order_no, now(), 'created', 'api', 'pending', 1, false from o`,
      ] as const,
  ),
]

/** With the setting that pruning goes by, which an attacker can set as well. */
function pruning(statement: string): string {
  return `do $$ begin perform set_config('budan.pruning', 'on', true); ${statement}; end $$`
}

interface OldEvent {
  readonly at?: string
  readonly kind?: string
  readonly source?: string
  readonly decision?: string
  readonly alarm?: boolean
  readonly removed?: string
}

/** Adds an old event that may be pruned, but for what is wrong with it, and prunes. */
function prunedEvent(orderNo: string, event: OldEvent = {}): string {
  const { at = "now() - interval '30 days'", kind = 'answered', source = 'compensation' } = event
  const { decision = 'wait', alarm = false, removed = 'id = event_id' } = event
  return `do $$ declare event_id bigint; begin
    perform set_config('budan.pruning', 'on', true);
    insert into order_events (order_no, at, kind, source, decision, alarm)
      values ('${orderNo}', ${at}, '${kind}', '${source}', '${decision}', ${alarm})
      returning id into event_id;
    delete from order_events where order_no = '${orderNo}' and ${removed};
  end $$`
}

/** The changes of state of an order that expired long ago. */
function olderExpired(removed: string): string {
  return `do $$ begin
    perform set_config('budan.pruning', 'on', true);
    with o as (
      insert into orders (order_no, user_id, amount, currency, description, gateway, mchid, appid,
        adopted, status, state_seq, created_at, expires_at, next_check_at)
      values ('old', 'u1', 1, 'CNY', '', 'g', 'm', 'a', false, 'pending', 1, now(), now(), now())
      returning *
    )
    insert into order_events (order_no, at, kind, source, to_status, state_seq, alarm)
    select order_no, now() - interval '30 days', 'created', 'api', 'pending', 1, false from o;
    with o as (update orders set status = 'expired', state_seq = 2 where order_no = 'old' returning *)
    insert into order_events (order_no, at, kind, source, to_status, state_seq, alarm)
    select order_no, now() - interval '29 days', 'answered', 'check', 'expired', 2, false from o;
    delete from order_events where order_no = 'old' and ${removed};
  end $$`
}

export function invariantsContract(make: MakeSubject): void {
  describe('the schema', () => {
    let subject: Subject
    let victims: Victims
    beforeAll(async () => {
      subject = await make()
      victims = await placeVictims(subject)
    })

    it.each(attacks)('refuses %s', async (_, statement) => {
      const before = await fingerprint(subject)
      const text = statement.replaceAll(
        /:(pending|paid|expired|review)/g,
        (_whole, status: keyof Victims) => victims[status].orderNo,
      )
      // 23…: an integrity constraint, one of ours or a trigger's; 0A000 would be a truncate of a referenced table.
      await expect(run(subject, text)).rejects.toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^23/) }),
      )
      expect(await fingerprint(subject)).toEqual(before)
    })

    it('lets the wrong facts of an attack through when they are right', async () => {
      // The attacks above would also fail for a typing error; this is one of them without its sin.
      const { orderNo } = await place(subject.store)
      await run(
        subject,
        `with o as (
           update orders set status = 'paid', state_seq = 2, transaction_id = 'right',
             credited_at = now(), credited_by = 'check' where order_no = $1 returning *
         ), e as (
           insert into order_events (order_no, at, kind, source, to_status, state_seq, alarm)
           select order_no, now(), 'answered', 'check', 'paid', 2, false from o
         ), t as (
           insert into transfers (order_no, gateway, transaction_id, amount, currency, mchid, appid, created_at)
           select order_no, gateway, 'right', amount, currency, mchid, appid, now() from o
           returning *
         )
         insert into entries (order_no, leg, account, amount, currency, at)
         select order_no, 1, 'gateway', -amount, currency, now() from t
         union all select order_no, 2, 'user:u1', amount, currency, now() from t`,
        [orderNo],
      )
      expect(await subject.store.findOrder(keyOf(orderNo))).toMatchObject({ status: 'paid' })
    })

    it.each([
      ['an old answer', prunedEvent(':paid')],
      ['an old answer of an expired order', prunedEvent(':expired', { decision: 'keep' })],
      ['an old closing', prunedEvent(':expired', { kind: 'closing', source: 'check' })],
    ])('lets %s be pruned, and nothing else is gone', async (_, statement) => {
      const before = await fingerprint(subject)
      const text = statement.replaceAll(/:(paid|expired)/g, (_whole, status: keyof Victims) => {
        return victims[status].orderNo
      })
      await run(subject, text)
      expect(await fingerprint(subject)).toEqual(before)
      // The same without the setting.
      const plain = text.replace("'budan.pruning', 'on'", "'budan.pruning', ''")
      await expect(run(subject, plain)).rejects.toThrow('I4: order events are never removed')
    })
  })
}

async function placeVictims({ store }: Subject): Promise<Victims> {
  const turned = async (status: 'expired' | 'review') => {
    const order = await place(store)
    const event = {
      ...({ orderNo: order.orderNo, kind: 'answered', source: 'check', tradeState: null } as const),
      ...{ decision: null, reason: null, alarm: false, evidence: null, runId: null, node: null },
    }
    return store.transaction((tx) => tx.changeStatus(order, { status, event }))
  }
  return {
    pending: await place(store),
    paid: await placePaid(store),
    expired: await turned('expired'),
    review: await turned('review'),
  }
}

/** Changes whenever any row of these tables does. */
async function fingerprint(subject: Subject): Promise<unknown> {
  return run(
    subject,
    `select
       (select md5(string_agg(o::text, '|' order by order_no)) from orders o) as orders,
       (select md5(string_agg(t::text, '|' order by order_no)) from transfers t) as transfers,
       (select md5(string_agg(e::text, '|' order by order_no, leg)) from entries e) as entries,
       (select md5(string_agg(v::text, '|' order by order_no, id)) from order_events v) as events`,
  )
}
