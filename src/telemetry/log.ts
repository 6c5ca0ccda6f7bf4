import { createRequire } from 'node:module'
import { type DestinationStream, type LevelWithSilent, type Logger, pino } from 'pino'
import type { LogConfig } from '../config/config.ts'
import { type Redact, redactorOf } from '../config/redact.ts'
import { unreachable } from '../domain/assert.ts'
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

/** Writes a log line for each event. */
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
  switch (event.type) {
    case 'job_disabled':
      return info('Order compensation job is disabled')
    case 'job_started':
      return info('Order compensation job started', { interval_mins: event.intervalMins })
    case 'job_stopped':
      return info('Order compensation job stopped')
    case 'tick_failed':
    case 'scan_failed':
    case 'scan_empty':
    case 'scan_found':
    case 'run_started':
    case 'run_finished':
    case 'run_unrecorded':
      return runLine(event)
    case 'orders_foreign':
      return error('Pending orders of another merchant: they are not queried here', {
        count: event.count,
        ...event.merchant,
      })
    case 'order_answered':
    case 'order_unanswered':
    case 'order_credited':
    case 'order_expired':
    case 'order_alarm':
    case 'settle_failed':
      return orderLine(event)
    case 'gateway_called':
    case 'gateway_throttled':
    case 'query_rate_limited':
    case 'gateway_keys_refreshed':
    case 'gateway_keys_failed':
    case 'breaker_opened':
    case 'breaker_closed':
      return gatewayLine(event)
    case 'clocks_disagree':
      return error('Clocks disagree: no order is closed', { detail: event.detail })
    case 'clocks_agree':
      return info('Clocks agree again: orders are closed at their ends')
    case 'catching_up':
    case 'caught_up':
      return backlogLine(event)
    case 'secrets_exposed':
      return warn('Everybody on this machine may read files with secrets: chmod o-r', {
        files: event.files,
      })
    case 'engine_lost':
      return warn('Engine lost: each node keeps the intervals by itself', { reason: event.reason })
    case 'engine_back':
      return info('Engine is back', { away_ms: Math.round(event.awayMs) })
    case 'access_refused':
      return null // `wrong_tokens` is logged for all of a network.
    case 'wrong_tokens':
    case 'logged_in':
    case 'logged_out':
      return accessLine(event)
    case 'pruned':
      return info('Old runs and events pruned', { runs: event.runs, events: event.events })
    case 'prune_failed':
      return error('Failed to prune old runs and events', { error: text(event.error) })
    case 'review_resolved':
      return info('Review resolved', {
        order_no: event.orderNo,
        action: event.action,
        operator: event.operator,
      })
    case 'callback_missed':
      return null // `callbacks_missed` is logged for all of a path.
    case 'callback_rejected':
    case 'callbacks_missed':
    case 'callback_foreign':
    case 'refund_noticed':
      return callbackLine(event)
    case 'request_failed':
      return error('Request failed', {
        method: event.method,
        path: event.path,
        error: text(event.error),
      })
    default:
      return unreachable(event)
  }
}

type CallbackEvent = Extract<
  Event,
  { type: 'callback_rejected' | 'callbacks_missed' | 'callback_foreign' | 'refund_noticed' }
>

function callbackLine(event: CallbackEvent): Line {
  switch (event.type) {
    case 'callback_rejected':
      return warn('Callback rejected', { status: event.status, reason: event.reason })
    case 'callbacks_missed':
      return event.missed === null
        ? warn('Callbacks to many other paths: see notify_url', { count: event.count })
        : warn('Callback to a path that is not for callbacks: see notify_url', {
            ...event.missed,
            count: event.count,
          })
    case 'callback_foreign':
      return info('Callback acknowledged: it is about nothing that is kept here', {
        event_type: event.event,
      })
    case 'refund_noticed':
      return info(refundMessages[event.result], {
        order_no: event.orderNo,
        transaction_id: event.transactionId,
        refund_status: event.state,
        refund: event.refunded === null ? null : Number(event.refunded),
      })
    default:
      return unreachable(event)
  }
}

const refundMessages = {
  noted: 'Refund noticed',
  repeated: 'Refund noticed again',
  no_order: 'Refund noticed of an order that is not here',
} as const

type RunEvent = Extract<Event, { type: `run_${string}` | `scan_${string}` | 'tick_failed' }>

function runLine(event: RunEvent): Line | null {
  switch (event.type) {
    case 'run_started':
      return info('Order compensation job started', {
        run_id: event.runId,
        trigger: event.trigger,
        ...(event.dryRun ? { dry_run: true } : {}),
      })
    case 'scan_failed':
      return error('Failed to get pending orders for compensation', { error: text(event.error) })
    case 'scan_empty':
      return info('No pending orders to compensate', { run_id: event.run.id })
    case 'scan_found':
      return info('Found pending orders for compensation', {
        run_id: event.runId,
        count: event.count,
      })
    case 'run_finished':
      return info('Order compensation job completed', {
        run_id: event.run.id,
        ...(event.run.dryRun ? { dry_run: true } : {}),
        total: event.run.total,
        success: event.run.success,
        failed: event.run.failed,
        skipped: event.run.skipped,
        duration_ms: event.run.durationMs,
        ...(event.run.status === 'finished' ? {} : { status: event.run.status }),
      })
    case 'run_unrecorded':
      return error('Failed to record the run', { run_id: event.runId, error: text(event.error) })
    case 'tick_failed':
      return null // `scan_failed` has logged the cause.
    default:
      return unreachable(event)
  }
}

function backlogLine(event: BacklogEvent): Line {
  const { remaining } = event
  if (event.type === 'caught_up') {
    return info('Caught up: no more than a batch of orders is due', { remaining })
  }
  const { perSec, doneInMs, basis } = event
  const per_sec = Number(perSec.toPrecision(3))
  // An operator can raise compensation_batch_size, or turn compensation_drain on.
  if (doneInMs === null) {
    return warn('Falling behind: orders come due faster than they are queried', {
      remaining,
      per_sec,
    })
  }
  const eta_s = Math.ceil(doneInMs / 1000)
  return info(catchingUp[basis], { remaining, per_sec, eta_s })
}

/** The first estimate of a backlog is from what limits the rate; later ones are measured. */
const catchingUp = {
  measured: 'Catching up with due orders',
  batch: 'Catching up with due orders: one compensation_batch_size per interval',
  quota: 'Catching up with due orders: at most compensation_max_qps',
} as const

type OrderEvent = Extract<Event, { type: `order_${string}` | 'settle_failed' }>

function orderLine(event: OrderEvent): Line {
  const order_no = event.orderNo
  switch (event.type) {
    case 'order_answered':
      return info(`${sourceName[event.source]}: WeChat order status`, {
        order_no,
        wechat_status: event.tradeState ?? 'absent',
      })
    case 'order_unanswered':
      return {
        level: isExpected(event) ? 'warn' : 'error',
        message: 'Failed to query wechat order',
        fields: {
          order_no,
          cause: event.cause,
          error: event.message,
          ...(event.requestId === null ? {} : { request_id: event.requestId }),
        },
      }
    case 'order_credited':
      return event.source === 'compensation'
        ? info('Order compensated successfully', { order_no })
        : info('Order credited', { order_no, source: event.source })
    case 'order_expired':
      return info('Order expired', { order_no, ...reasonFields(event.reason) })
    case 'order_alarm':
      return error('Order needs a look', { order_no, ...reasonFields(event.reason) })
    case 'settle_failed':
      return error(failureMessage(event), { order_no, error: text(event.error) })
    default:
      return unreachable(event)
  }
}

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

type GatewayEvent = Extract<
  Event,
  {
    type: `breaker_${string}` | `gateway_${string}` | `query_${string}`
  }
>

function gatewayLine(event: GatewayEvent): Line {
  switch (event.type) {
    case 'gateway_called':
      return {
        level: 'debug',
        message: 'Gateway called',
        fields: {
          operation: event.operation,
          outcome: event.outcome,
          duration_ms: Math.round(event.durationMs),
        },
      }
    case 'gateway_throttled':
      return warn('Gateway said "too many": requests wait', { hold_ms: Math.round(event.holdMs) })
    case 'query_rate_limited':
      return {
        level: 'debug',
        message: 'Query not sent: rate limited',
        fields: {
          operation: event.operation,
          cause: event.cause,
          waited_ms: Math.round(event.waitedMs),
        },
      }
    case 'gateway_keys_refreshed':
      return info('Platform certificates refreshed', { serials: event.serials })
    case 'gateway_keys_failed':
      return error('Failed to refresh platform certificates', { error: event.message })
    case 'breaker_opened':
      return error('Breaker opened: runs are held back, and probe with one order', {
        reason: event.reason,
        detail: event.detail,
      })
    case 'breaker_closed':
      return info('Breaker closed: runs go on')
    default:
      return unreachable(event)
  }
}

type AccessEvent = Extract<Event, { type: 'wrong_tokens' | `logged_${string}` }>

/** Logins and refused tokens. */
function accessLine(event: AccessEvent): Line {
  switch (event.type) {
    case 'logged_in':
      return info('Logged in to the console', { name: event.name, address: event.address })
    case 'logged_out':
      return info('Logged out of the console', { name: event.name, address: event.address })
    case 'wrong_tokens':
      return event.address === null
        ? warn('Wrong tokens from many other addresses', { count: event.count })
        : warn('Wrong token', { door: event.door, address: event.address, count: event.count })
    default:
      return unreachable(event)
  }
}

function info(message: string, fields: Record<string, unknown> = {}): Line {
  return { level: 'info', message, fields }
}

function warn(message: string, fields: Record<string, unknown>): Line {
  return { level: 'warn', message, fields }
}

function error(message: string, fields: Record<string, unknown>): Line {
  return { level: 'error', message, fields }
}

function text(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

function reasonFields(reason: Reason) {
  return { reason: sentenceOf(reason), reason_code: reason.code }
}
