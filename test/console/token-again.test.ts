import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildWeb } from '../../src/web/server.ts'
import { type Desk, openDesk } from '../review/desk.ts'
import { bearer, plain, tokenOf } from '../support/tokens.ts'
import { openWorld, type World } from '../support/world.ts'
import { Visit } from './visit.ts'

/** Whose name a review is resolved under, and what a credit needs besides the login. */

const tokens = [
  tokenOf('wang.li', { role: 'operator' }),
  tokenOf('chen.yu', { role: 'operator' }),
  tokenOf('former', { role: 'operator', expiresAt: new Date('2026-01-01T00:00:00Z') }),
]

let world: World
let app: FastifyInstance
beforeAll(async () => {
  world = await openWorld()
  const server = { ...world.config.server, apiToken: plain('shared'), tokens }
  app = await buildWeb(world.budan, { server, version: '0', clock: world.now })
})
afterAll(async () => {
  await app.close()
  await world.close()
})

type Fields = Readonly<Record<string, string>>

async function visitOf(name: string, locale = 'en') {
  const visit = new Visit(app, { 'accept-language': locale })
  await visit.logIn(plain(name))
  return visit
}

async function preview(visit: Visit, { orderNo }: Desk) {
  const _csrf = await visit.csrf('/reviews')
  return (await visit.post(`/reviews/${orderNo}`, { _csrf, step: 'preview' })).body
}

const reason = 'the payer sent the bill'

/** Previews, and then resolves; `fields` as typed. */
async function resolve(visit: Visit, desk: Desk, fields: Fields) {
  const [, seen = ''] = /name="seen" value="([^"]*)"/.exec(await preview(visit, desk)) ?? []
  const _csrf = await visit.csrf('/reviews')
  return visit.post(`/reviews/${desk.orderNo}`, { _csrf, step: 'resolve', seen, reason, ...fields })
}

async function paidDesk(): Promise<Desk> {
  const desk = await openDesk(world)
  desk.pay()
  return desk
}

const wrong: readonly (readonly [typed: Fields, fault: string, chinese: string])[] = [
  [{}, 'A credit needs your token once more.', '入账需要再次输入令牌。'],
  [{ token: '  ' }, 'A credit needs your token once more.', '入账需要再次输入令牌。'],
  [{ token: 'not-a-token' }, 'There is no such token.', '令牌不正确。'],
  [{ token: plain('former') }, 'This token has expired.', '令牌已过期。'],
  [{ token: plain('chen.yu') }, 'This is another token than', '这不是登录时所用的令牌。'],
  [{ token: plain('shared') }, 'This is another token than', '这不是登录时所用的令牌。'],
]

describe('a credit out of review, in the console', () => {
  it('needs the token of the session once more', async () => {
    const desk = await paidDesk()
    const wang = await visitOf('wang.li')
    expect(await preview(wang, desk)).toMatch(/<input name="token" type="password"[^>]*>/)
    const done = await resolve(wang, desk, { action: 'credit', token: ` ${plain('wang.li')} ` })
    expect(done.statusCode).toBe(303)
    expect(await desk.balance()).toBe(100n)
    const credit = (await desk.timeline()).at(-1)
    const actor = { name: 'wang.li', address: '127.0.0.1' }
    expect(credit).toMatchObject({ kind: 'resolved', operator: 'wang.li', actor })
  })

  it.each(wrong)('with %j does nothing, and says what is wrong', async (typed, fault, chinese) => {
    const desk = await paidDesk()
    for (const [locale, words] of [
      ['en', fault],
      ['zh', chinese],
    ] as const) {
      const wang = await visitOf('wang.li', locale)
      const events = (await desk.timeline()).length
      const { statusCode, body } = await resolve(wang, desk, { action: 'credit', ...typed })
      expect(statusCode).toBe(422)
      expect(body).toMatch(new RegExp(`<small id="token-note">${words}`))
      expect(body).toContain(`name="reason" type="text" value="${reason}"`)
      expect(body).toMatch(/value="credit"[^>]* checked/)
      expect(body).not.toMatch(/bdn_|not-a-token/)
      expect(await desk.timeline()).toHaveLength(events)
    }
    expect(await desk.order()).toMatchObject({ status: 'review' })
    // A login forgets the wrong tokens, or the next one would be answered late.
    await visitOf('wang.li')
  })

  it('counts and delays wrong tokens as a login does', async () => {
    const desk = await paidDesk()
    const wang = await visitOf('wang.li')
    const from = world.events.length
    for (let guess = 0; guess < 5; guess += 1) {
      await resolve(wang, desk, { action: 'credit', token: `guess ${guess}` })
    }
    const refused = world.events.slice(from).filter(({ type }) => type === 'access_refused')
    expect(refused).toEqual(Array(5).fill({ type: 'access_refused', door: 'console' }))
    const beganAt = performance.now()
    await resolve(wang, desk, { action: 'credit', token: 'the sixth' })
    expect(performance.now() - beganAt).toBeGreaterThan(490)
    const right = await resolve(wang, desk, { action: 'credit', token: plain('wang.li') })
    expect(right.statusCode).toBe(303)
    await visitOf('wang.li')
  })

  it('needs none beside a Bearer token, and the form has no field for it', async () => {
    const desk = await paidDesk()
    const program = new Visit(app, bearer('wang.li'))
    expect(await preview(program, desk)).not.toContain('name="token"')
    expect((await resolve(program, desk, { action: 'credit' })).statusCode).toBe(303)
    expect(await desk.balance()).toBe(100n)
  })
})

describe('another resolution', () => {
  it.each(['expire', 'dismiss'])('needs no token: %s', async (action) => {
    const desk = await openDesk(world)
    const wang = await visitOf('wang.li')
    expect(await preview(wang, desk)).not.toContain('name="token"')
    expect((await resolve(wang, desk, { action })).statusCode).toBe(303)
  })
})

describe('the name of who resolves a review', () => {
  it('is that of the token, and another one is refused, as in the API', async () => {
    const desk = await openDesk(world)
    const wang = await visitOf('wang.li')
    const page = await preview(wang, desk)
    expect(page).not.toContain('name="name"')
    expect(page).toContain('<strong><bdi>wang.li</bdi></strong>')
    const events = (await desk.timeline()).length
    const { statusCode, body } = await resolve(wang, desk, { action: 'dismiss', name: 'Li Na' })
    expect(statusCode).toBe(422)
    expect(body).toContain('The token is that of “wang.li”, who is recorded')
    expect(await desk.timeline()).toHaveLength(events)
    const own = await resolve(wang, desk, { action: 'dismiss', name: 'wang.li' })
    expect(own.statusCode).toBe(303)
    expect((await desk.timeline()).at(-1)).toMatchObject({ operator: 'wang.li' })
  })

  it('is typed by those who share a token', async () => {
    const desk = await paidDesk()
    const li = await visitOf('shared')
    expect(await preview(li, desk)).toContain('name="name"')
    const token = plain('shared')
    const done = await resolve(li, desk, { action: 'credit', token, name: 'Li Na' })
    expect(done.statusCode).toBe(303)
    const actor = { name: 'api_token', address: '127.0.0.1' }
    expect((await desk.timeline()).at(-1)).toMatchObject({ operator: 'Li Na', actor })
  })
})
