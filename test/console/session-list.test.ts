import type { FastifyInstance, InjectOptions } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { buildWeb } from '../../src/web/server.ts'
import { bearer, plain, tokenOf } from '../support/tokens.ts'
import { useWorlds } from '../support/world.ts'
import { documentedCalls } from '../web/documented.ts'
import { Visit } from './visit.ts'

/** Who is logged in, as an administrator sees and ends it: the page and the API. */

const openWorld = useWorlds()
const apps: FastifyInstance[] = []
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close()
})

const chen = tokenOf('chen.admin', { role: 'admin' })
const wang = tokenOf('wang.li', { role: 'operator' })
const zhou = tokenOf('zhou', { scopes: ['orders:read'] })
const expired = tokenOf('expired', { role: 'viewer', expiresAt: new Date('2026-01-24T09:00:00Z') })

/** chen, wang twice, zhou, and one whose token expires, each logged in. */
async function open() {
  const world = await openWorld({ startAt: new Date('2026-01-24T07:00:00Z') })
  const node = async (tokens = [chen, wang, zhou, expired]) => {
    const server = { ...world.config.server, apiToken: null, tokens }
    const app = await buildWeb(world.budan, { server, version: '0', clock: world.now })
    apps.push(app)
    return app
  }
  const app = await node()
  const logIn = async (name: string) => {
    const visit = new Visit(app)
    await visit.logIn(plain(name))
    return visit
  }
  const visits = {
    wang: [await logIn('wang.li'), await logIn('wang.li')] as const,
    zhou: await logIn('zhou'),
    expired: await logIn('expired'),
    chen: await logIn('chen.admin'),
  }
  return { world, node, app, visits }
}

interface SessionJson {
  readonly id: string
  readonly name: string
  readonly state: string
  readonly role: string | null
  readonly scopes: readonly string[]
}

async function list(app: FastifyInstance): Promise<readonly SessionJson[]> {
  const call = await documentedCalls(app)
  return (await call({ url: '/v1/sessions', headers: bearer('chen.admin') })).json().sessions
}

const isIn = async (visit: Visit) => (await visit.get('/nowhere')).statusCode === 404

function rowsOf(html: string): readonly string[] {
  return [...html.matchAll(/<tr>.*?<\/tr>/gs)].slice(1).map(([row]) =>
    row
      .replaceAll(/<[^>]+>/g, ' ')
      .replaceAll(/\s+/g, ' ')
      .trim(),
  )
}

describe('GET /v1/sessions', () => {
  it('has each login with what its token is now, and nothing that opens it', async () => {
    const { app, node, world, visits } = await open()
    const cookies = [...Object.values(visits)].flat().map(({ cookies }) => cookies)
    const sessions = await list(app)
    expect(sessions.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['chen.admin', 'zhou', 'wang.li', 'expired']),
    )
    expect(sessions).toHaveLength(5)
    const keys = cookies.map((each) => each.get('budan_session') ?? '?')
    for (const key of keys) expect(JSON.stringify(sessions)).not.toContain(key)
    const stranger = new Visit(app)
    for (const { id } of sessions) {
      stranger.cookies.set('budan_session', id)
      expect(await isIn(stranger)).toBe(false)
    }
    await world.advanceMins(120)
    const later = await list(await node([chen, zhou, expired]))
    expect(
      later.map(({ name, state, role, scopes }) => [name, state, role, scopes].join(' ')).sort(),
    ).toEqual([
      'chen.admin valid admin admin',
      'expired token_expired  ',
      'wang.li token_gone  ',
      'wang.li token_gone  ',
      'zhou valid  orders:read',
    ])
  })
})

describe('DELETE /v1/sessions/{id}', () => {
  it('ends that login on all nodes, also of a token that is gone, and says by whom in the log', async () => {
    const { app, node, world, visits } = await open()
    const without = await node([chen, zhou])
    const call = await documentedCalls(without)
    const gone = (await list(without)).find(({ name }) => name === 'wang.li')
    const request = {
      ...{ method: 'DELETE' as const, url: `/v1/sessions/${gone?.id}` },
      headers: bearer('chen.admin'),
    } satisfies InjectOptions
    const from = world.events.length
    expect((await call(request)).statusCode).toBe(204)
    expect((await call(request)).json().code).toBe('session_not_found')
    const left = await Promise.all(visits.wang.map(isIn))
    expect(left.filter(Boolean)).toHaveLength(1)
    expect(await list(app)).toHaveLength(4)
    const by = { name: 'chen.admin', address: '127.0.0.1' }
    const events = world.events.slice(from)
    expect(events).toContainEqual({ type: 'sessions_ended', ...by, of: 'wang.li', count: 1 })
    const route = 'DELETE /v1/sessions/:id'
    expect(events.filter(({ type }) => type === 'right_used')).toEqual([
      { type: 'right_used', ...by, route },
    ])
  })
})

describe('the page of sessions', () => {
  it('is for administrators alone, in the menu too', async () => {
    const { visits } = await open()
    for (const visit of [visits.wang[0], visits.zhou]) {
      const { statusCode, body } = await visit.get('/sessions')
      expect([statusCode, body.includes('lacks the scope admin')]).toEqual([403, true])
      expect((await visit.get('/orders')).body).not.toContain('href="/sessions"')
    }
    expect((await visits.chen.get('/orders')).body).toContain('href="/sessions"')
  })

  it.each([
    [
      'en',
      /^chen\.admin this one admin 127\.0\.0\.1 .* End End all of chen\.admin$/,
      /the token is not configured/,
    ],
    [
      'zh',
      /^chen\.admin 当前会话 管理员 127\.0\.0\.1 .* 结束 结束 chen\.admin 的全部会话$/,
      /令牌已从配置中移除/,
    ],
  ])('lists each, which is the own one, and what is gone: %s', async (locale, own, gone) => {
    const { node } = await open()
    const visit = new Visit(await node([chen, zhou]), { 'accept-language': locale })
    await visit.logIn(plain('chen.admin'))
    await visit.post('/sessions', {
      _csrf: await visit.csrf('/sessions'),
      ...{ token_name: 'expired' },
    })
    const rows = rowsOf((await visit.get('/sessions')).body)
    expect(rows).toHaveLength(5)
    expect(rows.filter((row) => own.test(row))).toHaveLength(1)
    expect(rows.filter((row) => gone.test(row))).toHaveLength(2)
    expect(rows.filter((row) => /own rights|自定义权限/.test(row))).toHaveLength(1)
  })

  it('ends one, all of a name, and the own one', async () => {
    const { app, visits } = await open()
    const { chen: admin, wang: others, zhou: other } = visits
    const end = async (fields: Record<string, string>) => {
      const _csrf = await admin.csrf('/sessions')
      const { statusCode } = await admin.post('/sessions', { _csrf, ...fields })
      return [statusCode, (await admin.get('/sessions')).body] as const
    }
    const sessions = await list(app)
    const idOf = (of: string) => sessions.find(({ name }) => name === of)?.id ?? ''
    const [ended, page] = await end({ id: idOf('zhou') })
    expect([ended, page.includes('one session has ended')]).toEqual([303, true])
    expect(await isIn(other)).toBe(false)
    expect((await end({ id: idOf('zhou') }))[1]).toContain('it has ended already')
    expect((await end({ token_name: 'wang.li' }))[1]).toContain('2 sessions have ended')
    expect(await Promise.all(others.map(isIn))).toEqual([false, false])
    for (const wrong of [{}, { id: '' }, { id: "'" }, { token_name: '' }]) {
      expect((await end(wrong as Record<string, string>))[0]).toBe(400)
    }
    expect(await isIn(admin)).toBe(true)
    await end({ id: idOf('chen.admin') })
    expect(await isIn(admin)).toBe(false)
  })
})
