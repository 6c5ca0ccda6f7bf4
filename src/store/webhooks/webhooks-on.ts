import type { Scope } from '../database.ts'
import { type Attempt, quoted } from '../failure.ts'
import { claimDeliveries, releaseDeliveries } from './claim.ts'
import {
  failUnconfigured,
  findDelivery,
  listDeliveries,
  replayDelivery,
  replaySpan,
} from './deliveries.ts'
import { configureWebhooks, endpointStates } from './endpoints.ts'
import { recordAttempts } from './record.ts'
import type { WebhookStore } from './webhook-store.ts'

/** @param to does one piece of work, and says what it was when it fails. */
export function webhooksOn(scope: Pick<Scope, 'db' | 'now'>, to: Attempt): WebhookStore {
  return {
    configureWebhooks: (endpoints) =>
      to('note the endpoints', () => configureWebhooks(scope, endpoints)),
    claimDeliveries: (claim) =>
      to(`claim deliveries for ${quoted(claim.endpoint)}`, () => claimDeliveries(scope, claim)),
    releaseDeliveries: (claims) => to('release deliveries', () => releaseDeliveries(scope, claims)),
    recordAttempts: (record) =>
      to(`record deliveries for ${quoted(record.endpoint)}`, () => recordAttempts(scope, record)),
    endpointStates: (names, { countMax }) =>
      to('read the state of endpoints', () => endpointStates(scope, { names, countMax })),
    listDeliveries: (filter) => to('list deliveries', () => listDeliveries(scope, filter)),
    findDelivery: (id) => to(`find delivery ${id}`, () => findDelivery(scope, id)),
    replayDelivery: (id) => to(`replay delivery ${id}`, () => replayDelivery(scope, id)),
    replaySpan: (span) =>
      to(`replay events for ${quoted(span.endpoint)}`, () => replaySpan(scope, span)),
    failUnconfigured: (request) =>
      to('end deliveries without an endpoint', () => failUnconfigured(scope, request)),
  }
}
