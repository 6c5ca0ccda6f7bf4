import type { WebhookConfig } from '../../config/webhooks/webhook-config.ts'
import type { Emit } from '../../domain/event.ts'
import { type MerchantIdentity, merchantName } from '../../domain/merchant.ts'
import { patienceMs } from '../../health/database-state.ts'
import { singleFlight, type Timely } from '../../health/single-flight.ts'
import type { Store } from '../../store/store.ts'
import { Dispatcher } from './dispatcher.ts'
import { type Endpoint, openWebhookDesk, type WebhookDesk } from './webhook-desk.ts'

export interface WebhookParts {
  readonly store: Store
  readonly emit: Emit
  readonly endpoints: readonly WebhookConfig[]
  /** With the names that they have in the configuration. */
  readonly merchants: readonly (MerchantIdentity & { readonly name: string })[]
}

/** All that a service has for webhooks. */
export interface Webhooks {
  readonly desk: WebhookDesk
  /** Sends, between start() and stop(). */
  readonly dispatcher: Dispatcher
  /** How the endpoints are, read once at a time for all callers. */
  state(): Promise<Timely<readonly Endpoint[]>>
}

/** Notes which endpoints there are, before any event gets a position that they would miss. */
export async function openWebhooks({
  store,
  emit,
  endpoints,
  merchants,
}: WebhookParts): Promise<Webhooks> {
  if (endpoints.length > 0) await store.configureWebhooks(endpoints)
  const dispatcher = new Dispatcher({
    ...{ store, emit, endpoints },
    nameOf: (merchant) => merchantName(merchants, merchant),
  })
  const desk = openWebhookDesk({ store, emit, endpoints, wake: () => dispatcher.wake() })
  const state = singleFlight(() => desk.endpoints(), { patienceMs })
  return { desk, dispatcher, state }
}
