/**
 * budan as a library: the same service, built in code. `openService` takes a configuration, and in
 * the place of its own parts a store, a gateway, a clock, and an `onPaid` that runs inside the
 * crediting transaction. `loadConfig` reads a configuration from YAML and the environment;
 * `startWeb` serves the HTTP API.
 */

export {
  type Control,
  generateMerchant,
  type Merchant as SimulatorMerchant,
  merchantOptions,
  readMerchant,
  type Simulator,
  SimulatorClock,
  type SimulatorOptions,
  startSimulator,
  writeMerchant,
} from 'budan-simulator'
export {
  type AlertInput,
  type ConfigInput,
  completeConfig,
  type MerchantInput,
  type WechatInput,
} from './config/complete.ts'
export type {
  AlertConfig,
  Config,
  MerchantConfig,
  MerchantId,
  RechargeConfig,
  WechatConfig,
} from './config/config.ts'
export { ConfigError } from './config/fault.ts'
export { type ConfigRequest, loadConfig } from './config/load.ts'
export { configurationFor } from './demo/configuration.ts'
export type { Clock } from './domain/clock.ts'
export type { Emit, Event } from './domain/event.ts'
export type { Entry, Transfer } from './domain/ledger/transfer.ts'
export type { ConfiguredMerchant } from './domain/merchant.ts'
export type { Fen } from './domain/money.ts'
export type { Actor, Order, OrderEvent } from './domain/order.ts'
export type { OrderStatus, Source } from './domain/order-states.ts'
export type { RefundNotice } from './domain/refund.ts'
export type { Exception, ExceptionKind, OpenExceptions } from './domain/review/exception.ts'
export type { RefusalCause, ReviewConflict } from './domain/review/resolve.ts'
export type { ReviewAction } from './domain/review/review-action.ts'
export type {
  Penalty,
  RateLimiter,
  ReservationRequest,
  Reservations,
} from './domain/runs/rate-limiter.ts'
export type { Estimate, Run, RunResult } from './domain/runs/run.ts'
export type * from './domain/trade.ts'
export type { RefundState } from './domain/trade.ts'
export type { PublishedEvent, PublishedType } from './domain/webhooks/published-event.ts'
export type { ClosedException, CloseRequest } from './exceptions/close.ts'
export type { ExceptionsWanted } from './exceptions/exception-desk.ts'
export type * from './gateway/gateway.ts'
export { createWechatGateway } from './gateway/wechat/wechat.ts'
export type { Readiness } from './health/readiness.ts'
export type { Abandoned } from './orders/abandon.ts'
export type { Adoption } from './orders/adopt.ts'
export type { Receipt } from './orders/callback.ts'
export type { CheckReport } from './orders/check.ts'
export type { Corrected } from './orders/correct.ts'
export { explainReview } from './orders/explanation.ts'
export type { Placement } from './orders/place.ts'
export type {
  AbandonRequest,
  AdoptRequest,
  CorrectRequest,
  PlaceRequest,
  ReviewRequest,
  RunWanted,
} from './orders/requests.ts'
export type { Previewed, Prospect, Resolution, ReviewPreview } from './orders/review.ts'
export type { Traced } from './orders/trace.ts'
export type { FeedEvent, FeedPage, FeedPageRequest } from './outbox/feed.ts'
export type { Engine, EngineVitals, Tick, Work } from './queue/engine.ts'
export { type Budan, openService, type ServiceOptions } from './service.ts'
export type { OnPaid } from './settle/settle.ts'
export {
  CursorError,
  CursorGoneError,
  DatabaseBusyError,
  NewerSchemaError,
  StaleOrderError,
  StoreError,
  UnknownOutcomeError,
} from './store/errors.ts'
export { openStore } from './store/open.ts'
export type { HeldRights } from './store/schema/held.ts'
export type * from './store/schema/state.ts'
export type * from './store/store.ts'
export { startWeb, type WebOptions } from './web/server.ts'
