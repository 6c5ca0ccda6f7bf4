import type { OrderEvent, OrderKey } from '../domain/order.ts'
import type { Store } from './store.ts'

/**
 * An order that is queried hourly for 7 days has about 400 events. More than this many are written by a
 * fault in a loop, and showing them all would only hide it.
 */
export const eventsMax = 5000
const pageSize = 200

/** The whole timeline of an order, oldest first. `nextCursor`: null unless it has more than `eventsMax`. */
export async function allEvents(
  store: Store,
  key: OrderKey,
): Promise<{ events: readonly OrderEvent[]; nextCursor: string | null }> {
  const events: OrderEvent[] = []
  let cursor: string | null = null
  do {
    const page = await store.listOrderEvents(key, { limit: pageSize, cursor })
    events.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== null && events.length < eventsMax)
  return { events, nextCursor: cursor }
}
