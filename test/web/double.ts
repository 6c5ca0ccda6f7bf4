import type { Event } from '../../src/domain/event.ts'
import { wechatFacts } from '../../src/gateway/wechat/facts.ts'
import type { Budan } from '../../src/service.ts'
import type { Store } from '../../src/store/store.ts'
import { sampleOrder } from '../support/samples.ts'
import { memorySessions } from '../support/sessions.ts'
import { sampleRun } from './samples.ts'

/** Methods that a test puts in the place of the double's own. */
export interface Replaced {
  readonly budan?: Partial<Budan>
  readonly store?: Partial<Store>
}

/**
 * A budan that only records its calls, for the shapes of HTTP. What becomes of orders
 * and money is tested on the real one.
 */
export function doubleBudan({ budan = {}, store = {} }: Replaced = {}) {
  const calls: string[] = []
  const events: Event[] = []
  const ownStore: Partial<Store> = {
    ...memorySessions(() => new Date()),
    findOrder: async () => null,
    listOrders: async () => ({ items: [sampleOrder()], nextCursor: 'more' }),
    listOrderEvents: async () => ({ items: [], nextCursor: null }),
    balance: async (userId) => ({ userId, balance: 0n, currency: 'CNY' }),
    listEntries: async () => ({ items: [], nextCursor: null }),
    listRuns: async () => ({ items: [sampleRun()], nextCursor: null }),
    findRun: async () => null,
    openExceptions: async () => ({}),
    audit: async () => ({
      paid_not_credited: 0,
      credited_not_paid: 0,
      credited_twice: 0,
      unbalanced: 0,
      mismatched: 0,
      unexplained: 0,
    }),
  }
  const own: Partial<Budan> = {
    placeOrder: async () => ({ kind: 'placed', order: sampleOrder({ codeUrl: 'weixin://x' }) }),
    adoptOrder: async () => ({ kind: 'adopted', order: sampleOrder({ adopted: true }) }),
    checkOrder: async () => null,
    receiveCallback: async () => ({ kind: 'rejected', status: 401, reason: 'no signature' }),
    screenCallback: async () => null,
    listExceptions: async () => ({ items: [], nextCursor: null }),
    findException: async () => null,
    closeException: async () => null,
    readEvents: async () => ({ events: [], nextCursor: 'next' }),
    run: async () => ({ run: sampleRun(), results: [] }),
    readiness: async () => ({ ready: true, checks: [], vitals: null }),
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', text: 'up 1\n' }),
  }
  return {
    calls,
    events,
    budan: {
      ...remembering({ ...own, ...budan }, calls),
      store: remembering({ ...ownStore, ...store }, calls),
      gateway: { ...wechatFacts, canTrace: true },
      emit: (event: Event) => events.push(event),
      // Called on every budan by its pages, not by a test.
      listen: budan.listen ?? (() => () => undefined),
    } as unknown as Budan,
  }
}

/** The same methods, their names noted when called. */
function remembering<T extends object>(methods: T, calls: string[]): T {
  const entries = Object.entries(methods).map(([name, method]) => [
    name,
    (...values: unknown[]) => {
      calls.push(name)
      return method(...values)
    },
  ])
  return Object.fromEntries(entries) as T
}
