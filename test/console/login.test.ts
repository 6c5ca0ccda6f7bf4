import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Store } from '../../src/store/store.ts'
import { buildWeb } from '../../src/web/server.ts'
import { memorySessions } from '../support/sessions.ts'
import { doubleBudan } from '../web/double.ts'
import { Visit } from './visit.ts'

const token = 'the-token 令牌'

/** No page is at this path: with a login it answers 404. */
const nowhere = '/nowhere?a=1'

const clock = { now: new Date('2026-01-24T07:00:00Z') }
let app: FastifyInstance
let visit: Visit

let store: Partial<Store>

async function open(apiToken: string | null, hours?: number): Promise<void> {
  const sessions = hours === undefined ? {} : { sessions: { hours } }
  const server = { host: '127.0.0.1', port: 0, apiToken, ...sessions }
  const { budan } = doubleBudan({ store })
  app = await buildWeb(budan, { server, version: '0', clock: () => clock.now })
  visit = new Visit(app)
}

beforeEach(async () => {
  clock.now = new Date('2026-01-24T07:00:00Z')
  store = memorySessions(() => clock.now)
  await open(token)
})
afterEach(async () => {
  vi.useRealTimers()
  await app.close()
})

const passHours = (hours: number) => {
  clock.now = new Date(+clock.now + hours * 3_600_000)
}

const isLogin = (body: string) => body.includes('name="token"')

/** What a cookie was set with. */
function attributes(header: unknown, name: string): string {
  const lines = [header].flat().map(String)
  return lines.find((line) => line.startsWith(`${name}=`)) ?? ''
}

describe('the login', () => {
  it('stands in the place of every page, and leads to it', async () => {
    const page = await visit.get(nowhere)
    expect(page.statusCode).toBe(401)
    expect(page.body).toContain('name="next" value="/nowhere?a=1"')
    const answer = await visit.logIn(token, { next: nowhere })
    expect(answer).toMatchObject({ statusCode: 303, headers: { location: nowhere } })
    expect((await visit.get(nowhere)).statusCode).toBe(404)
  })

  it('refuses another token, says so beside the field, and keeps where to go', async () => {
    const answer = await visit.logIn('another', { next: nowhere })
    expect(answer.statusCode).toBe(401)
    expect(answer.body).toContain('There is no such token.')
    expect(answer.body).toContain('aria-invalid="true"')
    expect(answer.body).toContain('name="next" value="/nowhere?a=1"')
    expect(answer.body).not.toContain('another')
    expect((await visit.get(nowhere)).statusCode).toBe(401)
  })

  it.each(['', ' ', '令牌', 'the-token', 'x'.repeat(5000)])(
    'refuses the token %j',
    async (sent) => {
      expect((await visit.logIn(sent)).statusCode).toBe(401)
    },
  )

  it('that is out of date is shown once more at once, and its token kept in no cookie', async () => {
    const page = await visit.post('/login', { _csrf: 'old', token, next: nowhere })
    expect(page.statusCode).toBe(403)
    expect(page.body).toContain('Enter the token again.')
    expect(page.body).toContain('name="next" value="/nowhere?a=1"')
    expect([...visit.cookies.keys()]).toEqual(['budan_csrf'])
    const _csrf = /name="_csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? ''
    const again = await visit.post('/login', { _csrf, token, next: nowhere })
    expect(again).toMatchObject({ statusCode: 303, headers: { location: nowhere } })
  })

  it('has its token kept in no cookie, whatever form it came with', async () => {
    await visit.post('/preferences', { token, locale: 'zh' })
    const flash = Buffer.from(visit.cookies.get('budan_flash') ?? '', 'base64url').toString()
    expect(JSON.parse(flash)).toEqual({ kind: 'form', given: { locale: 'zh' } })
  })

  it('takes a token that was copied with its line end', async () => {
    expect((await visit.logIn(` ${token}\r\n`)).statusCode).toBe(303)
  })

  it('keeps the session from scripts and other sites', async () => {
    const { headers } = await visit.logIn(token)
    const cookie = attributes(headers['set-cookie'], 'budan_session')
    expect(cookie).toMatch(/; HttpOnly/)
    expect(cookie).toMatch(/; SameSite=Lax/)
    expect(cookie).toMatch(/; Path=\//)
    expect(cookie).toMatch(/; Max-Age=43200/)
    expect(cookie).not.toContain('Secure')
    expect(cookie).not.toContain(token)
  })

  it('marks its cookies Secure behind a proxy that speaks TLS', async () => {
    visit = new Visit(app, { 'x-forwarded-proto': 'https, http' })
    const page = await visit.get('/login')
    expect(attributes(page.headers['set-cookie'], 'budan_csrf')).toMatch(/; Secure/)
    const { headers } = await visit.logIn(token)
    expect(attributes(headers['set-cookie'], 'budan_session')).toMatch(/; Secure/)
  })

  it('is not shown again to somebody who is logged in', async () => {
    await visit.logIn(token)
    expect(await visit.get('/login?next=/runs')).toMatchObject({
      statusCode: 303,
      headers: { location: '/runs' },
    })
  })

  it.each([
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\tevil.example',
    '/\r\nSet-Cookie: a=b',
    'javascript:alert(1)',
    'evil.example',
    '',
    `/${'x'.repeat(3000)}`,
  ])('leads nowhere else: next=%j', async (next) => {
    expect((await visit.logIn(token, { next })).headers.location).toBe('/')
    expect((await visit.get(`/login?next=${encodeURIComponent(next)}`)).headers.location).toBe('/')
  })
})

describe('a session', () => {
  beforeEach(() => visit.logIn(token))

  it('ends after a working day, and the page is come back to', async () => {
    passHours(11.9)
    expect((await visit.get(nowhere)).statusCode).toBe(404)
    passHours(0.1)
    const page = await visit.get(nowhere)
    expect(page.statusCode).toBe(401)
    expect((await visit.logIn(token, { next: nowhere })).headers.location).toBe(nowhere)
    expect((await visit.get(nowhere)).statusCode).toBe(404)
  })

  it('that ended keeps the form that was sent, for after the next login', async () => {
    const csrf = await visit.csrf(nowhere)
    passHours(12)
    const headers = { host: 'shop.example', referer: 'https://shop.example/reviews/R1?from=2' }
    const typed = { _csrf: csrf, name: 'Li', reason: '已付款' }
    const page = await visit.post('/orders/R1/check', typed, headers)
    expect(page.statusCode).toBe(401)
    expect(page.body).toContain('your input is kept')
    expect(page.body).toContain('name="next" value="/reviews/R1?from=2"')
    await visit.logIn(token, { next: '/reviews/R1?from=2' })
    const flash = Buffer.from(visit.cookies.get('budan_flash') ?? '', 'base64url').toString()
    expect(JSON.parse(flash)).toEqual({ kind: 'form', given: { name: 'Li', reason: '已付款' } })
  })

  it('that ended says so when a form is too long to be kept', async () => {
    const csrf = await visit.csrf(nowhere)
    passHours(12)
    const page = await visit.post('/orders/R1/check', { _csrf: csrf, reason: 'x'.repeat(3000) })
    expect(page.body).toContain('too long to be kept')
    expect(visit.cookies.has('budan_flash')).toBe(false)
  })

  it('that ended is answered to a script in words, and leaves its page alone', async () => {
    passHours(12)
    const headers = { 'hx-request': 'true', accept: '*/*', 'accept-language': 'zh' }
    const page = await visit.get('/', headers)
    expect(page.statusCode).toBe(401)
    expect(page.headers['content-type']).toMatch(/^text\/plain/)
    expect(page.body).toBe('登录已失效，请刷新页面后重新登录。')
  })

  it('is over with its logout, even for a kept cookie', async () => {
    const kept = visit.cookies.get('budan_session') ?? ''
    const answer = await visit.post('/logout', { _csrf: await visit.csrf(nowhere) })
    expect(answer).toMatchObject({ statusCode: 303, headers: { location: '/login' } })
    expect(visit.cookies.has('budan_session')).toBe(false)
    visit.cookies.set('budan_session', kept)
    expect((await visit.get(nowhere)).statusCode).toBe(401)
  })

  it('is nobody else’s who was logged out', async () => {
    const other = new Visit(app)
    await other.logIn(token)
    await visit.post('/logout', { _csrf: await visit.csrf(nowhere) })
    expect((await other.get(nowhere)).statusCode).toBe(404)
  })

  it('is over once there is another API token', async () => {
    const { cookies } = visit
    await app.close()
    await open('another token')
    for (const [name, value] of cookies) visit.cookies.set(name, value)
    expect((await visit.get(nowhere)).statusCode).toBe(401)
  })

  it('lasts as long as the configuration says', async () => {
    await app.close()
    await open(token, 1)
    const { headers } = await visit.logIn(token)
    expect(attributes(headers['set-cookie'], 'budan_session')).toMatch(/; Max-Age=3600/)
    passHours(0.99)
    expect((await visit.get(nowhere)).statusCode).toBe(404)
    passHours(0.01)
    expect((await visit.get(nowhere)).statusCode).toBe(401)
  })

  it('has a cookie from which no token can be guessed: it is random', async () => {
    const other = new Visit(app)
    await other.logIn(token)
    const cookies = [visit, other].map(({ cookies }) => cookies.get('budan_session') ?? '')
    for (const cookie of cookies) expect(cookie).toMatch(/^[\w-]{43}$/)
    expect(cookies[0]).not.toBe(cookies[1])
  })

  it.each([
    ['nothing', () => ''],
    ['another key', (cookie: string) => `${cookie.startsWith('A') ? 'B' : 'A'}${cookie.slice(1)}`],
    ['a part of the key', (cookie: string) => cookie.slice(1)],
    ['the cookie of the version before', () => `${'x'.repeat(22)}.1769281200000.${'y'.repeat(43)}`],
    ['a long text', () => 'x'.repeat(4000)],
    ['what is no base64', () => '%00'.repeat(20)],
  ])('is not had with %s in its cookie', async (_what, change) => {
    visit.cookies.set('budan_session', change(visit.cookies.get('budan_session') ?? ''))
    expect((await visit.get(nowhere)).statusCode).toBe(401)
  })

  it('says nothing that opens the API', async () => {
    expect((await visit.get('/v1/orders', { accept: 'application/json' })).statusCode).toBe(401)
  })
})

describe('a program', () => {
  const bearer = { authorization: `Bearer ${Buffer.from(token).toString('latin1')}` }

  it('is let in by its Bearer token, without a session', async () => {
    const answer = await new Visit(app).get(nowhere, bearer)
    expect(answer.statusCode).toBe(404)
    expect(answer.body).not.toContain('action="/logout"')
  })

  it('is refused with another, in the shape of the API', async () => {
    const headers = { authorization: 'Bearer x', accept: '*/*' }
    const answer = await visit.get('/', headers)
    expect(answer.statusCode).toBe(401)
    expect(answer.json()).toEqual({
      code: 'unauthorized',
      message: 'Authorization: the token is wrong',
    })
  })

  it('without any is answered with how to send one, in the shape of the API', async () => {
    const answer = await visit.get('/', { accept: '*/*' })
    expect(answer).toMatchObject({ statusCode: 401, headers: { 'www-authenticate': 'Bearer' } })
    expect(answer.json()).toMatchObject({ code: 'unauthorized' })
  })

  it('that is a proxy with a password of its own does not keep people from the login', async () => {
    const page = await visit.get('/', { authorization: 'Basic dTpw' })
    expect(page.statusCode).toBe(401)
    expect(isLogin(page.body)).toBe(true)
  })
})

describe('a failed login', () => {
  it('does not keep the right token out, however many there were', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const _csrf = await visit.csrf()
    const failed = Array.from({ length: 20 }, () => visit.post('/login', { _csrf, token: 'wrong' }))
    expect((await visit.logIn(token)).statusCode).toBe(303)
    await vi.runAllTimersAsync()
    for (const { statusCode, body } of await Promise.all(failed)) {
      expect(statusCode).toBe(401)
      expect(body).toContain('There is no such token.')
    }
  })

  it('does not slow those who are logged in', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const other = new Visit(app)
    await other.logIn(token)
    const _csrf = await visit.csrf()
    const failed = Array.from({ length: 9 }, () => visit.post('/login', { _csrf, token: 'wrong' }))
    expect((await other.get(nowhere)).statusCode).toBe(404)
    await vi.runAllTimersAsync()
    await Promise.all(failed)
  })
})

describe('a console without a token', () => {
  beforeEach(async () => {
    await app.close()
    await open(null)
  })

  it.each(['localhost', 'localhost:8080', '127.0.0.1:8080', '[::1]:8080'])(
    'opens without a login as %s',
    async (host) => {
      const answer = await visit.get(nowhere, { host })
      expect(answer.statusCode).toBe(404)
      expect(answer.body).not.toContain('action="/logout"')
    },
  )

  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:8080', 'x'])(
    'does not answer by the name %s, which somebody else may have pointed here',
    async (host) => {
      const answer = await visit.get(nowhere, { host })
      expect(answer.statusCode).toBe(403)
      expect(answer.body).toContain(host)
    },
  )
})
