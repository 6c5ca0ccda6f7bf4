import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildWeb } from '../../src/web/server.ts'
import { plain, tokenOf } from '../support/tokens.ts'
import { openWorld, type World } from '../support/world.ts'
import { Visit } from './visit.ts'

/** The pages of exceptions on the real thing. */

let world: World
let app: FastifyInstance
beforeAll(async () => {
  world = await openWorld()
  const tokens = [tokenOf('wang.li', { role: 'operator' }), tokenOf('viewer', { role: 'viewer' })]
  const server = { ...world.config.server, apiToken: plain('shared'), tokens }
  app = await buildWeb(world.budan, { server, version: '0', clock: world.now })
})
afterAll(async () => {
  await app.close()
  await world.close()
})

async function visitor(name: string, locale = 'en') {
  const visit = new Visit(app, { 'accept-language': locale, host: 'budan' })
  await visit.logIn(plain(name))
  const read = async (path: string) => seen(await visit.get(path))
  const close = async (id: string, fields: Record<string, string>) => {
    const path = `/exceptions/${id}`
    const sent = { _csrf: await visit.csrf('/exceptions'), id, ...fields }
    const answer = await visit.post(path, sent, { referer: `http://budan${path}` })
    if (answer.statusCode !== 303) return seen(answer)
    return seen(await visit.get(String(answer.headers.location)))
  }
  return { read, close }
}

function seen({ statusCode, body }: { statusCode: number; body: string }) {
  const text = body
    .replace(/<head>.*?<\/head>/s, '')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ')
  return { status: statusCode, body, text }
}

async function paidTwice(orderNo: string, amount = 700): Promise<string> {
  await world.adopt(orderNo, { amount })
  world.control.pay(orderNo, { callback: false })
  await world.budan.checkOrder(orderNo)
  world.control.answerAs(orderNo, { transaction_id: `42${orderNo}` })
  await world.budan.checkOrder(orderNo)
  const { items } = await world.budan.listExceptions({ orderNo })
  return items[0]?.id ?? ''
}

describe('the pages of exceptions', () => {
  it('list what is open, with count and sum in the menu, what to do, and a link to the order', async () => {
    const id = await paidTwice('LISTED-1')
    const { read } = await visitor('viewer')
    const { status, text, body } = await read('/exceptions')
    expect(status).toBe(200)
    expect(text).toContain('Exceptions 1 · ¥7.00')
    expect(text).toContain('1 open, ¥7.00 at stake.')
    expect(text).toContain('paid twice')
    expect(text).toContain('refund it there')
    expect(body).toContain('href="/orders/LISTED-1"')
    expect(body).toContain(`href="/exceptions/${id}"`)
    expect((await read('/exceptions?kind=review')).text).toContain('There is none.')
    expect((await read('/exceptions?kind=')).text).toContain('paid twice')
    expect((await read('/exceptions?state=closed')).body).not.toContain('LISTED-1')
    expect((await read('/exceptions?kind=nonsense')).status).toBe(400)
    expect((await read('/exceptions/nothing')).status).toBe(404)
    const chinese = await (await visitor('viewer', 'zh')).read('/exceptions')
    expect(chinese.text).toContain('异常单 1 · ¥7.00')
    expect(chinese.text).toContain('重复支付')
    expect(chinese.text).not.toMatch(/paid already|refund it/)
  })

  it('close one with name and reason, for those who may', async () => {
    const id = await paidTwice('CLOSED-1')
    const viewer = await visitor('viewer')
    expect((await viewer.read(`/exceptions/${id}`)).body).not.toContain('name="reason"')
    expect((await viewer.close(id, { reason: 'r' })).status).toBe(403)

    const operator = await visitor('wang.li')
    const page = await operator.read(`/exceptions/${id}`)
    expect(page.body).toContain('name="reason"')
    expect(page.body).not.toContain('name="name"')
    const wrong = await operator.close(id, { reason: ' ' })
    expect([wrong.status, wrong.text]).toEqual([422, expect.stringContaining('Nothing was done')])
    const done = await operator.close(id, { reason: 'refunded, <ticket 42>' })
    expect(done.status).toBe(200)
    expect(done.text).toContain('Done: it is closed.')
    expect(done.text).toContain('wang.li')
    expect(done.body).toContain('refunded, &lt;ticket 42>')
    expect(done.body).not.toContain('name="reason"')
    expect(done.text).toContain('Exceptions 1 · ¥7.00')
    const late = await operator.close(id, { reason: 'again' })
    expect([late.status, late.text]).toEqual([409, expect.stringContaining('closed meanwhile')])
    expect((await world.budan.findException(id))?.closing).toMatchObject({
      ...{ by: 'wang.li', reason: 'refunded, <ticket 42>', address: expect.any(String) },
    })
  })

  it('require a name where the token is shared, and remember it', async () => {
    const [one, other] = [await paidTwice('SHARED-1'), await paidTwice('SHARED-2')]
    const shared = await visitor('shared')
    expect((await shared.close(one, { reason: 'r' })).status).toBe(422)
    expect((await shared.close(one, { reason: 'r', name: 'Li Lei' })).text).toContain('Li Lei')
    expect((await shared.read(`/exceptions/${other}`)).body).toContain('value="Li Lei"')
  })

  it('send a review to its review', async () => {
    await world.adopt('REVIEW-1', { amount: 700 })
    world.control.answerAs('REVIEW-1', { amount: { total: 1 } })
    world.control.pay('REVIEW-1', { callback: false })
    await world.budan.checkOrder('REVIEW-1')
    const [exception] = (await world.budan.listExceptions({ kind: 'review' })).items
    const operator = await visitor('wang.li')
    const page = await operator.read(`/exceptions/${exception?.id}`)
    expect(page.body).toContain('href="/reviews/REVIEW-1"')
    expect(page.body).not.toContain('name="reason"')
    const refused = await operator.close(exception?.id ?? '', { reason: 'r' })
    expect([refused.status, refused.text]).toEqual([409, expect.stringContaining('its review')])
  })

  it('say nothing of numbers while they cannot be read, and show the page all the same', async () => {
    const store = { ...world.store, openExceptions: () => Promise.reject(new Error('away')) }
    const blind = await buildWeb(
      { ...world.budan, store },
      { server: world.config.server, version: '0', clock: world.now },
    )
    const { body, statusCode } = await new Visit(blind, { host: '127.0.0.1' }).get('/exceptions')
    expect(statusCode).toBe(200)
    expect(body).not.toContain('open-count')
    await blind.close()
  })
})
