import { verify } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  appId,
  gatewayTo,
  mchId,
  merchantKeys,
  orderNo,
  publicKeyId,
  type Side,
  signed,
  startSide,
  tradeBody,
  unsigned,
} from './wechat-side.ts'

let side: Side
beforeAll(async () => {
  side = await startSide()
})
afterAll(() => side.stop())
beforeEach(() => {
  side.received.length = 0
  side.answer = () => signed(200, tradeBody())
})

const prepaid = {
  orderNo,
  appid: appId,
  amount: 1234n,
  currency: 'CNY',
  description: '充值 12.34 元',
  attach: 'season=autumn',
  expiresAt: new Date('2026-10-01T02:30:00.000Z'),
}

function last() {
  const request = side.received.at(-1)
  if (!request) throw new Error('Nothing was received')
  return request
}

/** What the server can check with the merchant's public key alone. */
function isSignedByMerchant({ method, path, headers, body } = last()): boolean {
  const pairs = [...(headers.authorization ?? '').matchAll(/(\w+)="([^"]*)"/g)]
  const of = Object.fromEntries(pairs.map(([, key, value]) => [key, value]))
  const message = `${method}\n${path}\n${of.timestamp}\n${of.nonce_str}\n${body}\n`
  const signature = Buffer.from(of.signature, 'base64')
  return verify('RSA-SHA256', Buffer.from(message), merchantKeys.publicKey, signature)
}

describe('what goes on the wire', () => {
  test('query() sends order number and our mchid, signed', async () => {
    const { gateway } = gatewayTo(side)
    await gateway.query(orderNo)
    expect(last()).toMatchObject({
      method: 'GET',
      path: `/v3/pay/transactions/out-trade-no/${orderNo}?mchid=${mchId}`,
      body: '',
    })
    expect(last().headers).toMatchObject({
      accept: 'application/json',
      'wechatpay-serial': publicKeyId,
    })
    expect(last().headers['user-agent']).toMatch(/^budan /)
    expect(last().headers.authorization).toMatch(/^WECHATPAY2-SHA256-RSA2048 mchid="1900007291",/)
    expect(isSignedByMerchant()).toBe(true)
    await gateway.stop()
  })

  test.each([
    ['a|b*c_d-e', 'a%7Cb*c_d-e'],
    ['单号 1/2?x', '%E5%8D%95%E5%8F%B7%201%2F2%3Fx'],
    ['..', '..'],
    ['half \ud800', 'half%20%EF%BF%BD'],
  ])('query() sends %s as %s and signs just that', async (number, encoded) => {
    const { gateway } = gatewayTo(side)
    await gateway.query(number)
    expect(last().path).toBe(`/v3/pay/transactions/out-trade-no/${encoded}?mchid=${mchId}`)
    expect(isSignedByMerchant()).toBe(true)
    await gateway.stop()
  })

  test('queryByTransactionId() sends the number of WeChat Pay', async () => {
    const { gateway } = gatewayTo(side)
    await gateway.queryByTransactionId?.('4200002345202610019876543210')
    expect(last().path).toBe(`/v3/pay/transactions/id/4200002345202610019876543210?mchid=${mchId}`)
    await gateway.stop()
  })

  test('close() posts the mchid', async () => {
    side.answer = () => signed(204, undefined)
    const { gateway } = gatewayTo(side)
    await gateway.close(orderNo)
    expect(last()).toMatchObject({
      method: 'POST',
      path: `/v3/pay/transactions/out-trade-no/${orderNo}/close`,
      body: `{"mchid":"${mchId}"}`,
    })
    expect(last().headers['content-type']).toBe('application/json')
    expect(isSignedByMerchant()).toBe(true)
    await gateway.stop()
  })

  test('prepay() posts a Native order, the same bytes each time under a new signature', async () => {
    side.answer = () => signed(200, { code_url: 'weixin://wxpay/bizpayurl?pr=1' })
    const { gateway } = gatewayTo(side)
    await gateway.prepay(prepaid)
    await gateway.prepay(prepaid)
    const [first, second] = side.received
    expect(first?.path).toBe('/v3/pay/transactions/native')
    expect(JSON.parse(first?.body ?? '')).toEqual({
      appid: appId,
      mchid: mchId,
      description: '充值 12.34 元',
      out_trade_no: orderNo,
      time_expire: '2026-10-01T10:30:00+08:00',
      attach: 'season=autumn',
      notify_url: 'https://shop.example.com/v1/callbacks/wechatpay',
      amount: { total: 1234, currency: 'CNY' },
    })
    expect(isSignedByMerchant(first)).toBe(true)
    expect(second?.body).toBe(first?.body)
    expect(second?.headers.authorization).not.toBe(first?.headers.authorization)
    await gateway.stop()
  })

  test('prepay() leaves out an attach that is not there, and rounds the end up to a second', async () => {
    side.answer = () => signed(200, { code_url: 'weixin://wxpay/bizpayurl?pr=1' })
    const { gateway } = gatewayTo(side)
    const expiresAt = new Date('2026-12-31T23:59:59.001Z')
    await gateway.prepay({ ...prepaid, attach: null, expiresAt })
    const body = JSON.parse(last().body)
    expect(body).not.toHaveProperty('attach')
    expect(body.time_expire).toBe('2027-01-01T08:00:00+08:00')
    await gateway.stop()
  })

  test('prepay() refuses without a notify_url, and sends nothing', async () => {
    const { gateway } = gatewayTo(side, { notifyUrl: null })
    expect(await gateway.prepay(prepaid)).toMatchObject({
      kind: 'refused',
      code: 'notify_url_missing',
    })
    expect(side.received).toHaveLength(0)
    await gateway.stop()
  })

  test('query() names no serial when platform certificates verify', async () => {
    side.answer = () => unsigned(500)
    const { gateway } = gatewayTo(side, { publicKey: null })
    await gateway.query(orderNo)
    expect(last().headers).not.toHaveProperty('wechatpay-serial')
    await gateway.stop()
  })

  test('query() is sent once, whatever comes of it', async () => {
    const { gateway } = gatewayTo(side)
    for (const status of [500, 502, 503, 429, 401, 202]) {
      side.received.length = 0
      side.answer = () => unsigned(status)
      await gateway.query(orderNo)
      expect(side.received).toHaveLength(1)
    }
    await gateway.stop()
  })
})
