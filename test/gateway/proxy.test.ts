import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect, createServer as createRawServer, type Socket } from 'node:net'
import { join } from 'node:path'
import {
  type Merchant,
  merchantOptions,
  type Simulator,
  startSimulator,
  writeMerchant,
} from 'budan-simulator'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { WechatConfig } from '../../src/config/config.ts'
import { configurationFor } from '../../src/demo/configuration.ts'
import type { UnknownAnswer } from '../../src/domain/trade.ts'
import type { Gateway } from '../../src/gateway/gateway.ts'
import { createWechatGateway } from '../../src/gateway/wechat/wechat.ts'
import { openDirectory, runBudan, runInProcess } from '../cli/budan.ts'
import { makeCertificates, textOf } from '../support/certificates.ts'
import { configOf, sharedMerchant } from '../support/world.ts'

/** A proxy as companies have them: it opens tunnels, for those that it knows. */
interface Proxy {
  readonly port: number
  /** `host:port authorization` of each CONNECT. */
  readonly tunnels: string[]
  stop(): Promise<void>
}

async function startProxy({
  wants = null,
  status = 200,
}: {
  wants?: string | null
  status?: number
} = {}): Promise<Proxy> {
  const tunnels: string[] = []
  const server = createServer((_request, response) => void response.writeHead(400).end())
  server.on('connect', (request, socket, head) => {
    const given = request.headers['proxy-authorization'] ?? null
    tunnels.push(`${request.url} ${given ?? '-'}`)
    socket.on('error', () => {})
    const pair = wants === null ? null : `Basic ${Buffer.from(wants).toString('base64')}`
    const answer = pair !== null && given !== pair ? 407 : status
    if (answer !== 200) {
      socket.end(`HTTP/1.1 ${answer} No\r\nContent-Length: 0\r\n\r\n`)
      return
    }
    const { hostname, port } = new URL(`http://${request.url}`)
    const out = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      out.write(head)
      out.pipe(socket)
      socket.pipe(out)
    })
    out.on('error', () => socket.destroy())
    socket.on('close', () => out.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    tunnels,
    stop: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

let merchant: Merchant
let simulator: Simulator
const open: { stop(): Promise<void> }[] = []
beforeAll(async () => {
  merchant = await sharedMerchant()
  simulator = await startSimulator(merchantOptions(merchant))
})
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.stop()
})
afterAll(() => simulator.stop())

async function proxy(options?: Parameters<typeof startProxy>[0]): Promise<Proxy> {
  const started = await startProxy(options)
  open.push(started)
  return started
}

function gatewayThrough(proxyUrl: string, options: Partial<WechatConfig> = {}): Gateway {
  const [wechat] = configOf(simulator, { merchant }).merchants
  if (wechat === undefined) throw new Error('no merchant')
  const gateway = createWechatGateway(
    { ...wechat, proxyUrl, timeoutMs: 30_000, ...options },
    { emit: () => {} },
  )
  open.push(gateway)
  return gateway
}

const target = () => new URL(simulator.url).host

describe('a gateway with wechat.proxy_url', () => {
  test('sends everything through a tunnel of the proxy', async () => {
    const { port, tunnels } = await proxy()
    const gateway = gatewayThrough(`http://127.0.0.1:${port}`)
    simulator.control.putOrder({ out_trade_no: 'PROXY0001', total: 100 })
    expect(await gateway.query('PROXY0001')).toMatchObject({ kind: 'trade' })
    expect(tunnels).toEqual([`${target()} -`])
  })

  test('shows its credentials to the proxy, decoded, and to nobody else', async () => {
    const { port, tunnels } = await proxy({ wants: 'shop:p@ss/word' })
    const gateway = gatewayThrough(`http://shop:p%40ss%2Fword@127.0.0.1:${port}`)
    simulator.control.putOrder({ out_trade_no: 'PROXY0002', total: 100 })
    expect(await gateway.query('PROXY0002')).toMatchObject({ kind: 'trade' })
    expect(tunnels).toHaveLength(1)
    const requests = JSON.stringify(simulator.control.requests({ out_trade_no: 'PROXY0002' }))
    expect(requests).not.toMatch(/proxy-authorization/i)
  })

  test.each([
    [
      'wants other credentials',
      { wants: 'shop:other' },
      /the proxy wants other credentials \(407\): see wechat\.proxy_url/,
    ],
    ['forbids it', { status: 403 }, /the proxy does not let it through \(403\)/],
    ['breaks', { status: 502 }, /the proxy does not let it through \(502\)/],
  ])(
    'knows no answer where the proxy %s, and says so without the password',
    async (_, options, said) => {
      const { port } = await proxy(options)
      const answer = await gatewayThrough(`http://shop:hush-hush@127.0.0.1:${port}`).query(
        'PROXY0003',
      )
      expect(answer).toMatchObject({ kind: 'unknown', cause: 'network' })
      const text = JSON.stringify(answer)
      expect(text).toMatch(said)
      expect(text).not.toContain('hush')
      expect(text).not.toContain(Buffer.from('shop:hush-hush').toString('base64'))
    },
  )

  test('has no answer where the proxy is dead, and connects to nobody directly', async () => {
    const { port, stop } = await startProxy()
    await stop()
    const seen = simulator.control.requests().length
    const answer = await gatewayThrough(`http://127.0.0.1:${port}`).query('PROXY0004')
    expect(answer).toMatchObject({ kind: 'unknown', cause: 'network' })
    expect(simulator.control.requests()).toHaveLength(seen)
  })
})

/** What calls itself a proxy, and does as it likes with whatever connects. */
async function startRaw(
  act: (socket: Socket) => void,
): Promise<{ url: string; opened: () => number }> {
  let opened = 0
  const sockets = new Set<Socket>()
  const server = createRawServer((socket) => {
    opened += 1
    sockets.add(socket)
    socket.on('error', () => {})
    act(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  open.push({
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    opened: () => opened,
  }
}

const tunnelled = 'HTTP/1.1 200 OK\r\n\r\n'
const page = 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 12\r\n\r\n<html></html'

/** Ends with `bytes`, as soon as a tunnel was requested. */
const ending = (bytes: string) => (socket: Socket) => socket.once('data', () => socket.end(bytes))

/** Opens the tunnel, and ends with `bytes` when something came through it. */
const endingWithin = (bytes: string) => (socket: Socket) =>
  socket.once('data', () => {
    socket.write(tunnelled)
    socket.once('data', () => socket.end(bytes))
  })

const handshake = Buffer.from([22, 3, 3, 0, 4, 9, 9, 9, 9]).toString('latin1')

describe('whatever a proxy does, a query is one attempt, and says why it failed', () => {
  // What happens before the gateway is spoken to is the same for both kinds of address.
  const before: [string, (socket: Socket) => void, object][] = [
    ['a page with the word that opens it', ending(tunnelled + page), { why: 'page' }],
    ['other bytes with that word', ending(`${tunnelled}+OK ready`), { why: 'no_http' }],
    ['no HTTP at all', ending('SSH-2.0-OpenSSH_9.6\r\n'), { why: 'proxy' }],
    ['half a head', ending('HTTP/1.1 200 O'), { why: 'proxy' }],
    ['nothing, and the end', ending(''), { why: 'proxy' }],
    ['the end before any request', (socket) => socket.end(), { why: 'proxy' }],
    ['a reset', (socket) => socket.once('data', () => socket.resetAndDestroy()), { why: 'proxy' }],
    ['a reset at once', (socket) => socket.resetAndDestroy(), { why: 'proxy' }],
    ['a page before any request', (socket) => socket.end(page), { cause: 'network' }],
    [
      'the way to a login page',
      ending('HTTP/1.1 302 Found\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n'),
      { why: 'proxy_refusal' },
    ],
    [
      'a failure with a page',
      ending(`HTTP/1.1 500 Oops\r\nContent-Length: 6\r\n\r\n<html>`),
      { why: 'proxy_refusal' },
    ],
    [
      'a demand for a login, and a page',
      ending(`HTTP/1.1 407 No\r\nContent-Length: 6\r\n\r\n<html>`),
      { why: 'proxy_login' },
    ],
    ['the tunnel, and its end', ending(tunnelled), { cause: 'network' }],
    [
      'the tunnel, and a reset',
      (socket) =>
        socket.once('data', () => socket.write(tunnelled, () => socket.resetAndDestroy())),
      { cause: 'network' },
    ],
  ]
  const within: [string, string, (socket: Socket) => void, object][] = [
    ['http', 'a page within the tunnel', endingWithin(page), { why: 'page' }],
    ['http', 'other bytes within it', endingWithin('+OK\r\n'), { why: 'no_http' }],
    ['http', 'a reset within it', endingWithin(''), { why: 'reset' }],
    ['http', 'a head cut off within it', endingWithin(page.slice(0, 30)), { why: 'reset' }],
    ['http', 'a page cut off within it', endingWithin(page.slice(0, -3)), { cause: 'network' }],
    ['https', 'a page within the tunnel', endingWithin(page), { why: 'no_tls' }],
    ['https', 'other bytes within it', endingWithin('+OK\r\n'), { why: 'no_tls' }],
    ['https', 'a broken handshake within it', endingWithin(handshake), { why: 'tls' }],
    ['https', 'a reset within it', endingWithin(''), { why: 'reset' }],
  ]
  test.each([
    ...before.flatMap(([name, act, expected]) =>
      ['http', 'https'].map((scheme) => [scheme, name, act, expected] as const),
    ),
    ...within,
  ])('base_url by %s, and the proxy answers by %s', async (scheme, _, act, expected) => {
    const { url, opened } = await startRaw(act)
    const gateway = gatewayThrough(url, { baseUrl: `${scheme}://${target()}` })
    const answer = await gateway.query('PROXY0005')
    expect(answer).toMatchObject({ kind: 'unknown', ...expected })
    expect((answer as UnknownAnswer).cause).not.toBe('timeout')
    expect(opened()).toBe(1)
    await gateway.query('PROXY0005')
    expect(opened()).toBe(2)
  })

  test.each<[string, string, (socket: Socket) => void, string | undefined]>([
    ['http', 'never answers CONNECT', () => {}, 'proxy'],
    ['https', 'never answers CONNECT', () => {}, 'proxy'],
    [
      'http',
      'never answers within the tunnel',
      (s) => s.once('data', () => s.write(tunnelled)),
      undefined,
    ],
    [
      'https',
      'never answers within the tunnel',
      (s) => s.once('data', () => s.write(tunnelled)),
      undefined,
    ],
  ])(
    'base_url by %s, and a proxy that %s: it ends after timeout_ms',
    async (scheme, _, act, why) => {
      const { url } = await startRaw(act)
      const gateway = gatewayThrough(url, { baseUrl: `${scheme}://${target()}`, timeoutMs: 100 })
      const answer = await gateway.query('PROXY0006')
      expect(answer).toMatchObject({ kind: 'unknown', cause: 'timeout' })
      expect((answer as UnknownAnswer).why).toBe(why)
      await gateway.stop()
    },
  )

  test('the next query takes a new tunnel, and is answered as soon as the proxy is mended', async () => {
    let isMended = false
    const { port } = await proxy()
    const { url } = await startRaw((socket) => {
      if (!isMended) return void ending(tunnelled + page)(socket)
      const out = connect(port, '127.0.0.1')
      socket.pipe(out).pipe(socket)
    })
    const gateway = gatewayThrough(url)
    simulator.control.putOrder({ out_trade_no: 'PROXY0007', total: 100 })
    const answers = await Promise.all([1, 2, 3].map(() => gateway.query('PROXY0007')))
    expect(answers).toMatchObject(answers.map(() => ({ why: 'page' })))
    isMended = true
    expect(await gateway.query('PROXY0007')).toMatchObject({ kind: 'trade' })
  })

  test('a direct connection to what speaks before any request has one attempt, too', async () => {
    const { url, opened } = await startRaw((socket) => socket.end(page))
    const [wechat] = configOf(simulator, { merchant }).merchants
    if (wechat === undefined) throw new Error('no merchant')
    const gateway = createWechatGateway(
      { ...wechat, baseUrl: url, timeoutMs: 30_000 },
      { emit: () => {} },
    )
    open.push(gateway)
    const answer = await gateway.query('PROXY0008')
    expect(answer).toMatchObject({ kind: 'unknown' })
    expect((answer as UnknownAnswer).cause).not.toBe('timeout')
    expect(opened()).toBe(1)
  })
})

describe('a gateway by https, through a proxy', () => {
  test('is queried through its tunnel, and its certificate is verified', async () => {
    const certificates = makeCertificates({ server: 'localhost', client: 'shop' })
    const { cert, key } = certificates.server
    const front = createTlsServer(
      { cert: textOf(cert), key: textOf(key) },
      (incoming, response) => {
        const { method, headers, url } = incoming
        const to = { port: new URL(simulator.url).port, method, headers, path: url }
        incoming.pipe(
          request(to, (answered) => {
            response.writeHead(answered.statusCode ?? 502, answered.headers)
            answered.pipe(response)
          }),
        )
      },
    )
    front.listen(0, '127.0.0.1')
    await once(front, 'listening')
    open.push({ stop: async () => void front.close() })
    const { port, tunnels } = await proxy()
    const directory = openDirectory()
    await writeMerchant(directory.path, merchant)
    writeFileSync(
      join(directory.path, 'budan.yaml'),
      configurationFor(simulator, merchant, { dir: '.' }),
    )
    const at = `localhost:${(front.address() as AddressInfo).port}`
    const { stdout } = await runBudan(['doctor'], {
      cwd: directory.path,
      env: {
        WECHAT_BASE_URL: `https://${at}`,
        WECHAT_PROXY_URL: `http://127.0.0.1:${port}`,
        NODE_EXTRA_CA_CERTS: certificates.ca,
      },
    })
    directory.remove()
    expect(stdout).toMatch(
      /^ok +gateway \S+ accepts our signature$|^ok +gateway +https:\S+ accepts our signature$/m,
    )
    expect(new Set(tunnels)).toEqual(new Set([`${at} -`]))
  })
})

describe('budan doctor', () => {
  const directory = openDirectory()
  const file = join(directory.path, 'budan.yaml')
  beforeAll(async () => {
    await writeMerchant(directory.path, merchant)
    writeFileSync(file, configurationFor(simulator, merchant, { dir: '.' }))
  })
  afterAll(() => directory.remove())
  const doctor = (env: Record<string, string>) => runInProcess(['doctor', '--config', file], env)

  test('goes through the proxy, and names it without its credentials', async () => {
    const { port, tunnels } = await proxy({ wants: 'shop:hush-hush' })
    const { code, stdout, stderr } = await doctor({
      WECHAT_PROXY_URL: `http://shop:hush-hush@127.0.0.1:${port}`,
    })
    expect(stdout).toMatch(
      new RegExp(`^ok +proxy +every request goes through http://127.0.0.1:${port}$`, 'm'),
    )
    expect(stdout).toMatch(/^ok +gateway +\S+ accepts our signature$/m)
    expect(stdout).toMatch(/^ok +clock /m)
    expect(tunnels.length).toBeGreaterThan(1)
    expect(stdout + stderr).not.toContain('hush')
    expect(code).toBe(0)
  })

  test('names the proxy as what to check where it is dead', async () => {
    const { port, stop } = await startProxy()
    await stop()
    const { code, stdout } = await doctor({
      WECHAT_PROXY_URL: `http://shop:hush@127.0.0.1:${port}`,
    })
    expect(stdout).toMatch(
      new RegExp(
        `^fail +gateway .*the proxy cannot be had.*-> correct wechat\\.proxy_url, http://127\\.0\\.0\\.1:${port}, or start that proxy`,
        'm',
      ),
    )
    expect(stdout).not.toContain('hush')
    expect(code).toBe(1)
  })

  test('hints at proxies of the environment, which budan does not follow', async () => {
    const { stdout } = await doctor({ HTTPS_PROXY: 'http://127.0.0.1:1' })
    expect(stdout).toMatch(
      /^warn +proxy +HTTPS_PROXY is set, and budan does not follow it -> set wechat\.proxy_url/m,
    )
    expect(stdout).toMatch(/^ok +gateway /m)
  })
})
