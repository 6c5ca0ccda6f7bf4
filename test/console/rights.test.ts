import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fillShowcase } from '../../proof/screenshots/showcase.ts'
import { buildWeb } from '../../src/web/server.ts'
import { plain, tokenOf } from '../support/tokens.ts'
import { openWorld, type World } from '../support/world.ts'
import { Crawler, type Form, formsOf } from './crawler.ts'
import { pagesOf } from './pages.ts'
import { Visit } from './visit.ts'

/** What the console offers to each role, and to tokens with scopes of their own. */

const tokens = [
  tokenOf('chen.admin', { role: 'admin' }),
  tokenOf('wang.operator', { role: 'operator' }),
  tokenOf('li.viewer', { role: 'viewer' }),
  tokenOf('checker', { scopes: ['orders:read', 'orders:check'] }),
  tokenOf('reviewer', { scopes: ['orders:read', 'reviews:write'] }),
  tokenOf('shop-backend', { scopes: ['orders:place', 'orders:adopt'] }),
]
const names = tokens.map(({ name }) => name)

/** What ends logins is tested by itself. */
const endings = ['/logout', '/sessions']

let world: World
let app: FastifyInstance
const crawlers = new Map<string, Crawler>()
beforeAll(async () => {
  world = await openWorld()
  const showcase = await fillShowcase(world)
  const server = { ...world.config.server, apiToken: plain('shared'), tokens, metricsAuth: true }
  app = await buildWeb(world.budan, { server, version: '0', clock: world.now })
  const number = String((await world.order(showcase.paidByRun)).transactionId).replace(/.$/, '0')
  for (const name of [...names, 'shared']) {
    const visit = new Visit(app)
    await visit.logIn(plain(name))
    const crawler = new Crawler(visit)
    await crawler.crawl([...pagesOf(showcase), `/orders?q=${number}`])
    crawlers.set(name, crawler)
  }
})
afterAll(async () => {
  await app.close()
  await world.close()
})

function crawlerOf(name: string): Crawler {
  const found = crawlers.get(name)
  if (found === undefined) throw new Error(`No crawler for ${name}`)
  return found
}

/** Of an admin: the first step of a review shows the form of the second. */
async function allForms(): Promise<ReadonlyMap<string, Form>> {
  const admin = crawlerOf('chen.admin')
  const forms = new Map(admin.forms)
  for (const form of admin.forms.values()) {
    if (form.fields.step !== 'preview') continue
    for (const next of formsOf((await admin.send(form)).body)) forms.set(next.name, next)
  }
  return forms
}

describe('the console', () => {
  it('offers an admin each kind of form', async () => {
    const paths = new Set([...(await allForms()).values()].map(({ action }) => kindOf(action)))
    expect([...paths].sort()).toEqual([
      ...[
        '/audit',
        '/exceptions/…',
        '/logout',
        '/orders/trace',
        '/orders/…',
        '/preferences',
        '/reviews/…',
      ],
      ...['/runs', '/sessions'],
    ])
  })

  it.each([...names, 'shared'])('links %s to nothing that refuses it', (name) => {
    const { answers } = crawlerOf(name)
    const offered = [...answers].filter(([, { isOffered }]) => isOffered)
    const refused = offered.filter(([, { status }]) => status === 403 || status === 401)
    expect(refused.map(([path]) => path)).toEqual([])
    expect(offered.length).toBeGreaterThan(name === 'shop-backend' ? 0 : 30)
  })

  it.each(names)('refuses %s each form that only others are offered, in words', async (name) => {
    const crawler = crawlerOf(name)
    const hidden = [...(await allForms()).values()].filter(
      ({ name: form, action, fields }) =>
        !crawler.forms.has(form) && !(fields.step === 'resolve' && crawler.actions.has(action)),
    )
    expect(hidden.length > 0).toBe(name !== 'chen.admin')
    for (const form of hidden) {
      const { statusCode, body } = await crawler.send(form)
      expect([statusCode, form.name]).toEqual([403, form.name])
      expect(body).toMatch(/lacks the scope ((runs|orders|reviews):\w+|admin)/)
    }
  })

  it.each(names)('answers %s each form that it offers', async (name) => {
    const crawler = crawlerOf(name)
    const waiting = [...crawler.forms.values()].filter(({ action }) => !endings.includes(action))
    expect(waiting.length).toBeGreaterThan(0)
    for (let form = waiting.shift(); form !== undefined; form = waiting.shift()) {
      const { statusCode, body } = await crawler.send(form)
      expect.soft([200, 303, 409, 422], form.name).toContain(statusCode)
      const next = formsOf(body).filter((each) => !crawler.forms.has(each.name))
      for (const each of next) crawler.forms.set(each.name, each)
      waiting.push(...next)
    }
  })

  it.each([
    ['chen.admin', 'admin', '管理员'],
    ['wang.operator', 'operator', '操作员'],
    ['li.viewer', 'viewer', '只读'],
    ['checker', 'own rights', '自定义权限'],
  ])('shows on every page who is logged in: %s · %s', async (name, english, chinese) => {
    for (const [locale, role] of [
      ['en', english],
      ['zh', chinese],
    ] as const) {
      const visit = new Visit(app, { 'accept-language': locale })
      await visit.logIn(plain(name))
      for (const path of ['/', '/orders', '/runs', '/audit', '/nowhere']) {
        const { body } = await visit.get(path)
        const [, who = ''] = /<span class="who">(.*?)<\/span>/.exec(body) ?? []
        expect(who.replaceAll(/<[^>]+>/g, ''), path).toBe(`${name} · ${role}`)
        expect(who.includes('title="orders:read, orders:check"')).toBe(name === 'checker')
      }
    }
  })
})

function kindOf(action: string): string {
  return action.replace(/^\/(orders|reviews|exceptions)\/(?!trace$).*/, '/$1/…')
}
