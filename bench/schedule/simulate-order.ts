/**
 * Simulates one order from its placing to its end, with all gateway calls about it. Its callback is
 * lost.
 */
import { type Decision, decide } from '../../src/domain/decide.ts'
import type { Order } from '../../src/domain/order.ts'
import { type SchedulePolicy, scheduleAfter } from '../../src/domain/runs/schedule.ts'
import type { Trade, TradeAnswer } from '../../src/domain/trade.ts'
import { keyOf } from '../../test/support/order-key.ts'

/** Times in milliseconds since 1970. */
export interface DrawnOrder {
  readonly createdAt: number
  /** Always before the order's end. Null if the order is abandoned. */
  readonly paidAt: number | null
}

export interface SimulatedOrder {
  /** Queries and closes. */
  readonly calls: number
  /** When a query showed the payment; null if none did. */
  readonly seenAt: number | null
}

/** A simulation of orders under some schedule. */
export type Simulate = (drawn: DrawnOrder) => SimulatedOrder

/** Uses budan's own decisions and schedule. Each run begins with its slot and is never full. */
export function simulateBy(policy: SchedulePolicy): Simulate {
  return (drawn) => {
    const gateway = new Gateway(drawn)
    let order = placed(drawn, policy)
    for (let slot = firstSlot(drawn, policy); ; slot = nextSlot(order, { slot, policy })) {
      const now = new Date(slot)
      const answer = gateway.query(slot)
      const decision = decideAt(order, { answer, now, policy })
      const last =
        decision.kind === 'close' ? closeAndQuery(order, { gateway, now, policy }) : decision
      if (last.kind === 'pay') return { calls: gateway.calls, seenAt: slot }
      if (last.kind === 'expire') return { calls: gateway.calls, seenAt: null }
      if (last.kind !== 'wait') throw new Error(`An order like any other came to "${last.kind}"`)
      const { recheckMs } = policy
      const at = { now, from: now, recheckMs, absenceCredible: false }
      order = { ...order, ...scheduleAfter(order, answer, at) }
    }
  }
}

/**
 * Uses the story's algorithm: each run queries each pending order. Two details favour the story: there
 * is no limit of 50 orders, which would leave some out, and the first query after the end finds the
 * order closed, although the story never closes it.
 */
export function simulateByTheStory(policy: SchedulePolicy): Simulate {
  return (drawn) => {
    const endsAt = endOf(drawn, policy)
    const first = firstSlot(drawn, policy)
    for (let calls = 1; ; calls += 1) {
      const slot = first + (calls - 1) * policy.intervalMs
      if (drawn.paidAt !== null && drawn.paidAt <= slot) return { calls, seenAt: slot }
      if (slot >= endsAt) return { calls, seenAt: null }
    }
  }
}

/** Closes an order after its end, as `settleAnswer` does. */
function closeAndQuery(
  order: Order,
  { gateway, now, policy }: { gateway: Gateway; now: Date; policy: SchedulePolicy },
): Decision {
  gateway.close(+now)
  return decideAt(order, { answer: gateway.query(+now), now, policy })
}

function decideAt(
  order: Order,
  { answer, now, policy }: { answer: TradeAnswer; now: Date; policy: SchedulePolicy },
): Decision {
  const { absenceSpreadMs } = policy
  const facts = { now, transactionOwner: null, absenceCredible: false, absenceSpreadMs }
  return decide(order, answer, facts)
}

/** The first run after the order is older than the threshold. */
function firstSlot({ createdAt }: DrawnOrder, { intervalMs, thresholdMs }: SchedulePolicy): number {
  return (Math.floor((createdAt + thresholdMs) / intervalMs) + 1) * intervalMs
}

/** The first run after this one that finds the order due. */
function nextSlot(
  { nextCheckAt }: Order,
  { slot, policy: { intervalMs } }: { slot: number; policy: SchedulePolicy },
): number {
  return Math.max(slot + intervalMs, Math.ceil(+nextCheckAt / intervalMs) * intervalMs)
}

/** In whole seconds, as in the store. */
function endOf({ createdAt }: DrawnOrder, { orderTtlMs }: SchedulePolicy): number {
  return Math.ceil((createdAt + orderTtlMs) / 1000) * 1000
}

const facts = {
  orderNo: 'RECH20260124150000AbCd1234Ef',
  mchid: '1900000001',
  appid: 'wx0000000000000001',
  amount: 1234n,
  currency: 'CNY',
} as const

const anyOrder: Order = {
  ...facts,
  key: keyOf(facts.orderNo),
  userId: 'u1',
  description: 'credit',
  attach: null,
  codeExpiresAt: null,
  standing: 'known',
  watchedUntil: null,
  gateway: 'wechatpay',
  adopted: false,
  codeUrl: null,
  status: 'pending',
  stateSeq: 1,
  createdAt: new Date(0),
  expiresAt: new Date(0),
  nextCheckAt: new Date(0),
  knownAt: new Date(0),
  checks: 0,
  absentCount: 0,
  absentSince: null,
  transactionId: null,
  paidAt: null,
  creditedAt: null,
  creditedBy: null,
  dismissed: null,
}

function placed(drawn: DrawnOrder, policy: SchedulePolicy): Order {
  const createdAt = new Date(drawn.createdAt)
  const expiresAt = new Date(endOf(drawn, policy))
  return { ...anyOrder, createdAt, expiresAt, nextCheckAt: createdAt, knownAt: createdAt }
}

// Built once, because millions of these answers are needed.
const unpaid = answerOf({ state: 'unpaid' })
const closed = answerOf({ state: 'closed' })
const paid = answerOf({ state: 'paid', transactionId: '4200000000000000000000000001' })

function answerOf({
  state,
  transactionId = null,
}: Pick<Trade, 'state'> & Partial<Pick<Trade, 'transactionId'>>): TradeAnswer {
  const trade = { ...facts, state, reported: state, transactionId, paidAt: null, attach: null }
  return { kind: 'trade', trade, evidence: {} }
}

/** The gateway of one trade, with the number of calls about it. */
class Gateway {
  calls = 0
  readonly #drawn: DrawnOrder
  #closed = false

  constructor(drawn: DrawnOrder) {
    this.#drawn = drawn
  }

  query(at: number): TradeAnswer {
    this.calls += 1
    if (this.#isPaid(at)) return paid
    return this.#closed ? closed : unpaid
  }

  /** Has no effect on a paid trade. */
  close(at: number): void {
    this.calls += 1
    this.#closed = !this.#isPaid(at)
  }

  #isPaid(at: number): boolean {
    const { paidAt } = this.#drawn
    return paidAt !== null && paidAt <= at
  }
}
