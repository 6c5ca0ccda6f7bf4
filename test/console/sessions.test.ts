import type { FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { StoreError } from '../../src/store/errors.ts'
import type { Store } from '../../src/store/store.ts'
import { buildWeb } from '../../src/web/server.ts'
import { freshStore } from '../support/stores.ts'
import { useWorlds } from '../support/world.ts'
import { Visit } from './visit.ts'

const openWorld = useWorlds()
const apps: FastifyInstance[] = []
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close()
})
const token = 'a token of the session tests'

/** A store whose database can be away, or silent. */
async function switchedStore() {
  const state = { is: 'there' as 'there' | 'away' | 'silent' }
  const store = new Proxy(await freshStore('pglite'), {
    get: (target, name: keyof Store) => {
      const method = target[name]
      if (typeof method !== 'function') return method
      return (...values: unknown[]) => {
        if (state.is === 'away' && name !== 'close') return Promise.reject(new StoreError('away'))
        if (state.is === 'silent' && name === 'findSession') return new Promise(() => {})
        return Reflect.apply(method, target, values)
      }
    },
  })
  return { store, state }
}

async function open(apiToken: string | null = token) {
  const { store, state } = await switchedStore()
  const world = await openWorld({ store })
  const node = async (nodeToken = apiToken) => {
    const server = { ...world.config.server, apiToken: nodeToken }
    const app = await buildWeb(world.budan, { server, version: '0', clock: world.now })
    apps.push(app)
    return app
  }
  return { world, state, node, app: await node() }
}

/** The same browser at another node. */
function elsewhere(visit: Visit, app: FastifyInstance): Visit {
  const other = new Visit(app)
  for (const [name, value] of visit.cookies) other.cookies.set(name, value)
  return other
}

describe('a session', () => {
  it('is good on every node, and a logout on one ends it on all', async () => {
    const { app, node } = await open()
    const here = new Visit(app)
    await here.logIn(token)
    const there = elsewhere(here, await node())
    expect((await there.get('/orders')).statusCode).toBe(200)
    await here.post('/logout', { _csrf: await here.csrf('/orders') })
    expect((await there.get('/orders')).statusCode).toBe(401)
    // After a restart, too.
    expect((await elsewhere(there, await node()).get('/orders')).statusCode).toBe(401)
  })

  it('is over on a node that has another token, and nothing of it opens that one', async () => {
    const { app, node } = await open()
    const here = new Visit(app)
    await here.logIn(token)
    const there = elsewhere(here, await node('another token of the session tests'))
    expect((await there.get('/orders')).statusCode).toBe(401)
  })
})

describe('while the database is away', () => {
  it.each([
    ['the overview, of somebody who is logged in', '/', true],
    ['any page, of somebody who is logged in', '/orders', true],
    ['a page that is not there', '/nowhere', true],
    ['a page, of a stranger', '/orders', false],
    ['the login', '/login', false],
  ])(
    'a page says so in both languages and loads again by itself: %s',
    async (_what, path, isIn) => {
      const { world, app, state } = await open()
      await world.adopt('ORDER-1', { userId: 'user-of-the-books' })
      const visit = new Visit(app)
      if (isIn) await visit.logIn(token)
      state.is = 'away'
      const { statusCode, headers, body } = await visit.get(path)
      expect(statusCode).toBe(503)
      expect(headers['retry-after']).toBe('10')
      expect(body).toContain('The database does not answer, so this page is not available.')
      expect(body).toContain('数据库没有应答，无法显示本页。')
      expect(body).toContain(`<meta http-equiv="refresh" content="10; url=${path}"`)
      expect(body).not.toMatch(/ORDER-1|user-of-the-books|name="token"|StoreError/)
      state.is = 'there'
      expect((await visit.get(path)).statusCode).not.toBe(503)
    },
  )

  it('the page begins with the language of its reader', async () => {
    const { app, state } = await open()
    state.is = 'away'
    const { body } = await new Visit(app, { 'accept-language': 'zh' }).get('/')
    expect(body).toMatch(/<html lang="zh-CN"/)
    expect(body).toMatch(/<h1>数据库不可用<\/h1>/)
  })

  it('the page that loads again leads to no other site', async () => {
    const { app, state } = await open()
    state.is = 'away'
    const { body } = await new Visit(app).get('//evil.example/x')
    expect(body).toContain('content="10; url=/"')
  })

  it('a database that is silent is away, too', async () => {
    const { app, state } = await open()
    const visit = new Visit(app)
    await visit.logIn(token)
    state.is = 'silent'
    expect((await visit.get('/')).statusCode).toBe(503)
  })

  it('a form does nothing, and what was typed is kept', async () => {
    const { app, state } = await open()
    const visit = new Visit(app)
    await visit.logIn(token)
    const _csrf = await visit.csrf('/orders')
    state.is = 'away'
    const { statusCode, body } = await visit.post('/reviews/R1', { _csrf, name: 'Li' })
    expect(statusCode).toBe(503)
    expect(body).toContain('Nothing was changed')
    const flash = Buffer.from(visit.cookies.get('budan_flash') ?? '', 'base64url').toString()
    expect(JSON.parse(flash)).toEqual({ kind: 'form', given: { name: 'Li' } })
  })

  it('nobody is logged in, and nobody is logged out: both can be done again', async () => {
    const { app, state } = await open()
    const visit = new Visit(app)
    const early = await visit.csrf()
    state.is = 'away'
    expect((await visit.post('/login', { _csrf: early, token })).statusCode).toBe(503)
    expect(visit.cookies.has('budan_session')).toBe(false)
    expect(visit.cookies.has('budan_flash')).toBe(false)
    state.is = 'there'
    await visit.logIn(token)
    const _csrf = await visit.csrf('/orders')
    state.is = 'away'
    expect((await visit.post('/logout', { _csrf })).statusCode).toBe(503)
    expect(visit.cookies.has('budan_session')).toBe(true)
    state.is = 'there'
    expect((await visit.post('/logout', { _csrf })).statusCode).toBe(303)
  })

  it('a Bearer token opens what is available, and programs are answered in JSON', async () => {
    const { app, state } = await open()
    state.is = 'away'
    const authorization = `Bearer ${token}`
    const overview = await new Visit(app).get('/', { authorization })
    expect(overview.statusCode).toBe(200)
    expect(overview.body).toContain('The database does not answer, so nothing is credited.')
    const headers = { authorization, accept: '*/*' }
    const orders = await app.inject({ url: '/v1/orders', headers })
    expect(orders.statusCode).toBe(503)
    expect(orders.json().code).toBe('database_unavailable')
    expect((await app.inject({ url: '/', headers: { accept: '*/*' } })).statusCode).toBe(401)
  })

  it('a script is answered in words, and its page stays', async () => {
    const { app, state } = await open()
    const visit = new Visit(app)
    await visit.logIn(token)
    state.is = 'away'
    const answer = await visit.get('/runs', { accept: '*/*', 'hx-request': 'true' })
    expect(answer.statusCode).toBe(503)
    expect(answer.headers['content-type']).toMatch(/^text\/plain/)
  })
})
