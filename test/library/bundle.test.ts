import { cpSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleWhole, type Home, openHome } from './program.ts'

let home: Home
beforeAll(() => {
  home = openHome()
})
afterAll(() => home.remove())

/** An order is placed, paid, its callback lost, and credited: on a new embedded database. */
const program = `
import {
  generateMerchant, merchantOptions, openService, startSimulator, startWeb,
} from 'budan'

const merchant = await generateMerchant()
const simulator = await startSimulator(merchantOptions(merchant))
const { publicKeyId, publicKeyPem } = merchant.wechatpay
const budan = await openService({
  recharge: { compensationThresholdMins: 0 },
  wechat: {
    baseUrl: simulator.url,
    mchId: merchant.mchid,
    appId: merchant.appid,
    serialNo: merchant.serialNo,
    privateKey: merchant.privateKeyPem,
    apiV3Key: merchant.apiV3Key,
    publicKey: { id: publicKeyId, key: publicKeyPem },
    notifyUrl: 'http://127.0.0.1:9/v1/callbacks/wechatpay',
    timeoutMs: 60_000,
  },
  log: { level: 'warn', format: 'pretty' },
})
const placed = await budan.placeOrder({
  userId: 'u1', amount: 1234n, description: 'Credit', attach: null, idempotencyKey: 'cart-4711',
})
if (placed.kind !== 'placed') throw new Error(placed.message ?? placed.kind)
simulator.control.pay(placed.order.orderNo, { callback: false })
await budan.checkOrder(placed.order.orderNo)
console.log('balance', (await budan.store.balance('u1')).balance)
if (process.env.WITH_WEB) {
  const server = { host: '127.0.0.1', port: 0, apiToken: null }
  const web = await startWeb(budan, { server, version: '1' })
  console.log('web', (await fetch(web.url + '/healthz')).status, (await fetch(web.url + '/')).status)
  await web.close()
}
await budan.close()
await simulator.stop()
`

test('a program that imports budan runs as it is, and whole in one file made by esbuild', async () => {
  home.write('program.mjs', program)
  await bundleWhole(home, 'program.mjs', 'whole.mjs')
  for (const file of ['program.mjs', 'whole.mjs']) {
    rmSync(join(home.path, 'data'), { recursive: true, force: true })
    expect(await home.run(file, { WITH_WEB: '1' })).toBe('balance 1234n\nweb 200 200\n')
  }
})

test('the one file runs where there are no packages, with the files of PGlite beside it', async () => {
  const bare = openHome()
  try {
    cpSync(join(home.path, 'whole.mjs'), join(bare.path, 'whole.mjs'))
    rmSync(join(bare.path, 'node_modules'), { recursive: true })
    await expect(bare.run('whole.mjs')).rejects.toThrow(
      /its files are missing: copy pglite\.data, pglite\.wasm, initdb\.wasm from @electric-sql\/pglite\/dist beside/,
    )
    const pglite = dirname(createRequire(import.meta.url).resolve('@electric-sql/pglite'))
    for (const name of ['pglite.data', 'pglite.wasm', 'initdb.wasm']) {
      cpSync(join(pglite, name), join(bare.path, name))
    }
    // Everything but the console, whose files are in the package.
    const ended = bare.run('whole.mjs', { WITH_WEB: '1' })
    await expect(ended).rejects.toMatchObject({ stdout: 'balance 1234n\n' })
    await expect(ended).rejects.toThrow(
      /Cannot find the files of the package "budan": no node_modules .* has it\. Install budan in one of them: npm install budan/,
    )
  } finally {
    bare.remove()
  }
})
