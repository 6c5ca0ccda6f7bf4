import type { Order } from '../../src/domain/order.ts'
import { countResults, type Run } from '../../src/domain/runs/run.ts'
import type { AbsentAnswer, Answer, Trade } from '../../src/domain/trade.ts'
import { keyOf } from './order-key.ts'

const sampleOrderNo = 'RECH20260124150000AbCd1234Ef'

/** An order as most tests want it: ¥12.34, created at noon, ending two hours later. */
export function sampleOrder<C extends Partial<Order>>(changes?: C): SampleOrder & C
export function sampleOrder(changes: Partial<Order> = {}): Order {
  return {
    key: keyOf(changes.orderNo ?? sampleOrderNo),
    orderNo: sampleOrderNo,
    userId: 'u1',
    amount: 1234n,
    currency: 'CNY',
    description: 'credit',
    attach: null,
    gateway: 'wechatpay',
    mchid: '1900000001',
    appid: 'wx0000000000000001',
    adopted: false,
    codeUrl: null,
    codeExpiresAt: null,
    standing: 'known',
    status: 'pending',
    stateSeq: 1,
    createdAt: new Date('2026-01-24T12:00:00Z'),
    knownAt: new Date('2026-01-24T12:00:00Z'),
    expiresAt: new Date('2026-01-24T14:00:00Z'),
    watchedUntil: null,
    nextCheckAt: new Date('2026-01-24T12:00:00Z'),
    checks: 0,
    absentCount: 0,
    absentSince: null,
    transactionId: null,
    paidAt: null,
    creditedAt: null,
    creditedBy: null,
    dismissed: null,
    ...changes,
  }
}

/** Its end is known. */
type SampleOrder = Order & { readonly expiresAt: Date }

/** The trade that pays `sampleOrder()`, in whatever state. */
export function sampleTrade(changes: Partial<Trade> = {}): Trade {
  const order = sampleOrder()
  return {
    orderNo: order.orderNo,
    mchid: order.mchid,
    appid: order.appid,
    state: 'paid',
    reported: 'SUCCESS',
    transactionId: '4200000000000000000000000001',
    amount: order.amount,
    currency: 'CNY',
    paidAt: new Date('2026-01-24T12:01:00Z'),
    attach: null,
    ...changes,
  }
}

/** A trade answer by the gateway's word for its state. */
export function answerOf(reported: string, changes: Partial<Trade> = {}): Answer {
  const state = stateOf[reported] ?? 'unlisted'
  const paid = state === 'paid' || state === 'refunded'
  const facts = paid ? {} : { transactionId: null, paidAt: null }
  const trade = sampleTrade({ reported, state, ...facts, ...changes })
  return { kind: 'trade', trade, evidence: {} }
}

export const absentAnswer: AbsentAnswer = { kind: 'absent', evidence: {} }

/** Of a gateway whose trades begin when their payers act. */
export const notBegunAnswer: Answer = { ...absentAnswer, meaning: 'not_begun' }

export const unknownAnswer: Answer = {
  kind: 'unknown',
  cause: 'timeout',
  message: 'no answer within 5000 ms',
  systemic: false,
  evidence: {},
}

const stateOf: Readonly<Record<string, Trade['state']>> = {
  SUCCESS: 'paid',
  REFUND: 'refunded',
  NOTPAY: 'unpaid',
  PAYERROR: 'unpaid',
  USERPAYING: 'paying',
  ACCEPT: 'paying',
  CLOSED: 'closed',
  REVOKED: 'closed',
}

/** A run that found nothing. */
export function sampleRun(changes: Partial<Run> = {}): Run {
  return {
    id: '1',
    trigger: 'schedule',
    slot: null,
    startedAt: new Date('2026-01-24T12:00:00Z'),
    finishedAt: new Date('2026-01-24T12:00:01Z'),
    durationMs: 1000,
    dryRun: false,
    status: 'finished',
    ...countResults([]),
    ...changes,
  }
}
