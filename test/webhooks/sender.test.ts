import dns from 'node:dns'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import type { Attempt } from '../../src/domain/webhooks/delivery.ts'
import type { SenderLimits } from '../../src/outbox/webhooks/connection.ts'
import { Sender } from '../../src/outbox/webhooks/sender.ts'
import { signatureHeaders } from '../../src/outbox/webhooks/signature.ts'
import { makeCertificates, textOf } from '../support/certificates.ts'
import {
  hangs,
  type Received,
  type Receiver,
  startReceiver,
  startSocket,
  status,
} from './receiver.ts'

/** Names that lead where a test wants them to. */
const names = new Map<string, readonly string[]>()
const { lookup } = dns
const looking = vi.spyOn(dns, 'lookup').mockImplementation(((
  host: string,
  options: object,
  done: (...args: unknown[]) => void,
) => {
  const found = names.get(host)
  if (found === undefined) return lookup(host, options, done as never)
  const family = (address: string) => (address.includes(':') ? 6 : 4)
  done(
    null,
    found.map((address) => ({ address, family: family(address) })),
  )
}) as never)
afterAll(() => looking.mockRestore())

const [first = '', second = ''] = ['a', 'b'].map(
  (letter) => `whsec_${Buffer.alloc(32, letter).toString('base64')}`,
)
const message = { id: 'evt_0123', body: '{"type":"order.paid","data":{"user_id":"张三"}}' }
const limits: SenderLimits = { connectMs: 300, wholeMs: 600, bodyMs: 200 }

const ends: (() => unknown)[] = []
afterEach(async () => {
  names.clear()
  for (const end of ends.splice(0)) await end()
})

async function receiver(): Promise<Receiver> {
  const started = await startReceiver()
  ends.push(() => started.stop())
  return started
}

async function send(url: string, secrets = [first], within = limits): Promise<Attempt> {
  const sender = new Sender({ url, secrets }, within)
  ends.push(() => sender.close())
  return await sender.send(message)
}

async function toSocket(onConnection: (socket: Socket) => void): Promise<Attempt> {
  const server = await startSocket(onConnection)
  ends.push(() => server.stop())
  return await send(server.url)
}

describe('signatureHeaders()', () => {
  test('signs the vector of Standard Webhooks', () => {
    const headers = signatureHeaders({
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      at: new Date(1614265330_999),
      body: '{"test": 2432232314}',
      secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    })
    expect(headers).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    })
  })
})

describe('Sender', () => {
  test('posts the body as it is, signed by each secret', async () => {
    const shop = await receiver()
    expect(await send(shop.url, [second, first])).toMatchObject({
      ...{ outcome: 'delivered', status: 204, error: null, retryAfterMs: null },
    })
    const { headers, body } = shop.received[0] as Received
    expect(body).toBe(message.body)
    expect(headers['content-type']).toContain('application/json')
    expect(headers['webhook-id']).toBe(message.id)
    for (const secret of [first, second]) {
      const verified = new Webhook(secret).verify(body, headers as Record<string, string>)
      expect(verified).toEqual(JSON.parse(message.body))
    }
    const stranger = new Webhook(`whsec_${Buffer.alloc(32, 'c').toString('base64')}`)
    expect(() => stranger.verify(body, headers as Record<string, string>)).toThrow('No matching')
  })

  test.each([
    [200, 'delivered', null],
    [202, 'delivered', null],
    [301, 'redirected', 'it answered 301: redirects are not followed'],
    [307, 'redirected', 'it answered 307: redirects are not followed'],
    [400, 'rejected', 'it answered 400'],
    [401, 'rejected', 'it answered 401'],
    [410, 'rejected', 'it answered 410'],
    [429, 'throttled', 'it answered 429: too many requests'],
    [500, 'server_error', 'it answered 500'],
    [503, 'server_error', 'it answered 503'],
  ] as const)('judges %i', async (code, outcome, error) => {
    const [shop, trap] = [await receiver(), await receiver()]
    shop.reply = status(code, { location: trap.url, 'retry-after': '7' })
    const attempt = await send(shop.url)
    expect(attempt).toMatchObject({ outcome, status: code })
    expect(attempt.error?.slice(0, error?.length) ?? null).toBe(error)
    expect(attempt.retryAfterMs).toBe(outcome === 'delivered' ? null : 7000)
    expect([shop.received.length, trap.received.length]).toEqual([1, 0])
  })

  test('keeps the first kilobyte of an answer, and no half character', async () => {
    const shop = await receiver()
    shop.reply = (response) => void response.writeHead(500).end('钱'.repeat(1000))
    const { answer } = await send(shop.url)
    expect(answer).toBe('钱'.repeat(341))
  })

  test('cuts an endless body, and one that drips, and goes by the status', async () => {
    const shop = await receiver()
    let sent = 0
    shop.reply = (response) => {
      response.writeHead(200)
      const pour = () => {
        while (!response.destroyed && response.write('x'.repeat(10_000))) sent += 10_000
      }
      response.on('drain', pour)
      pour()
    }
    expect(await send(shop.url)).toMatchObject({ outcome: 'delivered', status: 200 })
    shop.reply = (response) => {
      const timer = setInterval(() => response.write('x'), 20)
      response.writeHead(503).on('close', () => clearInterval(timer))
    }
    const dripping = await send(shop.url, [first], { ...limits, wholeMs: 60_000 })
    expect(dripping).toMatchObject({ outcome: 'server_error', status: 503 })
    expect(dripping.durationMs).toBeLessThan(30_000)
    expect(sent).toBeLessThan(50_000_000)
  })

  test.each<[string, (socket: Socket) => void, string, string]>([
    ['says nothing', () => {}, 'timeout', 'it gave no answer in 600 ms'],
    ['cuts the connection', (socket) => void socket.resetAndDestroy(), 'unreachable', 'cut'],
    ['ends it', (socket) => void socket.end(), 'unreachable', 'cut'],
    ['speaks first', (socket) => void socket.write('220 mail\r\n'), 'unreachable', 'no HTTP'],
    [
      'sends headers without end',
      (socket) => {
        const pour = () => {
          while (!socket.destroyed && socket.write('x-a: 1\r\n'.repeat(100)));
        }
        socket.write('HTTP/1.1 200 OK\r\n')
        socket.on('drain', pour)
        pour()
      },
      'unreachable',
      'too long',
    ],
    [
      'drips headers',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\n')
        const timer = setInterval(() => socket.write('x-a: 1\r\n'), 20)
        socket.on('close', () => clearInterval(timer))
      },
      'timeout',
      'it gave no answer',
    ],
    [
      'answers 100 for ever',
      (socket) => {
        const timer = setInterval(() => socket.write('HTTP/1.1 100 Continue\r\n\r\n'), 20)
        socket.on('close', () => clearInterval(timer))
      },
      'unreachable',
      '100 Continue',
    ],
    [
      'switches the protocol',
      (socket) =>
        void socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
        ),
      'unreachable',
      'cut',
    ],
  ])('ends where the receiver %s', async (_, onConnection, outcome, words) => {
    const attempt = await toSocket((socket) => {
      socket.once('data', () => onConnection(socket))
      if (words === 'no HTTP') onConnection(socket)
    })
    expect(attempt).toMatchObject({ outcome, status: null })
    expect(attempt.error).toContain(words)
    // A slow machine adds to the limits, which are tenths of a second.
    expect(attempt.durationMs).toBeLessThan(10_000)
  })

  test('says that nobody listens, and that a TLS handshake hangs', async () => {
    const gone = await startSocket(() => {})
    await gone.stop()
    expect((await send(gone.url)).error).toContain('nobody listens there')
    const mute = await startSocket(() => {})
    ends.push(() => mute.stop())
    expect(await send(`https://127.0.0.1:${mute.port}/`)).toMatchObject({
      ...{ outcome: 'timeout', error: 'it took no connection in 300 ms' },
    })
  })

  test('takes no certificate of a stranger, nor one for another name', async () => {
    const { server, ca } = makeCertificates({ server: 'shop.example', client: 'x' })
    const shop = createServer({ cert: textOf(server.cert), key: textOf(server.key) }, (_, answer) =>
      answer.end(),
    )
    await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve))
    ends.push(() => shop.close())
    const { port } = shop.address() as AddressInfo
    const attempt = await send(`https://127.0.0.1:${port}/`)
    expect(attempt).toMatchObject({ outcome: 'unreachable', status: null })
    expect(attempt.error).toMatch(/certificate/)
    expect(textOf(ca)).toContain('CERTIFICATE')
  })

  test('sends again at once where the idle connection was closed meanwhile', async () => {
    let count = 0
    const server = await startSocket((socket) => {
      socket.on('data', () => {
        count += 1
        // The second request meets a connection that is just being reset.
        if (count === 2) return void socket.resetAndDestroy()
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
      })
    })
    ends.push(() => server.stop())
    const sender = new Sender({ url: server.url, secrets: [first] }, limits)
    ends.push(() => sender.close())
    const outcomes = [await sender.send(message), await sender.send(message)]
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['delivered', 'delivered'])
    expect(count).toBe(3)
  })

  test.each([60_000, 70_000, 100_000, 1_000_000])(
    'sends again after an answer of %i bytes that ended its connection',
    async (bytes) => {
      const server = await startSocket((socket) => {
        const head = `HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${bytes}\r\n\r\n`
        socket.once('data', () => socket.end(head + 'x'.repeat(bytes)))
      })
      ends.push(() => server.stop())
      const sender = new Sender({ url: server.url, secrets: [first] }, limits)
      ends.push(() => sender.close())
      for (let nth = 0; nth < 4; nth += 1) {
        expect(await sender.send(message)).toMatchObject({ outcome: 'delivered', status: 200 })
      }
    },
  )

  test('keeps no idle connection for as long as the receiver offers', async () => {
    let closed = false
    const server = await startSocket((socket) => {
      socket.once('data', () =>
        socket.write('HTTP/1.1 200 OK\r\nkeep-alive: timeout=600\r\ncontent-length: 0\r\n\r\n'),
      )
      socket.once('end', () => {
        closed = true
      })
    })
    ends.push(() => server.stop())
    const sender = new Sender({ url: server.url, secrets: [first] }, limits)
    ends.push(() => sender.close())
    await sender.send(message)
    await vi.waitUntil(() => closed, { timeout: 30_000 })
  })

  test('ends what it sends when it is closed', async () => {
    const shop = await receiver()
    shop.reply = hangs
    const sender = new Sender({ url: shop.url, secrets: [first] }, limits)
    const sent = sender.send(message)
    await shop.got(1)
    sender.close()
    expect(await sent).toMatchObject({ outcome: 'timeout', error: 'budan is stopping' })
  })

  test('goes to no forbidden address, whatever its name, and connects to nobody', async () => {
    for (const address of ['169.254.169.254', 'fe80::1', '::ffff:169.254.169.254', '0.0.0.0']) {
      names.set('evil.example', [address])
      for (const scheme of ['http', 'https']) {
        const attempt = await send(`${scheme}://evil.example/`)
        expect(attempt).toMatchObject({ outcome: 'forbidden', status: null })
        expect(attempt.error).toContain(`evil.example leads to ${address}`)
      }
    }
    expect(await send('http://169.254.169.254/')).toMatchObject({ outcome: 'forbidden' })
    expect(await send('http://[fd00:ec2::254]/')).toMatchObject({ outcome: 'forbidden' })
    expect(await send('http://2852039166/')).toMatchObject({ outcome: 'forbidden' })
  })

  test('looks at each connection: a name that leads elsewhere later is refused then', async () => {
    const shop = await receiver()
    const { port } = new URL(shop.url)
    const url = `http://shop.internal:${port}/`
    // The forbidden one of several is left out.
    names.set('shop.internal', ['169.254.1.1', '127.0.0.1'])
    expect(await send(url)).toMatchObject({ outcome: 'delivered' })
    names.set('shop.internal', ['169.254.1.1'])
    expect(await send(url)).toMatchObject({ outcome: 'forbidden' })
    expect(shop.received.length).toBe(1)
  })

  test('speaks plain HTTP to no public address', async () => {
    names.set('shop.internal', ['203.0.113.9'])
    expect((await send('http://shop.internal/')).error).toBe(
      'shop.internal leads to 203.0.113.9, which is a public address, which takes https',
    )
  })

  test('does not use a proxy of the environment', async () => {
    const [shop, proxy] = [await receiver(), await receiver()]
    vi.stubEnv('HTTP_PROXY', proxy.url).stubEnv('http_proxy', proxy.url)
    vi.stubEnv('NODE_USE_ENV_PROXY', '1')
    ends.push(() => vi.unstubAllEnvs())
    expect(await send(shop.url)).toMatchObject({ outcome: 'delivered' })
    expect([shop.received.length, proxy.received.length]).toEqual([1, 0])
  })
})
