import type { FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Budan } from '../../src/service.ts'
import { StoreError } from '../../src/store/errors.ts'
import { buildWeb } from '../../src/web/server.ts'
import { type Desk, openDesk } from '../review/desk.ts'
import { openWorld, type World } from '../support/world.ts'
import { Visit } from './visit.ts'

/** The pages of reviews on the real thing: a real database, and the gateway's simulator over HTTP. */

const token = 'a token of reviews'
const query = 'query' as const

let world: World
let app: FastifyInstance
beforeAll(async () => {
  world = await openWorld()
  const server = { ...world.config.server, apiToken: token }
  app = await buildWeb(world.budan, { server, version: '0', clock: world.now })
})
afterAll(async () => {
  await app.close()
  await world.close()
})
afterEach(() => world.control.clearFaults())

type Fields = Readonly<Record<string, string>>

/** Somebody who has logged in, with a browser of their own. */
async function operator({ locale = 'en' } = {}) {
  const visit = new Visit(app, { 'accept-language': locale, host: 'budan' })
  await visit.logIn(token)
  const read = async (path: string) => seen(await visit.get(path))
  return {
    visit,
    read,
    /** Sends a form of the order's page, as its own page would. */
    send: async (orderNo: string, fields: Fields) => {
      const path = `/reviews/${orderNo}`
      const sent = { _csrf: await visit.csrf('/reviews'), order_no: orderNo, token, ...fields }
      const answer = await visit.post(path, sent, { referer: `http://budan${path}` })
      if (answer.statusCode !== 303) return seen(answer)
      return seen(await visit.get(String(answer.headers.location)))
    },
  }
}

type Operator = Awaited<ReturnType<typeof operator>>

function seen({ statusCode, body }: { statusCode: number; body: string }) {
  const text = body
    .replace(/<head>.*?<\/head>/s, '')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .replaceAll('&quot;', '"')
  return {
    status: statusCode,
    body,
    text,
    mark: /name="seen" value="([^"]*)"/.exec(body)?.[1] ?? '',
  }
}

const preview = (who: Operator, { orderNo }: Desk) => who.send(orderNo, { step: 'preview' })

const typed = { name: 'Li Lei', reason: 'the payer sent the bill' }

/** Previews, and then does it. */
async function resolve(who: Operator, desk: Desk, changes: Fields) {
  const { mark } = await preview(who, desk)
  return who.send(desk.orderNo, { step: 'resolve', seen: mark, ...typed, ...changes })
}

describe('the queue', () => {
  it.each([
    ['en', /In review since 2026-01-24 15:00:00 Why it was paid, and a refund was started/],
    [
      'zh',
      /进入时间 2026-01-24 15:00:00 原因 曾经支付，已发起退款，支付渠道没有说明退款金额 处理建议 请凭交易单号到商户平台查明退款金额/,
    ],
  ])('explains each order in words, in %s', async (locale, explanation) => {
    const desk = await openDesk(world)
    const { text, body } = await (await operator({ locale })).read('/reviews')
    expect(text).toMatch(explanation)
    expect(body).toContain(`href="/reviews/${desk.orderNo}"`)
  })

  it('is oldest first, and has those that were dismissed behind a tab of their own', async () => {
    const desks = [await openDesk(world), await openDesk(world)]
    const [first, second] = desks.map(({ orderNo }) => orderNo)
    await desks[0]?.resolve('dismiss')
    const li = await operator()
    const waiting = await li.read('/reviews')
    expect(waiting.body).not.toContain(`/reviews/${first}"`)
    expect(waiting.body).toContain(`/reviews/${second}"`)
    const dismissed = await li.read('/reviews?show=dismissed')
    expect(dismissed.body).toContain(`/reviews/${first}"`)
    expect(dismissed.text).toMatch(/Dismissed by Li Dismissed at .* Reason given the payer/)
    expect(dismissed.body).not.toContain(`/reviews/${second}"`)
  })

  it('goes on behind its first page', async () => {
    for (let n = 0; n < 21; n += 1) await openDesk(world)
    const li = await operator()
    const first = await li.read('/reviews')
    const next = /<a href="(\/reviews\?cursor=[^"]+)"/.exec(first.body)?.[1] ?? ''
    expect((await li.read(next)).body).toContain('class="review"')
  })

  it.each(['show=gone', 'cursor=bogus'])('refuses ?%s in words', async (given) => {
    const { status, text } = await (await operator()).read(`/reviews?${given}`)
    expect(status).toBe(400)
    expect(text).toMatch(/show: must be one of dismissed, not "gone"|cursor: must be a next_cursor/)
  })
})

describe('a preview', () => {
  it('shows the order beside the answer, what each action would do, and changes nothing', async () => {
    const desk = await openDesk(world)
    desk.pay()
    const events = (await desk.timeline()).length
    const { status, text, body } = await preview(await operator(), desk)
    expect(status).toBe(200)
    expect(text).toMatch(/State paid \(SUCCESS\) Amount ¥1\.00 ¥1\.00 ✓ same/)
    expect(text).toContain(`credit credits ¥1.00 to user "${desk.orderNo}" for transaction`)
    expect(text).toContain('expire not possible: it was paid')
    expect(text).toContain('Beware: ¥1.00 was paid as ordered')
    expect(body).toMatch(/value="expire"[^>]*disabled/)
    expect(body).not.toContain(world.control.order(desk.orderNo).payments[0]?.openid ?? 'none')
    expect(await desk.timeline()).toHaveLength(events)
  })

  it('marks what differs, and says it in Chinese to a Chinese browser', async () => {
    const desk = await openDesk(world)
    desk.pay()
    desk.answerAs({ amount: { total: 99 } })
    const { text } = await preview(await operator({ locale: 'zh' }), desk)
    expect(text).toMatch(/金额 ¥1\.00 ¥0\.99 ✗ 不一致/)
    expect(text).toContain('不可行：已支付，但与订单不符：支付金额 ¥0.99，订单金额 ¥1.00')
  })

  it.each([
    [{ kind: 'reset' }, /The gateway gave no answer that could be verified: network/],
    [{ kind: 'error', status: 404, code: 'ORDER_NOT_EXIST' }, /The gateway has no such order/],
  ] as const)('says what is missing when the gateway does %j', async (fault, said) => {
    const desk = await openDesk(world)
    world.control.addFault({ operation: query, fault })
    const { text, body } = await preview(await operator(), desk)
    expect(text).toMatch(said)
    expect(body).toMatch(/value="credit"[^>]*disabled/)
    expect(body).not.toMatch(/value="dismiss"[^>]*disabled/)
  })

  it('that leaves nothing to do says so, and has no form', async () => {
    const desk = await openDesk(world)
    desk.pay()
    desk.answerAs({ amount: { total: 99 } })
    await desk.resolve('dismiss')
    const { text, body } = await preview(await operator(), desk)
    expect(text).toContain('This answer allows no action.')
    expect(body).not.toContain('name="reason"')
  })

  it('of an order that has left review says so, and leads to the order', async () => {
    const desk = await openDesk(world)
    await desk.resolve('dismiss')
    desk.pay()
    await desk.resolve('credit')
    const { status, text, body } = await preview(await operator(), desk)
    expect(status).toBe(409)
    expect(text).toContain('This order is paid, and not in review.')
    expect(text).toMatch(/Settled by Li Settled at 2026/)
    expect(body).toContain(`href="/orders/${desk.orderNo}"`)
  })

  it.each(['/reviews/NOBODYS', '/reviews/%00'])('of %s finds nothing', async (path) => {
    expect((await (await operator()).read(path)).status).toBe(404)
  })
})

describe('a resolution', () => {
  it('credits, and shows at once that it did', async () => {
    const desk = await openDesk(world)
    desk.pay()
    const li = await operator()
    const { status, text } = await resolve(li, desk, { action: 'credit' })
    expect(status).toBe(200)
    expect(text).toContain('Done: the order is credited.')
    expect(await desk.balance()).toBe(100n)
    expect((await desk.timeline()).at(-1)).toMatchObject({
      kind: 'resolved',
      operator: 'Li Lei',
      reason: typed.reason,
    })
    expect((await li.read(`/reviews/${desk.orderNo}`)).text).not.toContain('Done:')
  })

  it('expires a trade that it has closed first', async () => {
    const desk = await openDesk(world)
    const { text } = await resolve(await operator(), desk, { action: 'expire' })
    expect(text).toContain('Done: the order is expired.')
    expect(await desk.order()).toMatchObject({ status: 'expired' })
    expect(world.control.order(desk.orderNo).trade_state).toBe('CLOSED')
  })

  it('dismisses, and the page says by whom and why', async () => {
    const desk = await openDesk(world)
    const { text } = await resolve(await operator({ locale: 'zh' }), desk, { action: 'dismiss' })
    expect(text).toContain('处理完成：订单已办结（无需入账）')
    expect(text).toMatch(/办结人 Li Lei 办结时间 .* 办结理由 the payer sent the bill/)
    expect((await desk.order()).dismissed).not.toBeNull()
  })

  it('remembers the name for the next one', async () => {
    const [one, two] = [await openDesk(world), await openDesk(world)]
    const li = await operator()
    await resolve(li, one, { action: 'dismiss', name: '李雷' })
    expect((await preview(li, two)).body).toContain('name="name" type="text" value="李雷"')
  })

  it('that the gateway does not bear out is refused with why, and nothing typed is lost', async () => {
    const desk = await openDesk(world)
    desk.pay()
    const li = await operator()
    const { mark } = await preview(li, desk)
    desk.answerAs({ amount: { total: 99 } })
    const fields = { step: 'resolve', seen: mark, action: 'credit', ...typed }
    const refused = await li.send(desk.orderNo, fields)
    expect(refused.status).toBe(409)
    expect(refused.text).toContain('Nothing was done: paid, but not as ordered: amount ¥0.99')
    expect(refused.text).toContain('Li Lei · the payer sent the bill')
    const kept = { step: 'preview', ...typed }
    expect(refused.body).toContain(`name="reason" value="${typed.reason}"`)
    const again = await li.send(desk.orderNo, kept)
    expect(again.body).toContain(`name="reason" type="text" value="${typed.reason}"`)
    expect(await desk.balance()).toBe(0n)
  })

  it('without an answer does nothing, says so, and keeps what was typed', async () => {
    const desk = await openDesk(world)
    desk.pay()
    const li = await operator()
    const { mark } = await preview(li, desk)
    world.control.addFault({ operation: query, fault: { kind: 'reset' } })
    const fields = { step: 'resolve', seen: mark, action: 'credit', ...typed }
    const { status, text } = await li.send(desk.orderNo, fields)
    expect(status).toBe(502)
    expect(text).toContain('Nothing was done: the gateway gave no answer: network')
    expect(text).toContain(typed.reason)
    expect(await desk.order()).toMatchObject({ status: 'review' })
  })

  it('that comes second shows who was first and when, and may preview again', async () => {
    const desk = await openDesk(world)
    const [li, han] = [await operator(), await operator()]
    const looked = await preview(han, desk)
    await resolve(li, desk, { action: 'dismiss' })
    const fields = { step: 'resolve', seen: looked.mark, action: 'expire', ...typed, name: 'Han' }
    const second = await han.send(desk.orderNo, fields)
    expect(second.status).toBe(409)
    expect(second.text).toContain('Somebody else was first; your action was not applied.')
    expect(second.text).toMatch(/2026-01-24 15:00:00 · “Li Lei” dismissed it: the payer sent/)
    expect(second.text).toContain('Query the gateway')
    const { mark } = await han.send(desk.orderNo, { ...fields, step: 'preview' })
    expect((await han.send(desk.orderNo, { ...fields, seen: mark })).text).toContain('Done:')
  })

  it('that comes after the last resolution shows whose it was', async () => {
    const desk = await openDesk(world)
    desk.pay()
    const [li, han] = [await operator(), await operator({ locale: 'zh' })]
    const looked = await preview(han, desk)
    await resolve(li, desk, { action: 'credit' })
    const fields = { step: 'resolve', seen: looked.mark, action: 'dismiss', ...typed }
    const { status, text, body } = await han.send(desk.orderNo, fields)
    expect(status).toBe(409)
    expect(text).toContain('已有人先行处理，您的操作没有执行。')
    expect(text).toMatch(/“Li Lei”已将其入账：the payer sent the bill/)
    expect(text).toContain('该订单目前已入账，不在待处理之列。')
    expect(body).toContain(`href="/orders/${desk.orderNo}"`)
    expect(await desk.balance()).toBe(100n)
  })

  it('of two at once credits once, and says so to the other', async () => {
    const desk = await openDesk(world)
    desk.pay()
    const both = [await operator(), await operator()]
    const answers = await Promise.all(both.map((who) => resolve(who, desk, { action: 'credit' })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
    expect(await desk.balance()).toBe(100n)
  })

  it.each([
    ['name', '', 'This field is required.'],
    ['name', '  ', 'This field is required.'],
    ['name', '李'.repeat(65), 'At most 64 characters; these are 65.'],
    ['reason', '', 'This field is required.'],
    ['reason', 'x'.repeat(501), 'At most 500 characters; these are 501.'],
    ['reason', 'one\ntwo', 'One line of text, without control characters.'],
    ['action', '', 'Choose an action.'],
    ['action', 'steal', 'Choose an action.'],
  ])(
    'with the %s %j gets a message beside it, and keeps the rest',
    async (name, value, message) => {
      const desk = await openDesk(world)
      const events = (await desk.timeline()).length
      const given = { action: 'dismiss', ...typed }
      const { status, body, text, mark } = await resolve(await operator(), desk, {
        ...given,
        [name]: value,
      })
      expect(status).toBe(422)
      expect(body).toMatch(new RegExp(`<small id="${name}-note"[^>]*>${message}</small>`))
      expect(text).toContain('Nothing was done yet')
      const others = Object.entries(typed).filter(([other]) => other !== name)
      for (const [other, words] of others) {
        expect(body).toContain(`name="${other}" type="text" value="${words}"`)
      }
      if (name !== 'action') expect(body).toMatch(/value="dismiss"[^>]* checked/)
      expect(mark).not.toBe('')
      expect(await desk.timeline()).toHaveLength(events)
    },
  )

  it.each(['', 'garbled', `1.${'0'.repeat(16)}`])(
    'without what was seen (%j) shows how it is now, and does nothing',
    async (mark) => {
      const desk = await openDesk(world)
      const fields = { step: 'resolve', seen: mark, action: 'dismiss', ...typed }
      const { text } = await (await operator()).send(desk.orderNo, fields)
      expect(text).toMatch(/The order has changed since|Somebody else was first/)
      expect((await desk.order()).dismissed).toBeNull()
    },
  )

  it('that was chosen by other facts has to be chosen anew', async () => {
    const desk = await openDesk(world)
    const li = await operator()
    const { mark } = await preview(li, desk)
    desk.pay()
    const fields = { step: 'resolve', seen: mark, action: 'dismiss', ...typed, name: '' }
    const { body, text } = await li.send(desk.orderNo, fields)
    expect(text).toContain('The order has changed since you opened the page.')
    expect(body).toContain(`name="reason" type="text" value="${typed.reason}"`)
    expect(body).not.toMatch(/value="dismiss"[^>]* checked/)
  })

  it('that the database went away from is there again once it is back, and not before', async () => {
    const desk = await openDesk(world)
    const away = { is: true }
    const unlessAway = <T>(request: () => Promise<T>) =>
      away.is ? Promise.reject(new StoreError('it is away')) : request()
    const { budan } = world
    const shaky: Budan = {
      ...budan,
      previewReview: (...given) => unlessAway(() => budan.previewReview(...given)),
      resolveReview: (...given) => unlessAway(() => budan.resolveReview(...given)),
    }
    const server = { ...world.config.server, apiToken: token }
    const shakyApp = await buildWeb(shaky, { server, version: '0', clock: world.now })
    const visit = new Visit(shakyApp, { 'accept-language': 'en', host: 'budan' })
    await visit.logIn(token)
    const { mark } = await preview(await operator(), desk)
    const path = `/reviews/${desk.orderNo}`
    const chosen = { step: 'resolve', order_no: desk.orderNo, seen: mark, action: 'dismiss' }
    const sent = { _csrf: await visit.csrf('/reviews'), ...chosen, ...typed }
    const failed = await visit.post(path, sent, { referer: `http://budan${path}` })
    expect(failed.statusCode).toBe(503)
    expect(failed.body).toContain(`<a href="${path}">Back to the form</a>`)
    expect((await visit.get(path)).statusCode).toBe(503)
    away.is = false
    const { body, text } = seen(await visit.get(path))
    expect(text).toContain('Your input is restored.')
    expect(body).toContain(`name="reason" type="text" value="${typed.reason}"`)
    expect(body).toMatch(/value="dismiss"[^>]* checked/)
    expect(visit.cookies.has('budan_flash')).toBe(false)
    await shakyApp.close()
  })

  it('whose login has ended does nothing, and is there again after the next login', async () => {
    const desk = await openDesk(world)
    const li = await operator()
    const { mark } = await preview(li, desk)
    li.visit.cookies.delete('budan_session')
    const path = `/reviews/${desk.orderNo}`
    const fields = {
      step: 'resolve',
      order_no: desk.orderNo,
      seen: mark,
      action: 'dismiss',
      ...typed,
    }
    const _csrf = await li.visit.csrf()
    const refused = await li.visit.post(
      path,
      { _csrf, ...fields },
      { referer: `http://budan${path}` },
    )
    expect(refused.statusCode).toBe(401)
    const next = /name="next" value="([^"]+)"/.exec(refused.body)?.[1] ?? ''
    expect(next).toBe(path)
    await li.visit.logIn(token, { next })
    const { body, text } = await li.read(next)
    expect(text).toContain('Your input is restored.')
    expect(body).toContain(`name="reason" type="text" value="${typed.reason}"`)
    expect(body).toMatch(/value="dismiss"[^>]* checked/)
    expect((await desk.order()).dismissed).toBeNull()
    const done = await li.send(desk.orderNo, {
      ...fields,
      seen: seen({ statusCode: 200, body }).mark,
    })
    expect(done.text).toContain('Done: the order has left the queue.')
  })
})
