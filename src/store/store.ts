import type { Transfer } from '../domain/ledger/transfer.ts'
import type { DueMerchant, MerchantIdentity } from '../domain/merchant.ts'
import type { Fen } from '../domain/money.ts'
import type {
  Merchant,
  NewOrder,
  NewOrderEvent,
  Order,
  OrderEvent,
  OrderKey,
  Review,
  ReviewTrail,
} from '../domain/order.ts'
import type { OrderStatus, Source } from '../domain/order-states.ts'
import type { OpenExceptions } from '../domain/review/exception.ts'
import type { RateLimiter } from '../domain/runs/rate-limiter.ts'
import type { FinishedRun, NewRun, OpenedRun, Run, RunResult } from '../domain/runs/run.ts'
import type { Schedule } from '../domain/runs/schedule.ts'
import type { SignedWords } from '../domain/trade.ts'
import type { ExceptionStore, ExceptionTx } from './exceptions/exception-store.ts'
import type { EventStore } from './outbox/event-store.ts'
import type { Page, PageRequest } from './page.ts'
import type { AuditedOrder, ProofStore } from './proofs/proof-store.ts'
import type { HeldRights } from './schema/held.ts'
import type { MigrateOptions, SchemaState } from './schema/state.ts'
import type { WriteFault } from './sql/upkeep/write-probe.ts'
import type { WebhookStore } from './webhooks/webhook-store.ts'

export type { Page, PageRequest } from './page.ts'

/**
 * Where orders, the ledger and runs are stored. Methods throw `StoreError` when the database is not
 * available; the outcome is then unknown, and the caller tries again.
 */
export interface Store extends ProofStore, EventStore, ExceptionStore, WebhookStore {
  readonly kind: 'pglite' | 'postgres'

  /**
   * Everything `work` writes is committed together, or nothing is; what it throws is thrown. `work`
   * may run again from the start after a deadlock, whose first run left nothing behind, so it must
   * do nothing outside its transaction. Inside it, use `tx` only: the embedded database has one
   * connection, and another method of the store would wait for its own transaction.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>

  /** Stores the order with its `created`/`adopted` event, or finds the one that has its key or number. */
  insertOrder(order: NewOrder, event: NewOrderEvent): Promise<Insertion>
  /** The same for many orders without keys, all in one statement: all are stored, or none is. */
  insertOrders(additions: readonly OrderAddition[]): Promise<readonly Insertion[]>
  /**
   * Remembers the code to scan, with its `prepaid` event, and that the gateway knows the order. An order
   * that is not pending any more keeps the event alone: then null.
   */
  setCodeUrl(
    key: OrderKey,
    update: { codeUrl: string; codeLifeMs: number; event: NewOrderEvent },
  ): Promise<Order | null>
  /**
   * One order; null when it is not here. As every method that reads, it throws `StoreError` when the
   * database is not available.
   */
  findOrder(key: OrderKey): Promise<Order | null>
  /** The orders with this number, each of another merchant. */
  findOrders(orderNo: string): Promise<readonly Order[]>
  /** Orders, newest first. */
  listOrders(filter: OrderFilter): Promise<Page<Order>>
  /** The timeline of an order, oldest first. */
  listOrderEvents(key: OrderKey, page: PageRequest): Promise<Page<OrderEvent>>
  /** The same, newest first. */
  latestOrderEvents(key: OrderKey, page: PageRequest): Promise<Page<OrderEvent>>
  /** Appends to the timeline of an order whose state stays. Throws for an order that is not here. */
  appendEvent(key: OrderKey, event: NewOrderEvent): Promise<void>

  /** Orders that wait for a person, oldest first; or those that a person dismissed. */
  listReviews(filter: ReviewFilter): Promise<Page<Review>>
  /** Of any order, whatever its state. */
  findReview(key: OrderKey): Promise<Review | null>

  /** What was credited to a user, in fen; 0 for a user that was never seen. */
  balance(userId: string): Promise<Balance>
  /** The credits of a user with the balance after each, oldest first. */
  listEntries(userId: string, page: PageRequest): Promise<Page<StatementEntry>>
  /** The same, newest first. */
  latestEntries(userId: string, page: PageRequest): Promise<Page<StatementEntry>>
  /** The order that this payment credited. */
  findOrderByTransaction(payment: Payment): Promise<Order | null>
  /** What was booked for an order, row by row. */
  ledgerOf(key: OrderKey): Promise<OrderLedger>

  /**
   * Credits through the accounts of merchants at their gateways, the newest first: by their ids, which
   * were given in about the order of `at`. One that is being committed may yet appear before others.
   */
  listCredits(request: CreditsRequest): Promise<readonly Credited[]>

  /**
   * Claims what is due, and leases it for `leaseMs`: orders that the gateway knows, longest waiting
   * first; of the others, as long as there are known ones, no more than their shares.
   */
  claimDue(claim: Due & { readonly leaseMs: number }): Promise<readonly ClaimedOrder[]>
  /** Expired orders whose late check is due, leased likewise. */
  claimLate(claim: LateClaim): Promise<readonly ClaimedOrder[]>
  /** The same orders without claiming them. */
  peekDue(peek: Due): Promise<readonly Order[]>
  /** How many orders are due now, counted up to `countMax`. Reads as many index entries: once an interval. */
  countDue(due: Omit<Due, 'limit'> & { readonly countMax: number }): Promise<number>
  /** Gives claimed orders back without a query: due again when they were due before. */
  release(claimed: readonly ClaimedOrder[]): Promise<void>
  /**
   * Reschedules claimed orders, each with its event. Returns the keys of those that still were as
   * they were claimed, and that no other transaction held; of the others nothing is written.
   */
  waitAsClaimed(waits: readonly ClaimedWait[]): Promise<ReadonlySet<OrderKey>>

  /**
   * Opens a run; with a slot, only if no other run has it. First it repairs what crashes and wrong
   * clocks left behind. Runs left `running` by a process that died become `stopped`: those older than a
   * day, on the embedded database those of any process before this one. Orders that are due later than
   * any schedule or lease reaches become due.
   */
  openRun(run: NewRun): Promise<OpenedRun>
  /** Ends a run, and records what became of its orders. */
  finishRun(runId: string, end: FinishedRun): Promise<Run>
  /** Runs, newest first. */
  listRuns(page: PageRequest): Promise<Page<Run>>
  /** With the node that makes it, or made it. */
  findRun(runId: string): Promise<{ run: Run; results: readonly RunResult[]; node: string } | null>

  /**
   * Removes one portion of what carries no money: runs with their results, and of orders that have
   * ended the answers and closings that changed nothing. To be called again while there is `more`.
   */
  prune(request: Prune): Promise<Pruned>
  /**
   * Frees dead rows and refreshes statistics (VACUUM ANALYZE) of the embedded database, which has no
   * autovacuum; at most once in `everyMs`. True when it was done now.
   */
  vacuum(request: { readonly everyMs: number }): Promise<boolean>

  /** Logs somebody in to the console, on all nodes. */
  openSession(session: NewSession): Promise<Session>
  /** Null: there is none, it was logged out, or it is over. */
  findSession(keyHash: string): Promise<Session | null>
  /** Logs out, on all nodes. The name of who it was; null: there was no such session. */
  endSession(keyHash: string): Promise<string | null>
  /** Those that hold, the newest first. */
  listSessions(page: PageRequest): Promise<Page<ListedSession>>
  /** Logs out one, or all of a token, on all nodes. Those that were ended. */
  endSessions(
    which: { readonly id: string } | { readonly tokenName: string },
  ): Promise<readonly ListedSession[]>

  /** Shared by all processes that share the database. */
  readonly rateLimiter: RateLimiter

  /** Rows that break an invariant, counted; all 0 when all is well. */
  audit(): Promise<Audit>
  /** The orders behind one of its counts, at most `limit`. Takes as long as to count them. */
  auditRows(
    name: keyof Audit,
    options: { readonly limit: number },
  ): Promise<readonly AuditedOrder[]>
  /** For metrics and readiness. Ages and delays are of the orders of these merchants, at least one. */
  vitals(merchants: readonly DueMerchant[]): Promise<Vitals>
  /** The ages and delays of each merchant, in their order. */
  merchantWaits(merchants: readonly DueMerchant[]): Promise<readonly MerchantWaits[]>
  /** The database's time. Needs no table, so it also shows whether the database answers at all. */
  now(): Promise<Date>
  /** Why nothing can be written, found by writing; null: a write has just been made. */
  writeFault(): Promise<WriteFault | null>
  /** Open orders by the merchant that they belong to. Reads all of them: for a start, not for each scrape. */
  openOrders(): Promise<readonly (Merchant & { readonly count: number })[]>
  /** How the tables stand against this program. Changes nothing. */
  schema(): Promise<SchemaState>
  /**
   * Brings the schema up to date; returns the names of what was applied here. Steps that a program of
   * the version before cannot live with are applied to a new database, and to others only with `breaking`.
   * Throws `MigrationRightsError` where something is missing, and the user may not make it.
   */
  migrate(options?: MigrateOptions): Promise<readonly string[]>
  /** What its user may do with the tables. Null: an embedded database, which has no users. */
  rights(): Promise<HeldRights | null>
  /** Ends its connections. `budan.close()` does it. */
  close(): Promise<void>
}

/** A step inside one transaction. Each writes its event in the same statement (I6). */
export interface Tx extends ExceptionTx {
  /** Locks the order's row until the end of the transaction. The decision is made on what this returns. */
  lockOrder(key: OrderKey, options?: { transactionId: string | null }): Promise<LockedOrder | null>
  /** The same of many different orders, but for those that somebody else holds, or that are not here. */
  lockOrders(requested: readonly LockRequest[]): Promise<readonly LockedOrder[]>
  /**
   * Posts the transfers and makes the orders paid: all of them, in their order. Throws
   * `StaleOrderError` if a row is not the one locked, or is in review and the event names no operator.
   */
  credit(credits: readonly Credit[]): Promise<readonly Order[]>
  /** Leaves late checks for an order that has expired without anybody saying that its trade has ended. */
  addLateChecks(order: Order): Promise<void>
  /** One of them was answered: the next comes later, or there is none. */
  countLateCheck(order: Order): Promise<void>
  /** Changes the facts of an adopted order of which nothing was credited. */
  correct(order: Order, change: { correction: Correction; event: NewOrderEvent }): Promise<Order>
  /** Makes a pending order without a code expired, and its Idempotency-Key free. */
  abandon(order: Order, change: { event: NewOrderEvent }): Promise<Order>
  /** Makes the order expired or review; out of review only with the event of an operator. */
  changeStatus(
    order: Order,
    turn: { status: 'expired' | 'review'; event: NewOrderEvent },
  ): Promise<Order>
  /** Leaves the state, and moves the next query. */
  reschedule(order: Order, wait: { schedule: Schedule; event: NewOrderEvent }): Promise<Order>
  /** Leaves the order in review, and takes it out of the queue. */
  dismiss(order: Order, dismissal: { payment: string | null; event: NewOrderEvent }): Promise<Order>
  /** Brings a dismissed order back to the queue. */
  reopen(order: Order, reopening: { event: NewOrderEvent }): Promise<Order>
  /** What the timeline says of its review, the writes of this transaction included. */
  reviewTrail(key: OrderKey): Promise<ReviewTrail>
  /** The request of the order that waits for a second person; null: none, or the order was changed since. */
  secondNeeded(key: OrderKey): Promise<OrderEvent | null>
  /** The notices of refunds of the order so far, oldest first. */
  refundNotices(key: OrderKey): Promise<readonly OrderEvent[]>
  /**
   * Those of the orders that `isConcerned` is true of by now. Where a row was waited for, `LockedOrder` has
   * it as it was before the wait.
   */
  concerned(requests: readonly LockRequest[]): Promise<ReadonlySet<OrderKey>>
  /** Leaves the order as it is. */
  appendEvent(key: OrderKey, event: NewOrderEvent): Promise<void>
  /**
   * For embedders' `onPaid`: a statement of their own, with `$1, $2, …`, in this transaction.
   * Values are text, numbers, bigints, booleans, dates, null, or objects for a json column; no
   * arrays and no bytes. `bigint` columns come back as bigint, times as Date.
   */
  execute(statement: string, values: readonly unknown[]): Promise<readonly Row[]>
}

/** An order to be locked for an answer. */
export interface LockRequest {
  readonly key: OrderKey
  /** The payment that the answer is about, to find another order that was credited for it. */
  readonly transactionId: string | null
}

/** A credit to be posted. */
export interface Credit {
  readonly order: Order
  readonly transfer: Transfer
  readonly source: Source
  readonly event: NewOrderEvent
  /** What the gateway signed; null or absent: it signs nothing. */
  readonly words?: SignedWords | null
}

/** The next step of a claimed order in its schedule, with the event that says why. */
export interface ClaimedWait {
  readonly claimed: ClaimedOrder
  readonly schedule: Schedule
  readonly event: NewOrderEvent
}

/** A row that a statement of an embedder gave back, by the names of its columns. */
export type Row = Readonly<Record<string, unknown>>

/** The facts of an adopted order that can be corrected, and when it is queried then. */
export type Correction = Pick<
  Order,
  'userId' | 'amount' | 'appid' | 'expiresAt' | 'watchedUntil' | 'nextCheckAt'
>

/** An order whose row is held until the end of the transaction. */
export interface LockedOrder {
  readonly order: Order
  /** The database's time. */
  readonly now: Date
  /** The number of another order that was credited for the requested transaction id, if any. */
  readonly transactionOwner: string | null
  /** Whether exceptions of its number, or notices of refunds, are there; where an answer names a payment. */
  readonly isConcerned: boolean
}

/** Which expired orders a claim of late checks takes. `leaseMs` is how long they are held. */
export interface LateClaim {
  readonly merchant: DueMerchant
  readonly limit: number
  readonly leaseMs: number
}

/** Which due orders a claim takes. */
export interface Due {
  readonly merchant: DueMerchant
  readonly thresholdMs: number
  readonly limit: number
  /** Skips this many of the youngest orders, and goes back in time: for probes. */
  readonly youngestFrom?: number
  /**
   * No schedule and no lease reaches further than this. What lies beyond was written by a clock that
   * was wrong: an order created there is not young. Absent: it is young.
   */
  readonly farthestMs?: number
}

/** An order that a run holds for a while. */
export interface ClaimedOrder {
  readonly order: Order
  /** Its `nextCheckAt` before the claim. */
  readonly dueAt: Date
}

/** An order to store, with the event that it begins with. */
export interface OrderAddition {
  readonly order: NewOrder
  readonly event: NewOrderEvent
}

/**
 * `exists`: the merchant's Idempotency-Key (looked up first), or else its order number, was there
 * before. `upgrade_pending`: another merchant has them, which stands in the way until the breaking step
 * of the schema, see `migrate()`.
 */
export type Insertion =
  | { readonly kind: 'inserted'; readonly order: Order }
  | { readonly kind: 'exists'; readonly by: 'key' | 'number'; readonly order: Order }
  | { readonly kind: 'upgrade_pending' }

/** Orders and runs are listed newest first, events and entries oldest first unless they are the latest. */
export interface OrderFilter extends PageRequest {
  readonly status: OrderStatus | null
  readonly userId: string | null
  /** Null or absent: of all. */
  readonly merchant?: MerchantIdentity | null | undefined
}

/** Which orders in review: the queue, or those that were dismissed. */
export interface ReviewFilter extends PageRequest, Pick<OrderFilter, 'merchant'> {
  readonly dismissed: boolean
}

/** What was credited to a user, in fen. */
export interface Balance {
  readonly userId: string
  readonly balance: Fen
  readonly currency: string
}

/** One credit on a user's account. Amounts are in fen. */
export interface StatementEntry {
  readonly id: string
  readonly orderNo: string
  /** Whose order it is. Null: the transfer, which says it, was lost. */
  readonly merchant: MerchantIdentity | null
  readonly transactionId: string
  readonly amount: Fen
  readonly currency: string
  /** Balance after this entry. */
  readonly balance: Fen
  readonly at: Date
}

/** Which credits to list. */
export interface CreditsRequest {
  /** One at least. */
  readonly merchants: readonly MerchantIdentity[]
  /** Only those before this one; null: from the newest. */
  readonly beforeId: string | null
  readonly limit: number
}

/** One credit, with the way it was found. */
export interface Credited {
  readonly id: string
  /** When the order was credited. */
  readonly at: Date
  readonly source: Source
  /** As the gateway dates it; null where it did not say. */
  readonly paidAt: Date | null
}

/** A payment by the gateway's own number. */
export interface Payment {
  readonly gateway: string
  readonly transactionId: string
}

/** One transfer with two entries, or nothing, as long as no constraint was ever broken. */
export interface OrderLedger {
  readonly transfers: readonly PostedTransfer[]
  readonly entries: readonly PostedEntry[]
}

/** A transfer as it was booked. Amounts are in fen. */
export interface PostedTransfer extends Merchant, Payment {
  readonly amount: Fen
  readonly currency: string
  readonly paidAt: Date | null
  readonly at: Date
}

/** One half of a transfer. Amounts are in fen; the two of a transfer sum to zero. */
export interface PostedEntry {
  readonly id: string
  readonly account: string
  readonly amount: Fen
  readonly currency: string
  readonly at: Date
}

/** Rows that break an invariant, counted. All are 0 when all is well. */
export interface Audit {
  readonly paid_not_credited: number
  readonly credited_not_paid: number
  readonly credited_twice: number
  readonly unbalanced: number
  /** Transfers whose facts are not their order's (I2). */
  readonly mismatched: number
  /** Orders whose state has no event (I6). */
  readonly unexplained: number
}

/** Of the console. */
export interface NewSession {
  /** Of the key that the browser has. */
  readonly keyHash: string
  /** Of the token that was entered. */
  readonly tokenName: string
  /** Goes with key and token: with another token the session is over. */
  readonly tokenMark: string
  /** Where it was entered from. */
  readonly address: string | null
  readonly lifeMs: number
}

/** A login that holds: of whom, and until when. */
export interface Session {
  readonly tokenName: string
  readonly tokenMark: string
  readonly expiresAt: Date
}

/** A login as people are shown it. */
export interface ListedSession {
  /**
   * The beginning of the key's hash: enough to name the row. Neither it nor the whole hash opens
   * anything, and the key cannot be computed from them.
   */
  readonly id: string
  readonly tokenName: string
  readonly address: string | null
  readonly createdAt: Date
  readonly expiresAt: Date
}

/** What is to be removed. */
export interface Prune {
  /** 7 days at least: the schema keeps what is younger. */
  readonly olderThanMs: number
  /** Orders, and runs, in one portion. */
  readonly limit: number
}

/** What was removed; `more` is left. */
export interface Pruned {
  readonly runs: number
  readonly events: number
  readonly more: boolean
}

/** How orders and runs stand, for metrics and readiness. */
export interface Vitals {
  readonly now: Date
  /**
   * Exact up to 10,000 each, and beyond that the planner's estimate, some per cent off, because
   * counting millions at each scrape is too dear.
   */
  readonly ordersByStatus: Readonly<Record<OrderStatus, number>>
  /** In review and not dismissed. Counted up to 10,001. */
  readonly reviewQueue: number
  readonly exceptions: OpenExceptions
  /**
   * How long ago the oldest pending order was placed or adopted that no answer has moved along its
   * schedule yet, however young it is: the reader compares it with the threshold. Null: there is none.
   */
  readonly oldestUnaskedMs: number | null
  /**
   * How long the most overdue pending order has waited past its `nextCheckAt`, and since it was placed
   * or adopted. A new order is due at once, so up to the threshold plus an interval is as it should be. Null when none is due. Orders
   * that the gateway has never known wait behind all others, and are not counted here.
   */
  readonly mostOverdueMs: number | null
  /** Published events that have waited for their position for over a minute. Counted up to 10,001. */
  readonly unpositioned: number
  /** Of runs that were to credit; dry runs keep no promise. */
  readonly lastFinishedRunAt: Date | null
}

/** Of one merchant: see `Vitals`. */
export type MerchantWaits = Pick<Vitals, 'oldestUnaskedMs' | 'mostOverdueMs'>
