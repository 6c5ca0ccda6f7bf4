import type { Fen } from './money.ts'
import type { Merchant } from './order.ts'
import type { Source } from './order-states.ts'
import type { Reason } from './reason.ts'
import type { ReviewAction } from './review-action.ts'
import type { Estimate, Run, RunTrigger } from './run.ts'
import type { Answer, UnknownCause } from './trade.ts'

/** What the program emits about its work. Only `telemetry/` makes log lines and metrics of it. */
export type Event =
  | { readonly type: 'job_disabled' }
  | { readonly type: 'job_started'; readonly intervalMins: number }
  | { readonly type: 'job_stopped' }
  | {
      readonly type: 'run_started'
      readonly runId: string
      readonly trigger: RunTrigger
      readonly dryRun: boolean
    }
  | { readonly type: 'tick_failed'; readonly error: unknown }
  | {
      readonly type: 'scan_failed'
      readonly error: unknown
      readonly durationMs: number
      /** Absent: the run had not begun. */
      readonly runId?: string
    }
  | { readonly type: 'scan_empty'; readonly run: Run }
  | { readonly type: 'scan_found'; readonly runId: string; readonly count: number }
  | { readonly type: 'run_finished'; readonly run: Run }
  | { readonly type: 'run_unrecorded'; readonly runId: string; readonly error: unknown }
  | BacklogEvent
  | EngineEvent
  | {
      readonly type: 'orders_foreign'
      readonly merchant: Merchant
      readonly count: number
    }
  | {
      readonly type: 'order_answered'
      readonly orderNo: string
      readonly source: Source
      /** The run that sent the query. */
      readonly runId?: string
      readonly tradeState: string | null
    }
  | {
      readonly type: 'order_unanswered'
      readonly orderNo: string
      readonly source: Source
      /** The run that sent the query. */
      readonly runId?: string
      readonly cause: UnknownCause
      readonly message: string
      /** Every other order fails for the same cause: the breaker emits one event for all. */
      readonly systemic: boolean
      /** The gateway's id of its answer, if there was one. */
      readonly requestId: string | null
    }
  | {
      readonly type: 'order_credited'
      readonly orderNo: string
      readonly source: Source
      readonly paidAt: Date | null
      readonly creditedAt: Date | null
    }
  | {
      readonly type: 'order_expired'
      readonly orderNo: string
      readonly source: Source
      readonly reason: Reason
    }
  | {
      readonly type: 'review_resolved'
      readonly orderNo: string
      readonly action: ReviewAction
      /** The name that was given. */
      readonly operator: string
    }
  | {
      readonly type: 'order_alarm'
      readonly orderNo: string
      readonly source: Source
      readonly reason: Reason
    }
  | {
      readonly type: 'settle_failed'
      readonly orderNo: string
      readonly source: Source
      /** Null: there was no answer. */
      readonly answer: Answer | null
      readonly error: unknown
    }
  | {
      readonly type: 'gateway_called'
      readonly operation: GatewayOperation
      readonly outcome: string
      readonly durationMs: number
    }
  /** The gateway answered "too many requests": no request is sent for this time. Emitted once for requests in flight together. */
  | { readonly type: 'gateway_throttled'; readonly holdMs: number }
  | {
      readonly type: 'query_rate_limited'
      readonly operation: GatewayOperation
      readonly cause: 'quota' | 'old_order_limit'
      readonly waitedMs: number
    }
  | { readonly type: 'callback_rejected'; readonly status: number; readonly reason: string }
  /** One for each, to be counted; `callbacks_missed` reports many in one line. */
  | { readonly type: 'callback_missed' }
  | {
      readonly type: 'callbacks_missed'
      /** Null: there were too many paths to report each. */
      readonly missed: MissedPost | null
      /** Since the last line about the same path. */
      readonly count: number
    }
  /** A verified callback of a kind that this program does not read, by the gateway's word for the kind. */
  | { readonly type: 'callback_foreign'; readonly event: string }
  | {
      readonly type: 'refund_noticed'
      readonly orderNo: string | null
      readonly transactionId: string | null
      /** The gateway's own word. */
      readonly state: string
      readonly refunded: Fen | null
      readonly result: 'noted' | 'repeated' | 'no_order'
    }
  | { readonly type: 'breaker_opened'; readonly reason: string; readonly detail: string }
  | { readonly type: 'breaker_closed' }
  /** While they disagree, no order is closed, and none expires because of its age. */
  | { readonly type: 'clocks_disagree'; readonly detail: string }
  | { readonly type: 'clocks_agree' }
  | {
      readonly type: 'request_failed'
      readonly method: string
      readonly path: string
      readonly error: unknown
    }
  /** One for each wrong token, to be counted; `wrong_tokens` reports many in one line. */
  | { readonly type: 'access_refused'; readonly door: Door }
  | {
      readonly type: 'wrong_tokens'
      /** Null, like the address: there were too many networks to report each. */
      readonly door: Door | null
      /** The last address of its network. */
      readonly address: string | null
      /** Since the last line about this network. */
      readonly count: number
    }
  | { readonly type: 'logged_in'; readonly name: string; readonly address: string }
  | { readonly type: 'logged_out'; readonly name: string; readonly address: string }
  | { readonly type: 'pruned'; readonly runs: number; readonly events: number }
  | { readonly type: 'prune_failed'; readonly error: unknown }
  | { readonly type: 'gateway_keys_refreshed'; readonly serials: readonly string[] }
  | { readonly type: 'gateway_keys_failed'; readonly message: string }
  /** Files with secrets that every user of this machine can read. */
  | { readonly type: 'secrets_exposed'; readonly files: readonly string[] }

/** A request that looks like a gateway's callback, at another path than that of callbacks. */
export interface MissedPost {
  readonly method: string
  /** Without its query string, and cut. */
  readonly path: string
  readonly status: number
  readonly address: string
}

/** Where a token was given: the console, or `/v1`. */
export type Door = 'console' | 'api'

/** What a gateway is called for, by its own name. */
export type GatewayOperation = string

/** Receives an event. It must return at once; an error that it throws becomes a process warning. */
export type Emit = (event: Event) => void

export type BacklogEvent =
  | ({ readonly type: 'catching_up' } & Estimate)
  | { readonly type: 'caught_up'; readonly remaining: number }

/** Emitted once when the server of the queue is lost, and once when it is back. */
export type EngineEvent =
  | { readonly type: 'engine_lost'; readonly reason: string }
  | { readonly type: 'engine_back'; readonly awayMs: number }
