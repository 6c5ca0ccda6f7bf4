import { afterAll, beforeAll, expect, test } from 'vitest'
import { Wechatpay } from 'wechatpay-axios-plugin'
import { generateMerchant, type Merchant, type Simulator } from '../src/index.ts'
import { nativePath, prepayBody, start } from './client.ts'

/** An independent client, which verifies every 2xx, has to accept the simulator. */

let merchant: Merchant

beforeAll(async () => {
  merchant = await generateMerchant()
})

const opened: Simulator[] = []
afterAll(() => Promise.all(opened.map((each) => each.stop())))

async function open(signing: 'public_key' | 'certificate') {
  const simulator = await start(merchant, { signing })
  opened.push(simulator)
  const { wechatpay } = merchant
  const certificate = wechatpay.certificates[0]
  const certs =
    signing === 'public_key'
      ? { [wechatpay.publicKeyId]: wechatpay.publicKeyPem }
      : { [certificate?.serialNo ?? '']: certificate?.certificatePem ?? '' }
  const client = new Wechatpay({
    mchid: merchant.mchid,
    serial: merchant.serialNo,
    privateKey: merchant.privateKeyPem,
    certs,
    secret: merchant.apiV3Key,
    baseURL: simulator.url,
  })
  return { simulator, client }
}

test.each(['public_key', 'certificate'] as const)(
  'wechatpay-axios-plugin places, queries and closes in %s mode',
  async (signing) => {
    const { simulator, client } = await open(signing)
    const orders = '/v3/pay/transactions/out-trade-no/AXIOS_1'
    const params = { mchid: merchant.mchid }
    const placed = await client.chain(nativePath).post(prepayBody(merchant, 'AXIOS_1'))
    expect(placed.data.code_url).toMatch(/^weixin:/)
    expect((await client.chain(orders).get({ params })).data.trade_state).toBe('NOTPAY')
    expect((await client.chain(`${orders}/close`).post(params)).status).toBe(204)
    expect((await client.chain(orders).get({ params })).data.trade_state).toBe('CLOSED')
    simulator.control.addFault({ operation: 'query', fault: { kind: 'wrong_signature' } })
    await expect(client.chain(orders).get({ params })).rejects.toThrow()
  },
)
