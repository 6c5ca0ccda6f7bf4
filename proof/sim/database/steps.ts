import type { NewOrderEvent, Order, OrderKey } from '../../../src/domain/order.ts'
import type { OrderStatus } from '../../../src/domain/order-states.ts'
import { sentenceOf } from '../../../src/domain/reason.ts'
import type { ClaimedWait, Credit, LockedOrder, LockRequest, Tx } from '../../../src/store/store.ts'
import type { DatabaseServer } from './server.ts'
import type { Session } from './session.ts'
import type { StoredEvent } from './tables.ts'

export function rowLock(key: OrderKey): string {
  return `order ${key}`
}

type Run<T> = (session: Session) => T

export function lockOrder(
  server: DatabaseServer,
  { key, transactionId }: LockRequest,
): Run<LockedOrder | null> {
  return (session) => {
    const order = session.read(key)
    if (order === null) return null
    const transfer = server.tables.transferByTransaction.get(transactionId ?? '')
    const owner = transfer === undefined || transfer.key === key ? null : transfer.orderNo
    return { order, now: server.now(), transactionOwner: owner, isConcerned: false }
  }
}

/** Skips rows that another transaction has locked. */
export function lockFreeOrders(
  server: DatabaseServer,
  answered: Parameters<Tx['lockOrders']>[0],
): Run<readonly LockedOrder[]> {
  return (session) =>
    answered.flatMap((request) => {
      const locked = lockIfFree(server, session, request.key)
        ? lockOrder(server, request)(session)
        : null
      return locked === null ? [] : [locked]
    })
}

function lockIfFree(server: DatabaseServer, session: Session, key: OrderKey): boolean {
  const lock = rowLock(key)
  if (!server.locks.isFree(lock) && !server.locks.holds(session, lock)) return false
  server.locks.acquire(session, { key: lock, granted: () => undefined })
  return true
}

export function creditAll(
  server: DatabaseServer,
  credits: readonly Credit[],
): Run<readonly Order[]> {
  return (session) => credits.map((each) => credit(server, each)(session))
}

/** Reschedules only the orders that are unchanged since their claim. */
export function waitAsClaimed(
  server: DatabaseServer,
  waits: readonly ClaimedWait[],
): Run<ReadonlySet<OrderKey>> {
  return (session) => {
    const standing = waits.filter(({ claimed: { order } }) => {
      const row = session.read(order.key)
      return (
        row?.status === 'pending' &&
        row.stateSeq === order.stateSeq &&
        +row.nextCheckAt === +order.nextCheckAt &&
        row.absentCount === order.absentCount &&
        server.locks.isFree(rowLock(order.key))
      )
    })
    for (const { claimed, schedule, event } of standing) {
      const { order } = claimed
      // A code may have arrived since the claim: a known order stays known.
      const isKnown = session.read(order.key)?.standing === 'known'
      const kept = isKnown ? { ...schedule, standing: 'known' as const } : schedule
      reschedule(server, { order, schedule: kept, event })(session)
    }
    return new Set(standing.map(({ claimed }) => claimed.order.key))
  }
}

/** The words that are kept as a proof must be those of the answer that the credit is for. */
function isAbout(words: Credit['words'], { orderNo, transactionId }: Credit['transfer']): boolean {
  const said = JSON.parse(words?.body ?? '{}') as { out_trade_no?: string; transaction_id?: string }
  return said.out_trade_no === orderNo && said.transaction_id === transactionId
}

/** A credit, with the constraints of `src/store/migrations` written independently. */
export function credit(
  server: DatabaseServer,
  { order, transfer, source, event, words }: Credit,
): Run<Order> {
  return (session) => {
    const row = unchanged(server, session, order)
    if (row.status !== 'pending' && row.status !== 'expired') {
      server.refuse(`a ${row.status} order is not credited (stale)`)
    }
    if (!isAbout(words, transfer)) server.refuse('a credit is proved by the words of its payment')
    const now = server.now()
    refuseUnstorable(server, transfer.paidAt)
    const paid: Order = {
      ...row,
      status: 'paid',
      stateSeq: row.stateSeq + 1,
      transactionId: transfer.transactionId,
      paidAt: transfer.paidAt,
      creditedAt: now,
      creditedBy: source,
    }
    const { tables } = server
    if (tables.transferByOrder.has(row.key)) server.refuse('I1: transfers_pkey')
    if (tables.transferByTransaction.has(transfer.transactionId)) {
      server.refuse('I1: transfers_transaction')
    }
    const equal =
      transfer.orderNo === row.orderNo &&
      transfer.amount === row.amount &&
      transfer.currency === row.currency &&
      transfer.gateway === row.gateway &&
      transfer.mchid === row.mchid &&
      transfer.appid === row.appid
    if (!equal) server.refuse('I2: transfers_facts')
    const [debit, deposit] = transfer.entries
    const balanced = debit.amount + deposit.amount === 0n && deposit.amount === transfer.amount
    if (!balanced || deposit.account !== `user:${row.userId}`) {
      server.refuse('I3: transfer does not balance')
    }
    session.orders.set(row.key, paid)
    session.transfers.push({ ...transfer, key: row.key, at: now })
    addEvent(server, session, { key: row.key, event, state: paid })
    return paid
  }
}

export function changeStatus(
  server: DatabaseServer,
  { order, status, event }: { order: Order; status: 'expired' | 'review'; event: NewOrderEvent },
): Run<Order> {
  return (session) => {
    const row = unchanged(server, session, order)
    const allowed = row.status === 'pending' || (row.status === 'expired' && status === 'review')
    if (!allowed) server.refuse(`I6: ${row.status} → ${status}`)
    const changed: Order = { ...row, status, stateSeq: row.stateSeq + 1 }
    session.orders.set(row.key, changed)
    addEvent(server, session, { key: row.key, event, state: changed })
    return changed
  }
}

export function reschedule(
  server: DatabaseServer,
  { order, schedule, event }: { order: Order } & Parameters<Tx['reschedule']>[1],
): Run<Order> {
  return (session) => {
    const row = unchanged(server, session, order)
    if (row.status !== 'pending') server.refuse(`a ${row.status} order does not wait (stale)`)
    const { nextCheckAt, checks, absentCount, absentSince, standing, watchedUntil } = schedule
    const place = { nextCheckAt, checks, absentCount, absentSince }
    const waiting: Order = {
      ...{ ...row, ...place },
      // Another transaction may have written these since the row was read, with newer knowledge.
      standing: row.standing === 'known' ? row.standing : standing,
      watchedUntil: row.watchedUntil && new Date(Math.max(+row.watchedUntil, +(watchedUntil ?? 0))),
    }
    session.orders.set(row.key, waiting)
    addEvent(server, session, { key: row.key, event, state: null })
    return waiting
  }
}

interface AddedEvent {
  readonly key: OrderKey
  readonly event: NewOrderEvent
  readonly state: { readonly status: OrderStatus; readonly stateSeq: number } | null
}

export function addEvent(
  server: DatabaseServer,
  session: Session,
  { key, event, state }: AddedEvent,
): void {
  const order = session.read(key)
  if (order === null) server.refuse('order_events: no such order')
  const { reason } = event
  const isCoded = reason !== null && typeof reason !== 'string'
  const appended: StoredEvent = {
    ...event,
    key,
    orderNo: order.orderNo,
    reason: isCoded ? sentenceOf(reason) : reason,
    codedReason: isCoded ? reason : null,
    operator: event.operator ?? null,
    actor: event.actor ?? null,
    id: server.nextEventId(),
    at: server.now(),
    toStatus: state?.status ?? null,
    stateSeq: state?.stateSeq ?? null,
  }
  session.events.push(appended)
}

/** A locked row cannot have changed. If it has, the caller did not lock it, or did not read it under the lock. */
export function unchanged(server: DatabaseServer, session: Session, order: Order): Order {
  const row = session.read(order.key)
  if (row === null || row.stateSeq !== order.stateSeq) {
    server.refuse(`stale: order ${order.key} is not as it was when it was locked`)
  }
  return row
}

/**
 * PostgreSQL cannot read the text of every `Date`: it refuses the year 0, years before it (written with
 * a minus) and years after 9999 (written with a plus).
 */
function refuseUnstorable(server: DatabaseServer, time: Date | null): void {
  if (time === null || /^(?!0000)\d{4}-/.test(time.toISOString())) return
  server.fail(`date/time field value out of range: ${time.toISOString()}`)
}
