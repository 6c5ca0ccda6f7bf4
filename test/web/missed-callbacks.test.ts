import { once } from 'node:events'
import { request as send } from 'node:http'
import { connect } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Event } from '../../src/domain/event.ts'
import { wechatFacts } from '../../src/gateway/wechat/facts.ts'
import { logEvents } from '../../src/telemetry/log.ts'
import { callbackRouteOf } from '../../src/web/callback-route.ts'
import { MissedCallbacks } from '../../src/web/missed-callbacks.ts'
import { buildWeb } from '../../src/web/server.ts'
import { sampleOrder } from '../support/samples.ts'
import { doubleBudan } from './double.ts'

const token = 'kPq3zR8vXw1mT6nB9cD4fG7hJ2sL5yA0'
const url = '/v1/callbacks/wechatpay'
const signed = {
  'Wechatpay-Signature': 'c2lnbmVk',
  'Wechatpay-Serial': 'PUB_KEY_ID_01',
  'Wechatpay-Timestamp': '1769238000',
  'Wechatpay-Nonce': 'nonce',
}

let app: FastifyInstance
let double: ReturnType<typeof doubleBudan>
let events: Event[]
beforeEach(async () => {
  double = doubleBudan({
    budan: {
      receiveCallback: async () => ({ kind: 'settled', order: sampleOrder(), decision: 'pay' }),
    },
  })
  events = double.events
  const server = { host: '127.0.0.1', port: 0, apiToken: token }
  app = await buildWeb(double.budan, { server, version: '0' })
})
afterEach(() => app.close())

const missed = () =>
  events.flatMap((event) => (event.type === 'callbacks_missed' ? [event.missed] : []))

describe('a callback whose path was changed on its way', () => {
  it.each([
    `${url}/`,
    `${url}//`,
    `/${url}`,
    '/v1//callbacks/wechatpay',
    '//v1//callbacks//wechatpay//',
    `${url}?from=proxy`,
    `${url}/?from=proxy`,
    `http://pay.example.com${url}`,
  ])('is received at %s: its path is not signed', async (path) => {
    const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
    const sending = send({ port, method: 'POST', path, headers: signed })
    sending.end('{}')
    const [answer] = await once(sending, 'response')
    expect(answer.statusCode).toBe(204)
    expect(double.calls).toEqual(['receiveCallback'])
    expect(events).toEqual([])
    answer.resume()
  })

  it.each([
    ['POST', '/v1/callbacks/wechatpay/shop-a/x', 404],
    ['POST', '/v1/callbacks/wechatpa', 401],
    ['POST', '/v1/callbacks/', 401],
    ['POST', '/V1/Callbacks/WechatPay', 404],
    ['POST', '/api/v1/callbacks/wechatpay', 404],
    ['POST', '/callbacks/wechatpay', 404],
    ['POST', '/wp-login.php', 404],
    ['POST', '/v1/orders', 401],
    ['POST', '/v1/orders/RECH1/check', 401],
    ['POST', '/v1/callbacks/wechatpay%2F', 404],
    ['PUT', url, 404],
    ['GET', url, 404],
    ['GET', `${url}/`, 404],
    ['HEAD', url, 404],
    ['POST', `/${'x'.repeat(5_000)}`, 414],
    ['POST', '/%zz', 400],
  ] as const)('is logged and counted where it misses: %s %s', async (method, path, status) => {
    const answer = await app.inject({ method, url: `${path}?secret=s3cret`, headers: signed })
    expect(answer.statusCode).toBe(status)
    expect(events.filter(({ type }) => type === 'callback_missed')).toHaveLength(1)
    expect(missed()).toEqual([{ method, path: path.slice(0, 200), status, address: '127.0.0.1' }])
    expect(JSON.stringify(events)).not.toContain('s3cret')
    expect(double.calls).toEqual([])
  })

  it('is logged where the path cannot be read at all', async () => {
    const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
    const socket = connect(Number(port), '127.0.0.1')
    socket.write(
      'POST /v1/%zz HTTP/1.1\r\nHost: h\r\nWechatpay-Serial: s\r\nContent-Length: 0\r\n\r\n',
    )
    await once(socket, 'data')
    expect(missed()).toMatchObject([{ path: '/v1/%zz', status: 400 }])
    socket.destroy()
  })

  it('is not what people and programs send', async () => {
    await app.inject({ method: 'POST', url: `${url}/shop`, payload: {} })
    await app.inject({ url: '/v1/audit', headers: { authorization: `Bearer ${token}` } })
    await app.inject({ url: '/', headers: { accept: 'text/html' } })
    await app.inject({ method: 'POST', url, headers: signed, payload: {} })
    // The audit was requested.
    expect(events.map(({ type }) => type)).toEqual(['audit_made'])
  })
})

describe('a flood of signed requests that miss', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
  afterEach(() => void vi.useRealTimers())

  const flood = (paths: readonly string[]) => {
    const events: Event[] = []
    const report = new MissedCallbacks((event) => events.push(event), callbackRouteOf(wechatFacts))
    for (const path of paths) {
      const raw = { socket: { remoteAddress: '203.0.113.9' } }
      const headers = { 'wechatpay-signature': 's' }
      const request = { method: 'POST', headers, originalUrl: path, ip: '203.0.113.9', raw }
      report.look(request as never, 404)
    }
    vi.advanceTimersByTime(60_000)
    return events
  }

  it('is counted one by one, and logged in two lines', () => {
    const events = flood(Array(5_000).fill('/callbacks'))
    expect(events.filter(({ type }) => type === 'callback_missed')).toHaveLength(5_000)
    const lines = events.flatMap((event) =>
      event.type === 'callbacks_missed' ? [event.count] : [],
    )
    expect(lines).toEqual([1, 4_999])
  })

  it('to thousands of paths is logged in some forty lines, and none is lost', () => {
    const events = flood(Array.from({ length: 5_000 }, (_, n) => `/callbacks/${n}`))
    const lines = events.flatMap((event) => (event.type === 'callbacks_missed' ? [event] : []))
    expect(lines.length).toBeLessThanOrEqual(41)
    expect(lines.at(-1)?.missed).toBeNull()
    expect(lines.reduce((sum, { count }) => sum + count, 0)).toBe(5_000)
  })

  it('is a line that names path, status and count', () => {
    const lines: unknown[] = []
    const log = { isLevelEnabled: () => true, warn: (...line: unknown[]) => lines.push(line) }
    for (const event of flood(['/callbacks'])) logEvents(log as never)(event)
    expect(lines).toEqual([
      [
        { method: 'POST', path: '/callbacks', status: 404, address: '203.0.113.9', count: 1 },
        'Callback to a path that is not for callbacks: see notify_url',
      ],
    ])
  })
})
