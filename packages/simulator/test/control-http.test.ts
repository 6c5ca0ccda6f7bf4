import { once } from 'node:events'
import { request } from 'node:http'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { generateMerchant, type Merchant, type Simulator } from '../src/index.ts'
import { queryPath, send, start, startReceiver } from './client.ts'

let merchant: Merchant
let simulator: Simulator
let receiver: Awaited<ReturnType<typeof startReceiver>>

beforeAll(async () => {
  merchant = await generateMerchant()
  simulator = await start(merchant)
  receiver = await startReceiver(merchant)
})

afterEach(() => simulator.control.reset())
afterAll(() => Promise.all([simulator.stop(), receiver.stop()]))

async function call(method: string, path: string, body?: unknown) {
  const response = await fetch(`${simulator.url}/_sim${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, json: text ? JSON.parse(text) : null }
}

const order = () => ({ out_trade_no: 'ORDER_1|*', total: 1_000, notify_url: receiver.url })
const at = '/orders/ORDER_1%7C*'

test.each([
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
  { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
  { origin: 'https://evil.example' },
  { origin: 'null' },
  { host: 'evil.example' },
  { host: 'localhost.evil.example:8080', origin: 'http://localhost.evil.example:8080' },
])('a page of another site cannot use it: %j', async (headers: Record<string, string>) => {
  simulator.control.putOrder(order())
  for (const [method, path] of [
    ['POST', '/_sim/reset'],
    ['GET', '/_sim/truth'],
  ] as const) {
    const { port } = new URL(simulator.url)
    const sent = request({ port, method, path, headers })
    sent.end()
    const [{ statusCode }] = await once(sent, 'response')
    expect(statusCode, path).toBe(403)
  }
  expect(simulator.control.orders({})).toHaveLength(1)
})

test.each([
  { 'sec-fetch-site': 'same-origin' },
  { 'sec-fetch-site': 'none' },
  { 'sec-fetch-mode': 'cors' },
])(
  'a client that is no page of another site can use it: %j',
  async (headers: Record<string, string>) => {
    expect((await fetch(`${simulator.url}/_sim`, { headers })).status).toBe(200)
  },
)

test('GET /_sim lists every endpoint, and each of them is there', async () => {
  const { json } = await call('GET', '')
  expect(json.endpoints).toHaveLength(27)
  for (const endpoint of json.endpoints) {
    const [method, path] = endpoint.replace('{no}', 'NOBODY_1').replace('/_sim', '').split(' ')
    const { json: answer } = await call(method, path)
    expect([endpoint, answer?.code === 'NO_SUCH_ENDPOINT']).toEqual([endpoint, false])
  }
  expect((await call('GET', '/nowhere')).json.code).toBe('NO_SUCH_ENDPOINT')
})

test('orders are put, paid, refunded, and their callbacks listed', async () => {
  expect((await call('POST', '/orders', order())).json.trade_state).toBe('NOTPAY')
  expect((await call('POST', '/orders', order())).status).toBe(409)
  const paid = await call('POST', `${at}/pay`, { payer_total: 900 })
  expect(paid.json.payments).toMatchObject([{ total: 1_000, payer_total: 900 }])
  const listed = await call('GET', `${at}/deliveries?wait_ms=5000`)
  expect(listed.json).toMatchObject({ callback: 'accepted', deliveries: [{ status: 204 }] })
  expect((await call('POST', `${at}/redeliver`)).json.outcome).toBe('accepted')
  expect((await call('POST', `${at}/pay`)).status).toBe(409)
  expect((await call('POST', `${at}/refund`, { amount: 100 })).json.refunded).toBe(100)
  expect((await call('GET', '/truth')).json).toMatchObject({ paid: 1, taken: 1_000, refunded: 100 })
  expect((await call('GET', '/orders?state=REFUND')).json.orders).toHaveLength(1)
  expect((await call('GET', '/orders?state=NOTPAY')).json.orders).toHaveLength(0)
})

test('orders are closed, revoked, set to any state and answered with other content', async () => {
  await call('POST', '/orders', order())
  expect((await call('POST', `${at}/close`)).json.trade_state).toBe('CLOSED')
  expect((await call('POST', `${at}/revoke`)).json.trade_state).toBe('REVOKED')
  expect((await call('POST', `${at}/state`, { state: 'USERPAYING' })).json.trade_state).toBe(
    'USERPAYING',
  )
  expect((await call('POST', `${at}/state`, { state: 'no' })).status).toBe(400)
  await call('POST', `${at}/answer`, { appid: 'wx1', amount: null })
  const path = queryPath(merchant, 'ORDER_1%7C*')
  const answered = await send(simulator, merchant, { path })
  expect([answered.json.appid, answered.json.amount]).toEqual(['wx1', undefined])
  expect((await call('POST', `${at}/answer`)).json.answered).toBeNull()
  expect((await call('POST', `${at}/lose`)).json.loses_callbacks).toBe(true)
  expect((await call('POST', `${at}/lose`, { lose: false })).json.loses_callbacks).toBe(false)
})

test('switches, faults, the clock and certificates are set', async () => {
  const patched = await call('PATCH', '/switches', { unpaid_amount: false })
  expect(patched.json).toMatchObject({ unpaid_amount: false, signing: 'public_key' })
  expect((await call('PATCH', '/switches', { nonsense: 1 })).status).toBe(400)
  const rule = { id: 'slow', operation: 'query', fault: { kind: 'error', status: 503 } }
  expect((await call('POST', '/faults', rule)).json.id).toBe('slow')
  await send(simulator, merchant, { path: queryPath(merchant, 'ORDER_1') })
  expect((await call('GET', '/faults')).json.faults).toMatchObject([{ matched: 1, fired: 1 }])
  expect((await call('DELETE', '/faults/slow')).status).toBe(204)
  expect((await call('DELETE', '/faults/slow')).status).toBe(404)
  expect((await call('DELETE', '/faults')).status).toBe(204)
  const before = new Date((await call('GET', '/clock')).json.now).getTime()
  const after = await call('POST', '/clock', { advance_ms: 3_600_000 })
  expect(new Date(after.json.now).getTime() - before).toBeGreaterThanOrEqual(3_600_000)
  expect((await call('POST', '/certificates', {})).json.serial_no).toMatch(/^[0-9A-F]{40}$/)
})

test('requests are logged without their authorization, found by filter and cleared', async () => {
  await send(simulator, merchant, { path: queryPath(merchant, 'ORDER_1') })
  await send(simulator, merchant, { path: queryPath(merchant, 'ORDER_2') })
  const { json } = await call('GET', '/requests?operation=query&out_trade_no=ORDER_2')
  expect(json.requests).toMatchObject([
    { out_trade_no: 'ORDER_2', status: 404, code: 'ORDER_NOT_EXIST' },
  ])
  expect(JSON.stringify(json)).not.toContain('signature=')
  expect((await call('GET', '/requests?nonsense=1')).status).toBe(400)
  expect((await call('DELETE', '/requests')).status).toBe(204)
  expect((await call('GET', '/requests')).json.requests).toEqual([])
})

test('malformed input is refused with a reason', async () => {
  expect((await call('POST', '/orders', { out_trade_no: 'A', total: 0 })).json.message).toContain(
    'total',
  )
  expect((await call('GET', '/orders/NOBODY_1')).json.code).toBe('NO_SUCH_ORDER')
  expect((await call('POST', '/clock', { advance_ms: -1 })).status).toBe(400)
  const deep = JSON.parse(`${'{"a":'.repeat(4_000)}1${'}'.repeat(4_000)}`)
  expect((await call('POST', `${at}/answer`, deep)).status).toBe(400)
  // The time would be beyond the range of Date, and every later answer with a time would fail.
  expect((await call('POST', '/clock', { advance_ms: 1e308 })).status).toBe(400)
  const broken = await fetch(`${simulator.url}/_sim/orders`, { method: 'POST', body: '{' })
  expect(broken.status).toBe(400)
})

test('the request log drops the oldest requests', async () => {
  const small = await start(merchant, { requestLogMax: 3 })
  for (let index = 0; index < 8; index += 1) {
    await send(small, merchant, { path: queryPath(merchant, `ORDER_${index}`) })
  }
  expect(small.control.requests().map((each) => each.seq)).toEqual([6, 7, 8])
  await small.stop()
})
