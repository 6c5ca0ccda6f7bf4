import Fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TokenConfig } from '../../src/config/config.ts'
import type { Event } from '../../src/domain/event.ts'
import { opens, roles, type Scope, scopes, scopesOfRole } from '../../src/domain/scope.ts'
import { Access } from '../../src/web/access/access.ts'
import { requireScopes } from '../../src/web/access/scopes.ts'
import { Tokens } from '../../src/web/access/tokens.ts'
import { buildWeb } from '../../src/web/server.ts'
import { plain, tokenOf } from '../support/tokens.ts'
import { doubleBudan } from './double.ts'

const ofScopes = scopes.map((scope) => tokenOf(scope, { scopes: [scope] }))
const ofRoles = roles.map((role) => tokenOf(role, { role }))

async function openWeb(tokens: readonly TokenConfig[]) {
  const double = doubleBudan()
  const server = { host: '127.0.0.1', port: 0, apiToken: null, tokens, metricsAuth: true }
  return { ...double, app: await buildWeb(double.budan, { server, version: '0' }) }
}

interface Operation {
  readonly security?: readonly { readonly token?: readonly Scope[] }[]
}

describe('each route of the API', () => {
  let app: FastifyInstance
  let events: Event[]
  let operations: readonly { method: string; path: string; needed: readonly Scope[] }[]
  beforeAll(async () => {
    const opened = await openWeb([...ofScopes, ...ofRoles])
    app = opened.app
    events = opened.events
    const { paths } = (await app.inject('/openapi.json')).json() as {
      paths: Record<string, Record<string, Operation>>
    }
    operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { security }]) => ({
        ...{ method: method.toUpperCase(), path },
        needed: (security ?? [{}]).flatMap(({ token = [] }) => token),
      })),
    )
  })
  afterAll(() => app.close())

  const send = async (name: string, { method, path }: { method: string; path: string }) => {
    const url = path.replace(/\{\w+\}/g, '1')
    const authorization = `Bearer ${plain(name)}`
    const inject = { method: method as 'GET', url, headers: { authorization } }
    return app.inject(method === 'GET' ? inject : { ...inject, payload: {} })
  }

  it('names its scopes in the document, but for those that need no token', () => {
    const open = operations.filter(({ needed }) => needed.length === 0)
    expect(open.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([
      'GET /healthz',
      'GET /openapi.json',
      'GET /readyz',
      'POST /v1/callbacks/wechatpay',
      'POST /v1/callbacks/wechatpay/{merchant}',
    ])
    expect(operations.length - open.length).toBeGreaterThan(15)
  })

  it('lets in who has its scope, and answers 403 to each other one', async () => {
    for (const operation of operations.filter(({ needed }) => needed.length > 0)) {
      for (const scope of scopes) {
        const answer = await send(scope, operation)
        const isAllowed = operation.needed.some((needed) => opens(new Set([scope]), needed))
        const what = `${operation.method} ${operation.path} with ${scope}`
        const refused = answer.statusCode === 403 && answer.json().code === 'scope_missing'
        expect(refused, what).toBe(!isAllowed)
        if (!isAllowed) expect(answer.json().message).toContain(operation.needed[0])
      }
    }
  })

  it('lets in the roles that have its scope', async () => {
    for (const operation of operations.filter(({ needed }) => needed.length > 0)) {
      for (const role of roles) {
        const held = new Set(scopesOfRole(role, { hasAdoptPrefixes: false }))
        const isAllowed = operation.needed.some((needed) => opens(held, needed))
        const answer = await send(role, operation)
        const refused = answer.statusCode === 403 && answer.json().code === 'scope_missing'
        expect(refused, `${operation.method} ${operation.path} as ${role}`).toBe(!isAllowed)
      }
    }
  })

  it('looks at what POST /v1/orders is for', async () => {
    const adopting = { adopt: true, order_no: 'OLD-000001', user_id: 'u1', amount: 100 }
    const placing = { user_id: 'u1', amount: 100, description: 'credit' }
    const post = (name: string, payload: object) =>
      app.inject({
        ...{ method: 'POST', url: '/v1/orders', payload },
        headers: { authorization: `Bearer ${plain(name)}`, 'idempotency-key': 'k' },
      })
    expect((await post('orders:place', adopting)).json()).toMatchObject({
      code: 'scope_missing',
      message: 'Token "orders:place" lacks the scope orders:adopt',
    })
    expect((await post('orders:adopt', placing)).json().code).toBe('scope_missing')
    expect((await post('orders:place', placing)).json().code).not.toBe('scope_missing')
    expect((await post('orders:adopt', adopting)).json().code).not.toBe('scope_missing')
  })

  it('reports who lacked a scope, and what was changed by whom', async () => {
    events.length = 0
    await send('viewer', { method: 'POST', path: '/v1/runs' })
    await send('operator', { method: 'POST', path: '/v1/runs' })
    await send('viewer', { method: 'GET', path: '/v1/runs' })
    const by = { address: '127.0.0.1', route: 'POST /v1/runs' }
    expect(events).toEqual([
      { type: 'scope_missing', name: 'viewer', scope: 'runs:write', ...by },
      { type: 'right_used', name: 'operator', ...by },
    ])
  })
})

describe('a review', () => {
  it('is resolved under the name of the token, whatever else the body says', async () => {
    const names: unknown[] = []
    const { budan } = doubleBudan({
      budan: {
        resolveReview: async (_orderNo, { name }) => {
          names.push(name)
          return null
        },
      },
    })
    const tokens = [tokenOf('wang.li', { role: 'operator' })]
    const server = { host: '127.0.0.1', port: 0, apiToken: plain('shared'), tokens }
    const app = await buildWeb(budan, { server, version: '0' })
    const resolve = async (by: string, name: object) => {
      const payload = { action: 'dismiss', reason: 'a test', seen: '1.0000000000000000', ...name }
      const headers = { authorization: `Bearer ${plain(by)}` }
      const url = '/v1/orders/OLD-000001/review'
      return (await app.inject({ method: 'POST', url, payload, headers })).json().message
    }
    await resolve('wang.li', {})
    await resolve('wang.li', { name: 'wang.li' })
    await resolve('shared', { name: 'Li Na' })
    expect(names).toEqual(['wang.li', 'wang.li', 'Li Na'])
    expect(await resolve('wang.li', { name: 'Li Na' })).toBe(
      'name: must be "wang.li", the name of the token, or left out',
    )
    expect(await resolve('shared', {})).toBe('name: must be a string, and is missing')
    expect(names).toHaveLength(3)
    await app.close()
  })
})

describe('a route without a scope', () => {
  it('cannot be added where a token is needed', () => {
    const app = Fastify()
    const server = { apiToken: 'x' }
    const tokens = new Tokens({ server, hasAdoptPrefixes: false, clock: () => new Date() })
    requireScopes(app, new Access(app, { tokens, emit: () => undefined }))
    expect(() => app.get('/v1/secret', async () => 'x')).toThrow(
      'The route GET /v1/secret has no scope',
    )
  })
})

describe('a request whose token nobody examined', () => {
  it('may do nothing where tokens are configured', async () => {
    for (const apiToken of ['x', null]) {
      const app = Fastify()
      const options = { hasAdoptPrefixes: false, clock: () => new Date() }
      const tokens = new Tokens({ server: { apiToken }, ...options })
      requireScopes(app, new Access(app, { tokens, emit: () => undefined }))
      app.get('/v1/secret', { config: { scope: 'orders:read' } }, async () => 'x')
      const { statusCode } = await app.inject('/v1/secret')
      expect(statusCode === 200).toBe(apiToken === null)
      await app.close()
    }
  })
})

describe('Tokens', () => {
  let now = new Date('2026-06-01T00:00:00Z')
  const clock = () => now
  const options = { hasAdoptPrefixes: false, clock }
  const find = (tokens: Tokens, name: string) => tokens.find(Buffer.from(plain(name)))

  it('finds several that are valid at once, each by its own text', () => {
    const server = { apiToken: plain('shared'), tokens: [...ofScopes, ...ofRoles] }
    const tokens = new Tokens({ server, ...options })
    for (const { name } of server.tokens) expect(find(tokens, name)).toMatchObject({ name })
    expect(find(tokens, 'shared')).toMatchObject({ name: 'api_token', role: 'admin' })
    for (const text of ['', 'x', ...server.tokens.map(({ sha256 }) => sha256)]) {
      expect(tokens.find(Buffer.from(text))).toBeNull()
    }
  })

  it('refuses one from its time on', () => {
    const expiresAt = new Date('2026-06-01T00:00:01Z')
    const server = { apiToken: null, tokens: [tokenOf('wang.li', { role: 'viewer', expiresAt })] }
    const tokens = new Tokens({ server, ...options })
    expect(find(tokens, 'wang.li')).toMatchObject({ name: 'wang.li' })
    now = expiresAt
    expect(find(tokens, 'wang.li')).toBe('expired')
    expect(tokens.named('wang.li')).toBeNull()
  })

  it('lets an operator adopt only where prefixes limit it', () => {
    const tokens = [tokenOf('operator', { role: 'operator' })]
    for (const hasAdoptPrefixes of [true, false]) {
      const held = new Tokens({ server: { apiToken: null, tokens }, clock, hasAdoptPrefixes })
      const caller = find(held, 'operator')
      expect(caller !== 'expired' && caller?.scopes.has('orders:adopt')).toBe(hasAdoptPrefixes)
    }
  })

  it('are rotated without a gap, and a replaced token ends its sessions', () => {
    const before = tokenOf('before', { role: 'viewer' })
    const after = tokenOf('after', { role: 'viewer' })
    const tokens = new Tokens({ server: { apiToken: null, tokens: [before] }, ...options })
    const mark = tokens.markOf('before', 'key')
    tokens.replace({ apiToken: null, tokens: [before, after] })
    expect(find(tokens, 'before')).toMatchObject({ name: 'before' })
    expect(find(tokens, 'after')).toMatchObject({ name: 'after' })
    expect(tokens.markOf('before', 'key')).toBe(mark)
    tokens.replace({ apiToken: null, tokens: [{ ...after, name: 'before' }] })
    expect(find(tokens, 'before')).toBeNull()
    expect(tokens.markOf('before', 'key')).not.toBe(mark)
  })
})
