import type { WebhookConfig } from '../../config/webhooks/webhook-config.ts'
import type { Emit } from '../../domain/event.ts'
import { type Attempt, type Delivery, readDeliveryName } from '../../domain/webhooks/delivery.ts'
import { isFailing } from '../../domain/webhooks/endpoint-health.ts'
import type { PublishedType } from '../../domain/webhooks/published-event.ts'
import type { Store } from '../../store/store.ts'
import type { EndpointState } from '../../store/webhooks/webhook-store.ts'
import { testEvent } from './body.ts'
import { report } from './recorder.ts'
import { Sender } from './sender.ts'
import { formatSpanCursor, parseSpanCursor } from './span-cursor.ts'

/** An endpoint of the configuration, and how it is. */
export interface Endpoint extends Omit<EndpointState, 'health'> {
  /** Without its query, which may hold a token. */
  readonly url: string
  /** Null: all. */
  readonly types: readonly PublishedType[] | null
  /** Null: its last delivery was taken, or it never got one. */
  readonly failingSince: Date | null
  /** Whether it has failed three times in a row, over a minute at least. */
  readonly isFailing: boolean
}

export interface ReplayRequest {
  /** Of events from then on, by their time. */
  readonly since: Date
  /** Absent or null: all. */
  readonly types?: readonly PublishedType[] | null | undefined
  /** `nextCursor` of the portion before. */
  readonly cursor?: string | null | undefined
}

export interface Replayed {
  /** Deliveries that were made due. Those that were pending anyway do not count. */
  readonly replayed: number
  /** Where to go on; null: the span is done. */
  readonly nextCursor: string | null
}

export interface Tested {
  readonly eventId: string
  readonly attempt: Attempt
}

/** What people and programs do with endpoints and deliveries. */
export interface WebhookDesk {
  /** In the order of the configuration. */
  endpoints(): Promise<readonly Endpoint[]>
  /** Sends `budan.test` now, past all that waits. Null: no such endpoint is configured. */
  test(name: string): Promise<Tested | null>
  /**
   * Makes one portion of a span due, oldest first: at most `replayedMax` events. Null: no such endpoint is
   * configured. Throws `CursorError`.
   */
  replay(name: string, request: ReplayRequest): Promise<Replayed | null>
  /** Makes one delivery due, whatever its state, by its id (`dlv_…`). Null: it is not here. */
  replayDelivery(id: string): Promise<Delivery | null>
}

/** Counted up to here: nobody acts on more. */
export const countMax = 10_000

/** Of one request, in statements of a thousand, each of which takes some ten milliseconds. */
export const replayedMax = 10_000
const portionMax = 1_000

export interface DeskParts {
  readonly store: Pick<
    Store,
    'configureWebhooks' | 'endpointStates' | 'recordAttempts' | 'replayDelivery' | 'replaySpan'
  >
  readonly emit: Emit
  readonly endpoints: readonly WebhookConfig[]
  /** There is something to send. */
  readonly wake: () => void
}

export function openWebhookDesk({ store, emit, endpoints, wake }: DeskParts): WebhookDesk {
  const named = (name: string) => endpoints.find((each) => each.name === name) ?? null
  return {
    endpoints: async () => {
      if (endpoints.length === 0) return []
      const states = await store.endpointStates(
        endpoints.map(({ name }) => name),
        { countMax },
      )
      return endpoints.map((config) =>
        endpointOf(config, states.find(({ name }) => name === config.name) ?? null),
      )
    },
    test: async (name) => {
      const endpoint = named(name)
      if (endpoint === null) return null
      const event = testEvent(name)
      const sender = new Sender(endpoint)
      const attempt = await sender.send(event)
      sender.close()
      // Where it was never configured with this database yet.
      await store.configureWebhooks([endpoint])
      report(
        emit,
        name,
        await store.recordAttempts({ endpoint: name, attempts: [], test: attempt }),
      )
      if (attempt.outcome === 'delivered') wake()
      return { eventId: event.id, attempt }
    },
    replay: async (name, request) => {
      const endpoint = named(name)
      if (endpoint === null) return null
      await store.configureWebhooks([endpoint])
      const replayed = await replaySpan(store, { ...request, endpoint: name })
      wake()
      return replayed
    },
    replayDelivery: async (id) => {
      const number = readDeliveryName(id)
      const delivery = number === null ? null : await store.replayDelivery(number)
      wake()
      return delivery
    },
  }
}

async function replaySpan(
  store: Pick<Store, 'replaySpan'>,
  { endpoint, since, types = null, cursor }: ReplayRequest & { readonly endpoint: string },
): Promise<Replayed> {
  const start = cursor == null ? null : parseSpanCursor(cursor)
  let [replayed, until] = [0, start?.until ?? null]
  let from = start?.from ?? { at: since, position: -1n }
  for (let seen = 0; seen < replayedMax; seen += portionMax) {
    const portion = await store.replaySpan({ endpoint, from, until, types, limit: portionMax })
    replayed += portion.replayed
    if (portion.next === null) return { replayed, nextCursor: null }
    from = portion.next
    until = portion.until
  }
  return { replayed, nextCursor: formatSpanCursor({ from, until: until ?? new Date() }) }
}

function endpointOf({ name, url, types }: WebhookConfig, state: EndpointState | null): Endpoint {
  const { health, ...rest } = state ?? neverSeen(name)
  return {
    ...{ ...rest, url: shownUrl(url), types },
    ...{ failingSince: health.failingSince, isFailing: isFailing(health) },
  }
}

function neverSeen(name: string): EndpointState {
  return {
    ...{ name, pending: 0, failed: 0, oldestPendingMs: null },
    ...{ lastAt: null, lastStatus: null, lastError: null },
    health: { failures: 0, failingSince: null, failedAt: null, heldUntil: null },
  }
}

export function shownUrl(url: string): string {
  const { origin, pathname, search } = new URL(url)
  return `${origin}${pathname}${search === '' ? '' : '?…'}`
}
