import cookies from '@fastify/cookie'
import type { FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { proxiesOf } from '../../src/config/proxies.ts'
import { wechatFacts } from '../../src/gateway/wechat/facts.ts'
import { Access } from '../../src/web/access/access.ts'
import { actorOf } from '../../src/web/access/actor.ts'
import { addressIn, addressOf, networkOf } from '../../src/web/access/address.ts'
import { requireToken } from '../../src/web/access/token.ts'
import { Tokens } from '../../src/web/access/tokens.ts'
import { callbackRouteOf } from '../../src/web/callback-route.ts'
import { Guard } from '../../src/web/console/login/guard.ts'
import { Sessions } from '../../src/web/console/login/session.ts'
import { MissedCallbacks } from '../../src/web/missed-callbacks.ts'
import { buildWeb } from '../../src/web/server.ts'
import { createWebApp, type WebApp, webLimits } from '../../src/web/web-app.ts'
import { memorySessions } from '../support/sessions.ts'
import { doubleBudan } from './double.ts'

const token = 'kPq3zR8vXw1mT6nB9cD4fG7hJ2sL5yA0'
const closing: FastifyInstance[] = []
afterEach(async () => {
  for (const app of closing.splice(0)) await app.close()
})

async function open({ trustedProxies }: { trustedProxies: readonly string[] }) {
  const { budan, events } = doubleBudan()
  const server = { host: '127.0.0.1', port: 0, apiToken: token, trustedProxies }
  const app = await buildWeb(budan, { server, version: '0' })
  closing.push(app)
  return { app, events }
}

describe('the address of a caller', () => {
  const addressSeen = async (
    trustedProxies: readonly string[],
    { from, forwarded }: { from: string; forwarded?: string },
  ) => {
    const { app, events } = await open({ trustedProxies })
    const headers = {
      authorization: 'Bearer wrong',
      ...(forwarded !== undefined && { 'x-forwarded-for': forwarded }),
    }
    await app.inject({ url: '/v1/audit', remoteAddress: from, headers })
    const [line] = events.filter(({ type }) => type === 'wrong_tokens')
    return line?.type === 'wrong_tokens' ? line.address : null
  }

  it.each([
    ['nobody is trusted', [], '10.0.0.5', '203.0.113.7', '10.0.0.5'],
    ['a proxy is trusted', ['10.0.0.5'], '10.0.0.5', '203.0.113.7', '203.0.113.7'],
    ['another is trusted', ['10.0.0.6'], '10.0.0.5', '203.0.113.7', '10.0.0.5'],
    ['a network is trusted', ['10.0.0.0/8'], '10.9.9.9', '203.0.113.7', '203.0.113.7'],
    ['a proxy comes as IPv6', ['10.0.0.0/8'], '::ffff:10.9.9.9', '203.0.113.7', '203.0.113.7'],
    ['a client comes as IPv6', ['10.0.0.5'], '10.0.0.5', '::ffff:203.0.113.7', '203.0.113.7'],
    ['nobody is between', [], '::ffff:203.0.113.7', undefined, '203.0.113.7'],
    ['a client forges', ['10.0.0.5'], '10.0.0.5', '1.1.1.1, 203.0.113.7', '203.0.113.7'],
    ['two are in a row', ['10.0.0.0/8'], '10.0.0.5', '203.0.113.7, 10.0.0.6', '203.0.113.7'],
    ['ports are added', ['10.0.0.5'], '10.0.0.5', '203.0.113.7:4711', '203.0.113.7'],
    ['ports are added', ['10.0.0.5'], '10.0.0.5', '[2001:DB8:0::1]:443', '2001:db8::1'],
    ['it is none', ['10.0.0.5'], '10.0.0.5', 'unknown', '10.0.0.5'],
    ['the proxy says nothing', ['10.0.0.5'], '10.0.0.5', undefined, '10.0.0.5'],
  ])('where %s: %j, from %s for %s, is %s', async (_what, proxies, from, forwarded, address) => {
    const sent = { from, ...(forwarded !== undefined && { forwarded }) }
    expect(await addressSeen(proxies, sent)).toBe(address)
  })

  it.each([
    ['1.2.3.4', '1.2.3.4'],
    [' 1.2.3.4:80 ', '1.2.3.4'],
    ['::FFFF:1.2.3.4', '1.2.3.4'],
    ['::ffff:102:304', '1.2.3.4'],
    ['[2001:DB8:0:0::1]', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['1.2.3', null],
    ['', null],
    ['a.example', null],
  ])('in %j is %s', (text, address) => {
    expect(addressIn(text)).toBe(address)
  })

  it.each([
    ['1.2.3.4', '1.2.3.4'],
    ['2001:db8:0:7:1:2:3:4', '2001:db8:0:7::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('%s is of the network %s', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })
})

describe('actorOf()', () => {
  /** Two routes that return the caller: one of the API, and a page. */
  async function openWho(apiToken: string | null, trustedProxies: readonly string[] = []) {
    const app = createWebApp(webLimits, {
      isProxy: proxiesOf(trustedProxies),
      missed: new MissedCallbacks(() => undefined, callbackRouteOf(wechatFacts)),
    })
    closing.push(app)
    const tokens = new Tokens({
      ...{ server: { apiToken }, hasAdoptPrefixes: false, clock: () => new Date() },
    })
    const access = new Access(app, { tokens, emit: () => {} })
    const store = memorySessions(() => new Date())
    const sessions = apiToken === null ? null : new Sessions({ store, tokens, hours: 1 })
    const guard = new Guard({ sessions, access })
    await app.register(cookies)
    await app.register(async (api: WebApp) => {
      requireToken(api, access)
      api.get('/v1/who', async (request) => actorOf(request))
    })
    app.get('/who', async (request, reply) => {
      await guard.admit(request, reply)
      return actorOf(request)
    })
    const who = async (url: string, headers: Record<string, string>, remoteAddress = '127.0.0.1') =>
      (await app.inject({ url, headers, remoteAddress })).json()
    return { who, key: await sessions?.open('api_token', '127.0.0.1') }
  }

  it('names the token that a program, or a session, came in by', async () => {
    const { who, key } = await openWho(token)
    const actor = { name: 'api_token', address: '127.0.0.1' }
    const authorization = `Bearer ${token}`
    expect(await who('/v1/who', { authorization })).toEqual(actor)
    expect(await who('/who', { authorization })).toEqual(actor)
    expect(await who('/who', { cookie: `budan_session=${key}` })).toEqual(actor)
  })

  it('names nobody where no token is configured', async () => {
    const { who } = await openWho(null)
    const actor = { name: 'anonymous', address: '127.0.0.1' }
    for (const url of ['/v1/who', '/who']) expect(await who(url, {})).toEqual(actor)
  })

  it('has the address of the client behind a trusted proxy', async () => {
    const { who } = await openWho(token, ['10.0.0.0/8'])
    const headers = { authorization: `Bearer ${token}`, 'x-forwarded-for': '203.0.113.7' }
    const { address } = await who('/v1/who', headers, '::ffff:10.0.0.5')
    expect(address).toBe('203.0.113.7')
  })
})

describe('browsers that came by TLS', () => {
  const hsts = async (trustedProxies: readonly string[], proto: string | undefined) => {
    const { app } = await open({ trustedProxies })
    const headers = proto === undefined ? {} : { 'x-forwarded-proto': proto }
    const answers = await Promise.all(
      ['/healthz', '/v1/audit', '/login', '/assets/console.css', '/nowhere'].map((url) =>
        app.inject({ url, remoteAddress: '10.0.0.5', headers }),
      ),
    )
    return new Set(answers.map((answer) => answer.headers['strict-transport-security'] ?? null))
  }

  it('have to stay with it, on every answer, where a trusted proxy says so', async () => {
    expect(await hsts(['10.0.0.0/24'], 'https')).toEqual(new Set(['max-age=31536000']))
  })

  it.each([
    ['nobody is trusted', [], 'https'],
    ['somebody else is trusted', ['10.0.1.0/24'], 'https'],
    ['it was plain HTTP', ['10.0.0.5'], 'http'],
    ['nobody says', ['10.0.0.5'], undefined],
  ])('are not where %s', async (_what, proxies, proto) => {
    expect(await hsts(proxies, proto)).toEqual(new Set([null]))
  })
})

describe('addressOf()', () => {
  it('knows none of a caller that has gone before it is read', () => {
    const gone = { ip: undefined, raw: { socket: { remoteAddress: undefined } } }
    expect(addressOf(gone as never)).toBe('unknown')
  })
})
