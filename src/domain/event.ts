import type { Fen } from './money.ts'
import type { Actor, Merchant } from './order.ts'
import type { Source } from './order-states.ts'
import type { Reason } from './reason.ts'
import type { ExceptionKind, OpenedException } from './review/exception.ts'
import type { ReviewAction } from './review/review-action.ts'
import type { Estimate, Run, RunTrigger } from './runs/run.ts'
import type { Scope } from './scope.ts'
import type { Answer, UnknownCause } from './trade.ts'
import type { AttemptOutcome } from './webhooks/delivery.ts'

/** By type. */
interface Events {
  readonly job_disabled: object
  readonly job_started: { readonly intervalMins: number }
  readonly job_stopped: object
  readonly run_started: {
    readonly runId: string
    readonly trigger: RunTrigger
    readonly dryRun: boolean
  }
  readonly tick_failed: { readonly error: unknown }
  /** `runId` absent: the run had not begun. */
  readonly scan_failed: {
    readonly error: unknown
    readonly durationMs: number
    readonly runId?: string
  }
  readonly scan_empty: { readonly run: Run }
  readonly scan_found: { readonly runId: string; readonly count: number }
  readonly run_finished: { readonly run: Run }
  readonly run_unrecorded: { readonly runId: string; readonly error: unknown }
  readonly catching_up: Estimate
  readonly caught_up: { readonly remaining: number }
  /** Emitted once when the server of the queue is lost, and once when it is back. */
  readonly engine_lost: { readonly reason: string }
  readonly engine_back: { readonly awayMs: number }
  readonly orders_foreign: { readonly merchant: Merchant; readonly count: number }
  readonly order_answered: OfOrder & OfRun & { readonly tradeState: string | null }
  readonly order_unanswered: OfOrder &
    OfRun & {
      readonly cause: UnknownCause
      readonly message: string
      /** Every other order fails for the same cause: the breaker emits one event for all. */
      readonly systemic: boolean
      /** The gateway's id of its answer, if there was one. */
      readonly requestId: string | null
    }
  readonly order_credited: OfOrder & {
    readonly paidAt: Date | null
    readonly creditedAt: Date | null
  }
  readonly order_expired: OfOrder & { readonly reason: Reason }
  /** `operator`: the name that was given. */
  readonly review_resolved: {
    readonly orderNo: string
    readonly action: ReviewAction
    readonly operator: string
  }
  readonly order_alarm: OfOrder & { readonly reason: Reason }
  /** Money and books differ: after the commit, once for each. Reviews are among them. */
  readonly exception_opened: OpenedException
  readonly exception_closed: {
    readonly kind: ExceptionKind
    readonly orderNo: string
    /** `budan`: it healed. */
    readonly by: string
  }
  /** `answer` null: there was none. */
  readonly settle_failed: OfOrder & { readonly answer: Answer | null; readonly error: unknown }
  readonly gateway_called: {
    readonly operation: GatewayOperation
    readonly outcome: string
    readonly durationMs: number
  }
  /** The gateway answered "too many requests": no request is sent for this time. Emitted once for requests in flight together. */
  readonly gateway_throttled: { readonly holdMs: number }
  readonly query_rate_limited: {
    readonly operation: GatewayOperation
    readonly cause: 'quota' | 'old_order_limit'
    readonly waitedMs: number
  }
  readonly callback_rejected: { readonly status: number; readonly reason: string }
  /** One for each, to be counted; `callbacks_missed` reports many in one line. */
  readonly callback_missed: object
  /**
   * `missed` null: there were too many paths to report each. `count`: since the last line about the same
   * path.
   */
  readonly callbacks_missed: { readonly missed: MissedPost | null; readonly count: number }
  /** A verified callback of a kind that this program does not read, by the gateway's word for the kind. */
  readonly callback_foreign: { readonly event: string }
  readonly refund_noticed: {
    readonly orderNo: string | null
    readonly transactionId: string | null
    /** The gateway's own word. */
    readonly state: string
    readonly refunded: Fen | null
    readonly result: 'noted' | 'repeated' | 'no_order'
  }
  readonly breaker_opened: { readonly reason: string; readonly detail: string }
  readonly breaker_closed: object
  /** While they disagree, no order is closed, and none expires because of its age. */
  readonly clocks_disagree: { readonly detail: string }
  readonly clocks_agree: object
  readonly request_failed: {
    readonly method: string
    readonly path: string
    readonly error: unknown
  }
  /** One for each wrong token, to be counted; `wrong_tokens` reports many in one line. */
  readonly access_refused: { readonly door: Door }
  /**
   * Door and address null: there were too many networks to report each; else the last address of its
   * network. `count`: since the last line about this network.
   */
  readonly wrong_tokens: {
    readonly door: Door | null
    readonly address: string | null
    readonly count: number
  }
  /** A known token was used for what it may not do. */
  readonly scope_missing: Actor & { readonly scope: Scope; readonly route: string }
  /** A request changed something. Placing, adopting and checking are in the timelines of their orders. */
  readonly right_used: Actor & { readonly route: string }
  /** From the next request on. */
  readonly tokens_replaced: { readonly names: readonly string[] }
  /** They stay as they were. */
  readonly tokens_kept: { readonly error: unknown }
  /** The credit is posted. Its proof could not be written: an audit counts it as unproven. */
  readonly proof_failed: { readonly error: unknown }
  /** What had no proof is sealed, as it was found. `actor`: who had it done; absent: a start by itself. */
  readonly proofs_begun: {
    readonly orders: number
    readonly credits: number
    readonly actor?: string
  }
  readonly sealing_failed: { readonly error: unknown }
  readonly logged_in: { readonly name: string; readonly address: string }
  readonly logged_out: { readonly name: string; readonly address: string }
  /** Somebody ended sessions of the token `of`, perhaps their own. */
  readonly sessions_ended: Actor & { readonly of: string; readonly count: number }
  /** Emitted once while published events get no positions, and once when they get them again. */
  readonly positioning_failed: { readonly error: unknown }
  readonly positioning_resumed: { readonly awayMs: number }
  /** `events`: of orders; `published`: what others have had `events.keep_days` to read. */
  readonly pruned: { readonly runs: number; readonly events: number; readonly published: number }
  readonly prune_failed: { readonly error: unknown }
  readonly gateway_keys_refreshed: { readonly serials: readonly string[] }
  readonly gateway_keys_failed: { readonly message: string }
  /** Files with secrets that every user of this machine can read. */
  readonly secrets_exposed: { readonly files: readonly string[] }
  /**
   * An endpoint of webhooks takes nothing: emitted once for an outage, by the node that noticed it. `error`
   * says what became of the last attempt.
   */
  readonly endpoint_failing: {
    readonly endpoint: string
    readonly failures: number
    readonly since: Date
    readonly error: string
  }
  /** They stay, and can be replayed. */
  readonly deliveries_given_up: { readonly endpoint: string; readonly count: number }
  readonly delivery_attempted: {
    readonly endpoint: string
    readonly outcome: AttemptOutcome
    readonly durationMs: number
  }
  /** Emitted once while no deliveries can be claimed, and once when they can again. */
  readonly delivering_failed: { readonly error: unknown }
  readonly delivering_resumed: { readonly awayMs: number }
  readonly endpoint_recovered: { readonly endpoint: string; readonly failingMs: number }
  /** An audit was made; `counts` by invariant. */
  readonly audit_made: { readonly counts: Readonly<Record<string, number>> }
  /** None has finished for two intervals, by any node, as far as this one can see. */
  readonly runs_missing: { readonly lastFinishedAt: Date | null }
  readonly runs_back: object
  /** A message to a robot, or the call of a heartbeat. */
  readonly alert_sent: { readonly robot: string }
  readonly alert_unsent: { readonly robot: string }
  /** Emitted once when a robot takes no messages, and once when it takes them again. */
  readonly robot_failing: { readonly robot: string; readonly reason: string }
  readonly robot_recovered: { readonly robot: string }
  /** The process ends, and these were not sent. */
  readonly alerts_dropped: { readonly robot: string; readonly count: number }
  /** No key of proofs is configured, and the one that was made could not be kept. */
  readonly proof_key_unwritable: { readonly path: string; readonly reason: string }
}

interface OfOrder {
  readonly orderNo: string
  readonly source: Source
}

/** The run that sent the query. */
interface OfRun {
  readonly runId?: string
}

/** The name of the merchant, where a service has several and the event is one's own. */
interface OfMerchant {
  readonly merchantName?: string
}

/** What the program emits about its work. Only `telemetry/` makes log lines and metrics of it. */
export type Event<Type extends keyof Events = keyof Events> = {
  readonly [T in Type]: { readonly type: T } & OfMerchant & Events[T]
}[Type]

export type BacklogEvent = Event<'catching_up' | 'caught_up'>
export type EngineEvent = Event<'engine_lost' | 'engine_back'>

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
