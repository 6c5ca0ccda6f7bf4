import { generateMerchant } from 'budan-simulator'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { configurationFor } from '../../src/demo/configuration.ts'

test.each([
  ['public_key', true],
  ['mixed', true],
  ['certificate', false],
])('configurationFor() fits a merchant in %s mode', async (signing, hasPublicKey) => {
  const merchant = await generateMerchant()
  const simulator = { url: 'http://127.0.0.1:4000', timeScale: 60, signing }
  const config = parse(configurationFor(simulator, merchant, { dir: './keys' }))
  expect(config.wechat).toMatchObject({
    base_url: 'http://127.0.0.1:4000',
    mch_id: merchant.mchid,
    private_key_path: 'keys/apiclient_key.pem',
  })
  expect('public_key_id' in config.wechat).toBe(hasPublicKey)
  expect(config.recharge.order_ttl_mins).toBe(2)
})
