import type { NewOrderEvent, Order } from '../../../src/domain/order.ts'
import type { Correction } from '../../../src/store/store.ts'
import type { DatabaseServer } from './server.ts'
import type { Session } from './session.ts'
import { addEvent, unchanged } from './steps.ts'

type Run<T> = (session: Session) => T

/** A correction by an operator, with the constraints of the schema written independently. */
export function correct(
  server: DatabaseServer,
  { order, correction, event }: { order: Order; correction: Correction; event: NewOrderEvent },
): Run<Order> {
  return (session) => {
    const row = unchanged(server, session, order)
    const { userId, amount, appid } = correction
    const same = row.userId === userId && row.amount === amount && row.appid === appid
    if (!same && (!row.adopted || row.status === 'paid')) {
      server.refuse('I2: the facts of an order never change')
    }
    if (event.kind !== 'corrected') server.refuse('I6: an order is corrected without an event')
    refuseUnnamed(server, event)
    const { expiresAt, watchedUntil, nextCheckAt } = correction
    const corrected: Order = {
      ...row,
      ...{ userId, amount, appid, expiresAt, watchedUntil, nextCheckAt },
    }
    session.orders.set(row.key, corrected)
    addEvent(server, session, { key: row.key, event, state: null })
    return corrected
  }
}

/** Gives up a pending order that has no code, and frees its key. */
export function abandon(
  server: DatabaseServer,
  { order, event }: { order: Order; event: NewOrderEvent },
): Run<Order> {
  return (session) => {
    const row = unchanged(server, session, order)
    if (row.status !== 'pending' || row.codeUrl !== null) {
      server.refuse(`a ${row.status} order, or one with a code, cannot be given up (stale)`)
    }
    refuseUnnamed(server, event)
    const abandoned: Order = { ...row, status: 'expired', stateSeq: row.stateSeq + 1 }
    session.orders.set(row.key, abandoned)
    session.otherWrites.push(({ keyByIdempotencyKey }) => {
      for (const [idempotencyKey, key] of keyByIdempotencyKey)
        if (key === row.key) keyByIdempotencyKey.delete(idempotencyKey)
    })
    addEvent(server, session, { key: row.key, event, state: abandoned })
    return abandoned
  }
}

function refuseUnnamed(server: DatabaseServer, { operator, reason }: NewOrderEvent): void {
  if (operator == null || !reason) server.refuse('order_events_persons_named')
}
