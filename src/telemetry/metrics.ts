import { Counter, Histogram, Registry } from 'prom-client'
import type { Emit, Event } from '../domain/event.ts'
import { sources } from '../domain/order-states.ts'
import { reviewActions } from '../domain/review/review-action.ts'
import type { Run } from '../domain/runs/run.ts'
import { type Readings, readGauges } from './gauges.ts'

export interface Metrics {
  readonly emit: Emit
  read(): Promise<{ contentType: string; text: string }>
}

export interface Measured extends Readings {
  /** Names of the receivers of alerts, so that each has a count from the start. */
  readonly robots?: readonly string[]
}

/** Metrics in Prometheus' text format. */
export function createMetrics({ robots = [], ...readings }: Measured): Metrics {
  const registry = new Registry()
  const instruments = createInstruments(registry)
  for (const robot of robots) {
    for (const result of ['sent', 'failed']) instruments.alerts.inc({ robot, result }, 0)
  }
  const read = async () => {
    const gauges = await readGauges(readings)
    const texts = await Promise.all([registry.metrics(), gauges.metrics()])
    return { contentType: registry.contentType, text: texts.join('\n') }
  }
  return { emit: (event) => count(instruments, event), read }
}

/** From a run that finds nothing to one that reaches its deadline. */
const runSeconds = [0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300]
/** From a callback that arrives at once to a credit six days late. */
const creditSeconds = [1, 5, 15, 60, 300, 600, 1800, 3600, 7200, 21_600, 86_400, 604_800]
/**
 * Longer times are not observed: one payment dated the year 2000 would distort the mean of a
 * million others.
 */
const creditSecondsMax = 366 * 86_400
/** From the gateway's usual tens of milliseconds to beyond the default deadline of 5 s. */
const callSeconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

const runResults = ['success', 'failed', 'skipped'] as const
const refundResults = ['noted', 'repeated', 'no_order'] as const

type Instruments = ReturnType<typeof createInstruments>

function createInstruments(registry: Registry) {
  const registers = [registry]
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Counter({ name, help, labelNames, registers })
  const instruments = {
    runDuration: new Histogram({
      name: 'recharge_compensation_job_duration_seconds',
      help: 'Duration of order compensation job',
      buckets: runSeconds,
      registers,
    }),
    runOrders: counter(
      'recharge_compensation_orders_total',
      'Total number of orders processed by compensation job',
      'result',
    ),
    credits: counter(
      'budan_credits_total',
      'Orders credited, by the source of the answer',
      'source',
    ),
    paymentToCredit: new Histogram({
      name: 'budan_payment_to_credit_seconds',
      help: 'Time from the payment, as the gateway dates it, to the credit',
      labelNames: ['source'],
      buckets: creditSeconds,
      registers,
    }),
    gatewayCalls: counter(
      'budan_gateway_calls_total',
      'Calls to the gateway, by outcome',
      'operation',
      'outcome',
    ),
    gatewayDuration: new Histogram({
      name: 'budan_gateway_call_duration_seconds',
      help: 'Duration of calls to the gateway',
      labelNames: ['operation'],
      buckets: callSeconds,
      registers,
    }),
    queriesRateLimited: counter(
      'budan_queries_rate_limited_total',
      'Queries not sent, because no reservation in the quota came in time',
      'cause',
    ),
    throttlings: counter(
      'budan_gateway_throttlings_total',
      'Times that the gateway said "too many", and all requests waited a while',
    ),
    callbacksRejected: counter(
      'budan_callbacks_rejected_total',
      'Callbacks that failed a check and changed nothing',
    ),
    callbacksMissed: counter(
      'budan_callbacks_missed_total',
      "Requests with the gateway's signature headers that were not for the path of its callbacks",
    ),
    callbacksForeign: counter(
      'budan_callbacks_foreign_total',
      'Verified callbacks about neither a payment nor a refund: acknowledged',
    ),
    refundNotices: counter(
      'budan_refund_notices_total',
      'Verified callbacks about a refund made at the gateway: acknowledged',
      'result',
    ),
    pruned: counter(
      'budan_pruned_total',
      'Runs, events of ended orders, and published events, removed for their age',
      'what',
    ),
    reviewsResolved: counter(
      'budan_reviews_resolved_total',
      'Orders in review that an operator credited, expired or dismissed',
      'action',
    ),
    scopeRefusals: counter(
      'budan_scope_refusals_total',
      'Requests refused because their token lacks a scope',
      'scope',
    ),
    rightsUsed: counter(
      'budan_rights_used_total',
      'Requests that corrected orders, made runs, resolved reviews or managed the service',
      'route',
    ),
    unproved: counter(
      'budan_credits_unproved_total',
      'Transactions whose credits were posted without their proofs, which could not be written',
    ),
    alerts: counter(
      'budan_alerts_total',
      'Messages to robots and programs, and calls of heartbeats, by whether they were taken',
      'robot',
      'result',
    ),
    attempts: counter(
      'budan_webhook_attempts_total',
      'Attempts to deliver an event, by outcome',
      'endpoint',
      'outcome',
    ),
    access: counter(
      'budan_access_total',
      'Logins to the console, and wrong tokens at console and API',
      'door',
      'result',
    ),
    alarms: counter(
      'budan_alarms_total',
      'Orders that somebody has to look at, and breaker openings',
    ),
  }
  for (const result of runResults) instruments.runOrders.inc({ result }, 0)
  for (const source of sources) instruments.credits.inc({ source }, 0)
  for (const action of reviewActions) instruments.reviewsResolved.inc({ action }, 0)
  instruments.access.inc({ door: 'console', result: 'accepted' }, 0)
  for (const door of ['console', 'api']) instruments.access.inc({ door, result: 'refused' }, 0)
  for (const what of ['runs', 'events', 'published']) instruments.pruned.inc({ what }, 0)
  for (const result of refundResults) instruments.refundNotices.inc({ result }, 0)
  return instruments
}

function count(instruments: Instruments, event: Event): void {
  const counted = counting[event.type] as ((made: Instruments, event: Event) => void) | undefined
  counted?.(instruments, event)
}

/** What each event counts. All others are only logged. */
const counting: {
  readonly [T in Event['type']]?: (made: Instruments, event: Extract<Event, { type: T }>) => void
} = {
  scan_failed: ({ runDuration }, { durationMs }) => runDuration.observe(durationMs / 1000),
  scan_empty: countRun,
  run_finished: countRun,
  order_credited: countCredit,
  order_alarm: ({ alarms }) => alarms.inc(),
  breaker_opened: ({ alarms }) => alarms.inc(),
  gateway_called: ({ gatewayCalls, gatewayDuration }, { operation, outcome, durationMs }) => {
    gatewayCalls.inc({ operation, outcome })
    gatewayDuration.observe({ operation }, durationMs / 1000)
  },
  gateway_throttled: ({ throttlings }) => throttlings.inc(),
  query_rate_limited: ({ queriesRateLimited }, { cause }) => queriesRateLimited.inc({ cause }),
  callback_rejected: ({ callbacksRejected }) => callbacksRejected.inc(),
  callback_missed: ({ callbacksMissed }) => callbacksMissed.inc(),
  callback_foreign: ({ callbacksForeign }) => callbacksForeign.inc(),
  refund_noticed: ({ refundNotices }, { result }) => refundNotices.inc({ result }),
  pruned: ({ pruned }, { runs, events, published }) => {
    pruned.inc({ what: 'runs' }, runs)
    pruned.inc({ what: 'events' }, events)
    pruned.inc({ what: 'published' }, published)
  },
  review_resolved: ({ reviewsResolved }, { action }) => reviewsResolved.inc({ action }),
  proof_failed: ({ unproved }) => unproved.inc(),
  alert_sent: ({ alerts }, { robot }) => alerts.inc({ robot, result: 'sent' }),
  alert_unsent: ({ alerts }, { robot }) => alerts.inc({ robot, result: 'failed' }),
  delivery_attempted: ({ attempts }, { endpoint, outcome }) => attempts.inc({ endpoint, outcome }),
  logged_in: ({ access }) => access.inc({ door: 'console', result: 'accepted' }),
  scope_missing: ({ scopeRefusals }, { scope }) => scopeRefusals.inc({ scope }),
  right_used: ({ rightsUsed }, { route }) => rightsUsed.inc({ route }),
  access_refused: ({ access }, { door }) => access.inc({ door, result: 'refused' }),
}

function countRun(instruments: Instruments, { run }: { readonly run: Run }): void {
  instruments.runDuration.observe((run.durationMs ?? 0) / 1000)
  if (run.dryRun) return // A dry run processes nothing.
  for (const result of runResults) instruments.runOrders.inc({ result }, run[result])
}

function countCredit(
  { credits, paymentToCredit }: Instruments,
  { source, paidAt, creditedAt }: Extract<Event, { type: 'order_credited' }>,
): void {
  credits.inc({ source })
  if (paidAt === null || creditedAt === null) return
  // The gateway dates payments in whole seconds by its own clock, so a credit may seem to be earlier.
  const seconds = Math.max(0, (+creditedAt - +paidAt) / 1000)
  if (seconds <= creditSecondsMax) paymentToCredit.observe({ source }, seconds)
}
