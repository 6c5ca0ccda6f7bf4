import type { Fen } from './money.ts'
import type { Merchant } from './order.ts'
import type { Source } from './order-states.ts'
import type { Reason } from './reason.ts'
import type { ReviewAction } from './review-action.ts'
import type { Estimate, Run, RunTrigger } from './run.ts'
import type { Answer, UnknownCause } from './trade.ts'

/** What the program tells of its work. `telemetry/` makes log lines and metrics of it; nothing else does. */
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
      /** Absent: it had not begun. */
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
      /** Of the run that asked. */
      readonly runId?: string
      readonly tradeState: string | null
    }
  | {
      readonly type: 'order_unanswered'
      readonly orderNo: string
      readonly source: Source
      /** Of the run that asked. */
      readonly runId?: string
      readonly cause: UnknownCause
      readonly message: string
      /** The breaker tells of it, for all orders. */
      readonly systemic: boolean
      /** The gateway's name for its answer, if there was one. */
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
      /** What the answer called for. Null: no answer was had. */
      readonly answer: Answer | null
      readonly error: unknown
    }
  | {
      readonly type: 'gateway_called'
      readonly operation: GatewayOperation
      readonly outcome: string
      readonly durationMs: number
    }
  /** The gateway said "too many": no question is put for so long. Told once for those under way together. */
  | { readonly type: 'gateway_throttled'; readonly holdMs: number }
  | {
      readonly type: 'question_unplaced'
      readonly operation: GatewayOperation
      readonly cause: 'quota' | 'aged'
      readonly waitedMs: number
    }
  | { readonly type: 'callback_rejected'; readonly status: number; readonly reason: string }
  /** Of each, for the count; `callbacks_missed` tells of many in one line. */
  | { readonly type: 'callback_missed' }
  | {
      readonly type: 'callbacks_missed'
      /** Null, as what it belongs to: of so many paths that they are not told apart. */
      readonly missed: MissedPost | null
      /** Since the last line about the same. */
      readonly count: number
    }
  /** Verified, and nothing that this program reads, by the gateway's word for it. */
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
  /** While they do, nothing is closed, and nothing expires for its age. */
  | { readonly type: 'clocks_disagree'; readonly detail: string }
  | { readonly type: 'clocks_agree' }
  | {
      readonly type: 'request_failed'
      readonly method: string
      readonly path: string
      readonly error: unknown
    }
  /** Of each wrong token, for the count; `wrong_tokens` tells of many in one line. */
  | { readonly type: 'access_refused'; readonly door: Door }
  | {
      readonly type: 'wrong_tokens'
      /** Null, as the address: from so many networks that they are not told apart. */
      readonly door: Door | null
      /** The last one of its network. */
      readonly address: string | null
      /** Since the last line about the network. */
      readonly count: number
    }
  | { readonly type: 'logged_in'; readonly name: string; readonly address: string }
  | { readonly type: 'logged_out'; readonly name: string; readonly address: string }
  | { readonly type: 'pruned'; readonly runs: number; readonly events: number }
  | { readonly type: 'prune_failed'; readonly error: unknown }
  | { readonly type: 'certificates_refreshed'; readonly serials: readonly string[] }
  | { readonly type: 'certificates_failed'; readonly message: string }
  /** Files with secrets that everybody on this machine may read. */
  | { readonly type: 'secrets_exposed'; readonly files: readonly string[] }

/** A request that a gateway seems to have signed, and that is not for the path of its callbacks. */
export interface MissedPost {
  readonly method: string
  /** Without its query string, and cut. */
  readonly path: string
  readonly status: number
  readonly address: string
}

/** Where somebody asks to be let in: the pages for people, or `/v1`. */
export type Door = 'console' | 'api'

export type GatewayOperation = 'query' | 'close' | 'prepay' | 'certificates' | 'probe'

/** Hears an event. It must return at once; what it throws becomes a process warning. */
export type Emit = (event: Event) => void

export type BacklogEvent =
  | ({ readonly type: 'catching_up' } & Estimate)
  | { readonly type: 'caught_up'; readonly remaining: number }

/** Emitted once when the server of the queue is lost, and once when it is back. */
export type EngineEvent =
  | { readonly type: 'engine_lost'; readonly reason: string }
  | { readonly type: 'engine_back'; readonly awayMs: number }
