import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FailedLogins } from '../../src/web/console/failed-logins.ts'
import { buildWeb } from '../../src/web/server.ts'
import { doubleBudan } from '../web/double.ts'
import { Visit } from './visit.ts'

const token = 'the-token 令牌'

/** Below all pages: whoever is let in is told that there is no such page. */
const nowhere = '/nowhere?a=1'

const clock = { now: new Date('2026-01-24T07:00:00Z') }
let app: FastifyInstance
let visit: Visit

async function open(apiToken: string | null): Promise<void> {
  const server = { host: '127.0.0.1', port: 0, apiToken }
  app = await buildWeb(doubleBudan().budan, { server, version: '0', clock: () => clock.now })
  visit = new Visit(app)
}

beforeEach(async () => {
  clock.now = new Date('2026-01-24T07:00:00Z')
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
    const asked = await visit.get(nowhere)
    expect(asked.statusCode).toBe(401)
    expect(asked.body).toContain('name="next" value="/nowhere?a=1"')
    const answer = await visit.logIn(token, { next: nowhere })
    expect(answer).toMatchObject({ statusCode: 303, headers: { location: nowhere } })
    expect((await visit.get(nowhere)).statusCode).toBe(404)
  })

  it('refuses another token, says so beside the field, and keeps where to go', async () => {
    const answer = await visit.logIn('another', { next: nowhere })
    expect(answer.statusCode).toBe(401)
    expect(answer.body).toContain('This is not the API token.')
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

  it('that is out of date is asked for once more at once, and its token kept in no cookie', async () => {
    const asked = await visit.post('/login', { _csrf: 'old', token, next: nowhere })
    expect(asked.statusCode).toBe(403)
    expect(asked.body).toContain('Enter the token once more.')
    expect(asked.body).toContain('name="next" value="/nowhere?a=1"')
    expect([...visit.cookies.keys()]).toEqual(['budan_csrf'])
    const _csrf = /name="_csrf" value="([^"]+)"/.exec(asked.body)?.[1] ?? ''
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
    const asked = await visit.get('/login')
    expect(attributes(asked.headers['set-cookie'], 'budan_csrf')).toMatch(/; Secure/)
    const { headers } = await visit.logIn(token)
    expect(attributes(headers['set-cookie'], 'budan_session')).toMatch(/; Secure/)
  })

  it('is not asked for again of somebody who is logged in', async () => {
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
    const asked = await visit.get(nowhere)
    expect(asked.statusCode).toBe(401)
    expect((await visit.logIn(token, { next: nowhere })).headers.location).toBe(nowhere)
    expect((await visit.get(nowhere)).statusCode).toBe(404)
  })

  it('that ended keeps the form that was sent, for after the next login', async () => {
    const csrf = await visit.csrf(nowhere)
    passHours(12)
    const headers = { host: 'shop.example', referer: 'https://shop.example/reviews/R1?from=2' }
    const typed = { _csrf: csrf, name: 'Li', reason: '已付款' }
    const asked = await visit.post('/orders/R1/check', typed, headers)
    expect(asked.statusCode).toBe(401)
    expect(asked.body).toContain('what you typed is kept')
    expect(asked.body).toContain('name="next" value="/reviews/R1?from=2"')
    await visit.logIn(token, { next: '/reviews/R1?from=2' })
    const flash = Buffer.from(visit.cookies.get('budan_flash') ?? '', 'base64url').toString()
    expect(JSON.parse(flash)).toEqual({ kind: 'form', given: { name: 'Li', reason: '已付款' } })
  })

  it('that ended says so when a form is too long to be kept', async () => {
    const csrf = await visit.csrf(nowhere)
    passHours(12)
    const asked = await visit.post('/orders/R1/check', { _csrf: csrf, reason: 'x'.repeat(3000) })
    expect(asked.body).toContain('too long to be kept')
    expect(visit.cookies.has('budan_flash')).toBe(false)
  })

  it('that ended is told to a script in words, and leaves its page alone', async () => {
    passHours(12)
    const headers = { 'hx-request': 'true', accept: '*/*', 'accept-language': 'zh' }
    const asked = await visit.get('/', headers)
    expect(asked.statusCode).toBe(401)
    expect(asked.headers['content-type']).toMatch(/^text\/plain/)
    expect(asked.body).toBe('登录已失效，请刷新页面后重新登录。')
  })

  it('is over with its logout, whoever kept its cookie', async () => {
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

  it.each([
    ['nothing', () => ''],
    ['a later end', (cookie: string) => cookie.replace(/\.\d/, '.9')],
    ['another id', (cookie: string) => `${cookie.startsWith('A') ? 'B' : 'A'}${cookie.slice(1)}`],
    ['no signature', (cookie: string) => cookie.replace(/[^.]+$/, '')],
    ['a long text', () => 'x'.repeat(4000)],
    ['what is no base64', (cookie: string) => cookie.replace(/[^.]+$/, '%00'.repeat(20))],
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

  it('without any is told how to ask, in the shape of the API', async () => {
    const answer = await visit.get('/', { accept: '*/*' })
    expect(answer).toMatchObject({ statusCode: 401, headers: { 'www-authenticate': 'Bearer' } })
    expect(answer.json()).toMatchObject({ code: 'unauthorized' })
  })

  it('that is a proxy with a password of its own does not keep people from the login', async () => {
    const asked = await visit.get('/', { authorization: 'Basic dTpw' })
    expect(asked.statusCode).toBe(401)
    expect(isLogin(asked.body)).toBe(true)
  })
})

describe('a failed login', () => {
  const fail = async (times: number) => {
    for (let each = 0; each < times; each += 1) {
      expect((await visit.logIn('wrong')).statusCode).toBe(401)
    }
  }

  it('may happen five times; then the next one waits, unread, and is told how long', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    await fail(5)
    const early = await visit.logIn(token)
    expect(early).toMatchObject({ statusCode: 429, headers: { 'retry-after': '1' } })
    expect(early.body).toContain('Too many failures. Try again in 1 s.')
    vi.advanceTimersByTime(1000)
    expect((await visit.logIn(token)).statusCode).toBe(303)
  })

  it('that follows doubles the wait; a login forgets it', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    await fail(5)
    vi.advanceTimersByTime(1000)
    await fail(1)
    expect((await visit.logIn(token)).headers['retry-after']).toBe('2')
    vi.advanceTimersByTime(2000)
    expect((await visit.logIn(token)).statusCode).toBe(303)
    visit.cookies.delete('budan_session')
    await fail(4)
    expect((await visit.logIn(token)).statusCode).toBe(303)
  })

  it('does not slow those who are logged in', async () => {
    const other = new Visit(app)
    await other.logIn(token)
    await fail(5)
    expect((await other.get(nowhere)).statusCode).toBe(404)
  })
})

describe('FailedLogins', () => {
  const step = { now: 0 }
  const failed = (addresses: readonly string[]) => {
    step.now = 0
    const logins = new FailedLogins(() => step.now)
    for (const address of addresses) logins.note(address)
    return logins
  }

  it('waits a minute at most', () => {
    expect(failed(Array(40).fill('1.1.1.1')).waitMs('1.1.1.1')).toBe(60_000)
  })

  it('tells addresses apart', () => {
    expect(failed(Array(9).fill('1.1.1.1')).waitMs('1.1.1.2')).toBe(0)
  })

  it('takes the addresses that one customer of a network has in IPv6 for one', () => {
    const logins = failed([1, 2, 3, 4, 5].map((last) => `2001:db8:0:7::${last}`))
    expect(logins.waitMs('2001:db8:0:7:9:9:9:9')).toBe(1000)
    expect(logins.waitMs('2001:db8:0:8::1')).toBe(0)
  })

  it('forgets after a quarter of an hour of quiet', () => {
    const logins = failed(Array(9).fill('1.1.1.1'))
    step.now = 15 * 60_000
    logins.note('1.1.1.1')
    expect(logins.waitMs('1.1.1.1')).toBe(0)
  })

  it('remembers ten thousand addresses, the latest ones', () => {
    const logins = failed(Array(5).fill('1.1.1.1'))
    for (let each = 0; each < 10_000; each += 1) logins.note(`9.9.${each >> 8}.${each & 255}`)
    expect(logins.waitMs('1.1.1.1')).toBe(0)
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
