import type { RawCallback } from './gateway/gateway.ts'
import type { DecisionKind, Order } from './order.ts'
import type { Adoption, AdoptRequest, Placement, PlaceRequest } from './place.ts'
import type { Run, RunResult } from './run.ts'
import type { Store } from './store/store.ts'

/** The whole of budan, as the web pages, the command line and embedders use it. */
export interface Budan {
  /** For reading: orders, events, accounts, runs, audit. */
  readonly store: Store
  placeOrder(request: PlaceRequest): Promise<Placement>
  adoptOrder(request: AdoptRequest): Promise<Adoption>
  /** Asks the gateway now and settles; null when the order is not ours. */
  checkOrder(orderNo: string): Promise<CheckReport | null>
  receiveCallback(callback: RawCallback): Promise<Receipt>
  /** Runs now, at most one batch, and waits for the end. */
  run(options: { dryRun: boolean }): Promise<{ run: Run; results: readonly RunResult[] }>
  readiness(): Promise<Readiness>
  /** Prometheus' text format. */
  metrics(): Promise<{ contentType: string; text: string }>
  /** Starts the clock; again after a stop. Does nothing when running or disabled. */
  start(): void
  /** Stops the clock and waits for what is in flight, within its deadline. May be called twice. */
  stop(): Promise<void>
  /** Stops, and gives back the store and the gateway. */
  close(): Promise<void>
}

export interface CheckReport {
  readonly order: Order
  /** The gateway's own word; null when it said nothing of a trade. */
  readonly tradeState: string | null
  readonly decision: DecisionKind
  readonly reason: string
}

export type Receipt =
  /** Committed. */
  | { readonly kind: 'settled'; readonly order: Order; readonly decision: DecisionKind }
  | { readonly kind: 'rejected'; readonly status: number; readonly reason: string }

export interface Readiness {
  readonly ready: boolean
  readonly checks: readonly ReadinessCheck[]
}

export interface ReadinessCheck {
  readonly name: 'database' | 'schema' | 'gateway' | 'schedule'
  readonly ok: boolean
  readonly detail: string
}
