import { CompiledQuery, sql } from 'kysely'
import { assert } from '../domain/assert.ts'
import type { Clock } from '../domain/clock.ts'
import type { DerivedKey, ProofKeys } from '../proof/keys.ts'
import { sqlStateOf } from '../servers/sql-state.ts'
import { type Connection, type Database, type Scope, scopeOn } from './database.ts'
import { SequenceNeededError, StaleOrderError, StoreError, UnknownOutcomeError } from './errors.ts'
import { changeExceptions, exceptionsOf } from './exceptions/change.ts'
import { concernedOrders } from './exceptions/concern.ts'
import { holdPayment, keepNotice, keptNotices, takeNotices } from './exceptions/early-notices.ts'
import { type Attempt, attempt, pastConflicts, quoted } from './failure.ts'
import { dayOf } from './proofs/prove.ts'
import type { Sequences, SequenceUse } from './proofs/sequences.ts'
import { addLateChecks, countLateCheck } from './sql/claims/late-checks.ts'
import { appendEvent, readRefundNotices } from './sql/events.ts'
import { type Crediting, creditOrders } from './sql/ledger/ledger.ts'
import {
  abandonOrder,
  changeStatus,
  correctOrder,
  lockOrder,
  lockOrders,
  reschedule,
} from './sql/order-steps.ts'
import { dismissOrder, readSecondNeeded, readTrail, reopenOrder } from './sql/reviews.ts'
import type { Row, Tx } from './store.ts'

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

/**
 * Opens a sequence where one is needed: then null. Throws what has nothing to do with proofs, as where the
 * database is away: a credit is not left without its proof for that, it is made later.
 */
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
    (fault: unknown) => {
      if (mayBeTheProof(fault)) return fault
      // Not as it is: where its COMMIT was lost, that says nothing about the credit.
      throw fault instanceof StoreError
        ? new StoreError(fault.message, { cause: fault.cause })
        : fault
    },
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
  return committed({ db, name, use }, () => takeSteps({ scope, name, proving, unproved }, work))
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
  readonly proving: Required<Crediting>['proving']
  readonly unproved: WeakSet<object>
}

/**
 * open ──► failed   a statement failed: PostgreSQL would answer COMMIT with a silent ROLLBACK, so
 *   │        │      the transaction fails even if `work` swallows the error
 *   └────────┴───► ended   a step that comes later would run outside the transaction, so it throws
 */
async function takeSteps<T>(parts: StepsParts, work: (tx: Tx) => Promise<T>): Promise<T> {
  const underWay = new Set<Promise<unknown>>()
  const failures: unknown[] = []
  let ended = false
  const step: Attempt = async (action, run) => {
    assert(!ended, `Cannot ${action}: its transaction has ended`)
    const taken = attempt({ name: parts.name, action }, run)
    underWay.add(taken)
    try {
      return await taken
    } catch (error) {
      failures.push(error)
      throw error
    }
  }
  try {
    const result = await work(stepsOn(parts, step))
    ended = true
    // A step that `work` did not wait for may fail yet, and take the whole transaction with it.
    await Promise.allSettled(underWay)
    if (failures.length > 0) throw failures[0]
    return result
  } finally {
    ended = true
  }
}

function stepsOn({ scope, proving, unproved }: StepsParts, step: Attempt): Tx {
  return {
    lockOrder: (key, { transactionId } = { transactionId: null }) =>
      step(`lock order ${quoted(key)}`, () => lockOrder(scope, { key, transactionId })),
    lockOrders: (requested) =>
      step(`lock ${requested.length} orders`, () => lockOrders(scope, requested)),
    async credit(credits) {
      const [first, ...others] = credits
      const named = first && others.length === 0 ? `order ${quoted(first.order.orderNo)}` : null
      try {
        return await step(`credit ${named ?? `${credits.length} orders`}`, async () => {
          if (proving?.use.take() === false) throw new SequenceNeededError()
          return creditOrders(scope, { credits, proving })
        })
      } catch (error) {
        // Of a group each is settled alone then: one order's bad proof must not cost the others theirs.
        const isAlone = credits.length === 1
        if (isAlone && proving && mayBeTheProof(error)) unproved.add(error)
        throw error
      }
    },
    changeStatus: (order, turn) =>
      step(`make order ${quoted(order.orderNo)} ${turn.status}`, () =>
        changeStatus(scope, { order, ...turn }),
      ),
    reschedule: (order, wait) =>
      step(`let order ${quoted(order.orderNo)} wait`, () => reschedule(scope, { order, ...wait })),
    addLateChecks: (order) =>
      step(`add late checks of order ${quoted(order.orderNo)}`, () => addLateChecks(scope, order)),
    countLateCheck: (order) =>
      step(`count a late check of order ${quoted(order.orderNo)}`, () =>
        countLateCheck(scope, order),
      ),
    correct: (order, change) =>
      step(`correct order ${quoted(order.orderNo)}`, () =>
        correctOrder(scope, { order, ...change }),
      ),
    abandon: (order, { event }) =>
      step(`give up order ${quoted(order.orderNo)}`, () => abandonOrder(scope, { order, event })),
    dismiss: (order, dismissal) =>
      step(`dismiss order ${quoted(order.orderNo)}`, () =>
        dismissOrder(scope, { order, ...dismissal }),
      ),
    reopen: (order, { event }) =>
      step(`reopen order ${quoted(order.orderNo)}`, () => reopenOrder(scope, { order, event })),
    reviewTrail: (key) =>
      step(`read the trail of order ${quoted(key)}`, () => readTrail(scope, key)),
    secondNeeded: (key) =>
      step(`read the requests of order ${quoted(key)}`, () => readSecondNeeded(scope, key)),
    refundNotices: (key) =>
      step(`read the refunds of order ${quoted(key)}`, () => readRefundNotices(scope, key)),
    concerned: (requests) => step('read refunds', () => concernedOrders(scope, requests)),
    exceptionsOf: (number) =>
      step(`read the exceptions of order ${quoted(number.orderNo)}`, () =>
        exceptionsOf(scope, number),
      ),
    changeExceptions: (changes) =>
      step('open and close exceptions', () => changeExceptions(scope, changes)),
    holdPayment: (payment) => step('open and close exceptions', () => holdPayment(scope, payment)),
    keepNotice: (early) => step('keep a refund', () => keepNotice(scope, early)),
    keptNotices: (payment) => step('read refunds', () => keptNotices(scope, payment)),
    takeNotices: (payment) => step('read refunds', () => takeNotices(scope, payment)),
    appendEvent: (key, event) =>
      step(`add an event to order ${quoted(key)}`, () => appendEvent(scope, { key, event })),
    execute: (statement, values) =>
      step('execute a statement of the embedder', async () => {
        const arrays = values.filter((value) => Array.isArray(value) || ArrayBuffer.isView(value))
        assert(arrays.length === 0, 'the databases differ in arrays and bytes: pass them as text')
        const { rows } = await scope.db.executeQuery<Row>(CompiledQuery.raw(statement, [...values]))
        return rows
      }),
  }
}
