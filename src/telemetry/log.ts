import { createRequire } from 'node:module'
import { type DestinationStream, type LevelWithSilent, type Logger, pino } from 'pino'
import type { LogConfig } from '../config/config.ts'
import { type Redact, redactorOf } from '../config/redact.ts'
import type { BacklogEvent, Emit, Event } from '../domain/event.ts'
import { type Reason, sentenceOf } from '../domain/reason.ts'
import { resolvePackaged } from '../package-root.ts'

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

export function logEvents(log: Logger, redact: Redact = redactorOf([])): Emit {
  return (event) => {
    const line = lineOf(event)
    if (line === null || !log.isLevelEnabled(line.level)) return
    log[line.level](withoutSecrets(line.fields, redact), line.message)
  }
}

/** The fields that may contain the message of an error, ours or a library's. */
const errorFields = ['error', 'reason', 'detail']

function withoutSecrets(fields: Line['fields'], redact: Redact): Line['fields'] {
  const redacted = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === 'string' && errorFields.includes(name) ? redact(value) : value,
  ])
  return Object.fromEntries(redacted)
}

interface Line {
  readonly level: Exclude<LevelWithSilent, 'silent'>
  readonly message: string
  readonly fields: Record<string, unknown>
}

function lineOf(event: Event): Line | null {
  return (lines[event.type] as (event: Event) => Line | null)(event)
}

/** The line of each event; null: it has none. */
const lines: {
  readonly [T in Event['type']]: (event: Extract<Event, { type: T }>) => Line | null
} = {
  job_disabled: () => info('Order compensation job is disabled'),
  job_started: ({ intervalMins: interval_mins }) =>
    info('Order compensation job started', { interval_mins }),
  job_stopped: () => info('Order compensation job stopped'),
  tick_failed: () => null, // `scan_failed` has logged the cause.
  run_started: ({ runId: run_id, trigger, dryRun }) =>
    info('Order compensation job started', { run_id, trigger, ...dryField(dryRun) }),
  scan_failed: (event) =>
    error('Failed to get pending orders for compensation', { error: text(event.error) }),
  scan_empty: ({ run }) => info('No pending orders to compensate', { run_id: run.id }),
  scan_found: ({ runId: run_id, count }) =>
    info('Found pending orders for compensation', { run_id, count }),
  run_finished: ({ run: { id, dryRun, total, success, failed, skipped, durationMs, status } }) =>
    info('Order compensation job completed', {
      ...{ run_id: id, ...dryField(dryRun), total, success, failed, skipped },
      duration_ms: durationMs,
      ...(status === 'finished' ? {} : { status }),
    }),
  run_unrecorded: (event) =>
    error('Failed to record the run', { run_id: event.runId, error: text(event.error) }),
  catching_up: catchingUpLine,
  caught_up: ({ remaining }) =>
    info('Caught up: no more than a batch of orders is due', { remaining }),
  orders_foreign: ({ count, merchant }) =>
    error('Pending orders of another merchant: they are not queried here', { count, ...merchant }),
  order_answered: ({ orderNo: order_no, source, tradeState }) =>
    info(`${sourceName[source]}: WeChat order status`, {
      order_no,
      wechat_status: tradeState ?? 'absent',
    }),
  order_unanswered: (event) => ({
    level: isExpected(event) ? 'warn' : 'error',
    message: 'Failed to query wechat order',
    fields: {
      order_no: event.orderNo,
      cause: event.cause,
      error: event.message,
      ...(event.requestId === null ? {} : { request_id: event.requestId }),
    },
  }),
  order_credited: ({ orderNo: order_no, source }) =>
    source === 'compensation'
      ? info('Order compensated successfully', { order_no })
      : info('Order credited', { order_no, source }),
  order_expired: ({ orderNo: order_no, reason }) =>
    info('Order expired', { order_no, ...reasonFields(reason) }),
  order_alarm: ({ orderNo: order_no, reason }) =>
    error('Order needs a look', { order_no, ...reasonFields(reason) }),
  settle_failed: (event) =>
    error(failureMessage(event), { order_no: event.orderNo, error: text(event.error) }),
  review_resolved: ({ orderNo: order_no, action, operator }) =>
    info('Review resolved', { order_no, action, operator }),
  gateway_called: ({ operation, outcome, durationMs }) =>
    debug('Gateway called', { operation, outcome, duration_ms: Math.round(durationMs) }),
  gateway_throttled: ({ holdMs }) =>
    warn('Gateway said "too many": requests wait', { hold_ms: Math.round(holdMs) }),
  query_rate_limited: ({ operation, cause, waitedMs }) =>
    debug('Query not sent: rate limited', { operation, cause, waited_ms: Math.round(waitedMs) }),
  gateway_keys_refreshed: ({ serials }) => info('Platform certificates refreshed', { serials }),
  gateway_keys_failed: ({ message }) =>
    error('Failed to refresh platform certificates', { error: message }),
  breaker_opened: ({ reason, detail }) =>
    error('Breaker opened: runs are held back, and probe with one order', { reason, detail }),
  breaker_closed: () => info('Breaker closed: runs go on'),
  clocks_disagree: ({ detail }) => error('Clocks disagree: no order is closed', { detail }),
  clocks_agree: () => info('Clocks agree again: orders are closed at their ends'),
  engine_lost: ({ reason }) =>
    warn('Engine lost: each node keeps the intervals by itself', { reason }),
  engine_back: ({ awayMs }) => info('Engine is back', { away_ms: Math.round(awayMs) }),
  access_refused: () => null, // `wrong_tokens` is logged for all of a network.
  wrong_tokens: ({ door, address, count }) =>
    address === null
      ? warn('Wrong tokens from many other addresses', { count })
      : warn('Wrong token', { door, address, count }),
  logged_in: ({ name, address }) => info('Logged in to the console', { name, address }),
  logged_out: ({ name, address }) => info('Logged out of the console', { name, address }),
  secrets_exposed: ({ files }) =>
    warn('Everybody on this machine may read files with secrets: chmod o-r', { files }),
  pruned: ({ runs, events }) => info('Old runs and events pruned', { runs, events }),
  prune_failed: (event) =>
    error('Failed to prune old runs and events', { error: text(event.error) }),
  callback_missed: () => null, // `callbacks_missed` is logged for all of a path.
  callback_rejected: ({ status, reason }) => warn('Callback rejected', { status, reason }),
  callbacks_missed: ({ missed, count }) =>
    missed === null
      ? warn('Callbacks to many other paths: see notify_url', { count })
      : warn('Callback to a path that is not for callbacks: see notify_url', { ...missed, count }),
  callback_foreign: ({ event: event_type }) =>
    info('Callback acknowledged: it is about nothing that is kept here', { event_type }),
  refund_noticed: (event) =>
    info(refundMessages[event.result], {
      order_no: event.orderNo,
      transaction_id: event.transactionId,
      refund_status: event.state,
      refund: event.refunded === null ? null : Number(event.refunded),
    }),
  request_failed: (event) =>
    error('Request failed', { method: event.method, path: event.path, error: text(event.error) }),
}

const refundMessages = {
  noted: 'Refund noticed',
  repeated: 'Refund noticed again',
  no_order: 'Refund noticed of an order that is not here',
} as const

function dryField(dryRun: boolean): { dry_run?: true } {
  return dryRun ? { dry_run: true } : {}
}

function catchingUpLine(event: Extract<BacklogEvent, { type: 'catching_up' }>): Line {
  const { remaining, perSec, doneInMs, basis } = event
  const per_sec = Number(perSec.toPrecision(3))
  // An operator can raise compensation_batch_size, or turn compensation_drain on.
  return doneInMs === null
    ? warn('Falling behind: orders come due faster than they are queried', { remaining, per_sec })
    : info(catchingUp[basis], { remaining, per_sec, eta_s: Math.ceil(doneInMs / 1000) })
}

/** The first estimate of a backlog is from what limits the rate; later ones are measured. */
const catchingUp = {
  measured: 'Catching up with due orders',
  batch: 'Catching up with due orders: one compensation_batch_size per interval',
  quota: 'Catching up with due orders: at most compensation_max_qps',
} as const

/** The breaker has logged it in one line, or it is one of WeChat Pay's signature probes. */
function isExpected({ systemic, cause }: Extract<Event, { type: 'order_unanswered' }>): boolean {
  return systemic || cause === 'unverified'
}

const sourceName = {
  compensation: 'Compensation',
  check: 'Check',
  callback: 'Callback',
  operator: 'Operator',
} as const

function failureMessage(event: Extract<Event, { type: 'settle_failed' }>): string {
  const state = event.answer?.kind === 'trade' ? event.answer.trade.state : null
  if (state === 'paid') return 'Failed to compensate order'
  if (state === 'closed') return 'Failed to mark order as expired'
  return 'Failed to settle order'
}

function debug(message: string, fields: Line['fields']): Line {
  return { level: 'debug', message, fields }
}

function info(message: string, fields: Line['fields'] = {}): Line {
  return { level: 'info', message, fields }
}

function warn(message: string, fields: Line['fields']): Line {
  return { level: 'warn', message, fields }
}

function error(message: string, fields: Line['fields']): Line {
  return { level: 'error', message, fields }
}

function text(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

function reasonFields(reason: Reason) {
  return { reason: sentenceOf(reason), reason_code: reason.code }
}
