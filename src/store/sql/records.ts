import { type RawBuilder, sql } from 'kysely'
import type { NewOrderEvent } from '../../domain/order.ts'
import { type Reason, sentenceOf } from '../../domain/reason.ts'
import { storable } from './text.ts'

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

/** The columns of a reason; a text: a person's own words, or an error's. */
export function reasonRecord(reason: Reason | string | null) {
  if (reason === null || typeof reason === 'string') {
    return { reason: wellFormed(reason), reason_code: null, reason_params: null }
  }
  const { code, ...params } = reason
  return {
    reason: wellFormed(sentenceOf(reason)),
    reason_code: code,
    // As text, like the evidence: a gateway's word may be among them.
    reason_params: storableJson(params),
  }
}

/** Texts that neither PostgreSQL's text nor its JSON can hold are mended wherever they are. */
function storableJson(value: object): string | null {
  if (Object.keys(value).length === 0) return null
  return JSON.stringify(value, (_, each) => (typeof each === 'string' ? wellFormed(each) : each))
}

/** An event among the columns of a record; its order's number is `order_no` there. */
export function eventRecord(event: NewOrderEvent): object {
  return {
    kind: event.kind,
    event_source: event.source,
    trade_state: wellFormed(event.tradeState),
    decision: event.decision,
    ...reasonRecord(event.reason),
    alarm: event.alarm,
    // As text, so that whatever strangers put in it is not read before it is stored.
    evidence: event.evidence === null ? null : JSON.stringify(event.evidence),
    run_id: event.runId,
    node: event.node,
    operator: event.operator ?? null,
    actor_name: event.actor?.name ?? null,
    actor_address: event.actor?.address ?? null,
  }
}

export const eventRecordColumns = sql`
  kind text, event_source text, trade_state text, decision text, reason text,
  reason_code text, reason_params text, alarm boolean,
  evidence text, run_id bigint, node text, operator text, actor_name text, actor_address text`

/** As `insertEvent`, for each record that `from` brings, as `step`. */
export function insertEventRecords(place: {
  readonly at: RawBuilder<unknown>
  readonly from: RawBuilder<unknown>
  readonly state?: { readonly status: string; readonly seq: RawBuilder<unknown> }
}): RawBuilder<unknown> {
  return sql`insert into order_events (
      order_no, at, kind, source, to_status, state_seq, trade_state, decision, reason, reason_code,
      reason_params, alarm, evidence, run_id, node, operator, actor_name, actor_address
    )
    select step.order_no, ${place.at}, step.kind, step.event_source,
      ${place.state?.status ?? null}::text, ${place.state?.seq ?? sql`null::integer`},
      step.trade_state, step.decision, step.reason, step.reason_code, step.reason_params::json,
      step.alarm, step.evidence::json, step.run_id,
      step.node, step.operator, step.actor_name, step.actor_address
    ${place.from}`
}
