import type { FastifyInstance, InjectOptions } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildWeb } from '../../src/web/server.ts'
import { Visit } from '../console/visit.ts'
import { bearer, plain, tokenOf } from '../support/tokens.ts'
import { openWorld, type World } from '../support/world.ts'
import { documentedCalls } from '../web/documented.ts'
import { type Desk, openDesk } from './desk.ts'

/** `reviews.four_eyes`: what moves money by hand needs two people, over HTTP and on both databases. */

const tokens = [
  tokenOf('wang.li', { role: 'admin' }),
  tokenOf('chen.yu', { role: 'admin' }),
  tokenOf('zhou', { role: 'admin' }),
]

describe.each(['pglite', 'postgres'] as const)('with reviews.four_eyes, on %s', (kind) => {
  let world: World
  let app: FastifyInstance
  let call: Awaited<ReturnType<typeof documentedCalls>>
  beforeAll(async () => {
    world = await openWorld({ kind, fourEyes: true })
    const server = { ...world.config.server, apiToken: plain('shared'), tokens }
    app = await buildWeb(world.budan, { server, version: '0', clock: world.now })
    call = await documentedCalls(app)
  })
  afterAll(async () => {
    await app.close()
    await world.close()
  })

  const paidDesk = async () => {
    const desk = await openDesk(world)
    desk.pay()
    return desk
  }

  const send = async (by: string, { url, ...request }: InjectOptions & { url: string }) => {
    const answer = await call({ ...request, url, headers: bearer(by) })
    return { ...answer.json(), status: answer.statusCode } as Record<string, unknown> & {
      readonly status: number
      readonly code?: string
      readonly state?: string
    }
  }

  /** Previews, unless `seen` is given, and resolves. */
  const resolve = async (
    by: string,
    { orderNo, preview }: Desk,
    { action = 'credit', seen = '' } = {},
  ) => {
    const payload = {
      ...{ action, reason: `as ${by} sees it`, seen: seen || (await preview()).seen },
      ...(by === 'shared' && { name: 'Li Na' }),
    }
    return send(by, { method: 'POST', url: `/v1/orders/${orderNo}/review`, payload })
  }

  const correct = (by: string, orderNo: string, changes: object) =>
    send(by, {
      method: 'PATCH',
      url: `/v1/orders/${orderNo}`,
      payload: { reason: 'slip', ...changes },
    })

  describe('a credit out of review', () => {
    it('is carried out by the second person, and the timeline has both', async () => {
      const desk = await paidDesk()
      const first = await resolve('wang.li', desk)
      expect([first.status, first.state]).toEqual([202, 'needs_second'])
      expect(await desk.balance()).toBe(0n)
      expect(await desk.order()).toMatchObject({ status: 'review' })
      expect((await desk.timeline()).at(-1)).toMatchObject({
        ...{ kind: 'second_needed', operator: 'wang.li', decision: 'keep', alarm: true },
        actor: { name: 'wang.li', address: '127.0.0.1' },
        reason: 'as wang.li sees it',
        evidence: { second_needed: { action: 'credit', amount: '100', user_id: desk.orderNo } },
      })
      const second = await resolve('chen.yu', desk)
      expect(second.status).toBe(200)
      expect(await desk.balance()).toBe(100n)
      expect((await desk.timeline()).at(-1)).toMatchObject({
        ...{ kind: 'resolved', operator: 'chen.yu', toStatus: 'paid' },
        evidence: { requested_by: 'wang.li' },
      })
    })

    it('is not carried out by the same person, however often', async () => {
      const desk = await paidDesk()
      await resolve('wang.li', desk)
      const events = (await desk.timeline()).length
      for (let again = 0; again < 3; again += 1) {
        const answer = await resolve('wang.li', desk)
        expect([answer.status, answer.code]).toEqual([409, 'second_person_needed'])
      }
      expect(await desk.timeline()).toHaveLength(events)
      expect(await desk.balance()).toBe(0n)
    })

    it('of two at once is carried out by nobody alone', async () => {
      const desk = await paidDesk()
      const { seen } = await desk.preview()
      const people = ['wang.li', 'wang.li', 'chen.yu', 'zhou']
      const answers = await Promise.all(people.map((by) => resolve(by, desk, { seen })))
      expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409])
      expect(await desk.balance()).toBe(0n)
      const requests = (await desk.timeline()).filter((event) => event.kind === 'second_needed')
      expect(requests).toHaveLength(1)
      // Now that there is one, two second people at once credit once.
      const [request] = requests
      const others = ['wang.li', 'chen.yu', 'zhou'].filter((by) => by !== request?.actor?.name)
      const now = await desk.preview()
      await Promise.all(others.map((by) => resolve(by, desk, { seen: now.seen })))
      expect(await desk.balance()).toBe(100n)
    })

    it('begins anew when the order changed in between', async () => {
      const desk = await paidDesk()
      await resolve('wang.li', desk)
      // Dismissed, and back in the queue.
      expect((await resolve('zhou', desk, { action: 'dismiss' })).status).toBe(200)
      const anew = await resolve('chen.yu', desk)
      expect([anew.status, anew.state]).toEqual([202, 'needs_second'])
      expect(await desk.balance()).toBe(0n)
      expect((await resolve('wang.li', desk)).status).toBe(200)
      expect(await desk.balance()).toBe(100n)
    })

    it('begins anew for other facts: another user', async () => {
      const desk = await paidDesk()
      await resolve('wang.li', desk)
      for (const by of ['wang.li', 'zhou']) await correct(by, desk.orderNo, { user_id: 'u-other' })
      expect(await desk.order()).toMatchObject({ userId: 'u-other', status: 'review' })
      expect((await resolve('chen.yu', desk)).status).toBe(202)
      expect(await world.balance('u-other')).toBe(0n)
    })

    it('survives what changes nothing: a check, and a refused action', async () => {
      const desk = await paidDesk()
      await resolve('wang.li', desk)
      await world.budan.checkOrder(desk.orderNo)
      expect((await resolve('zhou', desk, { action: 'expire' })).code).toBe('action_refused')
      expect((await resolve('chen.yu', desk)).status).toBe(200)
    })

    it('is for tokens with a name alone', async () => {
      const desk = await paidDesk()
      for (const order of ['first', 'second']) {
        const answer = await resolve('shared', desk)
        expect([order, answer.status, answer.code]).toEqual([order, 403, 'own_token_needed'])
        await resolve('wang.li', desk)
      }
      expect(await desk.balance()).toBe(0n)
      const { seen } = await desk.preview()
      const request = { action: 'credit', name: 'Li', reason: 'r', seen } as const
      expect(await world.budan.resolveReview(desk.orderNo, request)).toMatchObject({
        kind: 'no_own_name',
      })
      expect(await desk.balance()).toBe(0n)
    })

    it('waits in the console, too, which says so', async () => {
      const desk = await paidDesk()
      const path = `/reviews/${desk.orderNo}`
      const credit = async (by: string) => {
        const visit = new Visit(app)
        await visit.logIn(plain(by))
        const _csrf = await visit.csrf('/reviews')
        const { body } = await visit.post(path, { _csrf, step: 'preview' })
        const [, seen = ''] = /name="seen" value="([^"]*)"/.exec(body) ?? []
        const fields = { step: 'resolve', action: 'credit', reason: 'a bill', seen, name: 'Li Na' }
        const own = by === 'shared' ? fields : { ...fields, name: by }
        const answer = await visit.post(path, { _csrf, ...own, token: plain(by) })
        return { status: answer.statusCode, said: answer.body, page: (await visit.get(path)).body }
      }
      const shared = await credit('shared')
      expect(shared.status).toBe(403)
      expect(shared.said).toContain('this token may be used by several: use one with a name')
      const first = await credit('wang.li')
      expect(first.status).toBe(303)
      expect(first.page).toContain('the credit waits for a second person')
      expect(first.page).toContain('“wang.li” requested the credit: a bill.')
      const again = await credit('wang.li')
      expect(again.status).toBe(409)
      expect(again.said).toContain('the same person has requested this before')
      expect(await desk.balance()).toBe(0n)
      const second = await credit('chen.yu')
      expect(second.page).toContain('Done: the order is credited.')
      expect(await desk.balance()).toBe(100n)
    })
  })

  describe('another resolution', () => {
    it.each(['dismiss', 'expire'])('needs one person: %s', async (action) => {
      const desk = await openDesk(world)
      expect((await resolve('wang.li', desk, { action })).status).toBe(200)
    })
  })

  describe('a correction', () => {
    const counter = { last: 0 }
    const adopted = async () => {
      counter.last += 1
      const orderNo = `SLIP-${kind}-${counter.last}`
      await world.adopt(orderNo)
      return orderNo
    }

    it('is carried out by the second person with the same new values', async () => {
      const orderNo = await adopted()
      const first = await correct('wang.li', orderNo, { user_id: 'u2' })
      expect([first.status, first.state]).toEqual([202, 'needs_second'])
      const same = await correct('wang.li', orderNo, { user_id: 'u2' })
      expect([same.status, same.code]).toEqual([409, 'second_person_needed'])
      const other = await correct('chen.yu', orderNo, { user_id: 'u3' })
      expect(other.status).toBe(202)
      expect(await world.order(orderNo)).toMatchObject({ userId: 'u1' })
      // The newest request counts.
      expect((await correct('wang.li', orderNo, { user_id: 'u3' })).status).toBe(200)
      expect(await world.order(orderNo)).toMatchObject({ userId: 'u3' })
      expect((await world.timeline(orderNo)).at(-1)).toMatchObject({
        ...{ kind: 'corrected', operator: 'wang.li' },
        evidence: { requested_by: 'chen.yu', changes: ['user_id: u1 → u3'] },
      })
    })

    it('waits through the queries of a pending order', async () => {
      const orderNo = await adopted()
      await correct('wang.li', orderNo, { amount: 90 })
      await world.advanceMins(6)
      await world.budan.run({ dryRun: false })
      expect((await correct('chen.yu', orderNo, { amount: 90 })).status).toBe(200)
      expect((await world.order(orderNo)).amount).toBe(90n)
    })

    it('is not carried out by a request that was carried out before', async () => {
      const orderNo = await adopted()
      const [there, back] = [{ user_id: 'u2' }, { user_id: 'u1' }]
      for (const changes of [there, back]) {
        await correct('wang.li', orderNo, changes)
        expect((await correct('chen.yu', orderNo, changes)).status).toBe(200)
      }
      expect((await correct('zhou', orderNo, there)).status).toBe(202)
      expect(await world.order(orderNo)).toMatchObject({ userId: 'u1' })
    })

    it('is for tokens with a name alone, and one that changes nothing needs nobody else', async () => {
      const orderNo = await adopted()
      expect((await correct('shared', orderNo, { user_id: 'u2' })).code).toBe('own_token_needed')
      await correct('wang.li', orderNo, { user_id: 'u2' })
      expect((await correct('shared', orderNo, { user_id: 'u2' })).code).toBe('own_token_needed')
      expect((await correct('shared', orderNo, { user_id: 'u1' })).status).toBe(200)
    })
  })
})
