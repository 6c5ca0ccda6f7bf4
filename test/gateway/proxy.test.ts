import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Gateway } from '../../src/gateway/gateway.ts'
import { createWechatGateway } from '../../src/gateway/wechat/wechat.ts'
import {
  configurationFor,
  type Merchant,
  merchantOptions,
  type Simulator,
  startSimulator,
  writeMerchant,
} from '../../src/simulator/index.ts'
import { openDirectory, runInProcess } from '../cli/budan.ts'
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

function gatewayThrough(proxyUrl: string): Gateway {
  const { wechat } = configOf(simulator, { merchant })
  if (wechat === null) throw new Error('no merchant')
  const gateway = createWechatGateway(
    { ...wechat, proxyUrl, timeoutMs: 30_000 },
    { emit: () => {} },
  )
  open.push(gateway)
  return gateway
}

const target = () => new URL(simulator.url).host

describe('a gateway with wechat.proxy_url', () => {
  test('asks everything through a tunnel of the proxy', async () => {
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
    const asked = JSON.stringify(simulator.control.requests({ out_trade_no: 'PROXY0002' }))
    expect(asked).not.toMatch(/proxy-authorization/i)
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

  test('knows no answer where the proxy is dead, and asks nobody directly', async () => {
    const { port, stop } = await startProxy()
    await stop()
    const seen = simulator.control.requests().length
    const answer = await gatewayThrough(`http://127.0.0.1:${port}`).query('PROXY0004')
    expect(answer).toMatchObject({ kind: 'unknown', cause: 'network' })
    expect(simulator.control.requests()).toHaveLength(seen)
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
      new RegExp(`^ok +proxy +every question goes through http://127.0.0.1:${port}$`, 'm'),
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
