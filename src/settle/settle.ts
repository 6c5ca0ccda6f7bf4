import { within } from '../deadline.ts'
import { AssertionError, assert, unreachable } from '../domain/assert.ts'
import { type Decision, decide } from '../domain/decide.ts'
import type { Emit } from '../domain/event.ts'
import { rechargeTransfer, type Transfer } from '../domain/ledger/transfer.ts'
import type { Actor, NewOrderEvent, Order, OrderKey } from '../domain/order.ts'
import type { Source } from '../domain/order-states.ts'
import type { Clocks } from '../domain/runs/clocks.ts'
import {
  type Schedule,
  type SchedulePolicy,
  scheduleAfter,
  scheduleKept,
} from '../domain/runs/schedule.ts'
import { type Answer, isNotBegun, type SignedWords } from '../domain/trade.ts'
import { hasGoneBack, withConcerns } from '../exceptions/notices.ts'
import {
  concernedAmong,
  emitRaised,
  nothingRaised,
  type Raised,
  raisedBy,
} from '../exceptions/record.ts'
import type { LockedOrder, Store, Tx } from '../store/store.ts'

/** What settling needs. */
export interface Settling {
  readonly store: Store
  readonly policy: SchedulePolicy
  readonly emit: Emit
  /** Which node settles, for the timeline. */
  readonly node: string
  /** Compared with the database's time at each decision; without it, that time is taken as it is. */
  readonly clocks?: Clocks
  /** See `Facts`. */
  readonly adoptAttach?: string | null
  /** A credit out of review needs a second person. */
  readonly fourEyes?: boolean
  /** The embedder's own work for a credited order. If it throws, nothing is credited, and the order is queried again. */
  readonly onPaid?: OnPaid
}

/** Runs inside the crediting transaction; `tx.execute` writes in it. */
export type OnPaid = (
  paid: { readonly order: Order; readonly transfer: Transfer },
  tx: Pick<Tx, 'execute'>,
) => Promise<void>

/** An answer about one order, and where it came from. */
export interface AnswerFor {
  readonly key: OrderKey
  readonly answer: Answer
  readonly by: Provenance
  /** The order's `stateSeq` when the gateway was queried; absent for a callback. */
  readonly queriedAtSeq?: number
  /** See `Facts`. Absent where the answer was not compared with others: it is not credible. */
  readonly absenceCredible?: boolean
  /** See `Facts`. */
  readonly closeTried?: boolean
}

/** Where answers come from: the same for all of a run. */
export interface Provenance {
  readonly source: Source
  /** Who requested the query; absent for a run and for a callback. */
  readonly actor?: Actor | null
  readonly runId: string | null
  /** What the order's next wait counts from; null: from now. */
  readonly waitFrom: Date | null
}

export interface Settlement {
  /** As it is now. */
  readonly order: Order
  readonly decision: Decision
  /** Absent: no exception opened or healed. */
  readonly raised?: Raised
}

/**
 * The one door to the ledger: lock, decide, post, record. The decision is made on the row that is
 * held locked. What it leads to is one statement, which commits with its order event or not at all.
 * Waits for a row that another transaction holds. Null when the order is not ours. Throws
 * `StoreError` when the database is not available; whether anything was committed is then not known,
 * and settling again is safe.
 */
export async function settle(settling: Settling, answer: AnswerFor): Promise<Settlement | null> {
  const settled = await settleAll(settling.store, {
    answers: [{ settling, answer }],
    heldRows: 'wait',
  })
  return settled.get(answer) ?? null
}

/** An answer, and what settling needs of its merchant. */
export interface Settleable {
  readonly settling: Settling
  readonly answer: AnswerFor
}

/**
 * The same for answers about different orders, also of different merchants, in one transaction: all of
 * them, or none. An order whose row is held, or that is not here, is left out, so that no group waits
 * for a row.
 */
export function settleTogether(
  store: Store,
  answers: readonly Settleable[],
): Promise<ReadonlyMap<AnswerFor, Settlement>> {
  return settleAll(store, { answers, heldRows: 'skip' })
}

interface Group {
  readonly answers: readonly Settleable[]
  readonly heldRows: 'wait' | 'skip'
}

async function settleAll(store: Store, group: Group): Promise<ReadonlyMap<AnswerFor, Settlement>> {
  const settled = await store.transaction(async (tx) => {
    const steps = await decideAll(tx, group)
    const paid = await payAll(tx, steps)
    // The embedder's work may take long, and a notice that names the payment alone waits for no row.
    const hasWork = steps.some(({ settling }) => settling.onPaid !== undefined)
    const concerned = await concernedAmong(tx, hasWork ? [...paid.values()] : [])
    const settlements = new Map<Step, Settlement>()
    for (const step of steps) {
      const order = paid.get(step.answer.key) ?? (await apply(tx, step))
      const { decision, answer } = step
      const locked = concerned.has(order.key) ? { ...step.locked, isConcerned: true } : step.locked
      const goesToReview = decision.kind === 'review'
      const raised = await raisedBy(tx, { locked, order, goesToReview, answer: answer.answer })
      settlements.set(step, { order, decision, raised })
    }
    return settlements
  })
  for (const [{ settling, answer }, settlement] of settled) {
    emitSettlement(settling.emit, answer, settlement)
  }
  return new Map([...settled].map(([{ answer }, settlement]) => [answer, settlement]))
}

/** What `settle` would decide. Nothing is written. */
export async function preview(settling: Settling, answer: AnswerFor): Promise<Settlement | null> {
  const group: Group = { answers: [{ settling, answer }], heldRows: 'wait' }
  const [step] = await settling.store.transaction((tx) => decideAll(tx, group))
  return step === undefined ? null : { order: step.locked.order, decision: step.decision }
}

/** An answer, the locked row of its order, and the decision on it. */
interface Step extends Settleable {
  readonly locked: LockedOrder
  readonly decision: Decision
  readonly clocksDisagree: boolean
  /** See `Facts`. */
  readonly wentBack: boolean
}

async function decideAll(tx: Tx, group: Group): Promise<readonly Step[]> {
  const merchants = [...new Set(group.answers.map(({ settling }) => settling))]
  const lockedFrom = merchants.map(({ clocks }) => clocks?.now())
  const locked = await withConcerns(tx, group, await lockAll(tx, group))
  const [first] = locked.values()
  // All rows were locked together, so one of them has the time of all.
  const disagreeing = merchants.filter(({ clocks }, nth) => {
    const requestedAt = lockedFrom[nth]
    if (clocks === undefined || requestedAt === undefined || first === undefined) return false
    return !clocks.agree({ time: first.now, requestedAt })
  })
  const steps: Step[] = []
  for (const each of group.answers) {
    const row = locked.get(each.answer.key)
    if (row === undefined) continue
    const wentBack = await hasGoneBack(tx, { locked: row, answer: each.answer.answer })
    const clocksDisagree = disagreeing.includes(each.settling)
    steps.push(decideOn(row, { ...each, clocksDisagree, wentBack }))
  }
  return steps
}

async function lockAll(
  tx: Tx,
  { answers, heldRows }: Group,
): Promise<ReadonlyMap<OrderKey, LockedOrder>> {
  const rows = answers.map(({ answer: { key, answer } }) => ({
    key,
    transactionId: answer.kind === 'trade' ? answer.trade.transactionId : null,
  }))
  if (heldRows === 'skip') return byKey(await tx.lockOrders(rows))
  const locked: LockedOrder[] = []
  for (const { key, transactionId } of rows) {
    const row = await tx.lockOrder(key, { transactionId })
    if (row !== null) locked.push(row)
  }
  return byKey(locked)
}

function byKey(rows: readonly LockedOrder[]): ReadonlyMap<OrderKey, LockedOrder> {
  return new Map(rows.map((locked) => [locked.order.key, locked]))
}

type Deciding = Omit<Step, 'locked' | 'decision'>

function decideOn(locked: LockedOrder, deciding: Deciding): Step {
  const { settling, answer, clocksDisagree, wentBack } = deciding
  const { policy, adoptAttach = null } = settling
  const { order, now, transactionOwner } = locked
  const { queriedAtSeq, absenceCredible = false, closeTried = false } = answer
  const decision = decide(order, answer.answer, {
    now,
    transactionOwner,
    wentBack,
    absenceCredible,
    closeTried,
    clocksDisagree,
    absenceSpreadMs: policy.absenceSpreadMs,
    adoptAttach,
    overtaken: queriedAtSeq !== undefined && queriedAtSeq !== order.stateSeq,
  })
  return { ...deciding, locked, decision }
}

/** Posts the credits of a group in one statement. */
async function payAll(tx: Tx, steps: readonly Step[]): Promise<ReadonlyMap<OrderKey, Order>> {
  const payments = steps.flatMap((step): readonly Payment[] => {
    const { settling, answer, locked, decision } = step
    if (decision.kind !== 'pay') return []
    const { order } = locked
    const { by, answer: said } = answer
    const event = eventOf(settling, step)
    return [{ order, decision, source: by.source, event, words: wordsIn(said) }]
  })
  // The embedder's work is the service's: the same for all merchants.
  const paid = await pay(tx, steps[0]?.settling ?? {}, payments)
  return new Map(paid.map((order) => [order.key, order]))
}

/** A decision to credit an order. */
interface Payment {
  /** As it is held locked. */
  readonly order: Order
  readonly decision: Extract<Decision, { kind: 'pay' }>
  readonly source: Source
  readonly event: NewOrderEvent
  /** What the gateway signed; null: it signs nothing. */
  readonly words: SignedWords | null
}

export function wordsIn(answer: Answer): SignedWords | null {
  return answer.kind === 'trade' ? (answer.words ?? null) : null
}

/** Takes decisions, so that nothing is credited without one. Only `settle/resolution.ts` calls it from outside. */
export async function pay(
  tx: Tx,
  { onPaid }: Pick<Settling, 'onPaid'>,
  payments: readonly Payment[],
): Promise<readonly Order[]> {
  if (payments.length === 0) return []
  const credits = payments.map(({ decision, ...payment }) => {
    return { ...payment, transfer: rechargeTransfer(payment.order, decision.trade) }
  })
  const paid = await tx.credit(credits)
  if (onPaid === undefined) return paid
  for (const [at, { transfer }] of credits.entries()) {
    const order = paid[at]
    assert(order !== undefined, 'The store credited fewer orders than it was given')
    await within(onPaidMs, onPaid({ order, transfer }, tx), notInTime)
  }
  return paid
}

/**
 * The embedder's own work holds the order's row and a connection, so it needs a deadline. It is shorter
 * than the time for which the database lets a transaction be idle, so that the error is ours.
 */
const onPaidMs = 20_000

function notInTime(): Error {
  return new Error(`onPaid did not end within ${onPaidMs} ms: nothing was credited`)
}

/** Writes every decision but `pay`. */
async function apply(tx: Tx, step: Step): Promise<Order> {
  const { settling, answer, decision } = step
  const { order } = step.locked
  const event = eventOf(settling, step)
  switch (decision.kind) {
    case 'pay':
      // Credited before, with its group.
      throw new AssertionError('Orders to be paid are credited together')
    case 'expire':
      return expire(tx, step, event)
    case 'review':
      return order.status === 'review'
        ? tx.reopen(order, { event })
        : tx.changeStatus(order, { status: 'review', event })
    case 'wait':
    case 'close':
      return tx.reschedule(order, { schedule: nextSchedule(settling.policy, step), event })
    case 'keep':
      await tx.appendEvent(order.key, event)
      if (isLateAnswer(answer, order)) await tx.countLateCheck(order)
      return order
    default:
      return unreachable(decision)
  }
}

function nextSchedule({ recheckMs }: SchedulePolicy, step: Step): Schedule {
  const { answer, clocksDisagree } = step
  const { order, now } = step.locked
  if (answer.by.source !== 'compensation') return scheduleKept(order, answer.answer, now)
  // An absence that is dated by a wrong clock would seem to be long ago once the clock is right.
  const absenceCredible = answer.absenceCredible === true && !clocksDisagree
  const from = answer.by.waitFrom ?? now
  return scheduleAfter(order, answer.answer, { now, from, recheckMs, absenceCredible })
}

/** Late checks stay for an order that expires although no answer said that its trade is closed. */
async function expire(
  tx: Tx,
  { locked: { order }, answer: { answer } }: Step,
  event: NewOrderEvent,
): Promise<Order> {
  const expired = await tx.changeStatus(order, { status: 'expired', event })
  const isClosed = answer.kind === 'trade' && answer.trade.state === 'closed'
  if (isNotBegun(answer) || (order.watchedUntil !== null && !isClosed)) {
    await tx.addLateChecks(expired)
  }
  return expired
}

/** Runs query an expired order only while it has late checks left. */
function isLateAnswer({ by, answer }: AnswerFor, { status }: Order): boolean {
  return by.source === 'compensation' && status === 'expired' && answer.kind !== 'unknown'
}

/** The order event of an answer and its decision. */
export function eventOf(
  { node }: Pick<Settling, 'node'>,
  { answer: answered, decision }: { readonly answer: AnswerFor; readonly decision: Decision },
): NewOrderEvent {
  const { answer, by } = answered
  return {
    kind: 'answered',
    source: by.source,
    tradeState: reportedState(answer),
    decision: decision.kind,
    reason: decision.reason,
    alarm: decision.alarm,
    evidence: answer.evidence,
    runId: by.runId,
    node,
    actor: by.actor ?? null,
  }
}

/** The gateway's own word for the state; null where the answer is no trade. */
export function reportedState(answer: Answer): string | null {
  return answer.kind === 'trade' ? answer.trade.reported : null
}

/** After the commit. */
export function emitSettlement(
  emit: Emit,
  { by: { source } }: AnswerFor,
  { order, decision, raised = nothingRaised }: Settlement,
): void {
  const { orderNo } = order
  if (decision.alarm) emit({ type: 'order_alarm', orderNo, source, reason: decision.reason })
  if (decision.kind === 'pay') {
    const { paidAt, creditedAt } = order
    emit({ type: 'order_credited', orderNo, source, paidAt, creditedAt })
  }
  if (decision.kind === 'expire') {
    emit({ type: 'order_expired', orderNo, source, reason: decision.reason })
  }
  emitRaised(emit, raised)
}
