import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generateMerchant, type Merchant, type Simulator } from '../src/index.ts'
import { type Mistakes, nativePath, prepayBody, queryPath, send, signer, start } from './client.ts'

let merchant: Merchant
let stranger: Merchant
let simulator: Simulator

beforeAll(async () => {
  ;[merchant, stranger] = await Promise.all([generateMerchant(), generateMerchant()])
  simulator = await start(merchant)
  simulator.control.putOrder({ out_trade_no: 'ORDER_1|*-x', total: 1 })
})

afterAll(() => simulator.stop())

const now = () => Math.floor(Date.now() / 1000)

describe('a request', () => {
  const cases: readonly [string, (path: string) => Mistakes, number, string?][] = [
    ['is accepted when all is right', () => ({}), 200],
    ['is accepted 299 s late', () => ({ timestamp: now() - 299 }), 200],
    ['is refused 302 s late', () => ({ timestamp: now() - 302 }), 401, '5分钟'],
    ['is refused 302 s early', () => ({ timestamp: now() + 302 }), 401, '5分钟'],
    ['is refused without authorization', () => ({ authorization: null }), 401, '验签失败'],
    ['is refused in another scheme', () => ({ scheme: 'Bearer' }), 401, '验签失败'],
    ['is refused with another serial', () => ({ serial: 'AB12' }), 401, '序列号'],
    ['is refused with another mchid', () => ({ mchid: '1900000001' }), 401, '序列号'],
    [
      'is refused when another path is signed',
      (path) => ({ signedPath: `${path}&` }),
      401,
      '签名错误',
    ],
    [
      'is refused when a body is signed that is not sent',
      () => ({ signedBody: '{}' }),
      401,
      '签名错误',
    ],
    [
      'is refused when its age and its signature are wrong, for its age',
      () => ({ timestamp: now() - 400, signedBody: '{}' }),
      401,
      '5分钟',
    ],
    [
      'is refused with a stranger’s key',
      () => ({ privateKeyPem: stranger.privateKeyPem }),
      401,
      '签名错误',
    ],
  ]
  test.each(cases)('%s', async (_, wrong, status, message) => {
    const path = queryPath(merchant, 'ORDER_1%7C*-x')
    const answer = await send(simulator, merchant, { path, wrong: wrong(path) })
    expect(answer.status).toBe(status)
    if (!message) return expect(answer.json.out_trade_no).toBe('ORDER_1|*-x')
    expect(answer.json.code).toBe('SIGN_ERROR')
    expect(answer.json.message).toContain(message)
    expect(answer.headers['wechatpay-signature']).toBeUndefined()
    expect(answer.headers['request-id']).toBeUndefined()
  })

  test('is refused when the path is encoded otherwise than it was signed', async () => {
    const path = queryPath(merchant, 'ORDER_1%7C*-x')
    const signedPath = queryPath(merchant, 'ORDER_1|*-x')
    expect((await send(simulator, merchant, { path, wrong: { signedPath } })).status).toBe(401)
  })

  test('for certificates requires a User-Agent, which is checked before the signature', async () => {
    const path = '/v3/certificates'
    const without = await send(simulator, merchant, { path, wrong: { authorization: null } })
    expect(without.status).toBe(400)
    expect(without.json.code).toBe('INVALID_REQUEST')
    const headers = { 'user-agent': 'test' }
    const unsigned = await send(simulator, merchant, {
      path,
      headers,
      wrong: { authorization: null },
    })
    expect(unsigned.status).toBe(401)
    expect(unsigned.json.message).toContain('Authorization')
  })

  test.each([
    ['GET', '/v3/pay/transactions/nowhere', 404],
    ['GET', '/v3/pay/transactions/id/', 404],
    ['GET', nativePath, 405],
    ['DELETE', '/v3/certificates', 405],
  ])('%s %s is answered %i without a body', async (method, path, status) => {
    const answer = await send(simulator, merchant, { method, path })
    expect([answer.status, answer.text]).toEqual([status, ''])
  })

  test.each([
    ['without mchid', '/v3/pay/transactions/out-trade-no/ORDER_1', 'PARAM_ERROR'],
    ['with another mchid', '/v3/pay/transactions/out-trade-no/ORDER_1?mchid=1', 'PARAM_ERROR'],
    ['with a short number', '/v3/pay/transactions/out-trade-no/A?mchid=', 'PARAM_ERROR'],
    ['with a broken encoding', '/v3/pay/transactions/out-trade-no/ORDER%ZZ?mchid=', 'PARAM_ERROR'],
  ])('to query %s is a parameter error', async (_, path, code) => {
    const full = path.endsWith('=') ? path + merchant.mchid : path
    const answer = await send(simulator, merchant, { path: full })
    expect([answer.status, answer.json.code]).toEqual([400, code])
  })
})

describe('prepay', () => {
  const long = (count: number) => '长'.repeat(count)
  const soon = (ms: number) => new Date(Date.now() + ms).toISOString()
  const cases: readonly [string, Record<string, unknown>, number, string][] = [
    ['an unknown member', { extra: 1 }, 400, '/extra'],
    ['an unknown member deep inside', { amount: { total: 1, payer: 1 } }, 400, '/amount/payer'],
    ['a null member', { attach: null }, 400, '/attach'],
    ['no description', { description: undefined }, 400, '/description'],
    ['a description of 128', { description: long(128) }, 400, '/description'],
    ['an emoji', { description: '充值🎉' }, 400, '/description'],
    ['an amount of 0', { amount: { total: 0 } }, 400, '/amount/total'],
    ['an amount of half a fen', { amount: { total: 0.5 } }, 400, '/amount/total'],
    ['an amount in text', { amount: { total: '1' } }, 400, '/amount/total'],
    ['dollars', { amount: { total: 1, currency: 'USD' } }, 400, '/amount/currency'],
    ['a number of 5 characters', { out_trade_no: 'ABCDE' }, 400, '/out_trade_no'],
    ['a number of 33 characters', { out_trade_no: 'A'.repeat(33) }, 400, '/out_trade_no'],
    ['a number with a dot', { out_trade_no: 'ABC.DEF' }, 400, '/out_trade_no'],
    ['an attach of 129', { attach: long(129) }, 400, '/attach'],
    ['plain http beyond loopback', { notify_url: 'http://a.example/' }, 400, '/notify_url'],
    ['a notify_url with a query', { notify_url: 'https://a.example/?a=1' }, 400, '/notify_url'],
    ['a notify_url that is none', { notify_url: 'callback' }, 400, '/notify_url'],
    ['a time_expire without zone', { time_expire: '2026-01-01T00:00:00' }, 400, '/time_expire'],
    ['a time_expire in the past', { time_expire: soon(-1_000) }, 400, '/time_expire'],
    ['another mchid', { mchid: '1900000001' }, 400, '/mchid'],
  ]
  test.each(cases)('refuses %s', async (_, change, status, field) => {
    const body = { ...prepayBody(merchant, 'REFUSED_1'), ...change }
    const answer = await send(simulator, merchant, { path: nativePath, body })
    expect([answer.status, answer.json.code]).toEqual([status, 'PARAM_ERROR'])
    expect(answer.json.detail.field).toBe(field)
    expect(() => simulator.control.order('REFUSED_1')).toThrow('Cannot find order')
  })

  test('cuts a time_expire of more than fifteen days to fifteen, as WeChat Pay does', async () => {
    const time_expire = soon(40 * 86_400_000)
    const body = { ...prepayBody(merchant, 'CUT_00001'), time_expire }
    expect((await send(simulator, merchant, { path: nativePath, body })).status).toBe(200)
    const { created_at, expires_at } = simulator.control.order('CUT_00001')
    expect(Date.parse(expires_at) - Date.parse(created_at)).toBe(15 * 86_400_000)
  })

  test('refuses another appid, a body that is not JSON, and another content type', async () => {
    const body = prepayBody(merchant, 'REFUSED_2')
    const appid = await send(simulator, merchant, {
      path: nativePath,
      body: { ...body, appid: 'wx1' },
    })
    expect([appid.status, appid.json.code]).toEqual([400, 'APPID_MCHID_NOT_MATCH'])
    const broken = await send(simulator, merchant, { path: nativePath, body: '{"appid":' })
    expect([broken.status, broken.json.code]).toEqual([400, 'PARAM_ERROR'])
    const headers = { 'content-type': 'text/plain' }
    const plain = await send(simulator, merchant, { path: nativePath, body, headers })
    expect([plain.status, plain.json.code]).toEqual([400, 'PARAM_ERROR'])
  })

  test('accepts every documented member, and signs its answer', async () => {
    const body = {
      ...prepayBody(merchant, 'TAKEN_1'),
      attach: 'a',
      time_expire: soon(3_600_000),
      goods_tag: 'g',
      support_fapiao: true,
      detail: {
        cost_price: 1,
        goods_detail: [{ merchant_goods_id: '1', quantity: 1, unit_price: 1 }],
      },
      scene_info: { payer_client_ip: '127.0.0.1', store_info: { id: '1' } },
      settle_info: { profit_sharing: false },
    }
    const answer = await send(simulator, merchant, { path: nativePath, body })
    expect(answer.status).toBe(200)
    expect(answer.json.code_url).toMatch(/^weixin:\/\/wxpay\/bizpayurl\?pr=\w+$/)
    expect(answer.headers['request-id']).toMatch(/^[0-9A-F]+-0$/)
    expect(answer.headers['wechatpay-signature-type']).toBe('WECHATPAY2-SHA256-RSA2048')
    expect(signer(merchant, answer)).toBe(merchant.wechatpay.publicKeyId)
  })
})
