import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  generateMerchant,
  type Merchant,
  merchantOptions,
  type Simulator,
  startSimulator,
} from 'budan-simulator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Home, openHome } from './program.ts'

const root = join(import.meta.dirname, '../..')

let home: Home
let merchant: Merchant
let simulator: Simulator
beforeAll(async () => {
  home = openHome()
  merchant = await generateMerchant()
  simulator = await startSimulator({ ...merchantOptions(merchant), signing: 'certificate' })
})
afterAll(async () => {
  await simulator.stop()
  home.remove()
})

/** The first program of a page that imports budan. */
function exampleOf(page: string): string {
  const text = readFileSync(join(root, page), 'utf8')
  const blocks = [...text.matchAll(/^```[tj]s\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code)
  return blocks.find((code) => code.includes("from 'budan'")) ?? ''
}

describe.each(['README.md', 'README.zh-CN.md', 'docs/library.md'])('the example of %s', (page) => {
  test('has fewer than 15 lines', () => {
    const lines = exampleOf(page).trimEnd().split('\n')
    expect(lines.length).toBeGreaterThan(5)
    expect(lines.length).toBeLessThan(15)
  })

  test('runs as it stands, with another merchant in it', async () => {
    home.write('apiclient_key.pem', merchant.privateKeyPem)
    const own: readonly (readonly [from: RegExp, to: string])[] = [
      [/wechat: \{/, `wechat: { timeoutMs: 60_000, baseUrl: '${simulator.url}',`],
      [/mchId: '\d+'/, `mchId: '${merchant.mchid}'`],
      [/appId: 'wx\w+'/, `appId: '${merchant.appid}'`],
      [/serialNo: '\w+'/, `serialNo: '${merchant.serialNo}'`],
    ]
    const code = own.reduce((text, [from, to]) => {
      expect(text).toMatch(from)
      return text.replace(from, to)
    }, exampleOf(page))
    const placing = `
      const facts = { userId: 'u1', amount: 1n, description: 'x', attach: null }
      const placed = await budan.placeOrder({ ...facts, idempotencyKey: '${page}' })
      console.log(placed.kind)
      await budan.close()`
    home.write('example.mjs', code + placing)
    const env = { WECHAT_API_V3_KEY: merchant.apiV3Key }
    expect(await home.run('example.mjs', env)).toMatch(/^placed$/m)
  })
})
