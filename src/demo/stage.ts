import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  generateMerchant,
  type Merchant,
  merchantOptions,
  type Simulator,
  startSimulator,
  writeMerchant,
} from 'budan-simulator'
import { stringify } from 'yaml'
import { loadConfig } from '../config/load.ts'
import { type Budan, openService } from '../service.ts'
import { startWeb } from '../web/server.ts'
import { configurationFor } from './configuration.ts'
import { openShop, type Shop } from './shop.ts'

/** A minute of the gateway passes in a second, so that expiry takes seconds instead of two hours. */
const timeScale = 60

/**
 * Overrides the intervals of the configuration file: hundredths of a minute instead of minutes.
 * The time-out is short, so that a hanging gateway delays the demo by a second only.
 */
const fastClock = {
  RECHARGE_COMPENSATION_INTERVAL_MINS: '0.02',
  RECHARGE_COMPENSATION_THRESHOLD_MINS: '0.02',
  RECHARGE_COMPENSATION_RECHECK_MINS: '0.02,0.02,0.04',
  RECHARGE_COMPENSATION_MAX_QPS: '200',
  RECHARGE_ORDER_TTL_MINS: '0.15',
  WECHAT_TIMEOUT_MS: '1000',
}

/**
 * The parts of the demo: a simulated gateway, an embedded database, budan on the real clock, and a shop's
 * backend that receives the events.
 */
export interface Stage {
  readonly budan: Budan
  readonly shop: Shop
  readonly simulator: Simulator
  readonly url: string
  /** Directory of keys, configuration and database. */
  readonly dir: string
  close(): Promise<void>
}

export async function openStage({
  version,
  ...options
}: {
  version: string
  port?: number
}): Promise<Stage> {
  const dir = await mkdtemp(join(tmpdir(), 'budan-demo-'))
  const merchant = await generateMerchant()
  await writeMerchant(dir, merchant)
  const simulator = await startSimulator({ ...merchantOptions(merchant), timeScale })
  const shop = await openShop()
  const port = options.port || (await freePort())
  const file = join(dir, 'budan.yaml')
  await writeFile(file, configurationText({ dir, port, simulator, merchant, shop }))
  const config = loadConfig({ file, env: fastClock, need: 'serve' })
  const budan = await openService(config)
  const web = await startWeb(budan, {
    ...{ server: config.server, emit: budan.emit, version },
    listenKeys: { port: '--port', host: 'host' },
  })
  return {
    ...{ budan, simulator, shop, dir, url: web.url },
    close: async () => {
      await web.close()
      await budan.close()
      await simulator.stop()
      await shop.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

function configurationText(parts: {
  dir: string
  port: number
  simulator: Simulator
  merchant: Merchant
  shop: Shop
}): string {
  const { dir, port, simulator, merchant, shop } = parts
  const notifyUrl = `http://127.0.0.1:${port}/v1/callbacks/wechatpay`
  const own = {
    server: { port },
    database: { url: `pglite:${join(dir, 'data')}` },
    webhooks: [{ name: 'shop', url: shop.url, secret: shop.secret }],
    log: { level: 'silent' },
  }
  return stringify(own) + configurationFor(simulator, merchant, { dir, notifyUrl })
}

/** The configuration contains the address for callbacks, so the port must be known before budan starts. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('Cannot find a free port')
  return address.port
}
