import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { ConfigError } from '../../src/config/fault.ts'
import { startWeb, type WebOptions } from '../../src/web/server.ts'
import { doubleBudan, type Replaced } from './double.ts'
import { sampleRun } from './samples.ts'

/** What only a real connection shows. */

const strong = 'kPq3zR8vXw1mT6nB9cD4fG7hJ2sL5yA0'
const identity = (value: unknown) => value

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

async function start(replaced: Replaced = {}, options: Partial<WebOptions> = {}) {
  const double = doubleBudan(replaced)
  const server = { host: '127.0.0.1', port: 0, apiToken: null }
  const web = await startWeb(double.budan, { server, version: '0', ...options })
  ends.push(() => web.close())
  return { ...web, ...double }
}

/** Sends `text` as it is, and gives all that comes back until the other side ends. */
async function talk(url: string, text: string | Buffer): Promise<string> {
  const socket = await open(url)
  socket.write(text)
  return received(socket)
}

async function open(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname.replace(/^\[|\]$/g, ''))
  await once(socket, 'connect')
  return socket
}

async function received(socket: Socket): Promise<string> {
  const parts: Buffer[] = []
  socket.on('data', (part) => parts.push(part))
  await once(socket, 'close')
  return Buffer.concat(parts).toString('latin1')
}

/** Something that happens once, seen from both sides. */
function signal<T = void>() {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((resolved) => {
    resolve = resolved
  })
  return { promise, resolve }
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`

describe('startWeb()', () => {
  test.each([{}, { apiToken: undefined }, { apiToken: null }])(
    'takes an absent token as none: %o lets this machine in, and no other',
    async (token) => {
      const server = { host: '127.0.0.1', port: 0, ...token } as WebOptions['server']
      const web = await startWeb(doubleBudan().budan, { server, version: '0' })
      const { status } = await fetch(`${web.url}/v1/orders/x`)
      await web.close()
      expect(status).not.toBe(401)
      const exposed = startWeb(doubleBudan().budan, {
        server: { ...server, host: '0.0.0.0' },
        version: '0',
      })
      await expect(exposed).rejects.toThrow(/without server\.api_token: anybody could place orders/)
    },
  )

  test('refuses an empty token, which nobody can send', async () => {
    const server = { host: '127.0.0.1', port: 0, apiToken: '' }
    await expect(startWeb(doubleBudan().budan, { server, version: '0' })).rejects.toThrow(
      'server.api_token: is empty, or no text: leave it out',
    )
  })

  test('answers at the address that it returns', async () => {
    const { url } = await start()
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/)
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: 'ok' })
  })

  test('puts an IPv6 address in brackets', async () => {
    const server = { host: '::1', port: 0, apiToken: null }
    const { url } = await start({}, { server })
    expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/)
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
  })

  test('listens on one address of localhost', async () => {
    const { url } = await start({}, { server: { host: 'localhost', port: 0, apiToken: null } })
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
  })

  test.each(['0.0.0.0', '::'])('refuses %s without a token', async (host) => {
    const server = { host, port: 0, apiToken: null }
    const starting = startWeb(doubleBudan().budan, { server, version: '0' })
    await expect(starting).rejects.toThrow(`Cannot listen on "${host}" without server.api_token`)
  })

  test('listens beyond loopback with a token', async () => {
    const { url } = await start({}, { server: { host: '0.0.0.0', port: 0, apiToken: strong } })
    const { port } = new URL(url)
    expect((await fetch(`http://127.0.0.1:${port}/v1/audit`)).status).toBe(401)
  })

  test.each([
    ['0.0.0.0', 'password'],
    ['0.0.0.0', strong.slice(1)],
    ['::', 'a'.repeat(32)],
    ['0.0.0.0', 'password'.repeat(4)],
    ['0.0.0.0', 'abcdefghijklmnopqrstuvwxyz0123456789'],
    ['127.0.0.1', 'change-me-to-a-long-random-one'],
  ])('refuses to serve %s with the token %s, and does not print it', async (host, apiToken) => {
    const server = { host, port: 0, apiToken }
    const error = await startWeb(doubleBudan().budan, { server, version: '0' }).catch(identity)
    expect(error).toBeInstanceOf(ConfigError)
    expect((error as Error).message).toMatch(/^server\.api_token: /)
    expect((error as Error).message).not.toContain(apiToken)
  })

  test('says which port is taken', async () => {
    const { url } = await start()
    const port = Number(new URL(url).port)
    const server = { host: '127.0.0.1', port, apiToken: null }
    const second = startWeb(doubleBudan().budan, { server, version: '0' })
    await expect(second).rejects.toThrow(`Cannot listen on "127.0.0.1" port ${port}: EADDRINUSE`)
  })

  test('says which host is not there', async () => {
    const server = { host: 'no such host', port: 0, apiToken: null }
    const starting = startWeb(doubleBudan().budan, { server, version: '0' })
    await expect(starting).rejects.toThrow('Cannot listen on "no such host": no such host')
  })
})

describe('a connection', () => {
  test('that ends within a body calls nobody', async () => {
    const { url, calls, events } = await start()
    const socket = await open(url)
    socket.write(
      'POST /v1/callbacks/wechatpay HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"id":',
    )
    socket.end()
    await received(socket)
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    expect(calls).toEqual([])
    expect(events).toEqual([])
  })

  test('that ends in the middle of a chunked body calls nothing', async () => {
    const { url, calls } = await start()
    const head = 'POST /v1/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
    const socket = await open(url)
    socket.end(`${head}Transfer-Encoding: chunked\r\n\r\n20\r\n{"user_id":`)
    await received(socket)
    expect(calls).toEqual([])
  })

  test.each([
    ['a body that is read', 'application/json', /^HTTP\/1\.1 408 /],
    ['a body that was refused', 'text/plain', /^HTTP\/1\.1 415 /],
  ])('that sends %s slower than the limit is ended', async (_what, type, first) => {
    const { url, calls } = await start({}, { limits: { arrivalMs: 40 } })
    const head = `POST /v1/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\n`
    const answer = await talk(url, `${head}Content-Length: 100\r\n\r\n{`)
    expect(answer).toMatch(first)
    expect(answer).toContain('{"code":"http_malformed","message":"Request Timeout"}')
    expect(calls).toEqual([])
  })

  test('that sends nothing at all is closed within the same limit', async () => {
    const { url } = await start({}, { limits: { arrivalMs: 40 } })
    const socket = await open(url)
    expect(await received(socket)).toMatch(/^HTTP\/1\.1 408 /)
  })

  test('that sends headers without end gets 408', async () => {
    const { url } = await start({}, { limits: { arrivalMs: 40 } })
    const answer = await talk(url, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
  })

  test.each([
    ['nonsense', 'HELLO\r\n\r\n', 400],
    ['a bare line', '\u0016\u0003\u0001', 400],
    [
      'a header beyond 16 KiB',
      `GET / HTTP/1.1\r\nHost: localhost\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`,
      431,
    ],
    [
      'two lengths',
      'POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
      400,
    ],
    [
      'a length and a chunked body',
      'POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
  ])('that sends %s gets an error and is ended', async (_what, text, status) => {
    const { url, calls } = await start()
    const answer = await talk(url, text)
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(answer).toContain('"code":"http_malformed"')
    expect(answer).toContain('X-Content-Type-Options: nosniff')
    expect(calls).toEqual([])
  })

  test('gets answers to pipelined requests in their order', async () => {
    const first = signal()
    const findRun = async () => {
      await first.promise
      return { run: sampleRun({ id: '7' }), results: [], node: 'n1' }
    }
    const balance = async (userId: string) => {
      first.resolve()
      return { userId, balance: 5n, currency: 'CNY' }
    }
    const { url } = await start({ store: { findRun, balance } })
    const last = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
    const answer = await talk(url, get('/v1/runs/7') + get('/v1/accounts/u1') + last)
    const bodies = answer.split('\r\n').filter((line) => line.startsWith('{'))
    expect(bodies.map((line) => Object.keys(JSON.parse(line.replace(/HTTP.*/, '')))[0])).toEqual([
      'id',
      'user_id',
      'status',
    ])
  })

  test('that sends many requests ahead has 16 of them answered, however large the answers', async () => {
    const { url, calls } = await start()
    const last = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
    const answer = await talk(url, get('/v1/audit').repeat(500) + last)
    expect(answer.match(/HTTP\/1\.1 200 /g)?.length).toBe(16)
    expect(answer.match(/"code":"too_many_ahead"/g)?.length).toBe(485)
    expect(calls.length).toBe(16)
  })

  test('that waits for its answers may send any number of requests', async () => {
    const { url, calls } = await start()
    const socket = await open(url)
    for (let sent = 0; sent < 40; sent += 1) {
      socket.write(get('/v1/audit'))
      await once(socket, 'data')
    }
    socket.end()
    expect(calls.length).toBe(40)
  })

  test('does not learn what serves it', async () => {
    const { url } = await start()
    const { headers } = await fetch(`${url}/v1/audit`)
    expect(headers.get('server')).toBeNull()
    expect(headers.get('x-powered-by')).toBeNull()
    expect(headers.get('cache-control')).toBe('no-store')
  })
})

describe('close()', () => {
  test('finishes the request in flight and refuses what begins after it', async () => {
    const [begun, finish] = [signal(), signal()]
    const balance = async (userId: string) => {
      begun.resolve()
      await finish.promise
      return { userId, balance: 7n, currency: 'CNY' }
    }
    const { url, close, calls } = await start({ store: { balance } })
    const [idle, late, busy] = [await open(url), await open(url), await open(url)]
    idle.write(get('/healthz'))
    await once(idle, 'data')
    late.write('GET /v1/au')
    busy.write(get('/v1/accounts/u1'))
    await begun.promise

    const closing = close()
    await once(idle, 'close')
    late.write('dit HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const refused = await received(late)
    finish.resolve()
    const answered = await received(busy)
    await closing

    expect(refused).toMatch(/^HTTP\/1\.1 503 /)
    expect(refused).toContain('{"code":"stopping","message":"budan is stopping"}')
    expect(answered).toMatch(/^HTTP\/1\.1 200 /)
    expect(answered).toContain('"balance":7')
    expect(answered.toLowerCase()).toContain('connection: close')
    expect(calls).toEqual(['balance'])
    await expect(fetch(`${url}/healthz`)).rejects.toThrow()
  })

  test('ends idle connections at once', async () => {
    const { url, close } = await start()
    const socket = await open(url)
    socket.write(get('/healthz'))
    await once(socket, 'data')
    await Promise.all([once(socket, 'close'), close()])
  })

  test('cuts off what takes longer than its limit', async () => {
    const begun = signal()
    const audit = () => {
      begun.resolve()
      return new Promise<never>(() => undefined)
    }
    const { url, close } = await start({ store: { audit } }, { limits: { closeMs: 30 } })
    const socket = await open(url)
    socket.write(get('/v1/audit'))
    await begun.promise
    await close()
    expect(await received(socket)).toBe('')
  })

  test('may be called twice', async () => {
    const { close } = await start()
    await Promise.all([close(), close()])
    await close()
  })
})
