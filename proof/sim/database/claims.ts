import type { DueMerchant } from '../../../src/domain/merchant.ts'
import type { Order, Standing } from '../../../src/domain/order.ts'
import type { ClaimedOrder, Due } from '../../../src/store/store.ts'
import type { DatabaseServer, Statement } from './server.ts'
import type { Session } from './session.ts'
import { rowLock } from './steps.ts'

export function claim(
  server: DatabaseServer,
  { leaseMs, ...due }: Due & { leaseMs: number },
): Statement<readonly ClaimedOrder[]> {
  return {
    label: 'claim',
    run: (session) => {
      const now = server.now()
      // Rows that another transaction has locked are skipped.
      return dueOrders(server, due, ({ key }) => server.locks.isFree(rowLock(key))).map((order) => {
        const leased = { ...order, nextCheckAt: new Date(+now + leaseMs) }
        session.orders.set(order.key, leased)
        return { order: leased, dueAt: order.nextCheckAt }
      })
    },
  }
}

export function peek(server: DatabaseServer, due: Due): Statement<readonly Order[]> {
  return { label: 'peek', run: () => dueOrders(server, due, () => true) }
}

/** Ends only the leases that are still in force. */
export function release(claimed: readonly ClaimedOrder[]): Statement<void> {
  return {
    label: 'release',
    locks: claimed.map(({ order }) => rowLock(order.key)),
    run: (session) => {
      for (const { order, dueAt } of claimed) {
        const row = session.read(order.key)
        const stands =
          row?.status === 'pending' &&
          row.stateSeq === order.stateSeq &&
          +row.nextCheckAt === +order.nextCheckAt
        if (stands) session.orders.set(order.key, { ...row, nextCheckAt: dueAt })
      }
    },
  }
}

export function countDue(
  server: DatabaseServer,
  { countMax, ...due }: Omit<Due, 'limit'> & { readonly countMax: number },
): Statement<number> {
  return {
    label: 'count due',
    run: () => Math.min(countMax, allDue(server, due, () => true).length),
  }
}

/** Whether a run has anything to do for the merchant. */
export function isAnyDue(server: DatabaseServer, due: Omit<Due, 'limit'>): boolean {
  return allDue(server, due, () => true).length > 0
}

/** Makes orders due now whose `next_check_at` is later than any schedule or lease allows. */
export function repairSchedules(
  server: DatabaseServer,
  session: Session,
  { merchant, farthestMs }: { merchant: DueMerchant; farthestMs: number },
): void {
  const now = server.now()
  for (const order of pendingOrders(server, merchant)) {
    const { key, nextCheckAt } = order
    if (+nextCheckAt <= +now + farthestMs || !server.locks.isFree(rowLock(key))) continue
    session.orders.set(key, { ...order, nextCheckAt: now })
  }
}

type IsFree = (order: Order) => boolean

function dueOrders(server: DatabaseServer, due: Due, isFree: IsFree): readonly Order[] {
  const all = allDue(server, due, isFree)
  const of = (standing: Standing) => all.filter((order) => order.standing === standing)
  const { youngestFrom, limit } = due
  if (youngestFrom === undefined) return inShares(of, { limit, chance: server.random }).sort(byAge)
  const [first, second]: Standing[] = youngestFrom % 2 === 0 ? ['new', 'known'] : ['known', 'new']
  for (const standing of [first, second, 'unknown'] as Standing[]) {
    const from = standing === first ? Math.floor(youngestFrom / 2) : youngestFrom
    const probes = of(standing)
      .reverse()
      .slice(from, from + limit)
    if (probes.length > 0) return probes
  }
  return []
}

/**
 * Of a batch, at most a tenth is for orders that the gateway does not know, and half for orders that
 * were never queried: half of these the youngest, half the oldest. The rest is for orders that it knows.
 * Places that a standing does not fill go to the others. A fraction of a place is drawn at random.
 */
function inShares(
  of: (standing: Standing) => readonly Order[],
  { limit, chance }: { limit: number; chance: () => number },
): Order[] {
  const taken = new Set<Order>()
  const take = (orders: readonly Order[], max: number) => {
    const free = orders.filter((order) => !taken.has(order))
    for (const order of free.slice(0, Math.min(max, limit - taken.size))) taken.add(order)
  }
  const places = (share: number) => Math.floor(limit * share + chance())
  const [known, fresh, unknown] = [of('known'), of('new'), of('unknown')]
  take(unknown, places(0.1))
  const freshPlaces = places(0.5)
  take([...fresh].reverse(), Math.floor(freshPlaces / 2))
  take(fresh, Math.ceil(freshPlaces / 2))
  for (const rest of [known, fresh, unknown]) take(rest, limit)
  return [...taken]
}

/** All due orders, the longest due first. An order that a wrong clock dated far ahead does not count as young. */
function allDue(
  server: DatabaseServer,
  { thresholdMs, merchant, farthestMs = Number.POSITIVE_INFINITY }: Omit<Due, 'limit'>,
  isFree: IsFree,
): Order[] {
  const now = +server.now()
  return pendingOrders(server, merchant)
    .filter(({ nextCheckAt, createdAt }) => {
      const isYoung = +createdAt >= now - thresholdMs && +createdAt <= now + farthestMs
      return +nextCheckAt <= now && !isYoung
    })
    .filter(isFree)
    .sort(byAge)
}

function byAge(one: Order, other: Order): number {
  return (
    +one.nextCheckAt - +other.nextCheckAt ||
    +one.createdAt - +other.createdAt ||
    (one.key < other.key ? -1 : 1)
  )
}

function pendingOrders({ tables }: DatabaseServer, merchant: DueMerchant): Order[] {
  return [...tables.orders.values()].filter(
    (order) => order.status === 'pending' && isOfMerchant(order, merchant),
  )
}

export function isOfMerchant(
  order: Order,
  { gateway, mchid, appid, appids = [appid] }: DueMerchant,
): boolean {
  return order.gateway === gateway && order.mchid === mchid && appids.includes(order.appid)
}
