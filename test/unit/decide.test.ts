import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decide, type Facts, paymentOf } from '../../src/domain/decide.ts'
import type { Order } from '../../src/domain/order.ts'
import { orderStatuses } from '../../src/domain/order-states.ts'
import type { Answer, Trade } from '../../src/domain/trade.ts'
import {
  absentAnswer,
  answerOf,
  notBegunAnswer,
  sampleOrder,
  sampleTrade,
  unknownAnswer,
} from '../support/samples.ts'

const hourMs = 3_600_000
const order = sampleOrder()

function factsAt(now: Date, changes: Partial<Facts> = {}): Facts {
  const calm = { transactionOwner: null, absenceCredible: true, absenceSpreadMs: hourMs }
  return { now, ...calm, ...changes }
}

const before = factsAt(new Date(+order.expiresAt - 1))
const atEnd = factsAt(order.expiresAt)
const past = factsAt(new Date(+order.expiresAt + 1))

const paid: Partial<Order> = {
  status: 'paid',
  transactionId: sampleTrade().transactionId,
  paidAt: sampleTrade().paidAt,
  creditedAt: sampleTrade().paidAt,
  creditedBy: 'callback',
}

/** Dismissed when one fen too much had been paid. */
const dismissed: Partial<Order> = {
  status: 'review',
  dismissed: {
    at: order.expiresAt,
    payment: paymentOf(sampleTrade({ amount: order.amount + 1n })),
  },
}

const states: Readonly<Record<string, Partial<Order>>> = { paid, dismissed }

/** The design's decision table, line by line. */
const table = `
  status   answer                 when    decision  alarm
  pending  SUCCESS                before  pay
  pending  SUCCESS                past    pay
  pending  SUCCESS/amount+1       before  review    alarm
  pending  SUCCESS/amount-1       before  review    alarm
  pending  SUCCESS/amount=0       before  review    alarm
  pending  SUCCESS/amount=null    before  review    alarm
  pending  SUCCESS/currency=USD   before  review    alarm
  pending  SUCCESS/currency=null  before  review    alarm
  pending  SUCCESS/orderNo        before  review    alarm
  pending  SUCCESS/mchid          before  review    alarm
  pending  SUCCESS/appid          before  review    alarm
  pending  SUCCESS/owned          before  review    alarm
  pending  REFUND                 before  review    alarm
  pending  REFUND                 past    review    alarm
  pending  NOTPAY                 before  wait
  pending  NOTPAY                 end     close
  pending  NOTPAY                 past    close
  pending  PAYERROR               before  wait
  pending  PAYERROR               past    close
  pending  USERPAYING             before  wait
  pending  USERPAYING             past    wait
  pending  ACCEPT                 before  wait
  pending  ACCEPT                 past    wait
  pending  CLOSED                 before  expire
  pending  CLOSED                 past    expire
  pending  REVOKED                before  expire
  pending  CLOSED/orderNo         past    wait      alarm
  pending  CLOSED/mchid           past    wait      alarm
  pending  CLOSED/appid           past    wait      alarm
  pending  NOTPAY/orderNo         past    wait      alarm
  pending  SETTLED                before  wait      alarm
  pending  SETTLED                past    wait      alarm
  pending  absent                 before  wait
  pending  absent                 past    wait
  pending  not-begun              before  wait
  pending  not-begun              end     close
  pending  not-begun              past    close
  pending  unknown                before  wait
  pending  unknown                past    wait
  expired  SUCCESS                past    pay
  expired  SUCCESS/amount+1       past    review    alarm
  expired  SUCCESS/owned          past    review    alarm
  expired  REFUND                 past    review    alarm
  expired  NOTPAY                 past    keep
  expired  CLOSED                 past    keep
  expired  SETTLED                past    keep
  expired  absent                 past    keep
  expired  not-begun              past    keep
  expired  unknown                past    keep
  paid     SUCCESS                past    keep
  paid     SUCCESS/transaction    past    keep      alarm
  paid     SUCCESS/amount+1       past    keep      alarm
  paid     NOTPAY                 past    keep      alarm
  paid     CLOSED                 past    keep      alarm
  paid     REFUND                 past    keep
  paid     absent                 past    keep
  paid     not-begun              past    keep
  paid     unknown                past    keep
  review   SUCCESS                past    keep
  review   REFUND                 past    keep
  review   CLOSED                 past    keep
  review   absent                 past    keep
  review   not-begun              past    keep
  review   unknown                past    keep
  dismissed  SUCCESS              past    review    alarm
  dismissed  SUCCESS/amount+1     past    keep
  dismissed  SUCCESS/amount-1     past    review    alarm
  dismissed  SUCCESS/transaction  past    review    alarm
  dismissed  REFUND               past    keep
  dismissed  REFUND/amount-1      past    keep
  dismissed  NOTPAY               past    keep
  dismissed  CLOSED               past    keep
  dismissed  SETTLED              past    keep
  dismissed  absent               past    keep
  dismissed  unknown              past    keep
`

const changesOf: Readonly<Record<string, Partial<Trade>>> = {
  'amount+1': { amount: order.amount + 1n },
  'amount-1': { amount: order.amount - 1n },
  'amount=0': { amount: 0n },
  'amount=null': { amount: null },
  'currency=USD': { currency: 'USD' },
  'currency=null': { currency: null },
  orderNo: { orderNo: 'SOMEBODYELSES' },
  mchid: { mchid: '1900000002' },
  appid: { appid: 'wx0000000000000002' },
  transaction: { transactionId: '4200000000000000000000000002' },
}

function readAnswer(text: string): Answer {
  if (text === 'absent') return absentAnswer
  if (text === 'not-begun') return notBegunAnswer
  if (text === 'unknown') return unknownAnswer
  const [reported = '', change = ''] = text.split('/')
  return answerOf(reported, changesOf[change] ?? {})
}

describe('decide()', () => {
  const rows = table.trim().split('\n').slice(1)
  it.each(rows.map((row) => row.trim().split(/\s+/)))(
    'on a %s order answered %s %s its end: %s',
    (...[status = '', answer = '', when = '', decision = '', alarm = '']) => {
      const facts = { before, end: atEnd, past }[when] ?? past
      const owned = answer.endsWith('/owned') ? { transactionOwner: 'ANOTHERORDER' } : {}
      const state = states[status] ?? { status: status as Order['status'] }
      const made = decide(sampleOrder(state), readAnswer(answer), { ...facts, ...owned })
      expect({ decision: made.kind, alarm: made.alarm }).toEqual({
        decision,
        alarm: alarm === 'alarm',
      })
      expect(made.reason).not.toBe('')
    },
  )

  it.each(['pending', 'expired'] as const)(
    'of a %s order whose payment went back as a whole, SUCCESS is for a person',
    (status) => {
      const made = decide(sampleOrder({ status }), readAnswer('SUCCESS'), {
        ...past,
        wentBack: true,
      })
      expect(made).toMatchObject({
        ...{ kind: 'review', alarm: true, reason: { code: 'refunded_in_whole' } },
      })
    },
  )

  it.each([
    ['NOTPAY', false],
    ['USERPAYING', false],
    ['CLOSED', true],
    ['SETTLED', true],
    ['SUCCESS/transaction', true],
  ])(
    'when an order was paid since the query was sent, %s may be older: alarm %s',
    (said, alarm) => {
      const made = decide(sampleOrder(paid), readAnswer(said), { ...past, overtaken: true })
      expect(made).toMatchObject({ kind: 'keep', alarm })
      expect(decide(sampleOrder(paid), readAnswer(said), past).alarm).toBe(true)
    },
  )

  const twiceAbsent = { absentCount: 2, absentSince: new Date(+past.now - hourMs) }
  it.each([
    ['the third time over an hour', twiceAbsent, {}, 'expire'],
    ['only the second time', { ...twiceAbsent, absentCount: 1 }, {}, 'wait'],
    ['three times within a minute', { ...twiceAbsent, absentSince: past.now }, {}, 'wait'],
    ['while most answers of the run are absent', twiceAbsent, { absenceCredible: false }, 'wait'],
    ['before its end', twiceAbsent, { now: before.now }, 'wait'],
  ])('when the gateway knows no such order %s: decides rightly', (...row) => {
    const [, absences, facts, decision] = row
    expect(decide(sampleOrder(absences), absentAnswer, { ...past, ...facts }).kind).toBe(decision)
  })

  it.each([
    ['once its trade was closed at the gateway', {}, { closeTried: true }, 'expire'],
    ['before its end, closed or not', {}, { now: before.now, closeTried: true }, 'wait'],
    ['while clocks disagree', {}, { clocksDisagree: true, closeTried: true }, 'wait'],
    ['any number of times, and most others too', twiceAbsent, { absenceCredible: false }, 'close'],
    ['while it is watched', { expiresAt: null, watchedUntil: atEnd.now }, before, 'wait'],
    ['after it was watched', { expiresAt: null, watchedUntil: atEnd.now }, {}, 'expire'],
  ])('when no payer has begun %s: decides by the end of the order alone', (...row) => {
    const [, changes, facts, decision] = row
    const one = sampleOrder(changes as Partial<Order>)
    expect(decide(one, notBegunAnswer, { ...past, ...facts }).kind).toBe(decision)
  })

  /** An answer that is wrong in one place, or in none, shows more than one that is wrong in all. */
  const mostly = <T>(right: T, ...wrong: readonly T[]) =>
    fc.oneof(
      { arbitrary: fc.constant(right), weight: 5 },
      { arbitrary: fc.constantFrom(...wrong), weight: 1 },
    )
  const anyTrade = fc
    .record({
      reported: fc.oneof(
        fc.constant('SUCCESS'),
        fc.constantFrom('REFUND', 'NOTPAY', 'CLOSED', 'USERPAYING', 'WHAT'),
      ),
      amount: mostly(order.amount, null, 0n, order.amount + 1n),
      currency: mostly('CNY', null, 'USD'),
      orderNo: mostly(order.orderNo, order.orderNo.toLowerCase()),
      mchid: mostly(order.mchid, '1'),
      appid: mostly(order.appid, ''),
    })
    .map(({ reported, ...changes }) => answerOf(reported, changes))
  const anyAnswer = fc.oneof(
    { arbitrary: fc.constantFrom(absentAnswer, notBegunAnswer, unknownAnswer), weight: 1 },
    { arbitrary: anyTrade, weight: 2 },
  )
  /** Each single mistake then comes some tens of times, whatever the seed. */
  const numRuns = 5000
  const anyOrder = fc
    .record({ status: fc.constantFrom(...orderStatuses), absentCount: fc.nat(5) })
    .map((changes) => sampleOrder({ ...changes, absentSince: order.createdAt }))
  const anyFacts = fc
    .record({
      now: fc.constantFrom(before.now, atEnd.now, past.now),
      transactionOwner: mostly<string | null>(null, 'X'),
      absenceCredible: fc.boolean(),
      closeTried: fc.boolean(),
      wentBack: mostly(false, true),
    })
    .map((changes) => ({ ...past, ...changes }))

  it('pays only a SUCCESS trade that equals an open order in every fact (I2)', () => {
    fc.assert(
      fc.property(anyOrder, anyAnswer, anyFacts, (one, answer, facts) => {
        if (decide(one, answer, facts).kind !== 'pay') return
        expect(['pending', 'expired']).toContain(one.status)
        expect(facts.transactionOwner).toBeNull()
        expect(facts.wentBack).toBe(false)
        expect(answer).toEqual(answerOf('SUCCESS'))
      }),
      { numRuns },
    )
  })

  it('never ends an order for an unknown answer', () => {
    fc.assert(
      fc.property(anyOrder, anyFacts, (one, facts) => {
        expect(['wait', 'keep']).toContain(decide(one, unknownAnswer, facts).kind)
      }),
    )
  })

  it('expires only for a closed trade of this order, for repeated absence, or for none begun after the close (I5)', () => {
    fc.assert(
      fc.property(anyOrder, anyAnswer, anyFacts, (one, answer, facts) => {
        if (decide(one, answer, facts).kind !== 'expire') return
        if (answer.kind === 'trade') {
          expect(answer.trade.state).toBe('closed')
          expect(answer.trade.orderNo).toBe(one.orderNo)
        } else if (answer === notBegunAnswer) {
          expect(facts.closeTried && facts.now >= one.expiresAt).toBe(true)
        } else {
          expect(answer.kind).toBe('absent')
          expect(one.absentCount).toBeGreaterThanOrEqual(2)
          expect(facts.absenceCredible && facts.now >= one.expiresAt).toBe(true)
        }
      }),
      { numRuns },
    )
  })
})
