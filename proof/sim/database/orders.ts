import type { NewOrder, NewOrderEvent, Order } from '../../../src/order.ts'
import type { Insertion } from '../../../src/store/store.ts'
import type { DatabaseServer, Statement } from './server.ts'
import { addEvent, orderKey } from './steps.ts'

export function insertOrder(
  server: DatabaseServer,
  { order, event }: { order: NewOrder; event: NewOrderEvent },
): Statement<Insertion> {
  return {
    label: 'insert order',
    run: (session) => {
      const { tables } = server
      const byKey = tables.orderNoByKey.get(order.idempotencyKey ?? '')
      const known = session.read(byKey ?? order.orderNo)
      if (known !== null) {
        return { kind: 'exists', by: byKey === undefined ? 'number' : 'key', order: known }
      }
      const added = newRow(order, server.now())
      session.orders.set(added.orderNo, added)
      const key = order.idempotencyKey
      if (key !== null) session.others.push(() => tables.orderNoByKey.set(key, added.orderNo))
      addEvent(server, session, { event, state: added })
      return { kind: 'inserted', order: added }
    },
  }
}

function newRow({ idempotencyKey: _key, ttlMs, ...facts }: NewOrder, now: Date): Order {
  const createdAt = facts.createdAt ?? now
  const endMs = Math.ceil((+createdAt + ttlMs) / 1000) * 1000
  return {
    ...facts,
    createdAt,
    expiresAt: facts.expiresAt ?? new Date(endMs),
    nextCheckAt: createdAt,
    codeUrl: null,
    status: 'pending',
    stateSeq: 1,
    checks: 0,
    absentCount: 0,
    absentSince: null,
    transactionId: null,
    paidAt: null,
    creditedAt: null,
    creditedBy: null,
    dismissed: null,
  }
}

export function setCodeUrl(
  server: DatabaseServer,
  { orderNo, codeUrl, event }: { orderNo: string; codeUrl: string; event: NewOrderEvent },
): Statement<void> {
  return {
    label: 'store code',
    locks: [orderKey(orderNo)],
    run: (session) => {
      const order = session.read(orderNo)
      if (order?.status === 'pending') session.orders.set(orderNo, { ...order, codeUrl })
      addEvent(server, session, { event, state: null })
    },
  }
}
