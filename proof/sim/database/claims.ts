import type { Order } from '../../../src/order.ts'
import type { ClaimedOrder, Due } from '../../../src/store/store.ts'
import type { DatabaseServer, Statement } from './server.ts'
import { orderKey } from './steps.ts'

export function claim(
  server: DatabaseServer,
  { leaseMs, ...due }: Due & { leaseMs: number },
): Statement<readonly ClaimedOrder[]> {
  return {
    label: 'claim',
    run: (session) => {
      const now = server.now()
      // Rows that somebody holds are skipped.
      return dueOrders(server, due, ({ orderNo }) => server.locks.isFree(orderKey(orderNo))).map(
        (order) => {
          const leased = { ...order, nextCheckAt: new Date(+now + leaseMs) }
          session.orders.set(order.orderNo, leased)
          return { order: leased, dueAt: order.nextCheckAt }
        },
      )
    },
  }
}

export function peek(server: DatabaseServer, due: Due): Statement<readonly Order[]> {
  return { label: 'peek', run: () => dueOrders(server, due, () => true) }
}

/** Only leases that still stand. */
export function giveBack(claimed: readonly ClaimedOrder[]): Statement<void> {
  return {
    label: 'release',
    locks: claimed.map(({ order }) => orderKey(order.orderNo)),
    run: (session) => {
      for (const { order, dueAt } of claimed) {
        const row = session.read(order.orderNo)
        const stands =
          row?.status === 'pending' &&
          row.stateSeq === order.stateSeq &&
          +row.nextCheckAt === +order.nextCheckAt
        if (stands) session.orders.set(order.orderNo, { ...row, nextCheckAt: dueAt })
      }
    },
  }
}

export function countDue(
  server: DatabaseServer,
  { countMax, ...due }: Omit<Due, 'limit'> & { readonly countMax: number },
): Statement<number> {
  const usual = { ...due, limit: countMax }
  return { label: 'count due', run: () => usuallyDue(server, usual, () => true).length }
}

type IsFree = (order: Order) => boolean

/** What a clock that was wrong left behind comes first, in at most half of the batch. */
function dueOrders(server: DatabaseServer, due: Due, isFree: IsFree): readonly Order[] {
  const { youngestFrom, limit } = due
  if (youngestFrom !== undefined) {
    const all = usuallyDue(server, { ...due, limit: Number.POSITIVE_INFINITY }, isFree)
    return all.sort(byYouth).slice(youngestFrom, youngestFrom + limit)
  }
  const strayed = strayedOrders(server, due, isFree)
  const usual = usuallyDue(server, { ...due, limit: limit - strayed.length }, isFree)
  return [...strayed, ...usual.filter((order) => !strayed.includes(order))]
}

function usuallyDue(
  server: DatabaseServer,
  { thresholdMs, limit, merchant }: Due,
  isFree: IsFree,
): Order[] {
  const now = +server.now()
  return pendingOrders(server, { merchant, isFree })
    .filter((order) => +order.nextCheckAt <= now && +order.createdAt < now - thresholdMs)
    .sort(
      (one, other) =>
        +one.nextCheckAt - +other.nextCheckAt ||
        +one.createdAt - +other.createdAt ||
        (one.orderNo < other.orderNo ? -1 : 1),
    )
    .slice(0, limit)
}

function byYouth(one: Order, other: Order): number {
  return (
    +other.nextCheckAt - +one.nextCheckAt ||
    +other.createdAt - +one.createdAt ||
    (one.orderNo < other.orderNo ? 1 : -1)
  )
}

function strayedOrders(
  server: DatabaseServer,
  { farthestMs, limit, merchant }: Due,
  isFree: IsFree,
): readonly Order[] {
  if (farthestMs === undefined) return []
  const now = +server.now()
  const far = now + farthestMs
  return pendingOrders(server, { merchant, isFree })
    .filter(
      ({ nextCheckAt, createdAt }) =>
        +nextCheckAt > far || (+createdAt > far && +nextCheckAt <= now),
    )
    .slice(0, Math.ceil(limit / 2))
}

function pendingOrders(
  { tables }: DatabaseServer,
  { merchant, isFree }: Pick<Due, 'merchant'> & { isFree: IsFree },
): Order[] {
  return [...tables.orders.values()].filter(
    (order) =>
      order.status === 'pending' &&
      order.gateway === merchant.gateway &&
      order.mchid === merchant.mchid &&
      order.appid === merchant.appid &&
      isFree(order),
  )
}
