import { type RawBuilder, sql } from 'kysely'
import type { NewOrderEvent, OrderFacts, OrderKey } from '../../domain/order.ts'
import type { OrderStatus } from '../../domain/order-states.ts'
import { type Reason, sentenceOf } from '../../domain/reason.ts'
import { type Sealed, sealOf } from '../../proof/seal.ts'
import type { Scope } from '../database.ts'
import { type SealedColumn, sealedColumns } from '../proofs/sealed-column.ts'
import { storedKind } from './rows.ts'
import { storable } from './storable-text.ts'

/**
 * Many rows as one JSON parameter, so that a statement has the same text however many they are, and
 * both databases read it alike. Times and amounts go as text, which the columns' types parse.
 */
export function recordsOf<T>(rows: readonly T[], record: (row: T) => object): string {
  return JSON.stringify(rows.map(record))
}

/** PostgreSQL refuses halves of surrogate pairs in JSON. */
export function wellFormed(text: string | null): string | null {
  return storable(text)?.toWellFormed() ?? null
}

/** The columns of a reason; a text is what an operator or an error says. */
export function reasonRecord(reason: Reason | string | null) {
  if (reason === null || typeof reason === 'string') {
    return { reason: wellFormed(reason), reason_code: null, reason_params: null }
  }
  const { code, ...params } = reason
  return {
    reason: wellFormed(sentenceOf(reason)),
    reason_code: code,
    // As text, like the evidence: a text of the gateway may be among them.
    reason_params: storableJson(params),
  }
}

/** Replaces what neither PostgreSQL's text nor its JSON can hold, at any depth. */
function storableJson(value: object): string | null {
  if (Object.keys(value).length === 0) return null
  return JSON.stringify(value, (_, each) => (typeof each === 'string' ? wellFormed(each) : each))
}

/** The columns of an event in a record. What is `json` travels as text: it is not read before it is stored. */
const eventTypes = {
  kind: 'text',
  source: 'text',
  trade_state: 'text',
  decision: 'text',
  reason: 'text',
  reason_code: 'text',
  reason_params: 'json',
  alarm: 'boolean',
  evidence: 'json',
  run_id: 'bigint',
  node: 'text',
  operator: 'text',
  actor_name: 'text',
  actor_address: 'text',
  seal: 'text',
} as const

type EventColumns = Readonly<Record<keyof typeof eventTypes, unknown>>

/**
 * An event among the columns of a record, sealed for `owner`; the key of its order is `order_no` there.
 */
export function eventRecord(
  { sealing }: Pick<Scope, 'sealing'>,
  { owner, event }: { readonly owner: string; readonly event: NewOrderEvent },
): EventColumns {
  const columns = eventColumnsOf(event)
  return { ...columns, seal: sealing && sealOf(sealing, 'event', eventFacts(owner, columns)) }
}

/** What the seal of an event covers: as the columns have it, whether it is being written or was read. */
export function eventFacts(
  owner: string,
  columns: Readonly<Record<SealedColumn, unknown>>,
): Sealed {
  return [owner, ...sealedColumns.map((name) => textOf(columns[name]))]
}

/** An event is sealed before its order has a key when both are stored together. */
export function ownerOfFirst({ gateway, mchid, orderNo }: OrderIdentity): string {
  return `${gateway}/${mchid}/${orderNo}`
}

type OrderIdentity = Pick<OrderFacts, 'gateway' | 'mchid' | 'orderNo'>

function textOf(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value)
}

function eventColumnsOf(event: NewOrderEvent): Readonly<Record<SealedColumn, unknown>> {
  return {
    kind: storedKind(event.kind),
    source: event.source,
    trade_state: wellFormed(event.tradeState),
    decision: event.decision,
    ...reasonRecord(event.reason),
    alarm: event.alarm,
    evidence: event.evidence === null ? null : JSON.stringify(event.evidence),
    run_id: event.runId,
    node: event.node,
    operator: wellFormed(event.operator ?? null),
    actor_name: wellFormed(event.actor?.name ?? null),
    actor_address: wellFormed(event.actor?.address ?? null),
  }
}

const eventEntries = Object.entries(eventTypes)

export const eventRecordColumns = sql.raw(
  eventEntries.map(([name, type]) => `${name} ${type === 'json' ? 'text' : type}`).join(', '),
)

const eventNames = sql.raw(eventEntries.map(([name]) => name).join(', '))
const eventValues = sql.raw(
  eventEntries.map(([name, type]) => `step.${name}${type === 'json' ? '::json' : ''}`).join(', '),
)

/** Where an event's row takes from elsewhere in its statement. */
export interface EventPlace {
  readonly at: RawBuilder<unknown>
  /** The change of state, or the records: `from changed`. */
  readonly from: RawBuilder<unknown>
  /** The state that the event gives, and its number. */
  readonly state?: { readonly status: OrderStatus; readonly seq: RawBuilder<unknown> }
}

/** The insert of an event for each record that `from` has, as `step`; part of the statement that does what the event records (I6). */
export function insertEventRecords({ at, from, state }: EventPlace): RawBuilder<unknown> {
  return sql`insert into order_events (order_no, at, to_status, state_seq, ${eventNames})
    select step.order_no, ${at}, ${state?.status ?? null}::text, ${state?.seq ?? sql`null::integer`},
      ${eventValues}
    ${from}`
}

/** The same for one event. Without `from`: unconditional. */
export function insertEvent(
  scope: Pick<Scope, 'sealing'>,
  { key, event }: { readonly key: OrderKey; readonly event: NewOrderEvent },
  { from = sql``, ...place }: Omit<EventPlace, 'from'> & Partial<Pick<EventPlace, 'from'>>,
): RawBuilder<unknown> {
  const record = JSON.stringify({ order_no: key, ...eventRecord(scope, { owner: key, event }) })
  const step = sql`json_to_record(${record}::json) as step (order_no text, ${eventRecordColumns})`
  return insertEventRecords({ ...place, from: sql`from ${step} ${from}` })
}
