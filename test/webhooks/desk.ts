import type { WebhookConfig } from '../../src/config/webhooks/webhook-config.ts'
import type { Event } from '../../src/domain/event.ts'
import { merchantName } from '../../src/domain/merchant.ts'
import type { Delivery } from '../../src/domain/webhooks/delivery.ts'
import { Dispatcher, type DispatcherParts } from '../../src/outbox/webhooks/dispatcher.ts'
import type { Store } from '../../src/store/store.ts'
import { placePaid } from '../contract/store-fixtures.ts'
import { positionAll } from '../contract/store-published.ts'

export const secretOf = (letter: string) => `whsec_${Buffer.alloc(32, letter).toString('base64')}`

export function endpointTo(url: string, changes: Partial<WebhookConfig> = {}): WebhookConfig {
  return { name: 'shop', url, secrets: [secretOf('a')], types: null, ...changes }
}

export interface Node {
  readonly dispatcher: Dispatcher
  readonly events: Event[]
  /** Resolves with the next event of a type, or one that was before. */
  seen<T extends Event['type']>(type: T): Promise<Extract<Event, { type: T }>>
}

/** A process of its own, as far as deliveries go. */
export function startNode(
  store: Store,
  endpoints: readonly WebhookConfig[],
  { leaseMs = 60_000, openSender }: Pick<DispatcherParts, 'leaseMs' | 'openSender'> = {},
): Node {
  const events: Event[] = []
  const listeners = new Set<() => void>()
  const dispatcher = new Dispatcher({
    ...{ store, endpoints, leaseMs, ...(openSender && { openSender }) },
    emit: (event) => {
      events.push(event)
      for (const listener of listeners) listener()
    },
    nameOf: (merchant) => merchantName([], merchant),
  })
  dispatcher.start()
  return {
    dispatcher,
    events,
    seen: <T extends Event['type']>(type: T) =>
      new Promise<Extract<Event, { type: T }>>((resolve) => {
        const look = () => {
          const found = events.find((event) => event.type === type)
          if (found === undefined) return
          listeners.delete(look)
          resolve(found as Extract<Event, { type: T }>)
        }
        listeners.add(look)
        look()
      }),
  }
}

/** Orders that are paid, and published. */
export async function pay(store: Store, count = 1): Promise<readonly string[]> {
  const numbers: string[] = []
  for (let made = 0; made < count; made += 1) numbers.push((await placePaid(store)).orderNo)
  await positionAll(store)
  return numbers
}

export async function deliveriesOf(store: Store): Promise<readonly Delivery[]> {
  return (await store.listDeliveries({ limit: 200, cursor: null })).items
}

/** Waits until it holds: what is recorded comes a moment after what was received. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10))
}
