import type { DueMerchant } from '../../../src/domain/merchant.ts'
import type { Order, OrderKey } from '../../../src/domain/order.ts'
import type { ClaimedOrder, LateClaim } from '../../../src/store/store.ts'
import { isOfMerchant } from './claims.ts'
import type { DatabaseServer, Statement } from './server.ts'
import type { Session } from './session.ts'
import { type LateCheck, merchantIdOf } from './tables.ts'

type Run<T> = (session: Session) => T

const dayMs = 86_400_000

/** The days after the expiry on which such an order is queried. */
const days = [1, 7, 30] as const

export function lateLock(key: OrderKey): string {
  return `late check of ${key}`
}

export function addLateChecks(server: DatabaseServer, { key, gateway, mchid }: Order): Run<void> {
  return (session) => {
    const expiredAt = server.now()
    const dueAt = new Date(+expiredAt + days[0] * dayMs)
    session.otherWrites.push(({ lateChecks }) => {
      if (!lateChecks.has(key))
        lateChecks.set(key, { key, gateway, mchid, expiredAt, doneCount: 0, dueAt })
    })
  }
}

export function countLateCheck(server: DatabaseServer, { key }: Order): Run<void> {
  return (session) => {
    const check = server.tables.lateChecks.get(key)
    if (check === undefined) return
    session.otherWrites.push(({ lateChecks }) => {
      const day = days[check.doneCount + 1]
      if (day === undefined) lateChecks.delete(key)
      else lateChecks.set(key, nextDay(check, day))
    })
  }
}

function nextDay(check: LateCheck, day: number): LateCheck {
  return {
    ...check,
    doneCount: check.doneCount + 1,
    dueAt: new Date(+check.expiredAt + day * dayMs),
  }
}

export function lateChecksDue(server: DatabaseServer, merchant: DueMerchant): LateCheck[] {
  const [now, id] = [server.now(), merchantIdOf(merchant)]
  return [...server.tables.lateChecks.values()].filter(
    (check) => check.dueAt <= now && merchantIdOf(check) === id,
  )
}

/** Deletes the late checks of orders that are credited or in review by now: they need none. */
export function claimLate(
  server: DatabaseServer,
  { merchant, limit, leaseMs }: LateClaim,
): Statement<readonly ClaimedOrder[]> {
  return {
    label: 'claim late',
    run: (session) => {
      const now = server.now()
      const { lateChecks } = server.tables
      const due = lateChecksDue(server, merchant)
        .filter(({ key }) => server.locks.isFree(lateLock(key)))
        .sort((one, other) => +one.dueAt - +other.dueAt || (one.key < other.key ? -1 : 1))
        .slice(0, limit)
      return due.flatMap((check) => {
        const order = session.read(check.key)
        const isOver = order?.status !== 'expired'
        session.otherWrites.push(() => {
          if (isOver) lateChecks.delete(check.key)
          else lateChecks.set(check.key, { ...check, dueAt: new Date(+now + leaseMs) })
        })
        return isOver || !isOfMerchant(order, merchant) ? [] : [{ order, dueAt: check.dueAt }]
      })
    },
  }
}
