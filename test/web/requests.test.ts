import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { buildWeb } from '../../src/web/server.ts'
import { doubleBudan } from './double.ts'

/** Requests that are refused at the border: nothing of budan may have been called. */

const { budan, calls, events } = doubleBudan()
const now = new Date('2026-01-24T12:00:00Z')
let app: FastifyInstance

beforeAll(async () => {
  const server = { host: '127.0.0.1', port: 0, apiToken: null }
  app = await buildWeb(budan, { server, version: '0', clock: () => now })
})
afterAll(() => app.close())
beforeEach(() => {
  calls.length = 0
  events.length = 0
})

const order = { user_id: 'u1', amount: 100, description: 'credit' }
const adoption = { adopt: true, order_no: 'OLD-000001', user_id: 'u1', amount: 100 }

function post(body: unknown, headers: Record<string, string> = {}) {
  return app.inject({
    method: 'POST',
    url: '/v1/orders',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'k1', ...headers },
    payload: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  })
}

async function expectRefusal(
  answer: Awaited<ReturnType<typeof post>>,
  { status, code, names }: { status: number; code: string; names: string },
): Promise<void> {
  expect(answer.statusCode).toBe(status)
  expect(Object.keys(answer.json())).toEqual(['code', 'message'])
  expect(answer.json().code).toBe(code)
  expect(answer.json().message).toContain(names)
  expect(answer.headers['content-type']).toContain('application/json')
  expect(answer.headers['x-content-type-options']).toBe('nosniff')
  expect(calls).toEqual([])
  expect(events).toEqual([])
}

describe('POST /v1/orders refuses to place', () => {
  const wrong: readonly [what: string, body: unknown, names: string][] = [
    ['an amount of 0', { ...order, amount: 0 }, 'amount: must be an integer from 1'],
    ['an amount below 0', { ...order, amount: -1 }, 'amount'],
    ['an amount of -0', '{"user_id":"u1","amount":-0,"description":"x"}', 'amount'],
    ['a fractional amount', { ...order, amount: 1.5 }, 'amount'],
    ['an amount in text', { ...order, amount: '100' }, 'amount'],
    ['an amount of true', { ...order, amount: true }, 'amount'],
    ['an amount of null', { ...order, amount: null }, 'amount'],
    ['an amount in a list', { ...order, amount: [100] }, 'amount'],
    ['an amount of 2^53', { ...order, amount: 2 ** 53 }, 'amount: must be an integer from 1'],
    [
      'an amount of 2^53 + 1',
      `{"user_id":"u1","amount":9007199254740993,"description":"x"}`,
      'amount',
    ],
    [
      'an amount of 2^63',
      `{"user_id":"u1","amount":9223372036854775808,"description":"x"}`,
      'amount',
    ],
    ['an amount of 1e400', `{"user_id":"u1","amount":1e400,"description":"x"}`, 'amount'],
    ['no amount', { user_id: 'u1', description: 'x' }, 'amount'],
    ['no user', { amount: 1, description: 'x' }, 'user_id'],
    ['an empty user', { ...order, user_id: '' }, 'user_id: must have 1 to 64'],
    ['a user of 65 characters', { ...order, user_id: 'u'.repeat(65) }, 'user_id'],
    ['a number for a user', { ...order, user_id: 7 }, 'user_id: must be a string'],
    ['a NUL in the user', { ...order, user_id: 'u\u0000' }, 'user_id: must not hold control'],
    ['a line break in the user', { ...order, user_id: 'u\n1' }, 'user_id'],
    ['a zero-width blank in the user', { ...order, user_id: 'u\u200b1' }, 'must not hold U+200B'],
    ['a direction mark in the user', { ...order, user_id: 'u\u202e1' }, 'must not hold U+202E'],
    ['a byte order mark in the user', { ...order, user_id: '\ufeffu1' }, 'must not hold U+FEFF'],
    ['a variation selector in the user', { ...order, user_id: 'u\ufe0f' }, 'U+FE0F'],
    ['a tag character in the user', { ...order, user_id: 'u\u{e0041}' }, 'U+E0041'],
    ['a filler in the user', { ...order, user_id: 'u\u3164' }, 'U+3164'],
    ['an empty Braille cell in the user', { ...order, user_id: 'u\u28001' }, 'U+2800'],
    ['a line separator in the user', { ...order, user_id: 'u\u20281' }, 'U+2028'],
    ['a no-break blank in the user', { ...order, user_id: 'u\u00a01' }, 'U+00A0'],
    ['a blank before the user', { ...order, user_id: ' u1' }, 'user_id: must not begin or end'],
    ['a blank after the user', { ...order, user_id: 'u1 ' }, 'user_id: must not begin or end'],
    ['two blanks in the user', { ...order, user_id: 'u  1' }, 'user_id: must not hold two blanks'],
    ['an accent apart in the user', { ...order, user_id: 'jose\u0301' }, 'composed form (NFC)'],
    ['half a surrogate pair', `{"user_id":"\\ud800","amount":1,"description":"x"}`, 'user_id'],
    ['no description', { user_id: 'u1', amount: 1 }, 'description'],
    ['an empty description', { ...order, description: '' }, 'description'],
    ['a description of 128', { ...order, description: 'd'.repeat(128) }, 'description'],
    [
      'an emoji in the description',
      { ...order, description: 'gift 🎁' },
      'description: must not hold emoji',
    ],
    ['a control character in it', { ...order, description: 'a\u0085b' }, 'description'],
    ['an attach of 129', { ...order, attach: 'a'.repeat(129) }, 'attach'],
    ['an emoji in the attach', { ...order, attach: '🎁' }, 'attach'],
    ['an object for attach', { ...order, attach: {} }, 'attach'],
    ['an unknown field', { ...order, colour: 'red' }, 'colour'],
    ['an order number of its own', { ...order, order_no: 'MINE-0001' }, 'order_no'],
    ['a status', { ...order, status: 'paid' }, 'status'],
    ['adopt in text', { ...order, adopt: 'true' }, 'adopt: must be true, false or left out'],
    ['adopt of null', { ...order, adopt: null }, 'adopt'],
    ['a list', [order], 'the body must be a JSON object'],
    ['null', 'null', 'the body must be a JSON object'],
    ['a string', '"x"', 'the body must be a JSON object'],
    ['an empty body', '', 'the body must be a JSON object'],
  ]
  test.each(wrong)('%s', async (_what, body, names) => {
    await expectRefusal(await post(body), { status: 400, code: 'request_invalid', names })
  })

  test('with every fault in one message', async () => {
    const { message } = (await post({ amount: 0, user_id: 5 })).json()
    for (const name of ['amount', 'user_id', 'description']) expect(message).toContain(name)
  })

  test('a thousand unknown fields with a message of bounded length', async () => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`field${i}`, i]))
    const { message } = (await post({ ...order, ...many })).json()
    expect(message.length).toBeLessThanOrEqual(500)
  })
})

describe('POST /v1/orders refuses the key', () => {
  const wrong: readonly [what: string, key: string, code: string][] = [
    ['empty', '', 'idempotency_key_missing'],
    ['with a blank', 'a b', 'idempotency_key_invalid'],
    ['of 129 characters', 'k'.repeat(129), 'idempotency_key_invalid'],
    ['beyond ASCII', 'ké', 'idempotency_key_invalid'],
  ]
  test.each(wrong)('%s', async (_what, key, code) => {
    const answer = await post(order, { 'idempotency-key': key })
    await expectRefusal(answer, { status: 400, code, names: 'Idempotency-Key' })
  })

  test('that is not there', async () => {
    const answer = await app.inject({ method: 'POST', url: '/v1/orders', payload: order })
    const names = 'Idempotency-Key'
    await expectRefusal(answer, { status: 400, code: 'idempotency_key_missing', names })
  })
})

describe('POST /v1/orders refuses to adopt', () => {
  const wrong: readonly [what: string, body: unknown, names: string][] = [
    ['a user with a zero-width blank', { ...adoption, user_id: 'u\u200b1' }, 'hold U+200B'],
    ['a user with an accent apart', { ...adoption, user_id: 'jose\u0301' }, 'form (NFC)'],
    ['a user with a blank at the end', { ...adoption, user_id: 'u1 ' }, 'must not begin or end'],
    ['without a number', { ...adoption, order_no: undefined }, 'order_no'],
    ['a number of 5 characters', { ...adoption, order_no: 'A1234' }, 'order_no: must be 6 to 32'],
    ['a number of 33 characters', { ...adoption, order_no: 'A'.repeat(33) }, 'order_no'],
    ['a number with a slash', { ...adoption, order_no: 'OLD/000001' }, 'order_no'],
    [
      'a number with a line break at its end',
      { ...adoption, order_no: 'OLD-000001\n' },
      'order_no',
    ],
    ['a Chinese number', { ...adoption, order_no: '订单000001' }, 'order_no'],
    ['a number that is one', { ...adoption, order_no: 1234567 }, 'order_no'],
    ['an amount of 0', { ...adoption, amount: 0 }, 'amount'],
    ['an attach', { ...adoption, attach: 'x' }, 'attach'],
    ['a date alone', { ...adoption, created_at: '2026-01-24' }, 'created_at: must be an RFC 3339'],
    ['a time without an offset', { ...adoption, created_at: '2026-01-24T11:00:00' }, 'created_at'],
    ['a time without seconds', { ...adoption, created_at: '2026-01-24T11:00Z' }, 'created_at'],
    ['the 30th of February', { ...adoption, created_at: '2025-02-30T11:00:00Z' }, 'created_at'],
    ['a number for a time', { ...adoption, created_at: 1769252400 }, 'created_at'],
    ['the year 1', { ...adoption, created_at: '0001-01-01T00:00:00Z' }, 'created_at'],
    ['the year 9999', { ...adoption, expires_at: '9999-12-31T23:59:59Z' }, 'expires_at'],
    [
      'the future',
      { ...adoption, created_at: '2026-01-24T12:05:00.001Z' },
      'created_at: must not be in the future',
    ],
    [
      'the future of another zone',
      { ...adoption, created_at: '2026-01-24T12:10:00-01:00' },
      'created_at',
    ],
    [
      'an end before its start',
      { ...adoption, created_at: '2026-01-24T11:00:00Z', expires_at: '2026-01-24T18:59:59+08:00' },
      'expires_at: must be after created_at',
    ],
    [
      'an end at its start',
      { ...adoption, created_at: '2026-01-24T11:00:00Z', expires_at: '2026-01-24T11:00:00Z' },
      'expires_at',
    ],
    [
      'an end that is past, when it starts now',
      { ...adoption, expires_at: '2026-01-24T12:00:00Z' },
      'expires_at',
    ],
    ['an unknown field', { ...adoption, paid: true }, 'paid'],
    ['a status', { ...adoption, status: 'paid' }, 'status'],
  ]
  test.each(wrong)('%s', async (_what, body, names) => {
    await expectRefusal(await post(body), { status: 400, code: 'request_invalid', names })
  })
})

describe('the body parser', () => {
  const malformed: readonly [what: string, body: string | Buffer][] = [
    ['half an object', '{"user_id":'],
    ['a trailing comma', '{"amount":1,}'],
    ['NaN', '{"amount":NaN}'],
    ['two values', '{} {}'],
    ['a poisoned prototype', '{"__proto__":{"amount":1},"user_id":"u"}'],
    ['a poisoned constructor', '{"constructor":{"prototype":{"a":1}}}'],
    ['a nested poisoned prototype', '{"user_id":{"__proto__":null}}'],
    ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22])],
  ]
  test.each(malformed)('refuses %s', async (_what, body) => {
    const names = 'Cannot read the body'
    await expectRefusal(await post(body), { status: 400, code: 'json_malformed', names })
  })

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'nonsense'])(
    'refuses content type %s',
    async (type) => {
      const answer = await post(order, { 'content-type': type })
      const code = 'content_type_unsupported'
      await expectRefusal(answer, { status: 415, code, names: 'application/json' })
    },
  )

  test('refuses more than 64 KiB', async () => {
    const answer = await post({ ...order, description: 'x'.repeat(65_536) })
    await expectRefusal(answer, { status: 413, code: 'body_too_large', names: '64 KiB' })
  })

  test('takes a list nested 30,000 deep as any wrong body', async () => {
    const answer = await post(`${'['.repeat(30_000)}${']'.repeat(30_000)}`)
    await expectRefusal(answer, { status: 400, code: 'request_invalid', names: 'JSON object' })
  })

  test('takes a charset and a byte order mark', async () => {
    const answer = await post(`\ufeff${JSON.stringify(order)}`, {
      'content-type': 'Application/JSON; charset=UTF-8',
    })
    expect(answer.statusCode).toBe(201)
  })
})

describe('POST /v1/runs refuses', () => {
  const wrong: readonly [body: string, names: string][] = [
    ['{"dry_run":"yes"}', 'dry_run: must be true or false'],
    ['{"dry_run":1}', 'dry_run'],
    ['{"dryrun":true}', 'dryrun'],
    ['[]', 'the body must be a JSON object'],
    ['true', 'the body must be a JSON object'],
  ]
  test.each(wrong)('%s', async (payload, names) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await app.inject({ method: 'POST', url: '/v1/runs', headers, payload })
    await expectRefusal(answer, { status: 400, code: 'request_invalid', names })
  })
})

describe('queries and paths are refused:', () => {
  const wrong: readonly [url: string, status: number, code: string, names: string][] = [
    ['/v1/orders?limit=0', 400, 'request_invalid', 'limit: must be an integer from 1 to 200'],
    ['/v1/orders?limit=201', 400, 'request_invalid', 'limit'],
    ['/v1/orders?limit=-1', 400, 'request_invalid', 'limit'],
    ['/v1/orders?limit=1.5', 400, 'request_invalid', 'limit'],
    ['/v1/orders?limit=', 400, 'request_invalid', 'limit'],
    ['/v1/orders?limit=0x10', 400, 'request_invalid', 'limit'],
    ['/v1/orders?limit=1e2', 400, 'request_invalid', 'limit'],
    ['/v1/orders?limit=99999999999999999999', 400, 'request_invalid', 'limit'],
    ['/v1/orders?limit=5&limit=6', 400, 'request_invalid', 'limit'],
    ['/v1/orders?status=lost', 400, 'request_invalid', 'status: must be one of pending'],
    ['/v1/orders?status=paid&status=review', 400, 'request_invalid', 'status'],
    ['/v1/orders?user_id=', 400, 'request_invalid', 'user_id'],
    ['/v1/orders?user_id=%00', 400, 'request_invalid', 'user_id'],
    ['/v1/orders?statsu=paid', 400, 'request_invalid', 'statsu'],
    ['/v1/orders?cursor=a&cursor=b', 400, 'request_invalid', 'cursor'],
    ['/v1/orders?__proto__=x', 400, 'request_invalid', ''],
    ['/v1/runs?limit=0', 400, 'request_invalid', 'limit'],
    ['/v1/accounts/u1/entries?limit=0', 400, 'request_invalid', 'limit'],
    ['/v1/accounts/%00', 400, 'request_invalid', 'user_id'],
    [`/v1/accounts/${'u'.repeat(65)}`, 400, 'request_invalid', 'user_id'],
    ['/v1/accounts/%ff', 400, 'url_malformed', 'percent-encoding'],
    ['/v1/orders/%00%00%00%00%00%00', 404, 'order_not_found', 'Cannot find order'],
    ['/v1/orders/x', 404, 'order_not_found', '"x"'],
    [`/v1/orders/${'x'.repeat(33)}/events`, 404, 'order_not_found', 'Cannot find order'],
    ['/v1/runs/%27%20or%201=1', 404, 'run_not_found', 'Cannot find run'],
    [`/v1/runs/${'9'.repeat(65)}`, 404, 'run_not_found', 'Cannot find run'],
    ['/v1/nothing', 404, 'not_found', 'GET /v1/nothing'],
    ['/V1/orders', 404, 'not_found', ''],
    ['/v1/orders/', 404, 'order_not_found', ''],
    ['/favicon.ico', 404, 'not_found', ''],
  ]
  test.each(wrong)('GET %s', async (url, status, code, names) => {
    await expectRefusal(await app.inject({ url }), { status, code, names })
  })

  test('GET with a path part of 2,000 characters', async () => {
    const answer = await app.inject({ url: `/v1/accounts/${'u'.repeat(2000)}` })
    await expectRefusal(answer, { status: 414, code: 'url_too_long', names: 'too long' })
  })

  const methods: readonly ['PUT' | 'DELETE' | 'PATCH' | 'POST' | 'OPTIONS', string][] = [
    ['PUT', '/v1/orders'],
    ['DELETE', '/v1/orders/RECH20260124150000AbCd1234Ef'],
    ['PATCH', '/v1/accounts/u1'],
    ['POST', '/v1/audit'],
    ['OPTIONS', '/v1/orders'],
    ['POST', '/'],
  ]
  test.each(methods)('%s %s', async (method, url) => {
    const answer = await app.inject({ method, url })
    await expectRefusal(answer, { status: 404, code: 'not_found', names: `${method} ${url}` })
  })
})
