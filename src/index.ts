/**
 * budan as a library: the same service, built in code. `openService` takes a configuration, and in
 * the place of its own parts a store, a gateway, a clock, and an `onPaid` that runs inside the
 * crediting transaction. `loadConfig` reads a configuration from YAML and the environment;
 * `startWeb` serves the HTTP API.
 */
export type { Abandoned, AbandonRequest } from './abandon.ts'
export type { Adoption, AdoptRequest } from './adopt.ts'
export type { Estimate } from './backlog.ts'
export type { Receipt } from './callback.ts'
export type { Clock } from './clock.ts'
export { type ConfigInput, completeConfig, type WechatInput } from './config/complete.ts'
export { ConfigError } from './config/fault.ts'
export { type ConfigRequest, loadConfig } from './config/load.ts'
export type { Config, RechargeConfig, WechatConfig } from './config.ts'
export type { Corrected, CorrectRequest } from './correct.ts'
export type { Engine, EngineVitals, Tick, Work } from './engine/engine.ts'
export type { Emit, Event } from './event.ts'
export type * from './gateway/gateway.ts'
export { createWechatGateway } from './gateway/wechat.ts'
export type { Entry, Transfer } from './ledger/transfer.ts'
export type { ConfiguredMerchant } from './merchant.ts'
export type { Fen } from './money.ts'
export type { Actor, Order, OrderEvent, OrderStatus, Source } from './order.ts'
export type { Placement, PlaceRequest } from './place.ts'
export type { Hold, Places, PlacesGiven, PlacesWanted } from './places.ts'
export type { Readiness } from './readiness.ts'
export type { RefundNotice, RefundState } from './refund.ts'
export type { Obstacle, RefusalCause, ReviewAction } from './resolve.ts'
export {
  explainReview,
  type Previewed,
  type Prospect,
  type Resolution,
  type ReviewPreview,
  type ReviewRequest,
} from './review.ts'
export type { Run, RunResult } from './run.ts'
export { type Budan, type CheckReport, openService, type ServiceOptions } from './service.ts'
export type { OnPaid } from './settle.ts'
export {
  type Control,
  configurationFor,
  generateMerchant,
  type Merchant as SimulatorMerchant,
  merchantOptions,
  readMerchant,
  type Simulator,
  SimulatorClock,
  type SimulatorOptions,
  startSimulator,
  writeMerchant,
} from './simulator/index.ts'
export {
  CursorError,
  DatabaseBusyError,
  NewerSchemaError,
  StaleOrderError,
  StoreError,
  UnknownOutcomeError,
} from './store/errors.ts'
export { openStore } from './store/open.ts'
export type * from './store/store.ts'
export type { Traced } from './trace.ts'
export type * from './trade.ts'
export { startWeb, type WebOptions } from './web/server.ts'
