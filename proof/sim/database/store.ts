import type { OrderKey } from '../../../src/domain/order.ts'
import { StoreError } from '../../../src/store/errors.ts'
import type { Store, Tx } from '../../../src/store/store.ts'
import type { Owner } from '../clock/loop.ts'
import type { Random } from '../clock/random.ts'
import { claim, countDue, peek, release } from './claims.ts'
import { addLateChecks, claimLate, countLateCheck, lateLock } from './late-checks.ts'
import { abandon, correct } from './operator-changes.ts'
import { insertOrder, setCodeUrl } from './orders.ts'
import { finishRun, openRun } from './runs.ts'
import { ConflictError, type DatabaseServer, type Statement } from './server.ts'
import type { Session } from './session.ts'
import {
  addEvent,
  changeStatus,
  creditAll,
  lockFreeOrders,
  lockOrder,
  reschedule,
  rowLock,
  waitAsClaimed,
} from './steps.ts'

/** The methods of the store that the stages call. */
type Modelled = Pick<
  Store,
  | 'kind'
  | 'now'
  | 'transaction'
  | 'insertOrder'
  | 'insertOrders'
  | 'setCodeUrl'
  | 'findOrder'
  | 'findOrders'
  | 'appendEvent'
  | 'claimDue'
  | 'claimLate'
  | 'peekDue'
  | 'countDue'
  | 'release'
  | 'waitAsClaimed'
  | 'openRun'
  | 'finishRun'
>

export interface StoreParts {
  readonly server: DatabaseServer
  readonly owner: Owner
  readonly random: Random
  readonly kind: Store['kind']
}

/** The same number as in `src/store/transaction.ts`. */
const triesMax = 4

/** The store of one process, on the model of the database. */
export function modelStore({ server, owner, random, kind }: StoreParts): Store {
  const modelled: Modelled = {
    kind,
    now: () => server.execute(owner, { label: 'now', run: () => server.now() }),
    transaction: (work) => transact({ server, owner, random }, work),
    insertOrder: (order, event) => server.execute(owner, insertOrder(server, { order, event })),
    insertOrders: (additions) =>
      server.execute(owner, {
        label: 'insert orders',
        run: (session) => additions.map((each) => insertOrder(server, each).run(session)),
      }),
    setCodeUrl: (key, update) => server.execute(owner, setCodeUrl(server, { key, ...update })),
    findOrder: (key) =>
      server.execute(owner, {
        label: 'find order',
        run: (session) => session.read(key),
      }),
    findOrders: (orderNo) =>
      server.execute(owner, {
        label: 'find orders of a number',
        run: (session) =>
          server.tables
            .keysOfNumber(orderNo)
            .map((key) => session.read(key))
            .filter((order) => order !== null),
      }),
    appendEvent: (key, event) =>
      server.execute(owner, {
        label: 'add event',
        run: (session) => addEvent(server, session, { key, event, state: null }),
      }),
    claimDue: (due) => server.execute(owner, claim(server, due)),
    claimLate: (due) => server.execute(owner, claimLate(server, due)),
    peekDue: (due) => server.execute(owner, peek(server, due)),
    countDue: (due) => server.execute(owner, countDue(server, due)),
    release: (claimed) => server.execute(owner, release(claimed)),
    waitAsClaimed: (waits) =>
      server.execute(owner, { label: 'reschedule orders', run: waitAsClaimed(server, waits) }),
    openRun: (run) => server.execute(owner, openRun(server, run)),
    finishRun: (runId, end) => server.execute(owner, finishRun(server, { runId, ...end })),
  }
  // The other methods serve the console. A stage that called one of them would fail the seed.
  return modelled as Store
}

/** Retries after a conflict, as the real store does: a rolled-back try leaves nothing behind. */
async function transact<T>(
  { server, owner, random }: Omit<StoreParts, 'kind'>,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await transactOnce(server, { owner, work })
    } catch (error) {
      if (tries === triesMax || !(error instanceof ConflictError)) throw error
      await server.pause(owner, random.next() * 20 * tries)
    }
  }
}

async function transactOnce<T>(
  server: DatabaseServer,
  { owner, work }: { owner: Owner; work: (tx: Tx) => Promise<T> },
): Promise<T> {
  const session = await server.begin(owner)
  const steps = new Steps(server, session)
  let result: T
  try {
    result = await work(steps as Pick<Tx, keyof Tx> & Steps)
    // After a failed statement PostgreSQL turns COMMIT into a ROLLBACK without an error.
    if (steps.failure !== null) throw steps.failure.error
  } catch (error) {
    await server.rollback(session)
    throw error
  }
  await server.commit(session)
  return result
}

/** The statements of one transaction. Those of reviews are not modelled. */
class Steps implements Omit<Tx, 'dismiss' | 'reopen' | 'reviewTrail' | 'secondNeeded'> {
  failure: { readonly error: unknown } | null = null
  readonly #server: DatabaseServer
  readonly #session: Session

  constructor(server: DatabaseServer, session: Session) {
    this.#server = server
    this.#session = session
  }

  lockOrder(key: OrderKey, options: { transactionId: string | null } = { transactionId: null }) {
    const run = lockOrder(this.#server, { key, ...options })
    return this.#step('lock order', key, run)
  }

  lockOrders(answered: Parameters<Tx['lockOrders']>[0]) {
    return this.#step('lock orders', null, lockFreeOrders(this.#server, answered))
  }

  credit(credits: Parameters<Tx['credit']>[0]) {
    const locks = credits.map(({ order }) => rowLock(order.key))
    return this.#take({ label: 'credit orders', locks, run: creditAll(this.#server, credits) })
  }

  changeStatus(...[order, given]: Parameters<Tx['changeStatus']>) {
    return this.#step('change status', order.key, changeStatus(this.#server, { order, ...given }))
  }

  reschedule(...[order, given]: Parameters<Tx['reschedule']>) {
    return this.#step('reschedule order', order.key, reschedule(this.#server, { order, ...given }))
  }

  addLateChecks(order: Parameters<Tx['addLateChecks']>[0]) {
    return this.#lateStep('add late checks', order.key, addLateChecks(this.#server, order))
  }

  countLateCheck(order: Parameters<Tx['countLateCheck']>[0]) {
    return this.#lateStep('count late check', order.key, countLateCheck(this.#server, order))
  }

  correct(...[order, change]: Parameters<Tx['correct']>) {
    return this.#step('correct order', order.key, correct(this.#server, { order, ...change }))
  }

  abandon(...[order, change]: Parameters<Tx['abandon']>) {
    return this.#step('give up order', order.key, abandon(this.#server, { order, ...change }))
  }

  /** Refund notices are not modelled. */
  refundNotices() {
    return Promise.resolve([])
  }

  concerned() {
    return Promise.resolve(new Set<OrderKey>())
  }

  /** Exceptions are not modelled: none is opened, and none is known. */
  exceptionsOf() {
    return Promise.resolve([])
  }

  changeExceptions() {
    return Promise.resolve({ opened: [], healed: [] })
  }

  holdPayment() {
    return Promise.resolve()
  }

  keepNotice() {
    return Promise.resolve()
  }

  keptNotices() {
    return Promise.resolve([])
  }

  takeNotices() {
    return Promise.resolve([])
  }

  appendEvent(...[key, event]: Parameters<Tx['appendEvent']>) {
    return this.#step('append event', null, (session) =>
      addEvent(this.#server, session, { key, event, state: null }),
    )
  }

  /** A statement of the embedder. Only the delivery of a paid order is modelled. */
  execute(_statement: string, [key, amount]: readonly unknown[]) {
    return this.#step('deliver', null, (session) => {
      if (typeof key !== 'string' || typeof amount !== 'bigint') {
        throw new StoreError('not a delivery')
      }
      session.deliveries.push({ key: key as OrderKey, amount })
      return []
    })
  }

  #step<T>(label: string, key: OrderKey | null, run: (session: Session) => T): Promise<T> {
    return this.#take({ label, locks: key === null ? [] : [rowLock(key)], run })
  }

  #lateStep<T>(label: string, key: OrderKey, run: (session: Session) => T): Promise<T> {
    return this.#take({ label, locks: [lateLock(key)], run })
  }

  async #take<T>(statement: Statement<T>): Promise<T> {
    try {
      return await this.#server.step(this.#session, statement)
    } catch (error) {
      this.failure ??= { error }
      throw error
    }
  }
}
