import { within } from '../deadline.ts'
import { unreachable } from '../domain/assert.ts'
import type { Clocks } from '../domain/clocks.ts'
import { type Decision, decide } from '../domain/decide.ts'
import type { Emit } from '../domain/event.ts'
import type { Actor, NewOrderEvent, Order } from '../domain/order.ts'
import type { Source } from '../domain/order-states.ts'
import { type SchedulePolicy, scheduleAfter, scheduleKept } from '../domain/schedule.ts'
import { type Answer, isNotBegun } from '../domain/trade.ts'
import { rechargeTransfer, type Transfer } from '../domain/transfer.ts'
import type { LockedOrder, Store, Tx } from '../store/store.ts'

/** What `settle` works with. */
export interface Settling {
  readonly store: Store
  readonly policy: SchedulePolicy
  readonly emit: Emit
  /** Which node did it, for the timeline. */
  readonly node: string
  /** Compared at each decision; absent: the database's time is taken as it is. */
  readonly clocks?: Clocks
  /** See `Facts`. */
  readonly adoptAttach?: string | null
  /** The embedder's own work for a credited order. If it throws, nothing is credited, and the order is asked about again. */
  readonly onPaid?: OnPaid
}

/** Runs inside the crediting transaction; `tx.execute` writes in it. */
export type OnPaid = (
  paid: { readonly order: Order; readonly transfer: Transfer },
  tx: Pick<Tx, 'execute'>,
) => Promise<void>

/** An answer about one order, whoever brought it. */
export interface AnswerFor {
  readonly orderNo: string
  readonly answer: Answer
  /** The `stateSeq` that it had when it was asked about; absent where nobody asked. */
  readonly askedIn?: number
  readonly source: Source
  /** Who asked for it; absent where budan did so by itself, or the gateway called. */
  readonly actor?: Actor | null
  readonly runId: string | null
  /** What its next wait counts from; null: from now. */
  readonly waitFrom: Date | null
  /** See `Facts`. False where nobody compared this answer with others. */
  readonly absenceCredible: boolean
  /** See `Facts`. */
  readonly closeTried?: boolean
}

export interface Settlement {
  /** As it is now. */
  readonly order: Order
  readonly decision: Decision
}

/**
 * The one door to the ledger: lock, decide, post, record. The decision is made on the row that is
 * held locked; what it leads to is one statement, and commits with its event or not at all.
 * Null when the order is not ours. Throws `StoreError` when the database cannot be had; whether
 * anything was committed is then not known, and settling again is safe.
 */
export async function settle(settling: Settling, brought: AnswerFor): Promise<Settlement | null> {
  const settlement = await settling.store.transaction((tx) =>
    settleIn(tx, { ...settling, ...brought }),
  )
  if (settlement !== null) emitSettlement(settling.emit, brought, settlement)
  return settlement
}

/**
 * Answers about different orders, settled in one transaction: all of them, or none. An order that
 * somebody holds, or that is not here, is left out, so that no group ever waits for a row. Without
 * `onPaid`, whose work is done for one order at a time.
 */
export async function settleTogether(
  settling: Omit<Settling, 'onPaid'>,
  group: readonly AnswerFor[],
): Promise<ReadonlyMap<AnswerFor, Settlement>> {
  const settlements = await settling.store.transaction(async (tx) => {
    const askedAt = settling.clocks?.now()
    const steps = (await lockAll(tx, group)).map(({ brought, locked }) => {
      const step = { ...settling, ...brought, brought, tx, locked }
      return { ...step, ...decideOn({ ...step, askedAt }) }
    })
    const paid = await payAll(tx, steps)
    const settled = new Map<AnswerFor, Settlement>()
    for (const step of steps) {
      const order = paid.get(step.orderNo) ?? (await carryOut(step))
      settled.set(step.brought, { order, decision: step.decision })
    }
    return settled
  })
  for (const [brought, settlement] of settlements)
    emitSettlement(settling.emit, brought, settlement)
  return settlements
}

async function lockAll(
  tx: Tx,
  group: readonly AnswerFor[],
): Promise<readonly { readonly brought: AnswerFor; readonly locked: LockedOrder }[]> {
  const rows = await tx.lockOrders(
    group.map(({ orderNo, answer }) => ({ orderNo, transactionId: transactionOf(answer) })),
  )
  const byNumber = new Map(rows.map((locked) => [locked.order.orderNo, locked]))
  return group.flatMap((brought) => {
    const locked = byNumber.get(brought.orderNo)
    return locked === undefined ? [] : [{ brought, locked }]
  })
}

/** By order number. */
async function payAll(tx: Tx, steps: readonly Step[]): Promise<ReadonlyMap<string, Order>> {
  const credits = steps.flatMap((step) => {
    const { locked, decision, source } = step
    if (decision.kind !== 'pay') return []
    const transfer = rechargeTransfer(locked.order, decision.trade)
    return [{ order: locked.order, transfer, source, event: eventOf(step) }]
  })
  if (credits.length === 0) return new Map()
  return new Map((await tx.creditAll(credits)).map((order) => [order.orderNo, order]))
}

async function settleIn(tx: Tx, step: Settling & AnswerFor): Promise<Settlement | null> {
  const decided = await decideLocked(tx, step)
  if (decided === null) return null
  const order = await carryOut({ ...step, ...decided, tx })
  return { order, decision: decided.decision }
}

/** What `settle` would decide. Nothing is written. */
export async function preview(settling: Settling, brought: AnswerFor): Promise<Settlement | null> {
  return settling.store.transaction(async (tx) => {
    const decided = await decideLocked(tx, { ...settling, ...brought })
    return decided && { order: decided.locked.order, decision: decided.decision }
  })
}

interface Decided {
  readonly locked: LockedOrder
  readonly decision: Decision
  readonly clocksDisagree: boolean
}

async function decideLocked(tx: Tx, step: Settling & AnswerFor): Promise<Decided | null> {
  const transactionId = transactionOf(step.answer)
  const askedAt = step.clocks?.now()
  const locked = await tx.lockOrder(step.orderNo, { transactionId })
  return locked && { locked, ...decideOn({ ...step, locked, askedAt }) }
}

function transactionOf(answer: Answer): string | null {
  return answer.kind === 'trade' ? answer.trade.transactionId : null
}

function decideOn({
  locked,
  answer,
  askedIn,
  policy,
  absenceCredible,
  closeTried = false,
  clocks,
  askedAt,
  adoptAttach = null,
}: Deciding): Pick<Decided, 'decision' | 'clocksDisagree'> {
  const clocksDisagree =
    clocks !== undefined && askedAt !== undefined && !clocks.agree({ time: locked.now, askedAt })
  const decision = decide(locked.order, answer, {
    now: locked.now,
    transactionOwner: locked.transactionOwner,
    absenceCredible,
    closeTried,
    clocksDisagree,
    absenceSpreadMs: policy.absenceSpreadMs,
    adoptAttach,
    overtaken: askedIn !== undefined && askedIn !== locked.order.stateSeq,
  })
  return { decision, clocksDisagree }
}

interface Deciding extends Pick<Settling, 'policy' | 'clocks' | 'adoptAttach'> {
  readonly answer: Answer
  readonly askedIn?: number
  readonly absenceCredible: boolean
  readonly closeTried?: boolean
  readonly locked: LockedOrder
  /** By this node's clock, before the row was locked. */
  readonly askedAt: Date | undefined
}

interface Step extends Settling, AnswerFor, Decided {
  readonly tx: Tx
}

async function carryOut(step: Step): Promise<Order> {
  const { tx, decision } = step
  const { order, now } = step.locked
  const event = eventOf(step)
  switch (decision.kind) {
    case 'pay':
      return pay(step, { order, decision, source: step.source, event })
    case 'expire':
      return expire(step, event)
    case 'review':
      return order.status === 'review'
        ? tx.reopen(order, { event })
        : tx.changeStatus(order, { status: 'review', event })
    case 'wait':
    case 'close': {
      const { answer } = step
      // An absence that is dated by a wrong clock would seem to be long ago once that is right.
      const absenceCredible = step.absenceCredible && !step.clocksDisagree
      const { recheckMs } = step.policy
      const at = { now, from: step.waitFrom ?? now, recheckMs, absenceCredible }
      const schedule =
        step.source === 'compensation'
          ? scheduleAfter(order, answer, at)
          : scheduleKept(order, answer, now)
      return tx.reschedule(order, { schedule, event })
    }
    case 'keep':
      await tx.appendEvent(event)
      if (isLateAnswer(step)) await tx.countLateCheck(order)
      return order
    default:
      return unreachable(decision)
  }
}

/** Without a word that its trade is closed, it is queried a few times more. */
async function expire(
  { tx, locked: { order }, answer }: Pick<Step, 'tx' | 'locked' | 'answer'>,
  event: NewOrderEvent,
): Promise<Order> {
  const expired = await tx.changeStatus(order, { status: 'expired', event })
  const isClosed = answer.kind === 'trade' && answer.trade.state === 'closed'
  if (isNotBegun(answer) || (order.watchedUntil !== null && !isClosed))
    await tx.addLateChecks(expired)
  return expired
}

/** Runs query expired orders only where late checks were left for them. */
function isLateAnswer({ source, locked, answer }: Step): boolean {
  return source === 'compensation' && locked.order.status === 'expired' && answer.kind !== 'unknown'
}

/** Takes the decision, so that nobody credits without one; for `settle/resolution.ts` alone. */
export async function pay(
  { tx, onPaid }: { readonly tx: Tx; readonly onPaid?: OnPaid },
  credit: {
    /** As it is held locked. */
    readonly order: Order
    readonly decision: Extract<Decision, { kind: 'pay' }>
    readonly source: Source
    readonly event: NewOrderEvent
  },
): Promise<Order> {
  const { order, decision, source, event } = credit
  const transfer = rechargeTransfer(order, decision.trade)
  const paid = await tx.credit(order, { transfer, source, event })
  if (onPaid) await within(onPaidMs, onPaid({ order: paid, transfer }, tx), notInTime)
  return paid
}

/**
 * The embedder's own work holds the order's row and a connection: it may not do so for ever. Shorter
 * than the database's patience with an idle transaction, so that the error is ours.
 */
const onPaidMs = 20_000

function notInTime(): Error {
  return new Error(`onPaid did not end within ${onPaidMs} ms: nothing was credited`)
}

/** What is told of an answer in the order's timeline. */
export function eventOf(
  step: AnswerFor & Pick<Settling, 'node'> & { readonly decision: Decision },
): NewOrderEvent {
  return {
    orderNo: step.orderNo,
    kind: 'answered',
    source: step.source,
    tradeState: reportedState(step.answer),
    decision: step.decision.kind,
    reason: step.decision.reason,
    alarm: step.decision.alarm,
    evidence: step.answer.evidence,
    runId: step.runId,
    node: step.node,
    actor: step.actor ?? null,
  }
}

/** The gateway's own word; null when it said nothing of a trade. */
export function reportedState(answer: Answer): string | null {
  return answer.kind === 'trade' ? answer.trade.reported : null
}

/** After the commit. */
export function emitSettlement(
  emit: Emit,
  brought: AnswerFor,
  { order, decision }: Settlement,
): void {
  const { orderNo, source } = brought
  if (decision.alarm) emit({ type: 'order_alarm', orderNo, source, reason: decision.reason })
  if (decision.kind === 'pay') {
    const { paidAt, creditedAt } = order
    emit({ type: 'order_credited', orderNo, source, paidAt, creditedAt })
  }
  if (decision.kind === 'expire') {
    emit({ type: 'order_expired', orderNo, source, reason: decision.reason })
  }
}
