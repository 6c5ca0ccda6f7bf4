import { createRequire } from 'node:module'
import { type DestinationStream, type LevelWithSilent, type Logger, pino } from 'pino'
import type { LogConfig } from '../config/config.ts'
import { type Redact, redactorOf } from '../config/redact.ts'
import type { Emit, Event } from '../domain/event.ts'
import { brokenIn } from '../domain/ledger/audit.ts'
import { type Reason, sentenceOf } from '../domain/reason.ts'
import { resolvePackaged } from '../package-root.ts'
import { snakeCase } from '../text/names.ts'

/** Log lines go to standard error, because standard output has the results of commands. */
const standardError = 2

export function createLog(config: LogConfig, destination?: DestinationStream): Logger {
  const pretty = config.format === 'pretty' ? loadPretty() : null
  const stream = destination ?? { write: (line: string) => void process.stderr.write(line) }
  return pino(
    {
      level: config.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pretty?.({ destination: destination ?? standardError, sync: true, singleLine: true }) ?? stream,
  )
}

/**
 * Loaded only when it is configured, because it loads about fifty files. Null when an embedder's bundle
 * does not contain it: the lines are then JSON, because a missing format must not stop the service.
 */
function loadPretty(): typeof import('pino-pretty') | null {
  try {
    return createRequire(import.meta.url)(resolvePackaged('pino-pretty'))
  } catch {
    return null
  }
}

/** Nothing is made of an event whose level is not logged: most events are about one order each. */
export function logEvents(log: Logger, redact: Redact = redactorOf([])): Emit {
  return (event) => {
    const line = lines[event.type] as Line<Event> | null
    if (line === null) return
    const level = valueFor(event, line.level)
    if (!log.isLevelEnabled(level)) return
    const fields = { ...fieldsOf(event, line.fields), ...merchantField(event) }
    log[level](withoutSecrets(fields, redact), valueFor(event, line.message))
  }
}

function merchantField({ merchantName }: Event): Fields {
  return merchantName === undefined ? {} : { merchant: merchantName }
}

/** Times in whole milliseconds, sums as numbers; a coded reason as its sentence and its code. */
function fieldsOf(event: Event, wanted: Line<Event>['fields']): Fields {
  if (typeof wanted === 'function') return wanted(event)
  const values: Fields = { ...event }
  const fields = wanted.map((name: string) => {
    const value = values[name]
    if (name === 'error') return { error: value instanceof Error ? value.message : String(value) }
    if (isCoded(value)) return { reason: sentenceOf(value), reason_code: value.code }
    const isTime = typeof value === 'number' && name.endsWith('Ms')
    const isWhole = isTime || typeof value === 'bigint'
    return { [snakeCase(name)]: isWhole ? Math.round(Number(value)) : value }
  })
  return Object.assign({}, ...fields)
}

function isCoded(value: unknown): value is Reason {
  return typeof value === 'object' && value !== null && 'code' in value
}

/** The fields that may contain the message of an error, ours or a library's. */
const errorFields = ['error', 'reason', 'detail']

function withoutSecrets(fields: Fields, redact: Redact): Fields {
  const redacted = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === 'string' && errorFields.includes(name) ? redact(value) : value,
  ])
  return Object.fromEntries(redacted)
}

type Level = Exclude<LevelWithSilent, 'silent'>
type Fields = Readonly<Record<string, unknown>>

/** The same for each event of a type, or made of it. */
type ValueFor<E, T extends string> = T | ((event: E) => T)

interface Line<E> {
  readonly level: ValueFor<E, Level>
  readonly message: ValueFor<E, string>
  /** Names of the event's own, or what is made of it. */
  readonly fields: readonly (keyof E & string)[] | ((event: E) => Fields)
}

function valueFor<E, T extends string>(event: E, value: ValueFor<E, T>): T {
  return typeof value === 'string' ? value : value(event)
}

const debug = lineOf('debug')
const info = lineOf('info')
const warn = lineOf('warn')
const error = lineOf('error')

function lineOf(level: Level) {
  return <E>(message: Line<E>['message'], fields: Line<E>['fields'] = []): Line<E> => {
    return { level, message, fields }
  }
}

/** The line of each event; null: it has none. */
const lines: { readonly [T in Event['type']]: Line<Event<T>> | null } = {
  job_disabled: info('Order compensation job is disabled'),
  job_started: info('Order compensation job started', ['intervalMins']),
  job_stopped: info('Order compensation job stopped'),
  tick_failed: null, // `scan_failed` has logged the cause.
  run_started: info('Order compensation job started', ({ runId: run_id, trigger, dryRun }) => ({
    run_id,
    trigger,
    ...dryField(dryRun),
  })),
  scan_failed: error('Failed to get pending orders for compensation', ['error']),
  scan_empty: info('No pending orders to compensate', ({ run }) => ({ run_id: run.id })),
  scan_found: info('Found pending orders for compensation', ['runId', 'count']),
  run_finished: info(
    'Order compensation job completed',
    ({ run: { id, dryRun, total, success, failed, skipped, durationMs, status } }) => ({
      ...{ run_id: id, ...dryField(dryRun), total, success, failed, skipped },
      duration_ms: durationMs,
      ...(status === 'finished' ? {} : { status }),
    }),
  ),
  run_unrecorded: error('Failed to record the run', ['runId', 'error']),
  catching_up: {
    // An operator can raise compensation_batch_size, or turn compensation_drain on.
    level: ({ doneInMs }) => (doneInMs === null ? 'warn' : 'info'),
    message: ({ doneInMs, basis }) => (doneInMs === null ? fallingBehind : catchingUp[basis]),
    fields: ({ remaining, perSec, doneInMs }) => ({
      remaining,
      per_sec: Number(perSec.toPrecision(3)),
      ...(doneInMs === null ? {} : { eta_s: Math.ceil(doneInMs / 1000) }),
    }),
  },
  caught_up: info('Caught up: no more than a batch of orders is due', ['remaining']),
  orders_foreign: error(
    'Pending orders of another merchant: they are not queried here',
    ({ count, merchant }) => ({ count, ...merchant }),
  ),
  order_answered: info(
    ({ source }) => `${sourceName[source]}: WeChat order status`,
    ({ orderNo: order_no, tradeState }) => ({ order_no, wechat_status: tradeState ?? 'absent' }),
  ),
  order_unanswered: {
    level: (event) => (isExpected(event) ? 'warn' : 'error'),
    message: 'Failed to query wechat order',
    fields: (event) => ({
      order_no: event.orderNo,
      cause: event.cause,
      error: event.message,
      ...(event.requestId === null ? {} : { request_id: event.requestId }),
    }),
  },
  order_credited: info(
    ({ source }) =>
      source === 'compensation' ? 'Order compensated successfully' : 'Order credited',
    ({ orderNo: order_no, source }) => ({
      order_no,
      ...(source === 'compensation' ? {} : { source }),
    }),
  ),
  order_expired: info('Order expired', ['orderNo', 'reason']),
  order_alarm: error('Order needs a look', ['orderNo', 'reason']),
  settle_failed: error(failureMessage, ['orderNo', 'error']),
  review_resolved: info('Review resolved', ['orderNo', 'action', 'operator']),
  exception_opened: error('Exception opened: money and books differ', [
    'kind',
    'orderNo',
    'transactionId',
    'amountAtStake',
    'reason',
  ]),
  exception_closed: info('Exception closed', ['kind', 'orderNo', 'by']),
  gateway_called: debug('Gateway called', ['operation', 'outcome', 'durationMs']),
  gateway_throttled: warn('Gateway said "too many": requests wait', ['holdMs']),
  query_rate_limited: debug('Query not sent: rate limited', ['operation', 'cause', 'waitedMs']),
  gateway_keys_refreshed: info('Platform certificates refreshed', ['serials']),
  gateway_keys_failed: error('Failed to refresh platform certificates', ({ message }) => ({
    error: message,
  })),
  breaker_opened: error('Breaker opened: runs are held back, and probe with one order', [
    'reason',
    'detail',
  ]),
  breaker_closed: info('Breaker closed: runs go on'),
  clocks_disagree: error('Clocks disagree: no order is closed', ['detail']),
  clocks_agree: info('Clocks agree again: orders are closed at their ends'),
  engine_lost: warn('Engine lost: each node keeps the intervals by itself', ['reason']),
  engine_back: info('Engine is back', ['awayMs']),
  access_refused: null, // `wrong_tokens` is logged for all of a network.
  wrong_tokens: warn(
    ({ address }) => (address === null ? 'Wrong tokens from many other addresses' : 'Wrong token'),
    ({ door, address, count }) => (address === null ? { count } : { door, address, count }),
  ),
  scope_missing: warn('Refused: the token lacks the scope', ['name', 'address', 'scope', 'route']),
  right_used: info('Right used', ['name', 'address', 'route']),
  tokens_replaced: info('Tokens replaced', ['names']),
  tokens_kept: error('Cannot replace the tokens: they stay as they were', ['error']),
  proof_failed: error('Credited without a proof: it cannot be written', ['error']),
  proofs_begun: info('Proofs begin: what was there before is sealed', [
    'orders',
    'credits',
    'actor',
  ]),
  sealing_failed: error('Cannot seal what was there before: trying again at the next start', [
    'error',
  ]),
  logged_in: info('Logged in to the console', ['name', 'address']),
  logged_out: info('Logged out of the console', ['name', 'address']),
  sessions_ended: info('Sessions of the console ended', ['name', 'address', 'of', 'count']),
  secrets_exposed: warn('Everybody on this machine may read files with secrets: chmod o-r', [
    'files',
  ]),
  proof_key_unwritable: warn(
    'Credits keep no proof, because no key can be kept here: set proof.keys, or let this file be written',
    ['path', 'reason'],
  ),
  endpoint_failing: error(
    'Webhook endpoint takes nothing: its deliveries wait, and one is tried at times',
    ['endpoint', 'failures', 'since', 'error'],
  ),
  deliveries_given_up: error(
    'Deliveries given up after three days of attempts: see budan deliveries',
    ['endpoint', 'count'],
  ),
  delivery_attempted: debug('Delivery attempted', ['endpoint', 'outcome', 'durationMs']),
  delivering_failed: error('Cannot deliver events: they wait', ['error']),
  delivering_resumed: info('Events are delivered again', ['awayMs']),
  endpoint_recovered: info('Webhook endpoint is back', ['endpoint', 'failingMs']),
  audit_made: {
    level: ({ counts }) => (brokenIn(counts).length > 0 ? 'error' : 'debug'),
    message: ({ counts }) =>
      brokenIn(counts).length > 0 ? 'Audit: the books do not agree' : 'Audit: all counts are 0',
    fields: ({ counts }) => Object.fromEntries(brokenIn(counts)),
  },
  runs_missing: error('No run has finished for two intervals', ['lastFinishedAt']),
  runs_back: info('Runs finish again'),
  alert_sent: debug('Alert sent', ['robot']),
  alert_unsent: null, // `robot_failing` is logged once for an outage.
  robot_failing: error('Alerts cannot be sent: trying again', ['robot', 'reason']),
  robot_recovered: info('Alerts can be sent again', ['robot']),
  alerts_dropped: warn('Alerts not sent before the end', ['robot', 'count']),
  positioning_failed: error(
    'Published events get no positions: feed and webhooks wait, and nothing is lost',
    ['error'],
  ),
  positioning_resumed: info('Published events get their positions again', ['awayMs']),
  pruned: info('Old runs and events pruned', ['runs', 'events', 'published']),
  prune_failed: error('Failed to prune old runs and events', ['error']),
  callback_missed: null, // `callbacks_missed` is logged for all of a path.
  callback_rejected: warn('Callback rejected', ['status', 'reason']),
  callbacks_missed: warn(
    ({ missed }) =>
      missed === null
        ? 'Callbacks to many other paths: see notify_url'
        : 'Callback to a path that is not for callbacks: see notify_url',
    ({ missed, count }) => ({ ...missed, count }),
  ),
  callback_foreign: info(
    'Callback acknowledged: it is about nothing that is kept here',
    ({ event: event_type }) => ({ event_type }),
  ),
  refund_noticed: info(
    (event) => refundMessages[event.result],
    (event) => ({
      order_no: event.orderNo,
      transaction_id: event.transactionId,
      refund_status: event.state,
      refund: event.refunded === null ? null : Number(event.refunded),
    }),
  ),
  request_failed: error('Request failed', ['method', 'path', 'error']),
}

const refundMessages = {
  noted: 'Refund noticed',
  repeated: 'Refund noticed again',
  no_order: 'Refund noticed of an order that is not here',
} as const

function dryField(dryRun: boolean): { dry_run?: true } {
  return dryRun ? { dry_run: true } : {}
}

const fallingBehind = 'Falling behind: orders come due faster than they are queried'

/** The first estimate of a backlog is from what limits the rate; later ones are measured. */
const catchingUp = {
  measured: 'Catching up with due orders',
  batch: 'Catching up with due orders: one compensation_batch_size per interval',
  quota: 'Catching up with due orders: at most compensation_max_qps',
} as const

/** The breaker has logged it in one line, or it is one of WeChat Pay's signature probes. */
function isExpected({ systemic, cause }: Event<'order_unanswered'>): boolean {
  return systemic || cause === 'unverified'
}

const sourceName = {
  compensation: 'Compensation',
  check: 'Check',
  callback: 'Callback',
  operator: 'Operator',
} as const

function failureMessage(event: Event<'settle_failed'>): string {
  const state = event.answer?.kind === 'trade' ? event.answer.trade.state : null
  if (state === 'paid') return 'Failed to compensate order'
  if (state === 'closed') return 'Failed to mark order as expired'
  return 'Failed to settle order'
}
