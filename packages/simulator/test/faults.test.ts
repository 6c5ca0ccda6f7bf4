import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { generateMerchant, type Merchant, type RuleInput, type Simulator } from '../src/index.ts'
import {
  type ClientResponse,
  closeRequest,
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
  simulator = await start(merchant)
})

afterEach(() => simulator.control.reset())
afterAll(() => simulator.stop())

const query = (orderNo = 'ORDER_1') =>
  send(simulator, merchant, { path: queryPath(merchant, orderNo) })
const close = (orderNo = 'ORDER_1') => send(simulator, merchant, closeRequest(merchant, orderNo))
const put = (orderNo = 'ORDER_1') =>
  simulator.control.putOrder({ out_trade_no: orderNo, total: 1_000 })
const signature = (answer: ClientResponse) => String(answer.headers['wechatpay-signature'])
const isBase64 = (text: string) => Buffer.from(text, 'base64').toString('base64') === text

describe('a signed answer', () => {
  test.each([
    ['valid', true],
    ['invalid', false],
  ] as const)(
    'probe with %s base64 carries the prefix and a wrong signature, once',
    async (base64, valid) => {
      put()
      simulator.control.addFault({ operation: 'query', times: 1, fault: { kind: 'probe', base64 } })
      const probed = await query()
      expect(signature(probed)).toMatch(/^WECHATPAY\/SIGNTEST\//)
      expect(isBase64(signature(probed))).toBe(valid)
      expect(signer(merchant, probed)).toBeNull()
      expect(signer(merchant, await query())).toBe(merchant.wechatpay.publicKeyId)
    },
  )

  test.each([299, 300, 301, -300])(
    'timestamp is off by %i s and properly signed',
    async (offset) => {
      put()
      simulator.control.addFault({ fault: { kind: 'timestamp', offset_seconds: offset } })
      const answer = await query()
      const ahead = Number(answer.headers['wechatpay-timestamp']) - Date.now() / 1000
      expect(Math.abs(ahead - offset)).toBeLessThan(3)
      expect(signer(merchant, answer)).toBe(merchant.wechatpay.publicKeyId)
    },
  )

  test('missing_header, unknown_serial, wrong_signature and changed_body each break the verification', async () => {
    put()
    const faults: RuleInput['fault'][] = [
      { kind: 'missing_header', headers: ['wechatpay-nonce'] },
      { kind: 'unknown_serial' },
      { kind: 'wrong_signature' },
      { kind: 'changed_body' },
      { kind: 'changed_body', merge: { trade_state: 'SUCCESS' } },
      { kind: 'sign', signed: false },
      { kind: 'key', use: 'certificate' }, // a key that is not in use in public-key mode
    ]
    for (const fault of faults) {
      simulator.control.clearFaults()
      simulator.control.addFault({ operation: 'query', fault })
      const answer = await query()
      const seen = signer(merchant, answer)
      expect([fault.kind, seen === merchant.wechatpay.publicKeyId]).toEqual([fault.kind, false])
      expect(answer.status).toBe(200)
    }
  })

  test('missing_header removes Wechatpay-Signature-Type and leaves the signature valid', async () => {
    put()
    const headers = ['Wechatpay-Signature-Type']
    simulator.control.addFault({ fault: { kind: 'missing_header', headers } })
    const answer = await query()
    expect(answer.headers['wechatpay-signature-type']).toBeUndefined()
    expect(signer(merchant, answer)).toBe(merchant.wechatpay.publicKeyId)
  })

  test('answer signs other content about the order', async () => {
    put()
    const merge = {
      amount: { total: 1, currency: 'USD' },
      mchid: '1900000001',
      attach: '',
      new: [1],
    }
    simulator.control.addFault({ operation: 'query', fault: { kind: 'answer', merge } })
    const answer = await query()
    expect(answer.json).toMatchObject(merge)
    expect(signer(merchant, answer)).toBe(merchant.wechatpay.publicKeyId)
    expect(simulator.control.order('ORDER_1').total).toBe(1_000)
  })

  test('other_order answers with the trade of another order', async () => {
    put('ORDER_1')
    put('ORDER_2')
    const fault = { kind: 'other_order', out_trade_no: 'ORDER_2' } as const
    simulator.control.addFault({ out_trade_no: 'ORDER_1', fault })
    expect((await query()).json.out_trade_no).toBe('ORDER_2')
  })
})

describe('an error', () => {
  const cases: readonly [Omit<Extract<RuleInput['fault'], { kind: 'error' }>, 'kind'>, string?][] =
    [
      [{ status: 429 }, 'FREQUENCY_LIMITED'],
      [{ status: 429, code: 'RATELIMIT_EXCEEDED' }, 'RATELIMIT_EXCEEDED'],
      [{ status: 429, code: 'RATE_LIMITED', retry_after: 3 }, 'RATE_LIMITED'],
      [{ status: 500 }, 'SYSTEM_ERROR'],
      [{ status: 502, body: 'html' }],
      [{ status: 503, body: 'empty' }],
      [{ status: 404, body: 'empty' }],
      [{ status: 405, body: 'empty' }],
      [{ status: 401 }, 'SIGN_ERROR'],
      [{ status: 403 }, 'NO_AUTH'],
      [{ status: 404 }, 'ORDER_NOT_EXIST'],
      [{ status: 202 }, 'USER_PAYING'],
      [{ status: 200 }, 'SYSTEM_ERROR'],
    ]
  test.each(cases)('%j has this answer', async (error, code) => {
    put()
    simulator.control.addFault({ operation: 'query', fault: { kind: 'error', ...error } })
    const answer = await query()
    expect([answer.status, answer.json?.code]).toEqual([error.status, code])
    expect(signer(merchant, answer) !== null).toBe(error.status < 300)
    if (error.retry_after) expect(answer.headers['retry-after']).toBe('3')
    if (error.body === 'html') expect(answer.headers['content-type']).toBe('text/html')
    if (error.body === 'empty') expect(answer.text).toBe('')
  })

  test('is signed by `signed: true`, also where its class of status is unsigned', async () => {
    simulator.control.addFault({ fault: { kind: 'error', status: 500, signed: true } })
    expect(signer(merchant, await query())).toBe(merchant.wechatpay.publicKeyId)
  })

  test('has no effect, unless it says performed', async () => {
    put('ORDER_1')
    put('ORDER_2')
    simulator.control.addFault({ out_trade_no: 'ORDER_1', fault: { kind: 'error', status: 500 } })
    const performed = { kind: 'error', status: 500, performed: true } as const
    simulator.control.addFault({ out_trade_no: 'ORDER_2', fault: performed })
    expect((await close('ORDER_1')).status).toBe(500)
    expect((await close('ORDER_2')).status).toBe(500)
    expect(simulator.control.order('ORDER_1').trade_state).toBe('NOTPAY')
    expect(simulator.control.order('ORDER_2').trade_state).toBe('CLOSED')
  })
})

describe('the connection', () => {
  test('slow delays the answer', async () => {
    put()
    simulator.control.addFault({ fault: { kind: 'slow', ms: 60 } })
    const started = performance.now()
    expect((await query()).status).toBe(200)
    expect(performance.now() - started).toBeGreaterThan(55)
  })

  test('many slow answers at once make Node warn of nothing', async () => {
    const warnings: Error[] = []
    const note = (warning: Error) => void warnings.push(warning)
    process.on('warning', note)
    put()
    simulator.control.addFault({ fault: { kind: 'slow', ms: 60 } })
    const answers = await Promise.all(Array.from({ length: 20 }, () => query()))
    process.off('warning', note)
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(warnings).toEqual([])
  })

  test('reset and cut send no whole answer; the operation has its effect', async () => {
    put('ORDER_1')
    put('ORDER_2')
    simulator.control.addFault({ out_trade_no: 'ORDER_1', fault: { kind: 'reset' } })
    await expect(close('ORDER_1')).rejects.toThrow()
    expect(simulator.control.order('ORDER_1').trade_state).toBe('CLOSED')
    simulator.control.addFault({ out_trade_no: 'ORDER_2', fault: { kind: 'cut' } })
    await expect(query('ORDER_2')).rejects.toThrow()
    simulator.control.clearFaults()
    simulator.control.addFault({ out_trade_no: 'ORDER_2', fault: { kind: 'cut', after_bytes: 0 } })
    await expect(query('ORDER_2')).rejects.toThrow()
  })

  test('hang never answers: the request is logged without a status, and stop() ends it', async () => {
    const own = await start(merchant)
    own.control.addFault({ operation: 'native', fault: { kind: 'hang' } })
    const body = prepayBody(merchant, 'HUNG_1')
    const hung = send(own, merchant, { path: nativePath, body }).catch((error: Error) => error)
    const [logged] = await own.control.waitForRequests({ operation: 'native' })
    expect(logged).toMatchObject({ out_trade_no: 'HUNG_1', status: null, faults: ['hang'] })
    expect(own.control.order('HUNG_1').trade_state).toBe('NOTPAY')
    await own.stop()
    expect(await hung).toBeInstanceOf(Error)
    await own.stop()
  })
})

describe('a payment during a call', () => {
  test('before a close: the close is refused and the query says SUCCESS', async () => {
    put()
    simulator.control.addFault({ operation: 'close', fault: { kind: 'pay', when: 'before' } })
    expect((await close()).status).toBe(400)
    expect((await query()).json.trade_state).toBe('SUCCESS')
    expect((await close()).status).toBe(400)
    expect(simulator.control.order('ORDER_1').payments).toHaveLength(1)
  })

  test('after a query: it says NOTPAY, and the close after it is refused', async () => {
    put()
    simulator.control.addFault({ operation: 'query', fault: { kind: 'pay', when: 'after' } })
    expect((await query()).json.trade_state).toBe('NOTPAY')
    expect((await close()).status).toBe(400)
  })

  test('after a close: the order is closed and cannot be paid', async () => {
    put()
    simulator.control.addFault({ operation: 'close', fault: { kind: 'pay', when: 'after' } })
    expect((await close()).status).toBe(204)
    expect((await query()).json.trade_state).toBe('CLOSED')
  })
})

describe('addFault()', () => {
  test('fires at most `times` and `times_per_order` times, after `skip` matches', async () => {
    put('ORDER_1')
    put('ORDER_2')
    const fault = { kind: 'error', status: 500 } as const
    const statuses = async (rule: Omit<RuleInput, 'fault'>) => {
      simulator.control.clearFaults()
      simulator.control.addFault({ ...rule, fault })
      const seen = []
      for (const orderNo of ['ORDER_1', 'ORDER_1', 'ORDER_2', 'ORDER_2']) {
        seen.push((await query(orderNo)).status)
      }
      return seen
    }
    expect(await statuses({ times: 1 })).toEqual([500, 200, 200, 200])
    expect(await statuses({ times_per_order: 1 })).toEqual([500, 200, 500, 200])
    expect(await statuses({ skip: 3 })).toEqual([200, 200, 200, 500])
    expect(await statuses({ out_trade_no: ['ORDER_2'] })).toEqual([200, 200, 500, 500])
    expect(await statuses({ operation: ['close', 'native'] })).toEqual([200, 200, 200, 200])
  })

  test('fires at random, equally for equal seeds in any order of the requests', async () => {
    const orderNos = Array.from({ length: 40 }, (_, index) => `CHANCE_${index}`)
    const statuses = async (seed: string, order: readonly string[]) => {
      const own = await start(merchant, { seed })
      own.control.addFault({ probability: 0.5, fault: { kind: 'error', status: 500 } })
      const pairs = await Promise.all(
        order.map(async (no) => [
          no,
          (await send(own, merchant, { path: queryPath(merchant, no) })).status,
        ]),
      )
      await own.stop()
      return Object.fromEntries(pairs)
    }
    const first = await statuses('a', orderNos)
    expect(await statuses('a', orderNos.toReversed())).toEqual(first)
    expect(await statuses('b', orderNos)).not.toEqual(first)
    const fired = Object.values(first).filter((status) => status === 500).length
    expect(fired).toBeGreaterThan(8)
    expect(fired).toBeLessThan(32)
  })

  test('refuses unknown kinds and kinds that do not fit the operation', () => {
    const add = (rule: unknown) => () => simulator.control.addFault(rule as RuleInput)
    expect(add({ fault: { kind: 'gremlin' } })).toThrow('kind')
    expect(add({ operation: 'notify', fault: { kind: 'hang' } })).toThrow('for answers only')
    expect(add({ operation: 'query', fault: { kind: 'drop' } })).toThrow('"notify"')
    expect(add({ probability: 2, fault: { kind: 'hang' } })).toThrow('probability')
  })

  test('applies several faults at once', async () => {
    put()
    simulator.control.addFault({ fault: { kind: 'slow', ms: 1 } })
    simulator.control.addFault({ fault: { kind: 'answer', merge: { trade_state: 'ODD' } } })
    simulator.control.addFault({ fault: { kind: 'timestamp', offset_seconds: 1_000 } })
    const answer = await query()
    expect(answer.json.trade_state).toBe('ODD')
    expect(Number(answer.headers['wechatpay-timestamp'])).toBeGreaterThan(Date.now() / 1000 + 900)
    expect(simulator.control.requests().at(-1)?.faults).toEqual(['slow', 'answer', 'timestamp'])
  })
})
