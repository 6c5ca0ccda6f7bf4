import { describe, expect, it } from 'vitest'
import type { Alert } from '../../src/alerts/alert.ts'
import { Facts } from '../../src/alerts/facts.ts'
import type { Event } from '../../src/domain/event.ts'
import { answerOf, sampleRun } from '../support/samples.ts'

const start = Date.parse('2026-01-24T12:00:00Z')
const hour = 3_600_000

function open() {
  const time = { ms: start }
  const facts = new Facts(() => new Date(time.ms))
  const typesOf = (events: readonly Event[]) =>
    events.map((event) => facts.alertOf(event)?.type ?? null)
  return { time, facts, typesOf }
}

const source = 'compensation'
const error = new Error('postgres://budan:hunter2@db/budan')
const paid = answerOf('SUCCESS')

const notified: readonly [Event, Alert['type']][] = [
  [{ type: 'breaker_opened', reason: '401', detail: 'order "1"' }, 'breaker_opened'],
  [{ type: 'breaker_closed' }, 'breaker_closed'],
  [
    { type: 'order_alarm', orderNo: '1', source, reason: { code: 'refund_started' } },
    'review_opened',
  ],
  [
    {
      ...{ type: 'order_alarm', orderNo: '2', source },
      reason: { code: 'unlisted_state', state: 'X' },
    },
    'order_alarm',
  ],
  [exceptionOf('3', 'duplicate_payment'), 'exception_opened'],
  [exceptionOf('4', 'review'), 'review_opened'],
  [{ type: 'settle_failed', orderNo: '5', source, answer: paid, error }, 'credit_failed'],
  [{ type: 'audit_made', counts: { unbalanced: 1 } }, 'audit_broken'],
  [{ type: 'clocks_disagree', detail: 'x' }, 'clocks_disagree'],
  [{ type: 'clocks_agree' }, 'clocks_agree'],
  [{ type: 'runs_missing', lastFinishedAt: null }, 'runs_missing'],
  [{ type: 'runs_back' }, 'runs_back'],
  [
    { type: 'catching_up', remaining: 900, perSec: -1, doneInMs: null, basis: 'measured' },
    'falling_behind',
  ],
  [{ type: 'caught_up', remaining: 0 }, 'caught_up'],
  [{ type: 'proof_failed', error }, 'proofs_failing'],
  [{ type: 'proof_key_unwritable', path: '/k', reason: 'x' }, 'proofs_failing'],
  [{ type: 'sealing_failed', error }, 'proofs_failing'],
  [
    {
      type: 'orders_foreign',
      ...{ merchant: { gateway: 'wechatpay', mchid: '1', appid: 'wx1' }, count: 3 },
    },
    'orders_foreign',
  ],
  [
    { type: 'endpoint_failing', endpoint: 'a', failures: 5, since: new Date(), error: '503' },
    'endpoint_failing',
  ],
  [{ type: 'endpoint_recovered', endpoint: 'a', failingMs: 1 }, 'endpoint_recovered'],
]

function exceptionOf(orderNo: string, kind: 'review' | 'duplicate_payment'): Event {
  return {
    ...{ type: 'exception_opened', kind, orderNo, transactionId: '42' },
    ...{ amountAtStake: 1234n, currency: 'CNY', reason: { code: 'refund_started' } },
  }
}

const ordinary: readonly Event[] = [
  { type: 'job_started', intervalMins: 5 },
  { type: 'run_started', runId: '1', trigger: 'start', dryRun: false },
  { type: 'run_finished', run: sampleRun({}) },
  { type: 'scan_empty', run: sampleRun({}) },
  { type: 'order_answered', orderNo: '1', source, tradeState: 'SUCCESS' },
  { type: 'order_credited', orderNo: '1', source, paidAt: null, creditedAt: null },
  { type: 'order_expired', orderNo: '1', source, reason: { code: 'trade_closed' } },
  { type: 'settle_failed', orderNo: '1', source, answer: answerOf('NOTPAY'), error },
  { type: 'catching_up', remaining: 9, perSec: 1, doneInMs: 9000, basis: 'measured' },
  { type: 'caught_up', remaining: 0 },
  { type: 'audit_made', counts: { unbalanced: 0, unproven_old: 7 } },
  { type: 'alert_sent', robot: 'a' },
  { type: 'robot_failing', robot: 'a', reason: 'x' },
]

describe('Facts', () => {
  it('notifies of what a person must know', () => {
    const { typesOf } = open()
    expect(typesOf(notified.map(([event]) => event))).toEqual(notified.map(([, type]) => type))
  })

  it('notifies of nothing that is ordinary', () => {
    expect(open().typesOf(ordinary)).toEqual(ordinary.map(() => null))
  })

  it('names the merchant where a service has several', () => {
    const { facts } = open()
    const opened = { type: 'breaker_opened', reason: '401', detail: '' } as const
    expect(facts.alertOf({ ...opened, merchantName: 'shop-b' })?.merchant).toBe('shop-b')
    expect(facts.alertOf(opened)).toMatchObject({ merchant: null, at: new Date(start) })
  })

  it("says a fact that comes as an alarm and as an exception once, and another order's as well", () => {
    const alarm = (orderNo: string): Event => ({
      ...{ type: 'order_alarm', orderNo, source, reason: { code: 'refund_started' } },
    })
    const { typesOf } = open()
    expect(typesOf([alarm('1'), exceptionOf('1', 'review')])).toEqual(['review_opened', null])
    expect(typesOf([exceptionOf('2', 'review'), alarm('2')])).toEqual(['review_opened', null])
    const merchantName = 'shop-b'
    expect(typesOf([{ ...alarm('1'), merchantName }])).toEqual(['review_opened'])
  })

  it('says the alarm of an order again after an hour, not with each query', () => {
    const { time, typesOf } = open()
    const reason = { code: 'unlisted_state', state: 'X' } as const
    const alarm: Event = { type: 'order_alarm', orderNo: '1', source, reason }
    const failed: Event = { type: 'settle_failed', orderNo: '1', source, answer: paid, error }
    const both = ['order_alarm', 'credit_failed']
    expect(typesOf([alarm, failed, alarm, failed])).toEqual([...both, null, null])
    time.ms += hour
    expect(typesOf([alarm, failed])).toEqual(both)
  })

  it('says an audit again when a count changes, when one comes back, and after a day', () => {
    const { time, typesOf } = open()
    const audit = (unbalanced: number): Event => ({
      ...{ type: 'audit_made', counts: { unbalanced, mismatched: 0, unproven_old: 3 } },
    })
    const broken = 'audit_broken'
    expect(typesOf([audit(1), audit(1), audit(2), audit(0), audit(2)])).toEqual([
      ...[broken, null, broken, null, broken],
    ])
    time.ms += 23 * hour
    expect(typesOf([audit(2)])).toEqual([null])
    time.ms += hour
    expect(typesOf([audit(2)])).toEqual([broken])
  })

  it('keeps a bounded memory of orders', () => {
    const { typesOf } = open()
    const alarm = (n: number): Event => ({
      ...{ type: 'order_alarm', orderNo: `${n}`, source, reason: { code: 'refund_started' } },
    })
    typesOf(Array.from({ length: 5000 }, (_, n) => alarm(n)))
    // The first was forgotten.
    expect(typesOf([alarm(0), alarm(4999)])).toEqual(['review_opened', null])
  })
})
