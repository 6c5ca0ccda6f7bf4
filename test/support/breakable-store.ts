import { UnknownOutcomeError } from '../../src/store/errors.ts'
import type { Store, Tx } from '../../src/store/store.ts'

type BreakableMethod = 'transaction' | 'openRun' | 'claimDue' | 'finishRun'

interface Breaking {
  broken: boolean
  /** Default: all that a run needs, except the record of the run. */
  readonly methods?: readonly BreakableMethod[]
}

/** A store on which the named methods fail while `breaking.broken` is set, as when the database is away. */
export function breakableStore(store: Store, breaking: Breaking): Store {
  const { methods = ['transaction', 'openRun', 'claimDue'] } = breaking
  const unlessBroken =
    <A extends unknown[], R>(
      name: BreakableMethod,
      method: (...args: A) => Promise<R>,
    ): ((...args: A) => Promise<R>) =>
    (...args) =>
      breaking.broken && methods.includes(name)
        ? Promise.reject(new Error('broken'))
        : method(...args)
  return overriding(store, {
    transaction: (work) => unlessBroken('transaction', () => store.transaction(work))(),
    // A run settles these orders without a transaction of its own.
    waitAsClaimed: unlessBroken('transaction', (waits) => store.waitAsClaimed(waits)),
    openRun: unlessBroken('openRun', (run) => store.openRun(run)),
    claimDue: unlessBroken('claimDue', (claim) => store.claimDue(claim)),
    finishRun: unlessBroken('finishRun', (id, end) => store.finishRun(id, end)),
  })
}

/** A store on which every attempt to credit one order fails. */
export function poisonedStore(store: Store, orderNo: string): Store {
  const credit =
    (tx: Tx): Tx['credit'] =>
    (credits) =>
      credits.some(({ order }) => order.orderNo === orderNo)
        ? Promise.reject(new Error(`poisoned ${orderNo}`))
        : tx.credit(credits)
  const poisoned = (tx: Tx) => overriding(tx, { credit: credit(tx) })
  return overriding(store, {
    transaction: (work) => store.transaction((tx) => work(poisoned(tx))),
  })
}

/** A store that loses the answer to its next COMMIT of several orders. The COMMIT itself succeeds. */
export function forgetfulStore(store: Store, forgetting: { armed: boolean }): Store {
  return overriding(store, {
    transaction: async (work) => {
      let locked = 0
      const counting = (tx: Tx): Tx =>
        overriding(tx, {
          lockOrders: async (orderNos) => {
            const rows = await tx.lockOrders(orderNos)
            locked += rows.length
            return rows
          },
        })
      const result = await store.transaction((tx) => work(counting(tx)))
      if (!forgetting.armed || locked < 2) return result
      forgetting.armed = false
      throw new UnknownOutcomeError('the answer to COMMIT was lost')
    },
  })
}

/** A store whose first group waits, with its rows locked, until the gate opens. */
export function hangingStore(
  store: Store,
  { gate, hung }: { gate: Promise<void>; hung: () => void },
): Store {
  const first = { hangs: true }
  /** The first group hangs, whether it has one answer or several. */
  const hangOnce = async <T>(rows: T): Promise<T> => {
    if (!first.hangs) return rows
    first.hangs = false
    hung()
    await gate
    return rows
  }
  const hanging = (tx: Tx): Tx =>
    overriding(tx, {
      lockOrder: async (...request) => hangOnce(await tx.lockOrder(...request)),
      lockOrders: async (requested) => hangOnce(await tx.lockOrders(requested)),
    })
  return overriding(store, {
    transaction: (work) => store.transaction((tx) => work(hanging(tx))),
  })
}

/** The points at which a process may die while it settles an answer. */
export const crashPoints = [
  'before the transaction',
  'before the lock',
  'after the lock',
  'before the write',
  'after the write',
  'after the commit',
] as const

export type CrashPoint = (typeof crashPoints)[number]

/** A store that throws once, at the given point of the first transaction that reaches it, as if the process had died. */
export function crashingStore(store: Store, point: CrashPoint): Store {
  let armed = true
  const crash = (at: CrashPoint) => {
    if (!armed || at !== point) return
    armed = false
    throw new Error(`crashed ${at}`)
  }
  return overriding(store, {
    transaction: async (work) => {
      crash('before the transaction')
      const result = await store.transaction((tx) => work(crashingTx(tx, crash)))
      crash('after the commit')
      return result
    },
  })
}

function crashingTx(tx: Tx, crash: (at: CrashPoint) => void): Tx {
  const writing =
    <A extends unknown[], R>(write: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      crash('before the write')
      const result = await write(...args)
      crash('after the write')
      return result
    }
  const locking =
    <A extends unknown[], R>(lock: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      crash('before the lock')
      const locked = await lock(...args)
      crash('after the lock')
      return locked
    }
  return {
    lockOrder: locking((...args) => tx.lockOrder(...args)),
    lockOrders: locking((...args) => tx.lockOrders(...args)),
    credit: writing((...args) => tx.credit(...args)),
    changeStatus: writing((...args) => tx.changeStatus(...args)),
    reschedule: writing((...args) => tx.reschedule(...args)),
    addLateChecks: writing((...args) => tx.addLateChecks(...args)),
    countLateCheck: writing((...args) => tx.countLateCheck(...args)),
    correct: writing((...args) => tx.correct(...args)),
    abandon: writing((...args) => tx.abandon(...args)),
    dismiss: writing((...args) => tx.dismiss(...args)),
    reopen: writing((...args) => tx.reopen(...args)),
    reviewTrail: (...args) => tx.reviewTrail(...args),
    secondNeeded: (...args) => tx.secondNeeded(...args),
    refundNotices: (...args) => tx.refundNotices(...args),
    concerned: (...args) => tx.concerned(...args),
    exceptionsOf: (...args) => tx.exceptionsOf(...args),
    changeExceptions: writing((...args) => tx.changeExceptions(...args)),
    holdPayment: (...args) => tx.holdPayment(...args),
    keepNotice: writing((...args) => tx.keepNotice(...args)),
    keptNotices: (...args) => tx.keptNotices(...args),
    takeNotices: writing((...args) => tx.takeNotices(...args)),
    appendEvent: writing((...args) => tx.appendEvent(...args)),
    execute: (...args) => tx.execute(...args),
  }
}

/** The same object with some methods replaced. */
export function overriding<T extends object>(object: T, own: Partial<T>): T {
  return new Proxy(object, {
    get: (target, name) => {
      if (name in own) return own[name as keyof T]
      const member = Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}
