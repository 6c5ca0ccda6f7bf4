import { request } from 'undici'
import { type Budan, openService } from '../../src/service.ts'
import { storeOn } from '../../src/store/assemble.ts'
import type { Database } from '../../src/store/database.ts'
import type { Store } from '../../src/store/store.ts'
import { startWeb } from '../../src/web/server.ts'
import { configOf } from '../../test/support/world.ts'
import type { InstantGateway } from '../gateway/start.ts'
import { type Dataset, fillDataset } from './dataset.ts'

/** A dataset with a whole budan on it: its database, its service, its console. */
export interface Site {
  readonly dataset: Dataset
  readonly database: Database
  readonly store: Store
  readonly budan: Budan
  /** Resolves with a page's last byte. Throws unless it came. */
  readPage(path: string): Promise<void>
  close(): Promise<void>
}

interface SiteOptions {
  readonly orders: number
  readonly gateway: InstantGateway
  /** Orders of a run. */
  readonly batch: number
}

/** On an empty database, which is closed with it. */
export async function openSite(
  database: Database,
  { orders, gateway, batch }: SiteOptions,
): Promise<Site> {
  const { url, merchant } = gateway
  const { mchid, appid } = merchant
  const dataset = { merchant: { gateway: 'wechatpay', mchid, appid }, orders, now: new Date() }
  await fillDataset(database, dataset)
  const store = storeOn(database)
  const recharge = { compensationBatchSize: batch }
  const budan = await openService(configOf({ url }, { merchant, recharge }), { store })
  const server = { host: '127.0.0.1', port: 0, apiToken: null }
  const web = await startWeb(budan, { server, version: 'bench' })
  return {
    ...{ dataset, database, store, budan },
    async readPage(path) {
      const { statusCode, body } = await request(`${web.url}${path}`, {
        headers: { accept: 'text/html' },
      })
      const text = await body.text()
      // A search that finds one order answers with the way to it.
      if (statusCode >= 400) throw new Error(`${path} answered ${statusCode}: ${text}`)
    },
    async close() {
      await web.close()
      await budan.close()
    },
  }
}
