import { sql } from 'kysely'
import { type NewOrderEvent, type Order, type OrderEvent, standings } from '../../domain/order.ts'
import type { OrderStatus, Source } from '../../domain/order-states.ts'
import { storedReason } from '../../domain/reason.ts'
import type { Evidence } from '../../domain/trade.ts'

/** Named one by one: a column that a later version adds must not break an older one that still runs. */
export const orderColumns = sql.raw(`
  order_no, user_id, amount, currency, description, attach, gateway, mchid, appid, adopted,
  code_url, code_expires_at, standing, watched_until, status, state_seq, created_at, known_at,
  expires_at, next_check_at, checks, absent_count, absent_since, transaction_id, paid_at, credited_at, credited_by, dismissed_at,
  dismissed_payment`)

export interface OrderRow {
  readonly order_no: string
  readonly user_id: string
  readonly amount: bigint
  readonly currency: string
  readonly description: string
  readonly attach: string | null
  readonly gateway: string
  readonly mchid: string
  readonly appid: string
  readonly adopted: boolean
  readonly code_url: string | null
  readonly code_expires_at: Date | null
  readonly standing: number
  readonly watched_until: Date | null
  readonly status: OrderStatus
  readonly state_seq: number
  readonly created_at: Date
  /** Null, of orders of before it was stored: as their creation. */
  readonly known_at: Date | null
  readonly expires_at: Date
  readonly next_check_at: Date
  readonly checks: number
  readonly absent_count: number
  readonly absent_since: Date | null
  readonly transaction_id: string | null
  readonly paid_at: Date | null
  readonly credited_at: Date | null
  readonly credited_by: Source | null
  readonly dismissed_at: Date | null
  readonly dismissed_payment: string | null
}

export function orderOf(row: OrderRow): Order {
  return {
    orderNo: row.order_no,
    userId: row.user_id,
    amount: row.amount,
    currency: row.currency,
    description: row.description,
    attach: row.attach,
    gateway: row.gateway,
    mchid: row.mchid,
    appid: row.appid,
    adopted: row.adopted,
    codeUrl: row.code_url,
    codeExpiresAt: row.code_expires_at,
    standing: standings[row.standing] ?? 'known',
    status: row.status,
    stateSeq: row.state_seq,
    createdAt: row.created_at,
    knownAt: row.known_at ?? row.created_at,
    // Where the end is not known, the column has one that a program of before never comes to.
    expiresAt: row.watched_until === null ? row.expires_at : null,
    watchedUntil: row.watched_until,
    nextCheckAt: row.next_check_at,
    checks: row.checks,
    absentCount: row.absent_count,
    absentSince: row.absent_since,
    transactionId: row.transaction_id,
    paidAt: row.paid_at,
    creditedAt: row.credited_at,
    creditedBy: row.credited_by,
    dismissed: row.dismissed_at && { at: row.dismissed_at, payment: row.dismissed_payment },
  }
}

/** As `orders.standing` has it: the place in the list, which the index of claims is ordered by. */
export function standingNumber(standing: Order['standing']): number {
  return standings.indexOf(standing)
}

/** In `orders.expires_at` of an order without a known end: no program closes a trade before it. */
export const farEnd = new Date('2999-12-31T00:00:00Z')

export const eventColumns = sql.raw(`
  id, order_no, at, kind, source, to_status, state_seq, trade_state, decision, reason, reason_code,
  reason_params, alarm, evidence, run_id, node, operator, actor_name, actor_address`)

export interface EventRow {
  readonly id: bigint
  readonly order_no: string
  readonly at: Date
  readonly kind: OrderEvent['kind']
  readonly source: OrderEvent['source']
  readonly to_status: OrderStatus | null
  readonly state_seq: number | null
  readonly trade_state: string | null
  readonly decision: OrderEvent['decision']
  readonly reason: string | null
  readonly reason_code: string | null
  readonly reason_params: object | null
  readonly alarm: boolean
  readonly evidence: Evidence | null
  readonly run_id: bigint | null
  readonly node: string | null
  readonly operator: string | null
  readonly actor_name: string | null
  readonly actor_address: string | null
}

export function eventOf(row: EventRow): OrderEvent {
  return {
    id: String(row.id),
    orderNo: row.order_no,
    at: row.at,
    kind: isRefundNotice(row) ? 'refund_noticed' : row.kind,
    source: row.source,
    toStatus: row.to_status,
    stateSeq: row.state_seq,
    tradeState: row.trade_state,
    decision: row.decision,
    reason: row.reason,
    codedReason: storedReason(row.reason_code, row.reason_params),
    alarm: row.alarm,
    evidence: row.evidence,
    runId: row.run_id === null ? null : String(row.run_id),
    node: row.node,
    operator: row.operator,
    actor: row.actor_name === null ? null : { name: row.actor_name, address: row.actor_address },
  }
}

/**
 * A refund's notice is stored as an answer without a decision, which there is no other of: a program of
 * before, which answers with the kinds that it knows and with an error for any other, can read it.
 */
export function storedKind(kind: NewOrderEvent['kind']): string {
  return kind === 'refund_noticed' ? 'answered' : kind
}

function isRefundNotice({ kind, decision, evidence }: EventRow): boolean {
  return kind === 'answered' && decision === null && evidence?.refund_key !== undefined
}
