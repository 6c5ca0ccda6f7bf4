import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { buildWeb } from '../../src/web/server.ts'
import { doubleBudan } from '../web/double.ts'
import { strictPolicy } from './browser.ts'
import { Visit } from './visit.ts'

const token = 'the token'
const server = { host: '127.0.0.1', port: 0, apiToken: token }

/** No page is at this path: with a login it answers 404. */
const nowhere = '/nowhere'

let app: FastifyInstance
let visit: Visit
beforeAll(async () => {
  app = await buildWeb(doubleBudan().budan, { server, version: '0' })
})
afterAll(() => app.close())
beforeEach(() => {
  visit = new Visit(app)
})

describe('a form', () => {
  let csrf: string
  beforeEach(async () => {
    csrf = await visit.csrf()
  })

  const changesLanguage = { location: '/' }
  const chinese = () => ({ _csrf: csrf, locale: 'zh' })

  it('of ours is taken', async () => {
    const answer = await visit.post('/preferences', chinese())
    expect(answer).toMatchObject({ statusCode: 303, headers: changesLanguage })
    expect(visit.cookies.get('budan_locale')).toBe('zh')
  })

  it('of a browser that does not say where it comes from is accepted for its token', async () => {
    const host = { host: 'shop.example' }
    const silent = { ...host, 'sec-fetch-site': '' }
    expect((await visit.post('/preferences', chinese(), silent)).statusCode).toBe(403)
    const older = await visit.postWithout('sec-fetch-site', '/preferences', chinese(), {
      ...host,
      origin: 'https://shop.example',
    })
    expect(older.statusCode).toBe(303)
  })

  it.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['another name of the same site', { 'sec-fetch-site': 'same-site' }],
    ['nowhere', { 'sec-fetch-site': 'none' }],
  ])('sent by %s is refused, though its token is right', async (_whom, headers) => {
    const answer = await visit.post('/preferences', chinese(), headers)
    expect(answer.statusCode).toBe(403)
    expect(answer.body).toContain('Nothing was done')
    expect(visit.cookies.has('budan_locale')).toBe(false)
  })

  it.each(['https://evil.example', 'null', 'http://localhost.evil.example', 'x'])(
    'sent by %s, as an older browser says, is refused',
    async (origin) => {
      const answer = await visit.postWithout('sec-fetch-site', '/preferences', chinese(), {
        origin,
      })
      expect(answer.statusCode).toBe(403)
      expect(visit.cookies.has('budan_locale')).toBe(false)
    },
  )

  it.each([
    ['no token', () => ({})],
    ['an empty token', () => ({ _csrf: '' })],
    ['another token', () => ({ _csrf: `${csrf.slice(0, -3)}abc` })],
    ['a list of tokens', () => ({ '_csrf[]': csrf })],
  ])('with %s is refused, and given back', async (_what, fields) => {
    const typed = { ...fields(), locale: 'zh' }
    const answer = await visit.post('/preferences', typed)
    expect(answer.statusCode).toBe(403)
    expect(answer.body).toContain('your input is kept')
    expect(visit.cookies.has('budan_locale')).toBe(false)
  })

  it('with the token of somebody else is refused', async () => {
    const answer = await new Visit(app).post('/preferences', chinese())
    expect(answer.statusCode).toBe(403)
  })

  it('that is old is still taken as long as its browser has its cookie', async () => {
    await visit.logIn(token)
    await visit.csrf(nowhere)
    expect((await visit.post('/preferences', chinese())).statusCode).toBe(303)
  })

  it('that is refused for its token leads back, with what was typed', async () => {
    await visit.logIn(token)
    const headers = { host: 'shop.example', referer: 'https://shop.example/reviews/R1' }
    const answer = await visit.post('/preferences', { locale: 'zh', reason: 'seen' }, headers)
    expect(answer.body).toContain('href="/reviews/R1"')
    const flash = Buffer.from(visit.cookies.get('budan_flash') ?? '', 'base64url').toString()
    expect(JSON.parse(flash)).toMatchObject({ kind: 'form', given: { reason: 'seen' } })
  })

  it('that is refused leads to no other site, whatever path it was on', async () => {
    const headers = { host: 'shop.example', referer: 'https://shop.example//evil.example/' }
    const answer = await visit.post('/preferences', { locale: 'zh' }, headers)
    expect(answer.statusCode).toBe(403)
    expect(answer.body).not.toContain('evil.example')
  })

  it.each([
    ['application/json', '{"locale":"zh"}'],
    ['text/plain', '_csrf=x&locale=zh'],
    ['multipart/form-data; boundary=x', '--x--'],
    ['', 'locale=zh'],
  ])('as %j is refused', async (type, payload) => {
    const answer = await app.inject({
      ...{ method: 'POST', url: '/preferences', payload },
      headers: { accept: 'text/html', 'content-type': type, 'sec-fetch-site': 'same-origin' },
    })
    expect(answer.statusCode).toBe(415)
    expect(answer.body).toContain('application/x-www-form-urlencoded')
  })

  it('without a body is refused', async () => {
    const headers = { accept: 'text/html', 'sec-fetch-site': 'same-origin' }
    const answer = await app.inject({ method: 'POST', url: '/preferences', headers })
    expect(answer.statusCode).toBe(403)
  })

  it('that is too long is refused', async () => {
    const answer = await visit.post('/preferences', { ...chinese(), x: 'x'.repeat(70_000) })
    expect(answer.statusCode).toBe(413)
    expect(answer.body).toContain('64 KiB')
  })

  it.each([
    ['locale', 'fr'],
    ['theme', '<script>'],
  ])('with a wrong %s is refused by its name', async (name, value) => {
    const answer = await visit.post('/preferences', { _csrf: csrf, [name]: value })
    expect(answer.statusCode).toBe(400)
    expect(answer.body).toContain(`${name}: cannot be`)
    expect(answer.body).not.toContain('<script>')
  })

  it('comes back to no other site', async () => {
    const answer = await visit.post('/preferences', { ...chinese(), next: '//evil.example' })
    expect(answer.headers.location).toBe('/')
  })
})

describe('every answer', () => {
  it.each([
    ['the login', '/login', null],
    ['the login in the place of a page', '/', null],
    ['a page that is not there', nowhere, token],
    ['a page that is not there, for a stranger', nowhere, null],
  ])('has the strict policy: %s', async (_what, path, loginToken) => {
    if (loginToken !== null) await visit.logIn(loginToken)
    const answer = await visit.get(path)
    expect(answer.headers).toMatchObject({
      'content-security-policy': strictPolicy,
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'cache-control': 'no-store',
    })
    expect(answer.body).not.toMatch(/<[^>]+ (style|on\w+)=|<style|<script(?! src="\/assets\/)/)
  })

  it.each([
    ['JSON', '/v1/orders', {}],
    ['a refusal', '/orders', {}],
    ['a refusal to a script', '/', { 'hx-request': 'true' }],
    ['a path that is none', '/%zz', {}],
    ['a style sheet', '/assets/console.css', {}],
    ['the answer to a callback', '/v1/callbacks/wechatpay', {}],
  ])('that is no page is nothing that could be shown as one: %s', async (_what, path, headers) => {
    const answer = await visit.get(path, { accept: '*/*', ...headers })
    expect(answer.headers).toMatchObject({
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
    })
  })

  it('to HEAD is that to GET without its body', async () => {
    await visit.logIn(token)
    const cookie = `budan_session=${visit.cookies.get('budan_session')}`
    const answer = await app.inject({
      method: 'HEAD',
      url: nowhere,
      headers: { cookie, accept: 'text/html' },
    })
    expect(answer).toMatchObject({ statusCode: 404, body: '' })
    const stranger = await app.inject({
      method: 'HEAD',
      url: nowhere,
      headers: { accept: 'text/html' },
    })
    expect(stranger).toMatchObject({ statusCode: 401, body: '' })
  })

  it('to a path that is none of HTTP’s says so without the inside', async () => {
    const answer = await visit.get('/%E0%A4%A')
    expect(answer.statusCode).toBe(400)
    expect(answer.body).not.toMatch(/ at |\.ts|node_modules/)
  })

  it('of what is not there repeats its path, and runs none of it', async () => {
    await visit.logIn(token)
    const answer = await visit.get('/%3Cscript%3Ealert(1)%3C/script%3E"><b>')
    expect(answer.statusCode).toBe(404)
    expect(answer.body).not.toMatch(/<script>alert|"><b>/)
  })
})

describe('cookies that nobody sent', () => {
  it.each([
    ['budan_locale', 'xx'],
    ['budan_theme', '"><script>'],
    ['budan_csrf', ''],
    ['budan_csrf', '%'],
    ['budan_csrf', 'x'],
    ['budan_flash', '%E0%A4%A'],
    ['budan_flash', Buffer.from('[1]').toString('base64url')],
    ['budan_session', '..'],
    ['__proto__', 'x'],
  ])('such as %s=%s change nothing', async (name, value) => {
    const headers = { accept: 'text/html', cookie: `${name}=${value}; ; =; x` }
    const answer = await app.inject({ method: 'GET', url: '/', headers })
    expect(answer.statusCode).toBe(401)
    expect(answer.body).toContain('<html lang="en">')
  })
})

describe('a file of the console', () => {
  it.each([
    ['pico.css', 'text/css'],
    ['console.css', 'text/css'],
    ['uplot.css', 'text/css'],
    ['htmx.js', 'javascript'],
    ['htmx-sse.js', 'javascript'],
    ['uplot.js', 'javascript'],
    ['console.js', 'javascript'],
    ['icon.svg', 'image/svg+xml'],
  ])('is served without a login, and requested again after an update: %s', async (name, type) => {
    const answer = await app.inject({ method: 'GET', url: `/assets/${name}` })
    expect(answer.statusCode).toBe(200)
    expect(answer.headers['content-type']).toContain(type)
    expect(answer.headers['cache-control']).toBe('no-cache')
    const headers = { 'if-none-match': String(answer.headers.etag) }
    const again = await app.inject({ method: 'GET', url: `/assets/${name}`, headers })
    expect(again).toMatchObject({ statusCode: 304, body: '' })
  })

  it.each(['../package.json', '..%2fpackage.json', '', 'console.css/x', 'nothing.js'])(
    'is none of %j',
    async (name) => {
      const answer = await app.inject({ method: 'GET', url: `/assets/${name}` })
      expect(answer.statusCode).toBe(404)
      expect(answer.body).not.toContain('dependencies')
    },
  )
})
