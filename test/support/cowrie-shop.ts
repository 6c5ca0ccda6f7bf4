import type { AddressInfo } from 'node:net'
import { afterEach } from 'vitest'
import type { Event } from '../../src/domain/event.ts'
import type { Order } from '../../src/domain/order.ts'
import { type Budan, openService } from '../../src/service.ts'
import { buildWeb } from '../../src/web/server.ts'
import { createCowrieGateway } from './cowrie.ts'
import { type CowrieServer, startCowrie } from './cowrie-server.ts'
import { keyOf } from './order-key.ts'
import { freshStore, type StoreKind } from './stores.ts'

const keys = { merchantId: 'M-1', shopId: 'S-1', secret: 'k9' }
const minuteMs = 60_000

/** A shop whose gateway is Cowrie: the HTTP service, the job and the ledger, at its server. */
export interface Shop {
  readonly budan: Budan
  readonly cowrie: CowrieServer
  readonly app: Awaited<ReturnType<typeof buildWeb>>
  /** Where the app listens. */
  readonly url: string
  readonly events: readonly Event[]
  /** Steps all clocks, and makes a run. */
  runAfter(minutes: number): ReturnType<Budan['run']>
  place(userId?: string): Promise<Order>
  order(orderNo: string): Promise<Order>
  balance(userId?: string): Promise<bigint>
}

/** Opens shops for one test file, and closes them after each test. */
export function useShops(): (kind: StoreKind) => Promise<Shop> {
  const ends: Ends = []
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })
  return (kind) => openShop(kind, ends)
}

type Ends = (() => Promise<unknown>)[]

async function openShop(kind: StoreKind, ends: Ends): Promise<Shop> {
  const time = { now: Date.parse('2026-01-24T07:00:00Z') }
  const clock = () => new Date(time.now)
  const cowrie = await startCowrie(keys, { now: () => time.now })
  ends.push(() => cowrie.stop())
  const events: Event[] = []
  const store = await freshStore(kind, { clock })
  const target = { notifyUrl: '' }
  const gateway = createCowrieGateway({
    ...{ ...keys, url: cowrie.url, emit: (event) => events.push(event) },
    get notifyUrl() {
      return target.notifyUrl
    },
  })
  const budan = await openService(
    { database: { url: 'pglite:memory' }, log: { level: 'silent' } },
    { store, gateway, clock, onEvent: (event) => events.push(event) },
  )
  ends.push(() => budan.close())
  const server = { host: '127.0.0.1', port: 0, apiToken: null }
  const app = await buildWeb(budan, { server, version: 'test', clock })
  ends.push(() => app.close())
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  target.notifyUrl = `${url}/v1/callbacks/cowrie`
  const state = { placed: 0 }
  return {
    ...{ budan, cowrie, app, url, events },
    runAfter: (minutes) => {
      time.now += minutes * minuteMs
      return budan.run({ dryRun: false })
    },
    place: async (userId = 'u1') => {
      state.placed += 1
      const placement = await budan.placeOrder({
        ...{ userId, amount: 1234n, description: 'shells', idempotencyKey: `k${state.placed}` },
      })
      if (placement.kind !== 'placed') throw new Error(placement.kind)
      return placement.order
    },
    order: async (orderNo) => {
      const order = await store.findOrder(keyOf(orderNo))
      if (order === null) throw new Error(`No order "${orderNo}"`)
      return order
    },
    balance: async (userId = 'u1') => (await store.balance(userId)).balance,
  }
}
