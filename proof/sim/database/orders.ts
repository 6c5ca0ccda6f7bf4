import type {
  NewOrder,
  NewOrderEvent,
  Order,
  OrderEnd,
  OrderKey,
} from '../../../src/domain/order.ts'
import type { Insertion } from '../../../src/store/store.ts'
import type { DatabaseServer, Statement } from './server.ts'
import { addEvent, rowLock } from './steps.ts'
import { merchantIdOf } from './tables.ts'

export function insertOrder(
  server: DatabaseServer,
  { order, event }: { order: NewOrder; event: NewOrderEvent },
): Statement<Insertion> {
  return {
    label: 'insert order',
    run: (session) => {
      const { tables } = server
      const { idempotencyKey } = order
      const ofMerchant = `${merchantIdOf(order)} ${idempotencyKey}`
      const byKey = idempotencyKey === null ? undefined : tables.keyByIdempotencyKey.get(ofMerchant)
      const key = tables.keyOf(order)
      const known = session.read(byKey ?? key)
      if (known !== null) {
        return { kind: 'exists', by: byKey === undefined ? 'number' : 'key', order: known }
      }
      const added = newRow(order, { key, now: server.now() })
      session.orders.set(key, added)
      session.otherWrites.push(() => tables.givePlace(order))
      if (idempotencyKey !== null)
        session.otherWrites.push(() => tables.keyByIdempotencyKey.set(ofMerchant, key))
      addEvent(server, session, { key: added.key, event, state: added })
      return { kind: 'inserted', order: added }
    },
  }
}

function newRow(
  { idempotencyKey: _key, end, ...facts }: NewOrder,
  { key, now }: { key: OrderKey; now: Date },
): Order {
  const createdAt = facts.createdAt ?? now
  return {
    ...facts,
    key,
    createdAt,
    ...endOf(end, { createdAt, now }),
    nextCheckAt: createdAt,
    knownAt: now,
    codeUrl: null,
    codeExpiresAt: null,
    standing: 'new',
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

function endOf(
  end: OrderEnd,
  { createdAt, now }: { createdAt: Date; now: Date },
): Pick<Order, 'expiresAt' | 'watchedUntil'> {
  if (end.kind === 'at') return { expiresAt: end.at, watchedUntil: null }
  if (end.kind === 'unknown') {
    return { expiresAt: null, watchedUntil: new Date(+now + end.watchMs) }
  }
  const endMs = Math.ceil((+createdAt + end.ttlMs) / 1000) * 1000
  return { expiresAt: new Date(endMs), watchedUntil: null }
}

export interface CodeUpdate {
  readonly key: OrderKey
  readonly codeUrl: string
  readonly codeLifeMs: number
  readonly event: NewOrderEvent
}

/** Returns null if the order has ended: then only the event is appended. */
export function setCodeUrl(
  server: DatabaseServer,
  { key, codeUrl, codeLifeMs, event }: CodeUpdate,
): Statement<Order | null> {
  return {
    label: 'store code',
    locks: [rowLock(key)],
    run: (session) => {
      const order = session.read(key)
      addEvent(server, session, { key, event, state: null })
      if (order?.status !== 'pending') return null
      const codeExpiresAt = new Date(+server.now() + codeLifeMs)
      const scanned: Order = { ...order, codeUrl, codeExpiresAt, standing: 'known' }
      session.orders.set(key, scanned)
      return scanned
    },
  }
}
