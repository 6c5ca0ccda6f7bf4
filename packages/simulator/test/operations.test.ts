import { X509Certificate } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { generateMerchant, type Merchant, type Simulator, SimulatorClock } from '../src/index.ts'
import {
  closeRequest,
  decrypt,
  nativePath,
  prepayBody,
  queryPath,
  send,
  signer,
  start,
} from './client.ts'

let merchant: Merchant
let simulator: Simulator

beforeAll(async () => {
  merchant = await generateMerchant()
  simulator = await start(merchant, { clock: new SimulatorClock({ stepped: true }) })
})

afterEach(() => simulator.control.reset())
afterAll(() => simulator.stop())

const prepay = (orderNo: string, change: object = {}) =>
  send(simulator, merchant, {
    path: nativePath,
    body: { ...prepayBody(merchant, orderNo), ...change },
  })
const query = (orderNo: string) => send(simulator, merchant, { path: queryPath(merchant, orderNo) })
const close = (orderNo: string) => send(simulator, merchant, closeRequest(merchant, orderNo))
const codeOf = async (answer: ReturnType<typeof send>) => {
  const { status, json } = await answer
  return [status, json?.code ?? null]
}

test('prepay() returns a new code for the same parameters in any order, and refuses different ones', async () => {
  const first = await prepay('AGAIN_1', { attach: 'x' })
  const again = await send(simulator, merchant, {
    path: nativePath,
    body: { attach: 'x', ...prepayBody(merchant, 'AGAIN_1'), amount: { total: 1_000 } },
  })
  expect(again.status).toBe(200)
  expect(again.json.code_url).not.toBe(first.json.code_url)
  expect(await codeOf(prepay('AGAIN_1', { attach: 'y' }))).toEqual([403, 'OUT_TRADE_NO_USED'])
  const old = { code_url: first.json.code_url }
  expect(() => simulator.control.pay('AGAIN_1', old)).toThrow('replaced code')
  simulator.control.pay('AGAIN_1', { code_url: again.json.code_url })
})

test('prepay() refuses paid orders as the switch says, and closed and expired ones', async () => {
  await prepay('PAID_1')
  simulator.control.pay('PAID_1')
  expect(await codeOf(prepay('PAID_1'))).toEqual([403, 'OUT_TRADE_NO_USED'])
  simulator.control.setSwitches({ prepay_paid: { status: 400, code: 'ORDER_PAID' } })
  expect(await codeOf(prepay('PAID_1'))).toEqual([400, 'ORDER_PAID'])
  await prepay('CLOSED_1')
  await close('CLOSED_1')
  expect(await codeOf(prepay('CLOSED_1'))).toEqual([400, 'ORDER_CLOSED'])
  const time_expire = new Date(simulator.control.now().getTime() + 61_000).toISOString()
  await prepay('EXPIRED_1', { time_expire })
  await simulator.control.advance(62_000)
  expect((await prepay('EXPIRED_1', { time_expire })).status).toBe(400)
})

test('query() describes an unpaid order without the members of a payment', async () => {
  await prepay('NOTPAY_1', { attach: 'mine' })
  const unpaid = await query('NOTPAY_1')
  expect(unpaid.json).toEqual({
    appid: merchant.appid,
    mchid: merchant.mchid,
    out_trade_no: 'NOTPAY_1',
    trade_state: 'NOTPAY',
    trade_state_desc: '订单未支付',
    attach: 'mine',
    amount: { total: 1_000, currency: 'CNY' },
  })
  expect(signer(merchant, unpaid)).toBe(merchant.wechatpay.publicKeyId)
  simulator.control.setSwitches({ unpaid_amount: false })
  expect((await query('NOTPAY_1')).json.amount).toBeUndefined()
})

test('query() describes a payment, by either number, with the payer’s coupon', async () => {
  await prepay('SUCCESS_1')
  simulator.control.pay('SUCCESS_1', { payer_total: 900 })
  const paid = await query('SUCCESS_1')
  expect(paid.json).toMatchObject({
    trade_state: 'SUCCESS',
    transaction_id: expect.stringMatching(/^4200\d{24}$/),
    success_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00$/),
    amount: { total: 1_000, payer_total: 900, currency: 'CNY', payer_currency: 'CNY' },
    promotion_detail: [{ amount: 100 }],
  })
  const byId = `/v3/pay/transactions/id/${paid.json.transaction_id}?mchid=${merchant.mchid}`
  expect((await send(simulator, merchant, { path: byId })).json).toEqual(paid.json)
})

test('query() is case-sensitive, and ORDER_NOT_EXIST is unsigned without the switch', async () => {
  await prepay('Case_123')
  const absent = await query('CASE_123')
  expect(absent.status).toBe(404)
  expect(absent.json.code).toBe('ORDER_NOT_EXIST')
  expect(absent.headers['request-id']).toMatch(/-268512771$/)
  expect(absent.headers['wechatpay-signature']).toBeUndefined()
  simulator.control.setSwitches({ sign_business_errors: true })
  expect(signer(merchant, await query('CASE_123'))).toBe(merchant.wechatpay.publicKeyId)
})

test('query() shows the switches for empty and extra members', async () => {
  await prepay('EXTRA_1')
  simulator.control.setSwitches({
    empty_attach: true,
    empty_promotion_detail: true,
    extra_fields: true,
  })
  expect((await query('EXTRA_1')).json).toMatchObject({
    attach: '',
    promotion_detail: [],
    settlement_hint: expect.anything(),
  })
})

test('close() answers 204 with a signature over an empty body, also the second time', async () => {
  await prepay('CLOSE_1')
  const closed = await close('CLOSE_1')
  expect([closed.status, closed.text]).toEqual([204, ''])
  expect(signer(merchant, closed)).toBe(merchant.wechatpay.publicKeyId)
  expect((await query('CLOSE_1')).json.trade_state).toBe('CLOSED')
  expect((await close('CLOSE_1')).status).toBe(204)
  expect(() => simulator.control.pay('CLOSE_1')).toThrow('Cannot pay closed order')
})

test('close() follows its switches for paid, closed and unknown orders', async () => {
  await prepay('CLOSE_2')
  simulator.control.pay('CLOSE_2')
  expect(await codeOf(close('CLOSE_2'))).toEqual([400, 'ORDER_PAID'])
  expect((await query('CLOSE_2')).json.trade_state).toBe('SUCCESS')
  await prepay('CLOSE_3')
  await close('CLOSE_3')
  expect((await close('NOWHERE_1')).status).toBe(204)
  simulator.control.setSwitches({
    close_paid: { status: 403, code: 'TRADE_ERROR' },
    close_closed: { status: 400, code: 'ORDER_CLOSED' },
    close_absent: { status: 404, code: 'ORDER_NOT_EXIST' },
  })
  expect(await codeOf(close('CLOSE_2'))).toEqual([403, 'TRADE_ERROR'])
  expect(await codeOf(close('CLOSE_3'))).toEqual([400, 'ORDER_CLOSED'])
  expect(await codeOf(close('NOWHERE_1'))).toEqual([404, 'ORDER_NOT_EXIST'])
})

test('close() refuses a body with other members than mchid', async () => {
  await prepay('CLOSE_4')
  const body = { mchid: merchant.mchid, reason: 'late' }
  const answer = await send(simulator, merchant, { ...closeRequest(merchant, 'CLOSE_4'), body })
  expect([answer.status, answer.json.detail.field]).toEqual([400, '/reason'])
})

test('an expired order stays NOTPAY, cannot be paid, and is closed after seven days', async () => {
  const time_expire = new Date(simulator.control.now().getTime() + 1_000).toISOString()
  await prepay('LATE_1', { time_expire })
  await simulator.control.advance(59_000)
  expect(simulator.control.order('LATE_1').expired).toBe(false) // raised to a minute
  await simulator.control.advance(1_000)
  expect((await query('LATE_1')).json.trade_state).toBe('NOTPAY')
  expect(() => simulator.control.pay('LATE_1')).toThrow('Cannot pay expired order')
  await simulator.control.advance(7 * 86_400_000 - 60_001)
  expect((await query('LATE_1')).json.trade_state).toBe('NOTPAY')
  await simulator.control.advance(1)
  expect((await query('LATE_1')).json.trade_state).toBe('CLOSED')
})

test('refund(), revoke() and setState() change what a query says', async () => {
  for (const orderNo of ['STATE_1', 'STATE_2', 'STATE_3']) {
    simulator.control.putOrder({ out_trade_no: orderNo, total: 500 })
  }
  simulator.control.pay('STATE_1')
  simulator.control.refund('STATE_1', { amount: 200 })
  expect((await query('STATE_1')).json.trade_state).toBe('REFUND')
  simulator.control.revoke('STATE_2')
  expect((await query('STATE_2')).json.trade_state).toBe('REVOKED')
  simulator.control.setState('STATE_3', 'SOMETHING_NEW')
  expect((await query('STATE_3')).json.trade_state).toBe('SOMETHING_NEW')
  expect(simulator.control.truth()).toMatchObject({ orders: 3, paid: 1, taken: 500, refunded: 200 })
})

test('pay() again gives a second transaction id; both are found', async () => {
  simulator.control.putOrder({ out_trade_no: 'TWICE_1', total: 500 })
  const [first] = simulator.control.pay('TWICE_1').payments
  const [, second] = simulator.control.pay('TWICE_1', { again: true }).payments
  expect((await query('TWICE_1')).json.transaction_id).toBe(second?.transaction_id)
  const path = `/v3/pay/transactions/id/${first?.transaction_id}?mchid=${merchant.mchid}`
  expect((await send(simulator, merchant, { path })).json.transaction_id).toBe(
    first?.transaction_id,
  )
  expect(simulator.control.truth().taken).toBe(1_000)
})

test('certificates() is empty in public_key mode; otherwise it decrypts to the certificate that signed it', async () => {
  const list = () =>
    send(simulator, merchant, { path: '/v3/certificates', headers: { 'user-agent': 'test' } })
  expect(await codeOf(list())).toEqual([404, 'RESOURCE_NOT_EXISTS'])
  simulator.control.setSwitches({ signing: 'certificate' })
  const answer = await list()
  const [listed] = answer.json.data
  expect(listed.encrypt_certificate.associated_data).toBe('certificate')
  const pem = decrypt(merchant, listed.encrypt_certificate)
  expect(new X509Certificate(pem).serialNumber).toBe(listed.serial_no)
  expect(signer(merchant, answer)).toBe(listed.serial_no)
})

test('rotateCertificate() signs with the new certificate and lists the old one until it is retired', async () => {
  simulator.control.setSwitches({ signing: 'certificate' })
  const before = merchant.wechatpay.certificates[0]?.serialNo
  const list = async () => {
    const headers = { 'user-agent': 'test' }
    const { json } = await send(simulator, merchant, { path: '/v3/certificates', headers })
    return json.data.map((each: { serial_no: string }) => each.serial_no)
  }
  const { serial_no: second } = await simulator.control.rotateCertificate()
  expect(await list()).toEqual([second, before])
  const { serial_no: third } = await simulator.control.rotateCertificate({ retire_old: true })
  expect(await list()).toEqual([third])
  simulator.control.putOrder({ out_trade_no: 'ROTATE_1', total: 1 })
  expect((await query('ROTATE_1')).headers['wechatpay-serial']).toBe(third)
})

test('answers are signed by the key that the request names while both are in use', async () => {
  const own = await start(merchant, { signing: 'mixed' })
  const certificate = merchant.wechatpay.certificates[0]?.serialNo ?? ''
  const { publicKeyId } = merchant.wechatpay
  const serialFor = async (headers: Record<string, string>) => {
    const path = queryPath(merchant, 'NOTHING_1')
    own.control.setSwitches({ sign_business_errors: true })
    return signer(merchant, await send(own, merchant, { path, headers }))
  }
  expect(await serialFor({})).toBe(certificate)
  expect(await serialFor({ 'wechatpay-serial': publicKeyId })).toBe(publicKeyId)
  expect(await serialFor({ 'wechatpay-serial': certificate })).toBe(certificate)
  await own.stop()
})
