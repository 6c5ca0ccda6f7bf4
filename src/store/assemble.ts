import { sql } from 'kysely'
import type { ProofKey } from '../config/config.ts'
import type { Clock } from '../domain/clock.ts'
import { MemoryRateLimiter, type RateLimiter } from '../domain/runs/rate-limiter.ts'
import { ProofKeys } from '../proof/keys.ts'
import { type Connection, type Database, readNow, type Scope, scopeOn } from './database.ts'
import { GrantError } from './errors.ts'
import { closeException, findException } from './exceptions/change.ts'
import { pruneNotices } from './exceptions/early-notices.ts'
import { listExceptions, openExceptions } from './exceptions/list.ts'
import { type Attempt, attempt, pastConflicts, quoted } from './failure.ts'
import { joinedClaims } from './joined/claims.ts'
import { joinedLookups } from './joined/lookups.ts'
import { type Migrations, migrations as ownMigrations } from './migrations/index.ts'
import { positionEvents } from './outbox/position-events.ts'
import { pruneEvents } from './outbox/prune-events.ts'
import { readEvents } from './outbox/read-events.ts'
import { dayOf } from './proofs/prove.ts'
import { creditsToVerify, proofCounts, proofsWithoutCredit } from './proofs/read.ts'
import { isOldSealed, sealOldPortion } from './proofs/seal-old.ts'
import { Sequences } from './proofs/sequences.ts'
import { readHeldRights } from './schema/held.ts'
import { migrateToLatest, schemaState } from './schema/migrate.ts'
import {
  claimDueOfEach,
  claimYoungest,
  countDue,
  openOrders,
  peekDue,
  release,
} from './sql/claims/claim.ts'
import { ClaimCursor } from './sql/claims/claim-cursor.ts'
import { claimLate } from './sql/claims/late-checks.ts'
import { waitAsClaimed } from './sql/claims/unpaid-batch.ts'
import {
  endSession,
  endSessions,
  findSession,
  listSessions,
  openSession,
} from './sql/console-sessions.ts'
import { appendEvent, latestOrderEvents, listOrderEvents } from './sql/events.ts'
import { auditRows, countAll } from './sql/ledger/audit.ts'
import { listCredits } from './sql/ledger/credits.ts'
import { balanceOf, latestEntries, listEntries } from './sql/ledger/ledger.ts'
import { findOrderByTransaction, ledgerOf } from './sql/ledger/order-ledger.ts'
import {
  findOrder,
  findOrders,
  insertOrder,
  insertOrders,
  isOrderNo,
  listOrders,
  setCodeUrl,
} from './sql/orders.ts'
import { findReview, listReviews } from './sql/reviews.ts'
import { penalize, reserve } from './sql/runs/quota.ts'
import { findRun, finishRun, listRuns, openRun, repairBefore } from './sql/runs/runs.ts'
import { prune } from './sql/upkeep/retention.ts'
import { vacuum } from './sql/upkeep/vacuum.ts'
import { readMerchantWaits, readVitals } from './sql/upkeep/vitals.ts'
import { WriteProbe } from './sql/upkeep/write-probe.ts'
import type { OrderAddition, Store } from './store.ts'
import { transact, transactWithSequence } from './transaction.ts'
import { webhooksOn } from './webhooks/webhooks-on.ts'

/** A portion holds its orders' rows for some hundredths of a second. */
const sealedAtOnce = 500

function storing([first, ...others]: readonly OrderAddition[]): string {
  return first !== undefined && others.length === 0
    ? `store order ${quoted(first.order.orderNo)}`
    : `store ${others.length + 1} orders`
}

export interface StoreParts {
  readonly clock?: Clock
  readonly migrations?: Migrations
  readonly proofKeys?: readonly ProofKey[] | undefined
}

/** The store on an open database, which it closes. With other migrations it is another version's. */
export function storeOn(
  database: Database,
  { clock, migrations = ownMigrations, proofKeys = [] }: StoreParts = {},
): Store {
  const { kind, name } = database
  const keys = new ProofKeys(proofKeys)
  const sealing = keys.current
  const scope = scopeOn(database.db, { clock, sealing })
  const proofFaults = new Set<(error: Error) => void>()
  const transacting = {
    ...{ database, clock, sealing, keys, sequences: new Sequences(keys) },
    onProofFault: (error: Error) => {
      for (const listener of proofFaults) listener(error)
    },
  }
  const writeProbe = new WriteProbe(database.db)
  const to: Attempt = (action, work) =>
    writeProbe.watch(attempt({ name, action }, () => pastConflicts(work)))
  const on = { database, clock, scope, to }
  return {
    kind,
    transaction: (work) => writeProbe.watch(transact(transacting, work)),
    ...ordersOn(on),
    ...reviewsOn(on),
    ...ledgerOn(on),
    ...claimsOn(on),
    ...runsOn(on),
    ...sessionsOn(on),
    ...outboxOn(on),
    ...webhooksOn(scope, to),
    rateLimiter: rateLimiterOn(database),
    ...proofsOn(on, transacting),
    onProofFault: (listener) => void proofFaults.add(listener),
    ...auditOn(on),
    ...healthOn(on),
    writeFault: () => writeProbe.fault(),
    ...schemaOn(on, migrations),
    close: () => database.close(),
  }
}

/** What the functions of the store need. */
interface StoreContext {
  readonly database: Database
  readonly clock: Clock | undefined
  readonly scope: Scope
  readonly to: Attempt
}

function ordersOn({ scope, to }: StoreContext) {
  const lookUp = joinedLookups((numbers) => findOrders(scope, numbers))
  return {
    insertOrder: (order, event) =>
      to(`store order ${quoted(order.orderNo)}`, () => insertOrder(scope, { order, event })),
    insertOrders: (additions) => to(storing(additions), () => insertOrders(scope, additions)),
    setCodeUrl: (key, code) =>
      to(`store the code of order ${quoted(key)}`, () => setCodeUrl(scope, { key, ...code })),
    findOrder: (key) => to(`find order ${quoted(key)}`, () => findOrder(scope, key)),
    // Judged alone, so that what is no number at all fails nobody else.
    findOrders: (orderNo) =>
      to(`find order ${quoted(orderNo)}`, async () => (isOrderNo(orderNo) ? lookUp(orderNo) : [])),
    listOrders: (filter) => to('list orders', () => listOrders(scope, filter)),
    listOrderEvents: (key, page) =>
      to(`list the events of order ${quoted(key)}`, () => listOrderEvents(scope, { key, ...page })),
    latestOrderEvents: (key, page) =>
      to(`list the latest events of order ${quoted(key)}`, () =>
        latestOrderEvents(scope, { key, ...page }),
      ),
    appendEvent: (key, event) =>
      to(`add an event to order ${quoted(key)}`, () => appendEvent(scope, { key, event })),
  } satisfies Partial<Store>
}

function reviewsOn({ scope, to }: StoreContext) {
  return {
    listReviews: (filter) => to('list reviews', () => listReviews(scope, filter)),
    findReview: (key) =>
      to(`find the review of order ${quoted(key)}`, () => findReview(scope, key)),

    listExceptions: (filter) => to('list exceptions', () => listExceptions(scope, filter)),
    findException: (id) => to(`find exception ${quoted(id)}`, () => findException(scope, id)),
    closeException: (id, closing) =>
      to(`close exception ${quoted(id)}`, () => closeException(scope, { id, ...closing })),
    openExceptions: () => to('count open exceptions', () => openExceptions(scope)),
    pruneNotices: (request) => to('prune', () => pruneNotices(scope, request)),
  } satisfies Partial<Store>
}

function ledgerOn({ scope, to }: StoreContext) {
  return {
    balance: (userId) =>
      to(`read the balance of user ${quoted(userId)}`, () => balanceOf(scope, userId)),
    listEntries: (userId, page) =>
      to(`list the entries of user ${quoted(userId)}`, () =>
        listEntries(scope, { userId, ...page }),
      ),

    listCredits: (request) => to('list credits', () => listCredits(scope, request)),

    latestEntries: (userId, page) =>
      to(`list the latest entries of user ${quoted(userId)}`, () =>
        latestEntries(scope, { userId, ...page }),
      ),
    findOrderByTransaction: (payment) =>
      to(`find the order of transaction ${quoted(payment.transactionId)}`, () =>
        findOrderByTransaction(scope, payment),
      ),
    ledgerOf: (key) => to(`read the ledger of order ${quoted(key)}`, () => ledgerOf(scope, key)),
  } satisfies Partial<Store>
}

function claimsOn({ scope, to }: StoreContext) {
  const cursor = new ClaimCursor()
  const claimJoined = joinedClaims((claim) =>
    to('claim due orders', () => claimDueOfEach(scope, { ...claim, cursor })),
  )
  return {
    claimDue: ({ youngestFrom, ...claim }) =>
      youngestFrom === undefined
        ? claimJoined(claim)
        : to('claim due orders', () => claimYoungest(scope, { ...claim, youngestFrom })),
    claimLate: (claim) => to('claim late checks', () => claimLate(scope, claim)),
    peekDue: (peek) => to('read due orders', () => peekDue(scope, peek)),
    countDue: (due) => to('count due orders', () => countDue(scope, due)),
    // They are due again, and first.
    release: (claimed) =>
      to(`give back ${claimed.length} orders`, () => release(scope, claimed)).finally(() => {
        for (const { order } of claimed) cursor.forget(order)
      }),
    waitAsClaimed: (waits) =>
      to(`let ${waits.length} orders wait`, () => waitAsClaimed(scope, waits)),
  } satisfies Partial<Store>
}

function runsOn({ database, clock, scope, to }: StoreContext) {
  const abandoned = abandonedBefore(database, clock)
  return {
    openRun: (run) =>
      to('open a run', async () => {
        await repairBefore(scope, { ...run, before: abandoned() })
        return openRun(scope, run)
      }),
    finishRun: (runId, end) =>
      to(`finish run ${quoted(runId)}`, () => finishRun(scope, { runId, ...end })),
    listRuns: (page) => to('list runs', () => listRuns(scope, page)),
    findRun: (runId) => to(`find run ${quoted(runId)}`, () => findRun(scope, runId)),
  } satisfies Partial<Store>
}

function sessionsOn({ scope, to }: StoreContext) {
  return {
    openSession: (session) => to('open a session', () => openSession(scope, session)),
    findSession: (keyHash) => to('find a session', () => findSession(scope, keyHash)),
    endSession: (keyHash) => to('end a session', () => endSession(scope, keyHash)),
    listSessions: (page) => to('list sessions', () => listSessions(scope, page)),
    endSessions: (which) => to('end sessions', () => endSessions(scope, which)),
  } satisfies Partial<Store>
}

function outboxOn({ scope, to }: StoreContext) {
  return {
    positionEvents: (request) =>
      to('give events their positions', () => positionEvents(scope, request)),
    readEvents: (request) => to('read events', () => readEvents(scope, request)),
    pruneEvents: (request) => to('prune events', () => pruneEvents(scope, request)),
  } satisfies Partial<Store>
}

function proofsOn(
  { database, clock, to }: StoreContext,
  { sequences }: { readonly sequences: Sequences },
) {
  const { patientDb } = database
  return {
    proofCounts: () => to('read proofs', () => proofCounts(patientDb)),
    creditsToVerify: (page) => to('read proofs', () => creditsToVerify(patientDb, page)),
    proofsWithoutCredit: (options) =>
      to('read proofs', () => proofsWithoutCredit(patientDb, options)),
    isOldSealed: () => to('read proofs', () => isOldSealed(database.db)),
    sealOld: (at) => {
      const use = sequences.use()
      if (use === null) return Promise.resolve(null)
      const today = dayOf(clock?.() ?? new Date())
      const portion = { use, at, today, limit: sealedAtOnce }
      const work = (db: Connection) => sealOldPortion(db, portion)
      return to('seal orders and credits', () => transactWithSequence(database, { use, work }))
    },
  } satisfies Partial<Store>
}

function auditOn({ database: { patientDb }, to }: StoreContext) {
  return {
    audit: () => to('audit', () => countAll(patientDb)),
    auditRows: (name, { limit }) =>
      to(`list what the audit counts as ${name}`, () => auditRows(patientDb, { name, limit })),
  } satisfies Partial<Store>
}

/** What is counted and read for people and monitors, and what keeps the tables small. */
function healthOn({ database: { kind }, scope, to }: StoreContext) {
  return {
    openOrders: () => to('count open orders', () => openOrders(scope)),
    prune: (request) => to('prune', () => prune(scope, request)),
    vacuum: (request) => to('vacuum', async () => kind === 'pglite' && vacuum(scope, request)),
    merchantWaits: (merchants) =>
      to('read how long orders wait', () => readMerchantWaits(scope, merchants)),
    vitals: (merchants) =>
      to('read the vital signs', () => readVitals(scope, { merchants, countMax })),
    now: () => to('read its time', () => readNow(scope)),
  } satisfies Partial<Store>
}

function schemaOn({ database, to }: StoreContext, migrations: Migrations) {
  const { kind, patientDb } = database
  return {
    schema: () =>
      to('read the state of the schema', () =>
        schemaState(database.db, migrations, database.schema),
      ),
    migrate: (options) =>
      to('migrate', async () => {
        if (kind === 'pglite' && options?.grants !== undefined)
          throw new GrantError(options.grants, { what: 'an embedded database has no roles' })
        return migrateToLatest(patientDb, migrations, { schema: database.schema, ...options })
      }),
    rights: () =>
      to('read the rights of its user', async () =>
        kind === 'pglite' ? null : readHeldRights(database.db, database.schema),
      ),
  } satisfies Partial<Store>
}

/** No other process has the embedded database open, so there the process keeps its quotas in memory. */
function rateLimiterOn({ kind, name, db }: Database): RateLimiter {
  if (kind === 'pglite') return new MemoryRateLimiter()
  const to = <T>(action: string, work: () => Promise<T>) => attempt({ name, action }, work)
  return {
    reserve: (wanted) =>
      to(`reserve slots of ${quoted(wanted.quota)}`, () => reserve({ db }, wanted)),
    penalize: (quota, reservedAt) =>
      to(`penalize ${quoted(quota)}`, () => penalize({ db }, { quota, reservedAt })),
  }
}

/**
 * Counted exactly up to here. Ten thousand index entries are a few milliseconds, and nobody acts on
 * the difference between 20,000 and 20,300. On the embedded database a count holds up everything
 * else: of a million orders that was a fifth of a second at each scrape and each page.
 */
const countMax = 10_000

/**
 * A run that began before this has lost its process: a run's deadline is far below a day. Nobody
 * else can have the embedded database open, so there it is also whatever began before we opened it.
 */
function abandonedBefore(database: Database, clock: Clock | undefined) {
  const openedAt = clock?.() ?? new Date()
  const { now } = scopeOn(database.db, { clock })
  const dayAgo = () => sql`${now()} - interval '1 day'`
  return database.kind === 'pglite'
    ? () => sql`greatest(${openedAt}::timestamptz(3), ${dayAgo()})`
    : dayAgo
}
