import { CompiledQuery, sql } from 'kysely'
import { assert } from '../domain/assert.ts'
import type { Clock } from '../domain/clock.ts'
import type { NewOrderEvent, Order, OrderEvent, OrderKey, ReviewTrail } from '../domain/order.ts'
import type { Schedule } from '../domain/schedule.ts'
import type { DerivedKey, ProofKeys } from '../proof/keys.ts'
import { sqlStateOf } from '../servers/sql-state.ts'
import { type Connection, type Database, type Scope, scopeOn } from './database.ts'
import { SequenceNeededError, StaleOrderError, StoreError, UnknownOutcomeError } from './errors.ts'
import { changeExceptions, exceptionsOf } from './exceptions/change.ts'
import { concernedOrders } from './exceptions/concern.ts'
import { holdPayment, keepNotice, keptNotices, takeNotices } from './exceptions/early-notices.ts'
import { attempt, pastConflicts, quoted } from './failure.ts'
import { dayOf } from './proofs/prove.ts'
import type { Sequences, SequenceUse } from './proofs/sequences.ts'
import { appendEvent, readRefundNotices } from './sql/events.ts'
import { addLateChecks, countLateCheck } from './sql/late-checks.ts'
import { type Crediting, creditOrders } from './sql/ledger.ts'
import {
  abandonOrder,
  changeStatus,
  correctOrder,
  lockOrder,
  lockOrders,
  reschedule,
} from './sql/order-steps.ts'
import { dismissOrder, readSecondNeeded, readTrail, reopenOrder } from './sql/reviews.ts'
import type { Credit, LockedOrder, LockRequest, Row, Tx } from './store.ts'

/**
 * Commits what `work` writes, or nothing. `work` may be run again from the start, after a deadlock
 * or a serialization failure, whose first run left nothing behind. Where the answer to COMMIT is
 * lost, a `StoreError` says so: nothing is assumed.
 *
 * A credit that fails alone with its proof is posted again without: a proof must not stop it. Of several
 * credits, the caller settles each alone.
 */
export async function transact<T>(
  { database, sequences, onProofFault, ...options }: TransactOptions,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const unproved = new WeakSet<object>()
  const attemptWith = (use: SequenceUse | null) =>
    pastConflicts(() =>
      onConnection(database, (db) => transactOn({ db, database, use, unproved, ...options }, work)),
    )
  const use = sequences?.use() ?? null
  for (;;) {
    try {
      return await attemptWith(use)
    } catch (error) {
      const fault = await proofFaultOf(error, { database, use, unproved })
      if (fault === null) continue
      const result = await attemptWith(null)
      onProofFault?.(fault)
      return result
    }
  }
}

/** Opens a sequence where one is needed: then null. Throws what has nothing to do with proofs. */
async function proofFaultOf(
  error: unknown,
  { database, use, unproved }: Pick<Transacting, 'database' | 'use' | 'unproved'>,
): Promise<Error | null> {
  if (use === null || !(error instanceof Error)) throw error
  if (!(error instanceof SequenceNeededError)) {
    if (unproved.has(error)) return error
    throw error
  }
  const { name } = database
  const action = 'seal orders and credits'
  const opening = onConnection(database, (db) =>
    committed({ db, name, use: null }, () => attempt({ name, action }, () => use.open(db))),
  )
  // In use from its commit on.
  return opening.then(
    (begin) => {
      begin()
      return null
    },
    (fault: Error) => fault,
  )
}

export interface TransactOptions {
  readonly database: Database
  readonly clock: Clock | undefined
  readonly sealing?: DerivedKey | null
  readonly keys?: ProofKeys
  /** Null: credits are not proved. */
  readonly sequences?: Sequences | null
  /** Called after a credit that could not be proved was posted without. */
  readonly onProofFault?: (error: Error) => void
}

/** What `work` itself throws stays what it is: an embedder's error is no failure of the database. */
async function onConnection<T>(
  { db, name }: Database,
  work: (db: Connection) => Promise<T>,
): Promise<T> {
  let connected = false
  try {
    return await db.connection().execute((connection) => {
      connected = true
      return work(connection)
    })
  } catch (error) {
    if (connected) throw error
    return await attempt({ name, action: 'connect for a transaction' }, () => Promise.reject(error))
  }
}

interface Transacting extends Omit<TransactOptions, 'sequences' | 'onProofFault'> {
  readonly db: Connection
  readonly use: SequenceUse | null
  /** The errors of credits that may succeed without their proofs. */
  readonly unproved: WeakSet<object>
}

async function transactOn<T>(
  { db, database: { name }, use, unproved, clock, sealing, keys }: Transacting,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const scope = scopeOn(db, { clock, keys, ...(sealing && { sealing }) })
  const proving = use && { use, today: dayOf(clock?.() ?? new Date()) }
  return committed({ db, name, use }, () => {
    const steps = new Steps({ scope, name, proving, unproved })
    return steps.take(work)
  })
}

interface Committing {
  readonly db: Connection
  readonly name: string
  readonly use: SequenceUse | null
}

async function committed<T>({ db, name, use }: Committing, work: () => Promise<T>): Promise<T> {
  await attempt({ name, action: 'begin a transaction' }, () => sql`begin`.execute(db))
  const result = await work().catch(async (error) => {
    // If this fails too, the connection is gone, and the server rolls back by itself.
    await sql`rollback`.execute(db).catch(() => undefined)
    use?.end('rolled_back')
    throw error
  })
  await commit(db, name).catch((error) => {
    use?.end(error instanceof UnknownOutcomeError ? 'unknown' : 'rolled_back')
    throw error
  })
  use?.end('committed')
  return result
}

/** A transaction on the patient connection that counts credits in a sequence. */
export async function transactWithSequence<T>(
  database: Database,
  { use, work }: { readonly use: SequenceUse; readonly work: (db: Connection) => Promise<T> },
): Promise<T> {
  const { name, patientDb } = database
  for (;;) {
    try {
      return await patientDb
        .connection()
        .execute((db) => committed({ db, name, use }, () => work(db)))
    } catch (error) {
      const fault = await proofFaultOf(error, { database, use, unproved: new WeakSet() })
      if (fault !== null) throw fault
    }
  }
}

async function commit(db: Connection, name: string): Promise<void> {
  const action = 'learn whether the transaction was committed'
  try {
    await attempt({ name, action }, () => sql`commit`.execute(db))
  } catch (error) {
    if (!(error instanceof StoreError) || isRolledBack(error.cause)) throw error
    throw new UnknownOutcomeError(error.message, { cause: error.cause })
  }
}

/**
 * What the database refused for its constraints or a conflict was rolled back. Whatever else it says
 * in answer to COMMIT (a shutdown, a lost connection, 40003) leaves open what became of it.
 */
function isRolledBack(error: unknown): boolean {
  return /^(23|40(?!003))/.test(sqlStateOf(error) ?? '')
}

/** A row that changed, or a database that is away, would fail without a proof as well. */
function mayBeTheProof(error: unknown): error is Error {
  if (error instanceof StaleOrderError || error instanceof SequenceNeededError) return false
  if (!(error instanceof Error)) return false
  if (!(error instanceof StoreError)) return true
  const state = sqlStateOf(error.cause)
  return state !== null && !/^(08|40|53|57)/.test(state)
}

interface StepsParts {
  readonly scope: Scope
  readonly name: string
  readonly proving: Crediting['proving']
  readonly unproved: WeakSet<object>
}

/**
 * open ──► failed   a statement failed: PostgreSQL would answer COMMIT with a silent ROLLBACK, so
 *   │        │      the transaction fails even if `work` swallows the error
 *   └────────┴───► ended   a step that comes later would run outside the transaction, so it throws
 */
class Steps implements Tx {
  readonly #scope: Scope
  readonly #name: string
  readonly #proving: Crediting['proving']
  readonly #unproved: WeakSet<object>
  readonly #underWay = new Set<Promise<unknown>>()
  #failure: { readonly error: unknown } | null = null
  #ended = false

  constructor({ scope, name, proving, unproved }: StepsParts) {
    this.#scope = scope
    this.#name = name
    this.#proving = proving
    this.#unproved = unproved
  }

  async take<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      const result = await work(this)
      this.#ended = true
      // A step that `work` did not wait for may fail yet, and take the whole transaction with it.
      await Promise.allSettled(this.#underWay)
      if (this.#failure !== null) throw this.#failure.error
      return result
    } finally {
      this.#ended = true
    }
  }

  lockOrder(
    key: OrderKey,
    { transactionId }: { transactionId: string | null } = { transactionId: null },
  ): Promise<LockedOrder | null> {
    return this.#step(`lock order ${quoted(key)}`, () =>
      lockOrder(this.#scope, { key, transactionId }),
    )
  }

  lockOrders(requested: readonly LockRequest[]): Promise<readonly LockedOrder[]> {
    return this.#step(`lock ${requested.length} orders`, () => lockOrders(this.#scope, requested))
  }

  async credit(credits: readonly Credit[]): Promise<readonly Order[]> {
    const [first, ...others] = credits
    const named = first && others.length === 0 ? `order ${quoted(first.order.orderNo)}` : null
    const proving = this.#proving ?? null
    try {
      return await this.#step(`credit ${named ?? `${credits.length} orders`}`, async () => {
        if (proving?.use.take() === false) throw new SequenceNeededError()
        return creditOrders(this.#scope, { credits, proving })
      })
    } catch (error) {
      // Of a group each is settled alone then: one order's bad proof must not cost the others theirs.
      const isAlone = credits.length === 1
      if (isAlone && proving !== null && mayBeTheProof(error)) this.#unproved.add(error)
      throw error
    }
  }

  changeStatus(
    order: Order,
    turn: { status: 'expired' | 'review'; event: NewOrderEvent },
  ): Promise<Order> {
    return this.#step(`make order ${quoted(order.orderNo)} ${turn.status}`, () =>
      changeStatus(this.#scope, { order, ...turn }),
    )
  }

  reschedule(order: Order, wait: { schedule: Schedule; event: NewOrderEvent }): Promise<Order> {
    return this.#step(`let order ${quoted(order.orderNo)} wait`, () =>
      reschedule(this.#scope, { order, ...wait }),
    )
  }

  addLateChecks(order: Order): Promise<void> {
    return this.#step(`add late checks of order ${quoted(order.orderNo)}`, () =>
      addLateChecks(this.#scope, order),
    )
  }

  countLateCheck(order: Order): Promise<void> {
    return this.#step(`count a late check of order ${quoted(order.orderNo)}`, () =>
      countLateCheck(this.#scope, order),
    )
  }

  correct(order: Order, change: Parameters<Tx['correct']>[1]): Promise<Order> {
    return this.#step(`correct order ${quoted(order.orderNo)}`, () =>
      correctOrder(this.#scope, { order, ...change }),
    )
  }

  abandon(order: Order, { event }: { event: NewOrderEvent }): Promise<Order> {
    return this.#step(`give up order ${quoted(order.orderNo)}`, () =>
      abandonOrder(this.#scope, { order, event }),
    )
  }

  dismiss(order: Order, dismissal: Parameters<Tx['dismiss']>[1]): Promise<Order> {
    return this.#step(`dismiss order ${quoted(order.orderNo)}`, () =>
      dismissOrder(this.#scope, { order, ...dismissal }),
    )
  }

  reopen(order: Order, { event }: { event: NewOrderEvent }): Promise<Order> {
    return this.#step(`reopen order ${quoted(order.orderNo)}`, () =>
      reopenOrder(this.#scope, { order, event }),
    )
  }

  reviewTrail(key: OrderKey): Promise<ReviewTrail> {
    return this.#step(`read the trail of order ${quoted(key)}`, () => readTrail(this.#scope, key))
  }

  secondNeeded(key: OrderKey): Promise<OrderEvent | null> {
    return this.#step(`read the requests of order ${quoted(key)}`, () =>
      readSecondNeeded(this.#scope, key),
    )
  }

  refundNotices(key: OrderKey): Promise<readonly OrderEvent[]> {
    return this.#step(`read the refunds of order ${quoted(key)}`, () =>
      readRefundNotices(this.#scope, key),
    )
  }

  concerned(requests: readonly LockRequest[]): ReturnType<Tx['concerned']> {
    return this.#step('read refunds', () => concernedOrders(this.#scope, requests))
  }

  exceptionsOf(number: Parameters<Tx['exceptionsOf']>[0]): ReturnType<Tx['exceptionsOf']> {
    return this.#step(`read the exceptions of order ${quoted(number.orderNo)}`, () =>
      exceptionsOf(this.#scope, number),
    )
  }

  changeExceptions(
    changes: Parameters<Tx['changeExceptions']>[0],
  ): ReturnType<Tx['changeExceptions']> {
    return this.#step('open and close exceptions', () => changeExceptions(this.#scope, changes))
  }

  holdPayment(payment: Parameters<Tx['holdPayment']>[0]): Promise<void> {
    return this.#step('open and close exceptions', () => holdPayment(this.#scope, payment))
  }

  keepNotice(early: Parameters<Tx['keepNotice']>[0]): Promise<void> {
    return this.#step('keep a refund', () => keepNotice(this.#scope, early))
  }

  keptNotices(payment: Parameters<Tx['keptNotices']>[0]): ReturnType<Tx['keptNotices']> {
    return this.#step('read refunds', () => keptNotices(this.#scope, payment))
  }

  takeNotices(payment: Parameters<Tx['takeNotices']>[0]): ReturnType<Tx['takeNotices']> {
    return this.#step('read refunds', () => takeNotices(this.#scope, payment))
  }

  appendEvent(key: OrderKey, event: NewOrderEvent): Promise<void> {
    return this.#step(`add an event to order ${quoted(key)}`, () =>
      appendEvent(this.#scope, { key, event }),
    )
  }

  execute(statement: string, values: readonly unknown[]): Promise<readonly Row[]> {
    return this.#step('execute a statement of the embedder', async () => {
      const arrays = values.filter((value) => Array.isArray(value) || ArrayBuffer.isView(value))
      assert(arrays.length === 0, 'the databases differ in arrays and bytes: pass them as text')
      const { rows } = await this.#scope.db.executeQuery<Row>(
        CompiledQuery.raw(statement, [...values]),
      )
      return rows
    })
  }

  async #step<T>(action: string, work: () => Promise<T>): Promise<T> {
    assert(!this.#ended, `Cannot ${action}: its transaction has ended`)
    const step = attempt({ name: this.#name, action }, work)
    this.#underWay.add(step)
    try {
      return await step
    } catch (error) {
      this.#failure ??= { error }
      throw error
    }
  }
}
