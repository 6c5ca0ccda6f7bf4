import { z } from 'zod'
import {
  decisionKinds,
  eventSources,
  orderEventKinds,
  orderStatuses,
  sources,
} from '../../../domain/order-states.ts'
import { reasonCodes } from '../../../domain/reason.ts'
import { outcomes, runStatuses, runTriggers } from '../../../domain/runs/run.ts'
import { conditions } from '../../../health/readiness.ts'
import { apiSchemas, count, documented, fen, named, pageOf, sum, time } from '../../schema.ts'

/** The shapes of all JSON answers. The serializer and the OpenAPI document are made from them. */

const source = z.enum(sources)
const decision = z.enum(decisionKinds)
const status = documented(z.enum(orderStatuses), '`review` waits for an operator.')

export const tradeState = documented(
  z.string().nullable(),
  "The gateway's own state of the trade; null when its answer has none.",
)

export const batchResultShape = z.object({
  order_no: documented(z.string().nullable(), 'As it was given; null where it was no text.'),
  status: documented(
    status.nullable(),
    'The state of the order; null: it was refused, and is not here.',
  ),
  code: documented(
    z.string().optional(),
    'Why it was refused, as `POST /v1/orders` says it: `request_invalid`, `order_conflict`, `app_id_required`, `app_id_unknown`, `merchant_required`, `merchant_unknown`, `upgrade_pending`, `prefix_not_allowed`. Left out where it is adopted, now or before.',
  ),
  message: documented(z.string().optional(), 'The same as a sentence.'),
})

export const merchantOfRecord = documented(
  z.string().nullable(),
  'The name of the merchant in the configuration; null: it is not configured.',
)

export const orderShape = named('Order', {
  order_no: z.string(),
  user_id: z.string(),
  amount: fen,
  currency: z.string(),
  description: z.string(),
  attach: z.string().nullable(),
  status,
  code_url: documented(
    z.string().nullable(),
    'What the payer scans. Null when adopted, when the order is not pending, and when the code does not work any more: repeat the request with the same Idempotency-Key for a new one.',
  ),
  code_expires_at: documented(
    time.nullable(),
    'When the code stops working; null where `code_url` is, or where it is not known.',
  ),
  transaction_id: documented(z.string().nullable(), "The gateway's number of the payment."),
  paid_at: time.nullable(),
  credited_at: time.nullable(),
  credited_by: source.nullable(),
  dismissed_at: documented(
    time.nullable(),
    'When an operator took it out of the review queue; null unless in review.',
  ),
  adopted: z.boolean(),
  created_at: time,
  expires_at: documented(
    time.nullable(),
    'When it cannot be paid any more. Null: not known; its trade is then never closed by budan.',
  ),
  next_check_at: documented(time.nullable(), 'When it is queried next; null unless pending.'),
  merchant: merchantOfRecord,
  gateway: z.string(),
  mchid: z.string(),
  app_id: z.string(),
  appid: documented(z.string(), 'The same as `app_id`.'),
})

const reasonCode = z.enum(reasonCodes)

export const orderEventShape = named('OrderEvent', {
  id: z.string(),
  order_no: z.string(),
  at: time,
  kind: z.enum(orderEventKinds),
  source: z.enum(eventSources),
  to_status: documented(status.nullable(), 'The state that this event gave the order, if any.'),
  state_seq: count.nullable(),
  trade_state: tradeState,
  decision: decision.nullable(),
  reason: documented(
    z.string().nullable(),
    "In English; a person's own words where a person caused it.",
  ),
  reason_code: documented(
    reasonCode.nullable(),
    "What the reason says, as a code; null for a person's words, and for what was stored before there were codes.",
  ),
  alarm: documented(z.boolean(), 'Needs attention.'),
  evidence: documented(
    z.record(z.string(), z.unknown()).nullable(),
    'What the gateway sent, masked.',
  ),
  run_id: z.string().nullable(),
  node: z.string().nullable(),
  operator: documented(
    z.string().nullable(),
    'The person behind it; the reason of a resolution is in their words.',
  ),
  actor: documented(
    z.object({ name: z.string(), address: z.string().nullable() }).nullable(),
    'Who caused it, and from where; null where budan did it by itself.',
  ),
})

export const checkReportShape = named('CheckReport', {
  ...{ order_no: z.string(), trade_state: tradeState, decision, status },
  ...{ reason: z.string(), reason_code: reasonCode },
})

export const accountShape = named('Account', {
  user_id: z.string(),
  balance: sum,
  currency: z.string(),
})

const nameOfSeveral = documented(
  z.string().nullable().optional(),
  'The name of the merchant; null: it is not configured, or not known. Left out where there is one merchant.',
)

export const entryShape = named('Entry', {
  id: z.string(),
  order_no: z.string(),
  merchant: nameOfSeveral,
  transaction_id: z.string(),
  amount: fen,
  currency: z.string(),
  /** After this entry. */
  balance: sum,
  at: time,
})

const runFields = {
  id: z.string(),
  trigger: z.enum(runTriggers),
  slot: documented(time.nullable(), 'Start of its interval; null for manual runs.'),
  started_at: time,
  finished_at: time.nullable(),
  duration_ms: z.number().nullable(),
  dry_run: z.boolean(),
  status: z.enum(runStatuses),
  total: count,
  success: documented(z.int(), 'Credited.'),
  failed: documented(z.int(), 'Could not be queried or settled.'),
  skipped: documented(z.int(), 'Had nothing to credit.'),
  outcomes: z.record(z.enum(outcomes), count),
}

export const runShape = named('Run', runFields)

export const runResultShape = named('RunResult', {
  order_no: z.string(),
  merchant: nameOfSeveral,
  trade_state: tradeState,
  outcome: z.enum(outcomes),
  reason: z.string(),
  reason_code: documented(
    reasonCode.nullable(),
    'Null where something failed: the reason is the error, then.',
  ),
  duration_ms: z.number(),
})

export const runDetailShape = named('RunDetail', { ...runFields, results: z.array(runResultShape) })

export const auditShape = z
  .object({
    paid_not_credited: count,
    credited_not_paid: count,
    credited_twice: count,
    unbalanced: count,
    mismatched: count,
    unexplained: count,
    unproven: documented(
      count.optional(),
      'With `verify=true`: credits without a proof, or not as their proof has them; and deleted ones.',
    ),
    unverifiable: documented(
      count.optional(),
      'With `verify=true`: credits whose proof was made with a key that is missing here.',
    ),
    unproven_old: documented(
      count.optional(),
      'With `verify=true`: credits from before there were proofs. They break nothing.',
    ),
  })
  .register(apiSchemas, {
    id: 'Audit',
    description: 'Rows that break an invariant, counted: all 0 when the ledger is right.',
  })

export const readinessShape = named('Readiness', {
  status: z.enum(['ready', 'not_ready']),
  checks: z.array(
    z.object({
      ...{ name: z.string(), ok: z.boolean(), condition: z.enum(conditions) },
      merchant: documented(
        z.string().optional(),
        'Of `gateway` and `clocks` where there are several merchants: whose check it is.',
      ),
      detail: z.string(),
    }),
  ),
})

export const orderPageShape = pageOf('OrderPage', { orders: z.array(orderShape) })

export const orderEventPageShape = pageOf('OrderEventPage', { events: z.array(orderEventShape) })

export const entryPageShape = pageOf('EntryPage', { entries: z.array(entryShape) })

export const runPageShape = pageOf('RunPage', { runs: z.array(runShape) })

export type RunDetailJson = z.output<typeof runDetailShape>
export type ReadinessJson = z.output<typeof readinessShape>
