import type { Order } from '../../../src/domain/order.ts'
import type { ClaimedOrder, LateClaim } from '../../../src/store/store.ts'
import { isOfMerchant } from './claims.ts'
import type { DatabaseServer, Statement } from './server.ts'
import type { Session } from './session.ts'
import type { LateCheck } from './tables.ts'

type Run<T> = (session: Session) => T

const dayMs = 86_400_000

/** The days after the expiry on which such an order is queried. */
const days = [1, 7, 30] as const

export function lateKey(orderNo: string): string {
  return `late check of ${orderNo}`
}

export function addLateChecks(server: DatabaseServer, { orderNo }: Order): Run<void> {
  return (session) => {
    const expiredAt = server.now()
    const dueAt = new Date(+expiredAt + days[0] * dayMs)
    session.otherWrites.push(({ lateChecks }) => {
      if (!lateChecks.has(orderNo))
        lateChecks.set(orderNo, { orderNo, expiredAt, doneCount: 0, dueAt })
    })
  }
}

export function countLateCheck(server: DatabaseServer, { orderNo }: Order): Run<void> {
  return (session) => {
    const check = server.tables.lateChecks.get(orderNo)
    if (check === undefined) return
    session.otherWrites.push(({ lateChecks }) => {
      const day = days[check.doneCount + 1]
      if (day === undefined) lateChecks.delete(orderNo)
      else lateChecks.set(orderNo, nextDay(check, day))
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
      const due = [...lateChecks.values()]
        .filter(({ dueAt, orderNo }) => dueAt <= now && server.locks.isFree(lateKey(orderNo)))
        .sort((one, other) => +one.dueAt - +other.dueAt || (one.orderNo < other.orderNo ? -1 : 1))
        .slice(0, limit)
      return due.flatMap((check) => {
        const order = session.read(check.orderNo)
        const isOver = order?.status !== 'expired'
        session.otherWrites.push(() => {
          if (isOver) lateChecks.delete(check.orderNo)
          else lateChecks.set(check.orderNo, { ...check, dueAt: new Date(+now + leaseMs) })
        })
        return isOver || !isOfMerchant(order, merchant) ? [] : [{ order, dueAt: check.dueAt }]
      })
    },
  }
}
