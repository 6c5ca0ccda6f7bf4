import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { buildWeb, startWeb } from '../../src/web/server.ts'
import { doubleBudan } from './double.ts'

const token = 'a-long-secret 与 more'
const { budan, calls } = doubleBudan()
let app: FastifyInstance

beforeAll(async () => {
  const server = { host: '127.0.0.1', port: 0, apiToken: token }
  app = await buildWeb(budan, { server, version: '0' })
})
afterAll(() => app.close())
beforeEach(() => {
  calls.length = 0
})

/** As curl sends it: the bytes of UTF-8. */
const bytesOf = (text: string) => Buffer.from(text, 'utf8').toString('latin1')

const guarded: readonly (readonly ['GET' | 'POST', string])[] = [
  ['POST', '/v1/orders'],
  ['GET', '/v1/orders'],
  ['GET', '/v1/orders/OLD-000001'],
  ['GET', '/v1/orders/OLD-000001/events'],
  ['POST', '/v1/orders/OLD-000001/check'],
  ['GET', '/v1/accounts/u1'],
  ['GET', '/v1/accounts/u1/entries'],
  ['POST', '/v1/runs'],
  ['GET', '/v1/runs'],
  ['GET', '/v1/runs/1'],
  ['GET', '/v1/audit'],
  ['GET', '/'],
  // It does not exist, which the answer without a token does not show.
  ['GET', '/v1/nothing'],
  ['POST', '/v1'],
]

describe('requireToken() refuses', () => {
  test.each(guarded)('%s %s without a token', async (method, url) => {
    const answer = await app.inject({ method, url })
    expect(answer.statusCode).toBe(401)
    expect(answer.headers['www-authenticate']).toBe('Bearer')
    expect(Object.keys(answer.json())).toEqual(['code', 'message'])
    expect(answer.json().code).toBe('unauthorized')
    expect(calls).toEqual([])
  })

  const wrong = [
    '',
    'Bearer',
    'Bearer ',
    'Bearer a-long-secret',
    `Bearer ${bytesOf(token)}x`,
    `Bearer ${bytesOf(token).slice(0, -1)}`,
    `Bearer ${bytesOf(token.toUpperCase())}`,
    `Basic ${Buffer.from(`:${token}`).toString('base64')}`,
    bytesOf(token),
    `Bearer ${'x'.repeat(5000)}`,
  ]
  test.each(wrong)('the header %j', async (authorization) => {
    const answer = await app.inject({ url: '/v1/audit', headers: { authorization } })
    expect(answer.statusCode).toBe(401)
    expect(answer.body).not.toContain('a-long-secret')
    expect(calls).toEqual([])
  })

  test('before it reads the body', async () => {
    const headers = { 'content-type': 'application/json' }
    const answer = await app.inject({ method: 'POST', url: '/v1/orders', headers, payload: '{' })
    expect(answer.statusCode).toBe(401)
  })

  test('HEAD as well', async () => {
    expect((await app.inject({ method: 'HEAD', url: '/v1/audit' })).statusCode).toBe(401)
  })
})

describe('requireToken() lets through', () => {
  test.each(['Bearer', 'bearer'])('the right token after %s', async (scheme) => {
    const authorization = `${scheme} ${bytesOf(token)}`
    for (const [method, url] of guarded) {
      const answer = await app.inject({ method, url, headers: { authorization } })
      expect(answer.statusCode).not.toBe(401)
    }
  })

  test.each(['/healthz', '/readyz', '/metrics', '/openapi.json', '/assets/console.css'])(
    'GET %s without one',
    async (url) => {
      expect((await app.inject(url)).statusCode).toBe(200)
    },
  )

  test('with the token, by any name of this machine', async () => {
    const headers = { host: 'budan.example', authorization: `Bearer ${bytesOf(token)}` }
    expect((await app.inject({ url: '/v1/audit', headers })).statusCode).toBe(200)
  })

  test('the callback without one: it is signed', async () => {
    const answer = await app.inject({ method: 'POST', url: '/v1/callbacks/wechatpay' })
    expect(calls).toEqual(['receiveCallback'])
    expect(answer.json()).toEqual({ code: 'FAIL', message: 'no signature' })
  })
})

describe('where there is no token', () => {
  let open: FastifyInstance
  beforeAll(async () => {
    const server = { host: '127.0.0.1', port: 0, apiToken: null }
    open = await buildWeb(budan, { server, version: '0' })
  })
  afterAll(() => open.close())

  test.each(['localhost:8080', '127.0.0.1:8080', '[::1]:8080'])(
    'the API answers by the name %s',
    async (host) => {
      expect((await open.inject({ url: '/v1/audit', headers: { host } })).statusCode).toBe(200)
      const made = await open.inject({ method: 'POST', url: '/v1/runs', headers: { host } })
      expect(made.statusCode).toBe(200)
    },
  )

  test.each(['evil.example', 'localhost.evil.example:8080'])(
    'it does not by the name %s, which somebody else may have pointed here',
    async (host) => {
      const answer = await open.inject({ url: '/v1/orders', headers: { host } })
      expect(answer.statusCode).toBe(403)
      expect(answer.json().code).toBe('host_unknown')
      expect(calls).toEqual([])
    },
  )

  const elsewhere: readonly Record<string, string>[] = [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
  ]
  const looked = ['/v1/audit', '/v1/orders', '/v1/nothing', '/live', '/', '/orders', '/nowhere']

  test.each(elsewhere)('a page of another site has nothing looked up here: %j', async (headers) => {
    for (const url of looked) {
      for (const method of ['GET', 'HEAD'] as const) {
        const answer = await open.inject({
          method,
          url,
          headers: { accept: 'text/html', ...headers },
        })
        expect(answer.statusCode, url).toBe(403)
      }
    }
    expect(calls).toEqual([])
  })

  const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
  test('a link of another site leads to a page, and to nothing else', async () => {
    const headers = { ...link, 'sec-fetch-dest': 'document', accept: 'text/html' }
    expect((await open.inject({ url: '/nowhere', headers })).statusCode).toBe(404)
    for (const url of ['/v1/audit', '/live']) {
      expect((await open.inject({ url, headers })).statusCode, url).toBe(403)
    }
    expect(calls).toEqual([])
  })

  test.each(['same-origin', 'none'])('what the browser calls %s is answered', async (site) => {
    const headers = { 'sec-fetch-site': site }
    expect((await open.inject({ url: '/v1/audit', headers })).statusCode).toBe(200)
  })

  test.each([
    ['/v1/runs', { 'sec-fetch-site': 'cross-site' }],
    ['/v1/orders/OLD-000001/check', { 'sec-fetch-site': 'same-site' }],
    ['/v1/runs', { origin: 'https://evil.example' }],
    ['/v1/runs', { origin: 'null' }],
  ])('a page of another site makes nobody’s browser send %s', async (url, headers) => {
    const answer = await open.inject({ method: 'POST', url, headers })
    expect(answer.statusCode).toBe(403)
    expect(answer.json().code).toBe('other_site')
    expect(calls).toEqual([])
  })
})

describe('replaceTokens()', () => {
  const start = async (apiToken: string | null) => {
    const server = { host: '127.0.0.1', port: 0, apiToken }
    const web = await startWeb(budan, { server, version: '0' })
    const statusWith = async (given: string) =>
      (await fetch(`${web.url}/v1/audit`, { headers: { authorization: `Bearer ${given}` } })).status
    return { web, statusWith }
  }
  const old = 'Q7vN2xkW9dLrT4hZ8mBcF6pJ'
  const next = 'pJ6cF8mBhZ4rT9dLxkW2vN7Q'

  test('takes another token from the next request on', async () => {
    const { web, statusWith } = await start(old)
    web.replaceTokens({ apiToken: next })
    expect([await statusWith(old), await statusWith(next)]).toEqual([401, 200])
    await web.close()
  })

  test('keeps the old one where there would be none', async () => {
    const { web, statusWith } = await start(old)
    expect(() => web.replaceTokens({})).toThrow('none is set any more: restart the service')
    expect(() => web.replaceTokens({ apiToken: '' })).toThrow('server.api_token')
    expect(await statusWith(old)).toBe(200)
    await web.close()
  })

  test('takes none where there was none, because other checks were chosen at the start', async () => {
    const { web } = await start(null)
    const refused = 'none was set at the start: restart the service'
    expect(() => web.replaceTokens({ apiToken: next })).toThrow(refused)
    await web.close()
  })
})
