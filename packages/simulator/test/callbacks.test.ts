import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  generateMerchant,
  type Merchant,
  retrySeconds,
  type Simulator,
  SimulatorClock,
} from '../src/index.ts'
import { signer, start, startReceiver } from './client.ts'

let merchant: Merchant
let simulator: Simulator
let receiver: Awaited<ReturnType<typeof startReceiver>>
let statuses: (number | 'hang')[]

beforeAll(async () => {
  merchant = await generateMerchant()
})

beforeEach(async () => {
  statuses = []
  receiver = await startReceiver(merchant, statuses)
  simulator = await start(merchant, { clock: new SimulatorClock({ stepped: true }) })
})

afterEach(() => Promise.all([simulator.stop(), receiver.stop()]))

const put = (orderNo = 'ORDER_1') =>
  simulator.control.putOrder({ out_trade_no: orderNo, total: 1_000, notify_url: receiver.url })
const end = (orderNo = 'ORDER_1') => simulator.control.waitForDeliveries(orderNo)
const atLeast = (attempts: number, orderNo = 'ORDER_1') =>
  simulator.control.waitForDeliveries(orderNo, { attempts })

test('pay() sends the callback of the success, encrypted and signed', async () => {
  put()
  const [payment] = simulator.control.pay('ORDER_1').payments
  const [delivery] = await end()
  expect(delivery).toMatchObject({ outcome: 'accepted', status: 204, attempt: 1, copy: false })
  const [callback] = receiver.received
  expect(callback && signer(merchant, callback)).toBe(merchant.wechatpay.publicKeyId)
  expect(JSON.parse(callback?.text ?? '')).toMatchObject({
    event_type: 'TRANSACTION.SUCCESS',
    resource_type: 'encrypt-resource',
    resource: { original_type: 'transaction', associated_data: 'transaction' },
  })
  expect(callback?.trade).toMatchObject({
    out_trade_no: 'ORDER_1',
    trade_state: 'SUCCESS',
    transaction_id: payment?.transaction_id,
    amount: { total: 1_000, payer_total: 1_000, currency: 'CNY', payer_currency: 'CNY' },
  })
  expect(simulator.control.order('ORDER_1').callback).toBe('accepted')
})

test('a refused callback is sent again at the 15 documented steps, each signed anew, and then not any more', async () => {
  statuses.push(...Array.from({ length: 16 }, (_, index) => (index % 2 ? 500 : 302)))
  put()
  simulator.control.pay('ORDER_1')
  await atLeast(1)
  for (const [index, seconds] of retrySeconds.entries()) {
    await simulator.control.advance(seconds * 1_000 - 1)
    expect(receiver.received).toHaveLength(index + 1)
    await simulator.control.advance(1)
    expect(receiver.received).toHaveLength(index + 2)
  }
  expect(retrySeconds.reduce((sum, seconds) => sum + seconds)).toBe(24 * 3_600 + 240)
  await simulator.control.advance(7 * 86_400_000)
  expect((await end()).map((each) => each.outcome)).toEqual(Array(16).fill('refused'))
  expect(simulator.control.order('ORDER_1').callback).toBe('gave_up')
  const signatures = receiver.received.map((each) => each.headers['wechatpay-signature'])
  expect(new Set(signatures).size).toBe(16)
  expect(receiver.received.every((each) => signer(merchant, each) !== null)).toBe(true)
  expect(new Set(receiver.received.map((each) => JSON.parse(each.text).id)).size).toBe(1)
})

test('advance() runs a whole schedule in one step, up to the acceptance', async () => {
  statuses.push(500, 500, 404, 200)
  put()
  simulator.control.pay('ORDER_1')
  await simulator.control.advance(86_400_000)
  const outcomes = (await end()).map((each) => each.outcome)
  expect(outcomes).toEqual(['refused', 'refused', 'refused', 'accepted'])
})

test('timeScale shortens the schedule', async () => {
  const clock = new SimulatorClock({ stepped: true })
  const fast = await start(merchant, { clock, timeScale: 60 })
  statuses.push(500)
  fast.control.putOrder({ out_trade_no: 'FAST_1', total: 1, notify_url: receiver.url })
  fast.control.pay('FAST_1')
  await fast.control.waitForDeliveries('FAST_1', { attempts: 1 })
  await fast.control.advance(249)
  expect(receiver.received).toHaveLength(1)
  await fast.control.advance(1)
  expect(receiver.received).toHaveLength(2)
  await fast.stop()
})

test('a running clock repeats a refused callback without advance()', async () => {
  const fast = await start(merchant, { timeScale: 1_000 })
  statuses.push(500, 500)
  fast.control.putOrder({ out_trade_no: 'RUNNING_1', total: 1, notify_url: receiver.url })
  fast.control.pay('RUNNING_1')
  const deliveries = await fast.control.waitForDeliveries('RUNNING_1')
  expect(deliveries.map((each) => each.outcome)).toEqual(['refused', 'refused', 'accepted'])
  await fast.stop()
})

test('a callback is repeated when the merchant does not answer in time, or is not reachable', async () => {
  statuses.push('hang')
  simulator.control.setSwitches({ callback_timeout_ms: 50 })
  put()
  simulator.control.pay('ORDER_1')
  expect(await atLeast(1)).toMatchObject([{ outcome: 'timeout', status: null }])
  simulator.control.setSwitches({ callback_timeout_ms: 20_000 })
  await simulator.control.advance(15_000)
  expect((await end()).map((each) => each.outcome)).toEqual(['timeout', 'accepted'])
  const nowhere = 'http://127.0.0.1:1/'
  simulator.control.putOrder({ out_trade_no: 'ORDER_2', total: 1, notify_url: nowhere })
  simulator.control.pay('ORDER_2')
  expect(await atLeast(1, 'ORDER_2')).toMatchObject([{ outcome: 'network' }])
})

test('all callbacks of one order, of all orders, or of random ones are lost; redeliver() still sends', async () => {
  put('ORDER_1')
  simulator.control.loseCallbacks('ORDER_1')
  simulator.control.pay('ORDER_1')
  expect(await end('ORDER_1')).toMatchObject([{ outcome: 'lost' }])
  simulator.control.setSwitches({ lose_callbacks: true })
  put('ORDER_2')
  simulator.control.pay('ORDER_2')
  expect(await end('ORDER_2')).toMatchObject([{ outcome: 'lost' }])
  simulator.control.setSwitches({ lose_callbacks: false, callback_loss_probability: 1 })
  put('ORDER_3')
  simulator.control.pay('ORDER_3')
  expect(await end('ORDER_3')).toMatchObject([{ outcome: 'lost' }])
  expect(receiver.received).toHaveLength(0)
  expect(await simulator.control.redeliver('ORDER_1')).toMatchObject({ outcome: 'accepted' })
  expect(simulator.control.order('ORDER_1').callback).toBe('accepted')
})

test('loseCallbacks() ends a running schedule', async () => {
  statuses.push(500)
  put()
  simulator.control.pay('ORDER_1')
  await atLeast(1)
  simulator.control.loseCallbacks('ORDER_1')
  await simulator.control.advance(86_400_000)
  expect((await end()).map((each) => each.outcome)).toEqual(['refused', 'lost'])
})

test('pay() without a callback sends none, and redeliver() sends it then', async () => {
  put()
  simulator.control.pay('ORDER_1', { callback: false })
  expect(await end()).toEqual([])
  expect(simulator.control.order('ORDER_1').callback).toBe('none')
  expect(await simulator.control.redeliver('ORDER_1')).toMatchObject({ outcome: 'accepted' })
})

test('callbacks are delayed, and overtake one another when they are reordered', async () => {
  put('DELAY_1')
  simulator.control.pay('DELAY_1', { delay_ms: 10_000 })
  await simulator.control.advance(9_999)
  expect(receiver.received).toHaveLength(0)
  await simulator.control.advance(1)
  expect(receiver.received).toHaveLength(1)
  simulator.control.setSwitches({ callback_reorder_ms: 60_000 })
  const orderNos = Array.from({ length: 8 }, (_, index) => `REORDER_${index}`)
  for (const orderNo of orderNos) {
    put(orderNo)
    simulator.control.pay(orderNo)
  }
  await simulator.control.advance(60_000)
  const arrived = receiver.received.slice(1).map((each) => each.trade?.out_trade_no)
  expect(arrived.toSorted()).toEqual(orderNos)
  expect(arrived).not.toEqual(orderNos)
})

test('duplicates are sent a second after the accepted callback, by a fault or at random', async () => {
  simulator.control.addFault({
    operation: 'notify',
    out_trade_no: 'ORDER_1',
    fault: { kind: 'duplicate', copies: 2 },
  })
  put('ORDER_1')
  simulator.control.pay('ORDER_1')
  await atLeast(1)
  await simulator.control.advance(2_000)
  expect((await end()).map((each) => [each.attempt, each.copy])).toEqual([
    [1, false],
    [1, true],
    [1, true],
  ])
  simulator.control.setSwitches({ callback_duplicate_probability: 1 })
  put('ORDER_2')
  simulator.control.pay('ORDER_2')
  await atLeast(1, 'ORDER_2')
  await simulator.control.advance(1_000)
  expect(await end('ORDER_2')).toHaveLength(2)
})

test('single attempts are lost while the schedule goes on', async () => {
  simulator.control.addFault({ operation: 'notify', times: 2, fault: { kind: 'drop' } })
  put()
  simulator.control.pay('ORDER_1')
  await simulator.control.advance(30_000)
  expect((await end()).map((each) => each.outcome)).toEqual(['dropped', 'dropped', 'accepted'])
  expect(receiver.received).toHaveLength(1)
  simulator.control.setSwitches({ callback_drop_probability: 1 })
  put('ORDER_2')
  simulator.control.pay('ORDER_2')
  await simulator.control.advance(86_640_000)
  expect((await end('ORDER_2')).map((each) => each.outcome)).toEqual(Array(16).fill('dropped'))
})

test('a probed callback is followed by one that is signed properly', async () => {
  statuses.push(401)
  const fault = { kind: 'probe', base64: 'invalid' } as const
  simulator.control.addFault({ operation: 'notify', times: 1, fault })
  put()
  simulator.control.pay('ORDER_1')
  await simulator.control.advance(15_000)
  const [probed, proper] = receiver.received
  expect(probed?.headers['wechatpay-signature']).toMatch(/^WECHATPAY\/SIGNTEST\//)
  expect(probed && signer(merchant, probed)).toBeNull()
  expect(proper && signer(merchant, proper)).toBe(merchant.wechatpay.publicKeyId)
})

test('a callback can be stale, changed, unsigned, of other content, or encrypted with another key', async () => {
  const send = async (fault: object) => {
    const rule = { operation: 'notify', fault } as Parameters<typeof simulator.control.addFault>[0]
    simulator.control.clearFaults()
    simulator.control.addFault(rule)
    await simulator.control.redeliver('ORDER_1')
    return receiver.received.at(-1)
  }
  put()
  simulator.control.pay('ORDER_1', { callback: false })
  const stale = await send({ kind: 'timestamp', offset_seconds: -600 })
  expect(Number(stale?.headers['wechatpay-timestamp'])).toBeLessThan(Date.now() / 1000 - 590)
  const changed = await send({ kind: 'changed_body' })
  expect(changed && signer(merchant, changed)).toBeNull()
  expect(
    (await send({ kind: 'sign', signed: false }))?.headers['wechatpay-signature'],
  ).toBeUndefined()
  const other = await send({ kind: 'answer', merge: { amount: { total: 1 } } })
  expect(other?.trade).toMatchObject({ amount: { total: 1, payer_total: 1_000 } })
  expect(other && signer(merchant, other)).toBe(merchant.wechatpay.publicKeyId)
  const sealed = await send({ kind: 'wrong_api_key' })
  expect(sealed?.trade).toBeNull()
  expect(sealed && signer(merchant, sealed)).toBe(merchant.wechatpay.publicKeyId)
})

test('mixed mode uses both kinds of signatures', async () => {
  simulator.control.setSwitches({ signing: 'mixed' })
  for (let index = 0; index < 12; index += 1) {
    put(`MIXED_${index}`)
    simulator.control.pay(`MIXED_${index}`)
    await end(`MIXED_${index}`)
  }
  const serials = new Set(receiver.received.map((each) => signer(merchant, each)))
  expect(serials).toEqual(
    new Set([merchant.wechatpay.publicKeyId, merchant.wechatpay.certificates[0]?.serialNo]),
  )
})

test('reset() ends running schedules, and the waits for them', async () => {
  statuses.push(500)
  put()
  simulator.control.pay('ORDER_1')
  await atLeast(1)
  const waiting = end()
  simulator.control.reset()
  await waiting
  await simulator.control.advance(86_400_000)
  expect(receiver.received).toHaveLength(1)
})

test('stop() rejects waits, and sends nothing afterwards', async () => {
  statuses.push(500)
  put()
  simulator.control.pay('ORDER_1')
  await atLeast(1)
  const waiting = end()
  const failed = expect(waiting).rejects.toThrow('the simulator stopped')
  await simulator.stop()
  await failed
})
