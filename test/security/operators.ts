import { expect } from 'vitest'
import { buildWeb } from '../../src/web/server.ts'
import { Visit } from '../console/visit.ts'
import { openDesk } from '../review/desk.ts'
import { bearer, plain } from '../support/tokens.ts'
import { type Attacks, type Site, tokens } from './site.ts'

const reason = 'the payer sent the bill'

/** Of a person who may enter the console. */
export const operators: Attacks = {
  O1: async (open) => {
    const site = await open()
    const { orderNo } = await openDesk(site)
    const answer = await resolve(site, { orderNo, by: 'wang.li', action: 'credit' })
    expect(answer).toMatchObject({ status: 409, code: 'action_refused' })
    await site.expectNothingCredited(orderNo)
  },
  O2: async (open) => {
    const site = await open()
    const desk = await openDesk(site)
    desk.answerAs({ trade_state: 'SUCCESS', transaction_id: 'T1', amount: { total: 1 } })
    const answer = await resolve(site, { orderNo: desk.orderNo, by: 'wang.li', action: 'credit' })
    expect(answer).toMatchObject({ status: 409, code: 'action_refused' })
    await site.expectNothingCredited(desk.orderNo)
  },
  O3: async (open) => {
    const site = await open()
    const desk = await openDesk(site)
    desk.pay()
    const answer = await resolve(site, {
      ...{ orderNo: desk.orderNo, by: 'wang.li', action: 'credit', name: 'chen.yu' },
    })
    expect(answer.status).toBe(400)
    await site.expectNothingCredited(desk.orderNo)
    const own = await resolve(site, { orderNo: desk.orderNo, by: 'wang.li', action: 'credit' })
    expect(own.status).toBe(200)
    expect((await desk.timeline()).at(-1)).toMatchObject({ actor: { name: 'wang.li' } })
  },
  O4: async (open) => {
    const site = await open()
    await site.paid('ORDER-1')
    const visit = await site.visit('viewer')
    const page = await visit.get('/orders/ORDER-1')
    expect(page.body).not.toContain('action="/orders/ORDER-1/check"')
    const _csrf = await visit.csrf('/orders/ORDER-1')
    for (const url of ['/orders/ORDER-1/check', '/runs', '/reviews/ORDER-1']) {
      expect([url, (await visit.post(url, { _csrf })).statusCode]).toEqual([url, 403])
    }
    await site.expectNothingCredited()
  },
  O5: async (open) => {
    const site = await open()
    const desk = await openDesk(site)
    desk.pay()
    const visit = await site.visit('wang.li')
    const _csrf = await visit.csrf('/reviews')
    const url = `/reviews/${desk.orderNo}`
    const preview = (await visit.post(url, { _csrf, step: 'preview' })).body
    const [, seen = ''] = /name="seen" value="([^"]*)"/.exec(preview) ?? []
    const credit = { _csrf, step: 'resolve', seen, reason, action: 'credit' }
    for (const token of ['', 'guessed', plain('chen.yu')]) {
      expect((await visit.post(url, { ...credit, token })).statusCode).not.toBe(303)
    }
    await site.expectNothingCredited(desk.orderNo)
    expect((await visit.post(url, { ...credit, token: plain('wang.li') })).statusCode).toBe(303)
  },
  O6: async (open) => {
    const site = await open()
    const visit = await site.visit('wang.li')
    expect((await visit.get('/orders')).statusCode).toBe(200)
    const left = tokens.filter(({ name }) => name !== 'wang.li')
    const server = { ...site.config.server, apiToken: plain('shared'), tokens: left }
    const node = await buildWeb(site.budan, { server, version: '0', clock: site.now })
    const there = new Visit(node)
    for (const [name, value] of visit.cookies) there.cookies.set(name, value)
    expect((await there.get('/orders')).statusCode).toBe(401)
    const api = await node.inject({ url: '/v1/orders', headers: bearer('wang.li') })
    expect(api.statusCode).toBe(401)
    await node.close()
  },
  O7: async (open) => {
    const site = await open()
    const payload = { adopt: true, order_no: 'ORDER-1', user_id: 'wang', amount: 100 }
    const answer = await site.call('/v1/orders', { by: 'wang.li', method: 'POST', payload })
    expect(answer).toMatchObject({ status: 403, code: 'scope_missing' })
  },
  O8: async (open) => {
    const site = await open({ fourEyes: true })
    const { orderNo, pay } = await openDesk(site)
    pay()
    const credit = (by: string, typed: { name?: string } = {}) =>
      resolve(site, { orderNo, by, action: 'credit', ...typed })
    expect((await credit('wang.li')).status).toBe(202)
    expect(await credit('wang.li')).toMatchObject({ status: 409, code: 'second_person_needed' })
    expect(await credit('shared', { name: 'chen.yu' })).toMatchObject({
      ...{ status: 403, code: 'own_token_needed' },
    })
    await site.expectNothingCredited(orderNo)
    expect((await credit('chen.yu')).status).toBe(200)
    await site.expectBalances({ [orderNo]: 100n })
  },
  O9: async (open) => {
    const site = await open({ fourEyes: true })
    await site.paid('ORDER-1')
    const payload = { user_id: 'chief', reason: 'a slip' }
    const correct = () => site.call('/v1/orders/ORDER-1', { by: 'chief', method: 'PATCH', payload })
    expect((await correct()).status).toBe(202)
    expect(await correct()).toMatchObject({ status: 409, code: 'second_person_needed' })
    await site.budan.checkOrder('ORDER-1')
    await site.expectBalances({ u1: 100n, chief: 0n })
  },
}

interface Resolving {
  readonly orderNo: string
  readonly by: string
  readonly action: 'credit'
  readonly name?: string
}

/** Previews first, as the console does. */
async function resolve(site: Site, { orderNo, by, ...decision }: Resolving) {
  const url = `/v1/orders/${orderNo}/review`
  const post = (payload: object) => site.call(url, { by, method: 'POST', payload })
  const { seen } = JSON.parse((await post({ preview: true })).body) as { seen: string }
  return post({ ...decision, reason, seen })
}
