import { request } from 'undici'
import { type Budan, openService } from '../../src/service.ts'
import { storeOn } from '../../src/store/assemble.ts'
import type { Database } from '../../src/store/database.ts'
import type { Store } from '../../src/store/store.ts'
import { startWeb } from '../../src/web/server.ts'
import { configOf } from '../../test/support/world.ts'
import type { InstantGateway } from '../gateway/start.ts'
import { type Dataset, fillDataset } from './dataset.ts'

/** A complete budan on a dataset: database, service and console. */
export interface Site {
  readonly dataset: Dataset
  readonly database: Database
  readonly store: Store
  readonly budan: Budan
  /**
   * Resolves when the last byte of the page is received. Throws if the server answers with an
   * error.
   */
  readPage(path: string): Promise<void>
  close(): Promise<void>
}

interface SiteOptions {
  readonly orders: number
  readonly gateway: InstantGateway
  /** Orders of one run. */
  readonly batch: number
}

/** Needs an empty database, and closes it together with the site. */
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
      // A search that finds one order answers with a redirect to it.
      if (statusCode >= 400) throw new Error(`${path} answered ${statusCode}: ${text}`)
    },
    async close() {
      await web.close()
      await budan.close()
    },
  }
}
