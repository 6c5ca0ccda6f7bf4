import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decide, paymentOf } from '../../src/domain/decide.ts'
import type { Order, OrderEvent, Review } from '../../src/domain/order.ts'
import { orderStatuses } from '../../src/domain/order-states.ts'
import { type Reason, sentenceOf } from '../../src/domain/reason.ts'
import {
  conflictWith,
  decideResolution,
  readSeenMark,
  seenMark,
} from '../../src/domain/review/resolve.ts'
import { type ReviewAction, reviewActions } from '../../src/domain/review/review-action.ts'
import type { Answer, Trade } from '../../src/domain/trade.ts'
import { explainReview } from '../../src/orders/explanation.ts'
import { wordsFault } from '../../src/text/operator-text.ts'
import {
  absentAnswer,
  answerOf,
  sampleOrder,
  sampleTrade,
  unknownAnswer,
} from '../support/samples.ts'

const order = sampleOrder({ status: 'review', stateSeq: 2 })

/** What becomes of an operator's request. `closed`: a close request was sent to the gateway before. */
const table = `
  action   answer                 facts      decision  cause
  credit   SUCCESS                -          pay
  credit   SUCCESS                dismissed  pay
  credit   SUCCESS                owned      refuse    different
  credit   SUCCESS/amount+1       -          refuse    different
  credit   SUCCESS/amount-1       -          refuse    different
  credit   SUCCESS/amount=0       -          refuse    different
  credit   SUCCESS/amount=null    -          refuse    different
  credit   SUCCESS/currency=USD   -          refuse    different
  credit   SUCCESS/currency=null  -          refuse    different
  credit   SUCCESS/orderNo        -          refuse    different
  credit   SUCCESS/mchid          -          refuse    different
  credit   SUCCESS/appid          -          refuse    different
  credit   REFUND                 -          refuse    refunded
  credit   NOTPAY                 -          refuse    not_paid
  credit   PAYERROR               -          refuse    not_paid
  credit   USERPAYING             -          refuse    not_paid
  credit   CLOSED                 -          refuse    not_paid
  credit   REVOKED                -          refuse    not_paid
  credit   SETTLED                -          refuse    not_paid
  credit   absent                 -          refuse    absent
  credit   unknown                -          refuse    unanswered
  expire   CLOSED                 -          expire
  expire   REVOKED                -          expire
  expire   CLOSED                 dismissed  expire
  expire   CLOSED                 closed     expire
  expire   CLOSED/orderNo         -          refuse    different
  expire   CLOSED/mchid           -          refuse    different
  expire   CLOSED/appid           -          refuse    different
  expire   NOTPAY                 -          close
  expire   PAYERROR               -          close
  expire   NOTPAY                 closed     refuse    not_closed
  expire   NOTPAY/orderNo         -          refuse    different
  expire   USERPAYING             -          refuse    not_closed
  expire   USERPAYING             closed     refuse    not_closed
  expire   SETTLED                -          refuse    not_closed
  expire   SUCCESS                -          refuse    paid
  expire   SUCCESS/amount+1       -          refuse    paid
  expire   SUCCESS                closed     refuse    paid
  expire   REFUND                 -          refuse    refunded
  expire   absent                 -          refuse    absent
  expire   absent                 closed     refuse    absent
  expire   unknown                -          refuse    unanswered
  expire   unknown                closed     refuse    unanswered
  dismiss  SUCCESS                -          dismiss
  dismiss  SUCCESS/amount+1       -          dismiss
  dismiss  SUCCESS                owned      dismiss
  dismiss  REFUND                 -          dismiss
  dismiss  NOTPAY                 -          dismiss
  dismiss  CLOSED                 -          dismiss
  dismiss  absent                 -          dismiss
  dismiss  unknown                -          dismiss
  dismiss  REFUND                 dismissed  refuse    dismissed
  dismiss  SUCCESS                unseen     refuse    unseen
  dismiss  SUCCESS/amount+1       unseen     refuse    unseen
  dismiss  REFUND                 unseen     dismiss
  dismiss  unknown                unseen     dismiss
  credit   SUCCESS                unseen     pay
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
}

function readAnswer(text: string): Answer {
  if (text === 'absent') return absentAnswer
  if (text === 'unknown') return unknownAnswer
  const [reported = '', change = ''] = text.split('/')
  return answerOf(reported, changesOf[change] ?? {})
}

const dismissal = { at: order.expiresAt, payment: null }

describe('decideResolution()', () => {
  const rows = table.trim().split('\n').slice(1)
  it.each(rows.map((row) => row.trim().split(/\s+/)))(
    'when requested to %s an order answered %s (%s): %s %s',
    (...[action = '', answer = '', facts = '', decision = '', cause = undefined]) => {
      const made = decideResolution(
        {
          order: { ...order, dismissed: facts === 'dismissed' ? dismissal : null },
          action: action as ReviewAction,
        },
        readAnswer(answer),
        {
          transactionOwner: facts === 'owned' ? 'ANOTHERORDER' : null,
          closeTried: facts === 'closed',
          isSeen: () => facts !== 'unseen',
        },
      )
      expect(made).toMatchObject({ kind: decision, ...(cause && { cause }) })
      expect(made.reason).not.toBe('')
    },
  )

  it('remembers of a dismissal the payment that was known, and of a refund none', () => {
    const payment = (answer: Answer) =>
      decideResolution({ order, action: 'dismiss' }, answer, {
        transactionOwner: null,
        closeTried: false,
        isSeen: () => true,
      })
    expect(payment(answerOf('SUCCESS'))).toMatchObject({ payment: paymentOf(sampleTrade()) })
    for (const answer of [answerOf('REFUND'), answerOf('NOTPAY'), absentAnswer, unknownAnswer]) {
      expect(payment(answer)).toMatchObject({ payment: null })
    }
  })

  const anyAnswer = fc.oneof(
    fc.constant(absentAnswer),
    fc.constant(unknownAnswer),
    fc
      .record({
        reported: fc.constantFrom('SUCCESS', 'REFUND', 'NOTPAY', 'CLOSED', 'USERPAYING', 'WHAT'),
        amount: fc.constantFrom(null, 0n, order.amount, order.amount + 1n),
        currency: fc.constantFrom(null, 'CNY', 'USD'),
        orderNo: fc.constantFrom(order.orderNo, order.orderNo.toLowerCase()),
        mchid: fc.constantFrom(order.mchid, '1'),
        appid: fc.constantFrom(order.appid, ''),
      })
      .map(({ reported, ...changes }) => answerOf(reported, changes)),
  )
  const anyFacts = fc.record({
    transactionOwner: fc.constantFrom(null, 'X'),
    closeTried: fc.boolean(),
    isSeen: fc.constant(() => true),
  })

  it('credits only a SUCCESS trade that equals the order in every fact (I2)', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...reviewActions),
        anyAnswer,
        anyFacts,
        (action, answer, facts) => {
          if (decideResolution({ order, action }, answer, facts).kind !== 'pay') return
          expect(action).toBe('credit')
          expect(facts.transactionOwner).toBeNull()
          expect(answer).toEqual(answerOf('SUCCESS'))
        },
      ),
    )
  })

  it('expires only for a closed trade of this order (I5)', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...reviewActions),
        anyAnswer,
        anyFacts,
        (action, answer, facts) => {
          if (decideResolution({ order, action }, answer, facts).kind !== 'expire') return
          expect(action).toBe('expire')
          expect(answer).toMatchObject({ kind: 'trade', trade: { state: 'closed' } })
          expect(answer.kind === 'trade' && answer.trade.orderNo).toBe(order.orderNo)
        },
      ),
    )
  })
})

function eventOf(changes: Partial<OrderEvent> = {}): OrderEvent {
  return {
    id: '9',
    orderNo: order.orderNo,
    at: new Date('2026-01-24T13:00:00Z'),
    kind: 'answered',
    source: 'callback',
    toStatus: 'review',
    stateSeq: 2,
    tradeState: 'SUCCESS',
    decision: 'review',
    reason: 'paid, but not as ordered: amount 1, ordered 1234',
    codedReason: null,
    alarm: true,
    evidence: {},
    runId: null,
    node: 'n',
    operator: null,
    actor: null,
    ...changes,
  }
}

function reviewOf(changes: Partial<Review> = {}): Review {
  return { order, seen: eventOf(), entered: eventOf(), resolved: null, ...changes }
}

const li = { source: 'operator', operator: 'Li', at: new Date('2026-01-24T14:00:00Z') } as const

describe('conflictWith()', () => {
  it('is none while the newest event is the one that was seen', () => {
    expect(conflictWith(reviewOf(), '9')).toBeNull()
    expect(conflictWith(reviewOf(), '10')).toMatchObject({ kind: 'changed' })
  })

  it('names who resolved it, and when', () => {
    const resolved = eventOf({ ...li, id: '10', kind: 'resolved', decision: 'pay', stateSeq: 3 })
    const paid = { ...order, status: 'paid', stateSeq: 3 } as const
    expect(conflictWith(reviewOf({ order: paid, seen: resolved, resolved }), '9')).toMatchObject({
      kind: 'not_in_review',
      codedReason: { code: 'not_in_review', first: { operator: 'Li', decision: 'pay' } },
      message: `order "${order.orderNo}" is paid, not in review: "Li" credited it at 2026-01-24T22:00:00+08:00`,
      first: resolved,
    })
  })

  it('names no operator for a state that none gave it', () => {
    const resolved = eventOf({ ...li, kind: 'resolved', decision: 'expire', stateSeq: 3 })
    const paid = { ...order, status: 'paid', stateSeq: 4 } as const
    expect(conflictWith(reviewOf({ order: paid, resolved }), '9')?.message).toBe(
      `order "${order.orderNo}" is paid, not in review`,
    )
  })

  it('names who dismissed it, even if an answer came after that', () => {
    const resolved = eventOf({ ...li, id: '10', kind: 'dismissed', stateSeq: null })
    const seen = eventOf({ id: '11', decision: 'keep' })
    expect(conflictWith(reviewOf({ seen, resolved }), '9')).toMatchObject({
      kind: 'changed',
      message: expect.stringContaining('"Li" dismissed it at 2026-01-24T22:00:00+08:00'),
    })
    expect(conflictWith(reviewOf({ seen, resolved }), '10')?.message).toContain(
      'an answer came by callback',
    )
  })
})

describe('readSeenMark()', () => {
  it('reads what seenMark() wrote, and knows that payment alone', () => {
    const other = sampleTrade({ amount: 1n })
    for (const [answer, known] of [
      [answerOf('SUCCESS'), true],
      [answerOf('REFUND'), false],
      [unknownAnswer, false],
    ] as const) {
      const seen = readSeenMark(seenMark(eventOf(), answer))
      expect(seen?.eventId).toBe('9')
      expect(seen?.isSeen(paymentOf(sampleTrade()) ?? '')).toBe(known)
      expect(seen?.isSeen(paymentOf(other) ?? '')).toBe(false)
    }
  })

  it.each(['', '9', '9.', '.0123456789abcdef', '-9.0123456789abcdef', '9.0123456789ABCDEF'])(
    'is null for %j',
    (mark) => expect(readSeenMark(mark)).toBeNull(),
  )
})

describe('explainReview()', () => {
  const facts = { absenceCredible: true, absenceSpreadMs: 1, now: order.createdAt }
  const answers = [
    answerOf('SUCCESS'),
    ...Object.values(changesOf).map((changes) => answerOf('SUCCESS', changes)),
    answerOf('REFUND'),
  ]

  it('has advice for every reason that brings an order into review', () => {
    const reasons = new Map<string, Reason>()
    for (const status of orderStatuses) {
      for (const dismissed of [null, dismissal]) {
        for (const answer of answers) {
          for (const transactionOwner of [null, 'ANOTHERORDER']) {
            const one: Order = { ...order, status, dismissed }
            const made = decide(one, answer, { ...facts, transactionOwner })
            if (made.kind === 'review') reasons.set(sentenceOf(made.reason), made.reason)
          }
        }
      }
    }
    expect(reasons.size).toBeGreaterThan(10)
    const unadvised = explainReview(reviewOf({ entered: eventOf({ reason: 'for no reason' }) }))
    const generalAdvice = unadvised.split('for no reason. ')[1] ?? ''
    expect(generalAdvice).toMatch(/^Preview it/)
    for (const [reason, codedReason] of reasons) {
      const text = explainReview(reviewOf({ entered: eventOf({ reason, codedReason }) }))
      expect(text).toContain(`In review since 2026-01-24T21:00:00+08:00: ${reason}.`)
      expect(text, reason).not.toContain(generalAdvice)
    }
  })

  it('says who dismissed it, and why', () => {
    const resolved = eventOf({ ...li, kind: 'dismissed', reason: 'refunded in cash' })
    const dismissed = { at: li.at, payment: null }
    const text = explainReview(reviewOf({ order: { ...order, dismissed }, resolved }))
    expect(text).toContain('Dismissed by "Li" at 2026-01-24T22:00:00+08:00: refunded in cash.')
  })
})

describe('wordsFault()', () => {
  it.each(['Li', '李雷', 'x'.repeat(64), '🙂'.repeat(64), ' Li '])('takes %j', (words) => {
    expect(wordsFault(words, 64)).toBeNull()
  })

  it.each(['', ' ', '\u3000', 'x'.repeat(65), 'a\nb', 'a\0', '\x1b[31m', 'a\u2028b', '\ud800'])(
    'refuses %j',
    (words) => {
      expect(wordsFault(words, 64)).toMatch(/^must /)
    },
  )
})
