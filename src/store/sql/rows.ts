import { sql } from 'kysely'
import {
  type NewOrderEvent,
  type Order,
  type OrderEvent,
  type OrderKey,
  standings,
} from '../../domain/order.ts'
import { storedReason } from '../../domain/reason.ts'

/**
 * Rows are read by the names of the fields: `order_no as "orderNo"`. A new column is one line here,
 * and one in the type; a missing line is a type error. Each column is named, because one that a later
 * version adds must not break an older one that still runs.
 */
function selected<Row>(columns: Readonly<Record<keyof Row, string>>) {
  const pairs = Object.entries<string>(columns)
  return sql.raw(pairs.map(([field, column]) => `${column} as "${field}"`).join(', '))
}

/** An order as the columns have it. */
export interface OrderRow
  extends Omit<
    Order,
    'orderNo' | 'standing' | 'knownAt' | 'expiresAt' | 'watchedUntil' | 'dismissed'
  > {
  readonly standing: number
  /** Null in rows from before it was stored: then it is the creation. */
  readonly knownAt: Date | null
  readonly expiresAt: Date
  readonly watchedUntil: Date | null
  readonly dismissedAt: Date | null
  readonly dismissedPayment: string | null
}

export const orderColumns = selected<OrderRow>({
  key: 'order_no',
  userId: 'user_id',
  amount: 'amount',
  currency: 'currency',
  description: 'description',
  attach: 'attach',
  gateway: 'gateway',
  mchid: 'mchid',
  appid: 'appid',
  adopted: 'adopted',
  codeUrl: 'code_url',
  codeExpiresAt: 'code_expires_at',
  standing: 'standing',
  watchedUntil: 'watched_until',
  status: 'status',
  stateSeq: 'state_seq',
  createdAt: 'created_at',
  knownAt: 'known_at',
  expiresAt: 'expires_at',
  nextCheckAt: 'next_check_at',
  checks: 'checks',
  absentCount: 'absent_count',
  absentSince: 'absent_since',
  transactionId: 'transaction_id',
  paidAt: 'paid_at',
  creditedAt: 'credited_at',
  creditedBy: 'credited_by',
  dismissedAt: 'dismissed_at',
  dismissedPayment: 'dismissed_payment',
})

/**
 * The order number in a key. Keys of one merchant are its order numbers; those of the others have the
 * merchant's place in `merchants` behind a colon, which no order number has (see `budan_order_key`).
 */
export function numberOf(key: string): string {
  const [number = key] = key.split(':', 1)
  return number
}

export function orderOf({ dismissedAt, dismissedPayment, ...row }: OrderRow): Order {
  return {
    ...row,
    orderNo: numberOf(row.key),
    standing: standings[row.standing] ?? 'known',
    knownAt: row.knownAt ?? row.createdAt,
    // Where the end is not known, the column has `farEnd`.
    expiresAt: row.watchedUntil === null ? row.expiresAt : null,
    dismissed: dismissedAt && { at: dismissedAt, payment: dismissedPayment },
  }
}

/** As `orders.standing` has it: the position in the list, which the index of claims is ordered by. */
export function standingNumber(standing: Order['standing']): number {
  return standings.indexOf(standing)
}

/** In `orders.expires_at` of an order without a known end: no program closes a trade before it. */
export const farEnd = new Date('2999-12-31T00:00:00Z')

/** A coded reason as the columns have it. */
export interface ReasonColumns {
  readonly reasonCode: string | null
  readonly reasonParams: object | null
}

/** An event as the columns have it. */
export interface EventRow
  extends Omit<OrderEvent, 'id' | 'orderNo' | 'codedReason' | 'runId' | 'actor'>,
    ReasonColumns {
  readonly id: bigint
  readonly key: OrderKey
  readonly runId: bigint | null
  readonly actorName: string | null
  readonly actorAddress: string | null
}

export const eventColumns = selected<EventRow>({
  id: 'id',
  key: 'order_no',
  at: 'at',
  kind: 'kind',
  source: 'source',
  toStatus: 'to_status',
  stateSeq: 'state_seq',
  tradeState: 'trade_state',
  decision: 'decision',
  reason: 'reason',
  reasonCode: 'reason_code',
  reasonParams: 'reason_params',
  alarm: 'alarm',
  evidence: 'evidence',
  runId: 'run_id',
  node: 'node',
  operator: 'operator',
  actorName: 'actor_name',
  actorAddress: 'actor_address',
})

export function eventOf(row: EventRow): OrderEvent {
  const { key, reasonCode, reasonParams, actorName, actorAddress, ...event } = row
  return {
    ...event,
    orderNo: numberOf(key),
    id: String(row.id),
    kind: kindOf(row),
    codedReason: storedReason(reasonCode, reasonParams),
    runId: row.runId === null ? null : String(row.runId),
    actor: actorName === null ? null : { name: actorName, address: actorAddress },
  }
}

/**
 * A refund's notice is stored as an answer without a decision; there is no other such answer. A request
 * that needs a second person is stored as an answer that changed nothing. An older program can read both;
 * a kind that it does not know would be an error there.
 */
export function storedKind(kind: NewOrderEvent['kind']): string {
  return kind === 'refund_noticed' || kind === 'second_needed' ? 'answered' : kind
}

function kindOf(row: EventRow): OrderEvent['kind'] {
  if (isRefundNotice(row)) return 'refund_noticed'
  return isSecondNeeded(row) ? 'second_needed' : row.kind
}

function isSecondNeeded({ kind, decision, source, evidence }: EventRow): boolean {
  const isByOperator = kind === 'answered' && decision === 'keep' && source === 'operator'
  return isByOperator && evidence?.second_needed !== undefined
}

function isRefundNotice({ kind, decision, evidence }: EventRow): boolean {
  return kind === 'answered' && decision === null && evidence?.refund_key !== undefined
}
