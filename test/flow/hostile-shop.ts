import { expect } from 'vitest'
import type { Order } from '../../src/domain/order.ts'
import type { Evidence } from '../../src/domain/trade.ts'
import { openService } from '../../src/service.ts'
import type { Store } from '../../src/store/store.ts'
import { startWeb } from '../../src/web/server.ts'
import {
  configFor,
  encrypt,
  signatureHeaders,
  startSide,
  unsigned,
} from '../gateway/wechat-side.ts'
import { keyOf } from '../support/order-key.ts'
import { freshStore, type StoreKind } from '../support/stores.ts'
import { configOf, sharedMerchant } from '../support/world.ts'
import { deciding, type Post, type Way } from './hostile-trade.ts'

/** budan over HTTP on both sides, with a gateway that answers byte for byte what a test says. */
export interface Shop {
  readonly store: Store
  /** An order of an hour ago, of a user of its own. */
  adopt(): Promise<string>
  /** Brings a body that the gateway signed. */
  deliver(orderNo: string, given: Post & { way: Way; body: Buffer }): Promise<void>
  order(orderNo: string): Promise<Order>
  balance(orderNo: string): Promise<bigint>
  /** The evidence of the credit by the API, and the page of the order in Chinese. */
  shown(orderNo: string): Promise<{ evidence: Evidence; page: string }>
  close(): Promise<void>
}

export async function openShop(kind: StoreKind): Promise<Shop> {
  const side = await startSide()
  const store = await freshStore(kind)
  const base = configOf(side, { merchant: await sharedMerchant() })
  const config = { ...base, merchants: [], wechat: configFor(side.url, { timeoutMs: 60_000 }) }
  const budan = await openService(config, { store })
  const web = await startWeb(budan, { server: config.server, version: '0' })
  let count = 0

  const post = async (body: Buffer, { envelope = {} }: Post) => {
    const text = JSON.stringify({
      ...{ id: 'EV-1', create_time: '2026-10-01T08:34:57+08:00', summary: '支付成功' },
      ...{ event_type: 'TRANSACTION.SUCCESS', resource_type: 'encrypt-resource' },
      resource: { original_type: 'transaction', ...encrypt(body) },
      ...envelope,
    })
    const url = `${web.url}/v1/callbacks/wechatpay`
    await fetch(url, { method: 'POST', headers: signatureHeaders(text), body: text })
  }
  return {
    store,
    async adopt() {
      count += 1
      const orderNo = `HOSTILE-${kind}-${count}`
      const hour = 3_600_000
      const [createdAt, expiresAt] = [new Date(Date.now() - hour), new Date(Date.now() + hour)]
      const facts = { orderNo, userId: orderNo, amount: deciding.amount, description: '' }
      await budan.adoptOrder({ ...facts, createdAt, expiresAt })
      return orderNo
    },
    async deliver(orderNo, { way, body: given, ...around }) {
      const body = Buffer.concat([Buffer.from(around.prefix ?? ''), given])
      if (way === 'callback') return post(body, around)
      side.answer = ({ path }) =>
        path.includes(`/out-trade-no/${orderNo}`)
          ? { status: 200, headers: { ...signatureHeaders(body), ...around.headers }, body }
          : unsigned(500)
      if (way === 'check') await budan.checkOrder(orderNo)
      else await budan.run({ dryRun: false })
    },
    async order(orderNo) {
      const order = await store.findOrder(keyOf(orderNo))
      if (order === null) throw new Error(`No order "${orderNo}"`)
      return order
    },
    balance: async (orderNo) => (await store.balance(orderNo)).balance,
    async shown(orderNo) {
      const events = await fetch(`${web.url}/v1/orders/${orderNo}/events`)
      const listed = (await events.json()) as {
        events: readonly { to_status: string; evidence: Evidence }[]
      }
      const evidence = listed.events.find(({ to_status }) => to_status === 'paid')?.evidence
      const headers = { 'accept-language': 'zh-CN' }
      const page = await fetch(`${web.url}/orders/${orderNo}`, { headers })
      expect(page.status).toBe(200)
      const metrics = await fetch(`${web.url}/metrics`)
      expect(metrics.status).toBe(200)
      return { evidence: evidence ?? {}, page: await page.text() }
    },
    async close() {
      await web.close()
      await budan.close()
      await side.stop()
    },
  }
}
