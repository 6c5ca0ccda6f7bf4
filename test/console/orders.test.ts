import { describe, expect, it } from 'vitest'
import type { OrderEvent } from '../../src/domain/order.ts'
import { buildWeb } from '../../src/web/server.ts'
import { merchant, newEvent, place, placePaid } from '../contract/store-fixtures.ts'
import { keyOf } from '../support/order-key.ts'

import { type Desk, type Read, useDesks } from './desk.ts'

/** "I paid and have no credit": the pages of orders at a real budan, with the simulated gateway. */

const openDesk = useDesks()
const orderNo = 'RECH20260124150000AAAAAAAAA1'
const silence = { operation: 'query', fault: { kind: 'reset' } } as const

/** Paid, and the callback is lost. */
async function paidUnheard({ world }: Desk, no = orderNo): Promise<string> {
  await world.adopt(no, { amount: 1200, userId: 'alice' })
  return payUnheard(world.control, no)
}

function payUnheard(control: Desk['world']['control'], no: string): string {
  const { payments } = control.pay(no, { callback: false })
  return payments[0]?.transaction_id ?? ''
}

const check = (desk: Desk, no = orderNo) => desk.send(`/orders/${no}/check`, {}, `/orders/${no}`)

describe('the search for orders', () => {
  it.each([
    ['as it is', (no: string) => no],
    ['with blanks around it', (no: string) => `%20%20${no}%09`],
    [
      'with blanks inside it',
      (no: string) => `${no.slice(0, 4)}+${no.slice(4, 20)}+${no.slice(20)}`,
    ],
    [
      'with digits as wide as Chinese characters',
      (no: string) => no.replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
    ],
  ])('leads from an order number %s to its page', async (_, written) => {
    const desk = await openDesk()
    await desk.world.adopt(orderNo)
    const { status, location } = await desk.read(`/orders?q=${written(orderNo)}`)
    expect([status, location]).toEqual([303, `/orders/${orderNo}`])
    expect((await desk.read(location ?? '')).text).toContain(orderNo)
  })

  it('leads from the transaction id of a credited order to its page', async () => {
    const desk = await openDesk()
    const transactionId = await paidUnheard(desk)
    await desk.world.budan.checkOrder(orderNo)
    expect((await desk.read(`/orders?q=${transactionId}`)).location).toBe(`/orders/${orderNo}`)
  })

  it('lists the orders of a user, by status and page by page', async () => {
    const desk = await openDesk()
    const { store } = desk.world
    for (let count = 0; count < 60; count += 1) await place(store, { userId: 'buyer' })
    const paid = await placePaid(store, { userId: 'buyer' })
    await place(store, { userId: 'somebody else' })
    const first = await desk.read('/orders?q=+buyer')
    // There is one merchant: no page has a word of it.
    expect(first.html).not.toMatch(/[?&]merchant=|name="merchant"|Merchant/)
    const [next = ''] = desk.links(first, /Next page/)
    const second = await desk.read(next)
    const numbers = [first, second].flatMap((page) => desk.links(page, /RECH/))
    expect(new Set(numbers).size).toBe(61)
    expect(desk.links(second, /Next page/)).toEqual([])
    const [onlyPaid = ''] = desk.links(first, /^✓? ?paid$/)
    expect(desk.links(await desk.read(onlyPaid), /RECH/)).toEqual([`/orders/${paid.orderNo}`])
    expect(desk.links(first, /^Account$/)).toEqual(['/accounts/buyer'])
  })

  it('shows all matches where one text means several things', async () => {
    const desk = await openDesk()
    const { store } = desk.world
    const numbered = await place(store)
    const ofUser = await place(store, { userId: numbered.orderNo })
    const page = await desk.read(`/orders?q=${numbered.orderNo}`)
    expect(page.status).toBe(200)
    expect(page.text).toContain('There is more than one match')
    const found = desk.links(page, /RECH20260124150000/)
    expect(found).toContain(`/orders/${numbered.orderNo}`)
    expect(found).toContain(`/orders/${ofUser.orderNo}`)
  })

  it('finds a user id with any characters, exactly as it is in a link', async () => {
    const desk = await openDesk()
    const userId = ' <b>&"\'/?#%张三 '
    const { orderNo } = await place(desk.world.store, { userId })
    const page = await desk.read(`/orders?user_id=${encodeURIComponent(userId)}`)
    expect(desk.links(page, /RECH/)).toEqual([`/orders/${orderNo}`])
    expect(page.html).not.toContain('<b>')
  })

  it('says that nothing was found, what was tried, and what to do next', async () => {
    const desk = await openDesk()
    const page = await desk.read('/orders?q=4200000000202601240000000000')
    expect(page.status).toBe(200)
    expect(page.text).toContain('Nothing found for 4200000000202601240000000000')
    expect(page.text).toContain('Searched as an order number, as the transaction id')
    expect(page.text).toContain('What to do next')
    expect(page.text).toContain('Query WeChat Pay')
    const noNumber = await desk.read('/orders?q=no+such+user!')
    expect(noNumber.text).toContain('Nothing found for no such user!')
    expect(noNumber.text).not.toContain('Query WeChat Pay')
  })

  it.each([
    ['q', 'x'.repeat(65), 'This is too long'],
    ['q', 'a\u0000b', 'characters that cannot be printed'],
    ['status', 'foo', 'There is no status “foo”'],
  ])(
    'says what is wrong with %s beside it, and keeps what was typed: %j',
    async (name, value, message) => {
      const desk = await openDesk()
      const query = new URLSearchParams({ q: 'kept', [name]: value })
      const page = await desk.read(`/orders?${query}`)
      expect(page.status).toBe(422)
      expect(page.text).toContain(message)
      expect(page.html).toContain(`value="${name === 'q' ? value : 'kept'}"`)
    },
  )

  it('refuses a cursor that is none of its own', async () => {
    const desk = await openDesk()
    const page = await desk.read('/orders?cursor=x')
    expect(page.status).toBe(400)
    expect(page.text).toContain('cursor')
    expect(page.text).not.toMatch(/\.ts:\d/)
  })

  it('speaks Chinese', async () => {
    const desk = await openDesk({ locale: 'zh' })
    const page = await desk.read('/orders?q=4200000000202601240000000000')
    expect(page.text).toContain('没有找到 4200000000202601240000000000')
    expect(page.text).toContain('查询微信支付')
  })
})

describe('querying WeChat Pay for the order of a payment', () => {
  const trace = (desk: Desk, transactionId: string) =>
    desk.send('/orders/trace', { transaction_id: transactionId }, `/orders?q=${transactionId}`)

  it('leads to the order, credits nothing, and the check that follows does', async () => {
    const desk = await openDesk()
    const { world } = desk
    const transactionId = await paidUnheard(desk)
    const page = await trace(desk, transactionId)
    expect(page.text).toContain(
      `Payment ${transactionId} belongs to this order according to WeChat Pay (SUCCESS)`,
    )
    expect(page.text).toContain(`Order ${orderNo}`)
    expect(await world.balance('alice')).toBe(0n)
    expect(await world.timeline(orderNo)).toHaveLength(1)
    await check(desk)
    expect(await world.balance('alice')).toBe(1200n)
  })

  it('says what follows for an order in review, which no check settles', async () => {
    const desk = await openDesk()
    const transactionId = await paidUnheard(desk)
    desk.world.control.answerAs(orderNo, { amount: { total: 1 } })
    await check(desk)
    const { text } = await trace(desk, transactionId)
    expect(text).toContain('The order is in review: an operator decides there.')
    expect(text).not.toContain('settles it')
  })

  it('says of a second payment that the order was credited by another', async () => {
    const desk = await openDesk()
    const { control } = desk.world
    await paidUnheard(desk)
    await check(desk)
    const again = control.pay(orderNo, { callback: false, again: true })
    const second = again.payments.at(-1)?.transaction_id ?? ''
    const { text } = await trace(desk, second)
    expect(text).toContain('already credited by another payment: this is a second payment')
  })

  it('names an order that is not here, and says how it gets here', async () => {
    const desk = await openDesk()
    const { control } = desk.world
    control.putOrder({ out_trade_no: 'ELSEWHERE-1', total: 500 })
    const page = await trace(desk, payUnheard(control, 'ELSEWHERE-1'))
    expect(page.text).toContain(
      'belongs to order ELSEWHERE-1 according to WeChat Pay, and budan does not have that order',
    )
    expect(page.text).toContain('adopt it')
  })

  it('says that WeChat Pay knows no such payment', async () => {
    const desk = await openDesk()
    const page = await trace(desk, '4200000000202601240000000000')
    expect(page.text).toContain('WeChat Pay has no such payment for merchant')
  })

  it('says that WeChat Pay gave no answer, and that nothing is known', async () => {
    const desk = await openDesk()
    const transactionId = await paidUnheard(desk)
    desk.world.control.addFault({ operation: 'query_by_id', fault: { kind: 'reset' } })
    const page = await trace(desk, transactionId)
    expect(page.text).toContain('WeChat Pay gave no answer, so the result is unknown: network')
  })

  it('believes no answer about another payment', async () => {
    const desk = await openDesk()
    const transactionId = await paidUnheard(desk)
    const another = { transaction_id: '4200000000202601240000000000' }
    desk.world.control.addFault({
      ...{ operation: 'query_by_id', fault: { kind: 'answer', merge: another } },
    })
    expect((await trace(desk, transactionId)).text).toContain('about another payment')
  })

  it('refuses what is no transaction id beside the field, and sends no query', async () => {
    const desk = await openDesk()
    for (const wrong of ['', 'x', '4200/../1', 'x'.repeat(33)]) {
      const page = await trace(desk, wrong)
      expect([wrong, page.status]).toEqual([wrong, 422])
      expect(page.text).toContain('A transaction id is 8 to 32 digits or letters')
      if (wrong !== '') expect(page.html).toContain(`value="${wrong}"`)
    }
    expect(desk.world.control.requests({ operation: 'query_by_id' })).toEqual([])
  })
})

describe('the page of an order', () => {
  const answerTo = async (desk: Desk, no = orderNo) => (await desk.read(`/orders/${no}`)).text

  it('says when, how late and by whom it was credited', async () => {
    const desk = await openDesk()
    const { world } = desk
    await paidUnheard(desk)
    await world.advanceMins(12)
    await world.budan.run({ dryRun: false })
    const page = await desk.read(`/orders/${orderNo}`)
    expect(page.text).toContain(
      'Credited ¥12.00 to user alice at 2026-01-24 15:12:00, 12 min after the payment, by the compensation job.',
    )
    expect(desk.links(page, /Account of the user/)).toEqual(['/accounts/alice'])
    expect(desk.links(page, /^run 1$/)).toEqual(['/runs/1'])
    expect(page.text).toMatch(/gateway:wechatpay:\d+ -¥12\.00/)
    expect(page.text).toContain('user:alice ¥12.00')
  })

  it('says that a callback credited it', async () => {
    const desk = await openDesk()
    await paidUnheard(desk)
    await desk.world.budan.receiveCallback(await desk.world.callback(orderNo))
    expect(await answerTo(desk)).toContain('by the payment callback.')
  })

  it('shows a refund of a paid order', async () => {
    const desk = await openDesk()
    await paidUnheard(desk)
    await check(desk)
    desk.world.control.refund(orderNo)
    await check(desk)
    expect(await answerTo(desk)).toContain(
      'Since then, at 2026-01-24 15:00:00: paid here; a refund',
    )
  })

  it('says that it was not queried yet, and when the job will query it', async () => {
    const desk = await openDesk()
    await desk.world.adopt(orderNo)
    const text = await answerTo(desk)
    expect(text).toContain('WeChat Pay has not been queried yet')
    expect(text).toContain('The compensation job queries it at about 2026-01-24 15:05:00.')
  })

  it('promises no time where runs are made by hand alone', async () => {
    const desk = await openDesk({ recharge: { compensationEnabled: false } })
    await desk.world.adopt(orderNo)
    const text = await answerTo(desk)
    expect(text).toContain('Runs are started by hand here: the next one queries it.')
    expect(text).not.toContain('queries it at about')
  })

  it('shows what WeChat Pay answered last, and when it is queried again', async () => {
    const desk = await openDesk()
    const { world } = desk
    await world.adopt(orderNo)
    await world.advanceMins(6)
    await world.budan.run({ dryRun: false })
    const text = await answerTo(desk)
    expect(text).toContain('WeChat Pay answered NOTPAY at 2026-01-24 15:06:00: not paid yet.')
    expect(text).toContain('It is queried again at about 2026-01-24 15:11:00.')
    await world.advanceMins(6)
    expect(await answerTo(desk)).toContain('The next run queries it.')
  })

  it('says that it does not know where WeChat Pay gave no answer, and what it knew before', async () => {
    const desk = await openDesk()
    await desk.world.adopt(orderNo)
    await check(desk)
    desk.world.control.addFault(silence)
    await check(desk)
    const text = await answerTo(desk)
    expect(text).toContain('WeChat Pay gave no payment result at 2026-01-24 15:00:00: no answer')
    expect(text).toContain('Whether it was paid is not known yet.')
    expect(text).toContain('WeChat Pay answered NOTPAY at')
  })

  it('says that an order is another merchant’s, and cannot be queried here', async () => {
    const desk = await openDesk()
    const order = await place(desk.world.store)
    const text = await answerTo(desk, order.orderNo)
    expect(text).toContain(`It belongs to wechatpay / ${merchant.mchid} / ${merchant.appid}`)
    expect(text).not.toContain('Check now')
    // A page from before it was known to be another's has the button.
    const checked = await desk.send(`/orders/${order.orderNo}/check`, {}, '/orders')
    expect(checked.text).toContain('It belongs to')
    expect(checked.text).not.toContain('was queried just now')
  })

  it('says that WeChat Pay knows no such order, which is an answer', async () => {
    const desk = await openDesk()
    const { world } = desk
    await world.budan.adoptOrder({
      ...{ orderNo, userId: 'alice', amount: 1200n, description: '' },
      ...{ createdAt: world.now(), expiresAt: new Date(+world.now() + 3_600_000) },
    })
    const { text } = await check(desk)
    expect(text).toContain('Answer no order with this number')
    expect(text).toMatch(/WeChat Pay answered at [-\d: ]+ that it has no order with this number\./)
    expect(text).toContain('search for its transaction id')
    expect(text).not.toContain('no answer that could be verified')
    expect(text).not.toContain('gave no payment result')
  })

  it('says that WeChat Pay did not take an order', async () => {
    const desk = await openDesk()
    const { control, budan } = desk.world
    const fault = { kind: 'error', status: 400, code: 'PARAM_ERROR', message: 'no' } as const
    control.addFault({ operation: 'native', fault })
    const placement = await budan.placeOrder({
      ...{ userId: 'u1', amount: 100n, description: 'x', attach: null, idempotencyKey: 'k' },
    })
    const no = placement.kind === 'refused' ? placement.order.orderNo : ''
    expect(await answerTo(desk, no)).toContain('WeChat Pay did not accept the order at')
  })

  it('says why it is in review, and leads there', async () => {
    const desk = await openDesk()
    await paidUnheard(desk)
    desk.world.control.answerAs(orderNo, { amount: { total: 1 } })
    await check(desk)
    const page = await desk.read(`/orders/${orderNo}`)
    expect(page.text).toMatch(
      /In review since 2026-01-24 15:00:00: paid, but not as ordered: amount .*It is credited only if an operator decides so/,
    )
    expect(desk.links(page, /Go to its review/)).toEqual([`/reviews/${orderNo}`])
  })

  it('names the operator who took it out of the queue, and the one who credited it', async () => {
    const desk = await openDesk()
    const { world } = desk
    await paidUnheard(desk)
    world.control.answerAs(orderNo, { amount: { total: 1 } })
    await check(desk)
    const resolve = async (action: 'dismiss' | 'credit', name: string) => {
      const previewed = await world.budan.previewReview(orderNo)
      const seen = previewed?.kind === 'previewed' ? previewed.preview.seen : ''
      await world.budan.resolveReview(orderNo, { action, name, reason: 'by the bill', seen })
    }
    await resolve('dismiss', 'Wu')
    const dismissed = await answerTo(desk)
    expect(dismissed).toContain('Operator Wu dismissed it at 2026-01-24 15:00:00: by the bill.')
    expect(dismissed).toContain('operator Wu')
    world.control.answerAs(orderNo, null)
    await check(desk)
    await resolve('credit', 'Li')
    expect(await answerTo(desk)).toContain('by operator Li.')
  })

  it('says why it expired, and that late money is credited all the same', async () => {
    const desk = await openDesk()
    const { world } = desk
    await world.adopt(orderNo, { ttlMins: 10 })
    await world.advanceMins(11)
    await check(desk)
    const text = await answerTo(desk)
    expect(text).toContain(
      'Expired at 2026-01-24 15:11:00: its trade is closed. Nothing was credited.',
    )
    expect(text).toContain('a late payment is still credited')
  })

  it('shows every kind of event with its reason, evidence, run, node and operator', async () => {
    const desk = await openDesk()
    const { store } = desk.world
    const { orderNo: no } = await place(store)
    const kinds: Readonly<Record<OrderEvent['kind'], string>> = {
      created: 'created',
      adopted: 'adopted',
      prepaid: 'code to scan given',
      unplaced: 'not accepted by the gateway',
      answered: 'answer',
      closing: 'closing at the gateway',
      corrected: 'facts corrected',
      abandoned: 'given up',
      resolved: 'review resolved',
      dismissed: 'review dismissed',
      second_needed: 'waits for a second person',
      refund_noticed: 'refund notice',
    }
    // Kinds that are stored as answers.
    const storedAs: Partial<Record<OrderEvent['kind'], object>> = {
      ...{ refund_noticed: { refund_key: 'k' }, second_needed: { second_needed: {} } },
    }
    for (const [kind, name] of Object.entries(kinds) as [OrderEvent['kind'], string][]) {
      const seen = `<img src=x onerror=alert(1)> ${kind}`
      await store.appendEvent(
        keyOf(no),
        newEvent({
          ...{ kind, source: 'operator', operator: `Li of ${kind}`, reason: `because of ${name}` },
          ...{ evidence: { seen, ...storedAs[kind] }, node: `at-${kind}` },
          decision: kind === 'refund_noticed' ? null : 'keep',
        }),
      )
    }
    const page = await desk.read(`/orders/${no}`)
    for (const [kind, name] of Object.entries(kinds)) {
      expect(page.text).toContain(`because of ${name}`)
      expect(page.text).toMatch(new RegExp(`${name} operator`))
      expect(page.text).toContain(`operator Li of ${kind} · node at-${kind}`)
      expect(page.text).toContain(`<img src=x onerror=alert(1)> ${kind}`)
    }
    expect(page.html).not.toContain('<img src=x')
  })

  it.each(['newest', 'oldest'])(
    'pages a long timeline, %s first, and loses nothing',
    async (order) => {
      const desk = await openDesk()
      const { store } = desk.world
      const { orderNo: no } = await placePaid(store)
      for (let count = 0; count < 248; count += 1) {
        await store.appendEvent(keyOf(no), newEvent({ reason: `note ${count}.` }))
      }
      const pages: Read[] = []
      let path: string | undefined = `/orders/${no}?order=${order}`
      while (path !== undefined) {
        pages.push(await desk.read(path))
        path = desk.links(pages.at(-1) as Read, /Next page/)[0]
      }
      expect(pages).toHaveLength(3)
      const notes = pages.flatMap(({ html }) => html.match(/(?<=<bdi>)note \d+(?=\.)/g) ?? [])
      const expected = Array.from({ length: 248 }, (_, count) => `note ${count}`)
      expect(notes).toEqual(order === 'oldest' ? expected : expected.reverse())
      // The answer stays at the top of each.
      for (const { text } of pages) expect(text).toContain('Credited ¥12.34 to user u1')
    },
  )

  it('gives the order with all its events as JSON', async () => {
    const desk = await openDesk()
    await paidUnheard(desk)
    await check(desk)
    const { status, html } = await desk.read(`/orders/${orderNo}.json`)
    expect(status).toBe(200)
    const timeline = await desk.world.timeline(orderNo)
    expect(JSON.parse(html)).toMatchObject({
      ...{ order_no: orderNo, status: 'paid', amount: 1200, next_cursor: null },
      events: timeline.map(({ id, kind, evidence }) => ({ id, kind, evidence })),
    })
    const { text } = await desk.read(`/orders/${orderNo}`)
    expect(text).toContain('"credited_by": "check"')
  })

  it('has any order number in its address', async () => {
    const desk = await openDesk()
    const no = 'AB-1_2|x*9-json'
    await desk.world.adopt(no)
    const { location } = await desk.read(`/orders?q=${encodeURIComponent(no)}`)
    const page = await desk.read(location ?? '')
    expect(page.text).toContain(`Order ${no}`)
    const [file = ''] = desk.links(page, /Open as a file/)
    expect(JSON.parse((await desk.read(file)).html)).toMatchObject({ order_no: no })
    const encoded = `/orders/${encodeURIComponent(no)}`
    const checked = await desk.send(`${encoded}/check`, {}, encoded)
    expect(checked.text).toContain('WeChat Pay was queried just now')
  })

  it('is for those who are logged in, and so is its JSON', async () => {
    const { world } = await openDesk()
    await world.adopt(orderNo, { userId: 'a secret' })
    const server = { host: '127.0.0.1', port: 0, apiToken: 'token' }
    const app = await buildWeb(world.budan, { server, version: 'test' })
    for (const path of ['', '.json', '/check']) {
      const method = path === '/check' ? 'POST' : 'GET'
      const answer = await app.inject({ method, url: `/orders/${orderNo}${path}` })
      expect([path, answer.statusCode]).toEqual([path, 401])
      expect(answer.body).not.toContain('a secret')
    }
    await app.close()
  })

  it('says of a number that is none that there is no such order', async () => {
    const desk = await openDesk()
    for (const no of ['RECH00000000000000AAAAAAAAAA', 'x', '%3Cscript%3E', 'a%00b']) {
      for (const path of [`/orders/${no}`, `/orders/${no}.json`]) {
        const page = await desk.read(path)
        expect([path, page.status]).toEqual([path, 404])
        expect(page.html).not.toContain('<script>')
      }
    }
  })

  it('shows what strangers wrote as text', async () => {
    const desk = await openDesk()
    const hostile = '<script>alert(1)</script><img src=x onerror=alert(2)>'
    const order = await place(desk.world.store, {
      ...{ userId: `${hostile}u`, description: `${hostile}d`, attach: `${hostile}a` },
    })
    for (const path of [`/orders/${order.orderNo}`, '/orders']) {
      const { html, text } = await desk.read(path)
      expect(html).not.toContain('<script>alert')
      expect(html).not.toContain('<img')
      expect(text).toContain(`${hostile}u`)
    }
    const { text } = await desk.read(`/orders/${order.orderNo}`)
    expect(text).toContain(`${hostile}d`)
    expect(text).toContain(`${hostile}a`)
  })
})

describe('check now', () => {
  it('credits a paid order whose callback was lost, and shows it at once', async () => {
    const desk = await openDesk()
    await paidUnheard(desk)
    const page = await check(desk)
    expect(page.text).toContain('WeChat Pay was queried just now')
    expect(page.text).toContain('Answer SUCCESS')
    expect(page.text).toContain('Decision credit')
    expect(page.text).toContain('Reason paid, everything as ordered')
    expect(page.text).toContain('Credited ¥12.00 to user alice')
    expect(await desk.world.balance('alice')).toBe(1200n)
    expect((await desk.read(`/orders/${orderNo}`)).text).not.toContain('just now')
  })

  it('says that WeChat Pay gave no answer, and that nothing was changed', async () => {
    const desk = await openDesk()
    await paidUnheard(desk)
    desk.world.control.addFault(silence)
    const page = await check(desk)
    expect(page.text).toContain('Answer no payment result')
    expect(page.text).toContain('whether the order was paid is not known, and nothing was changed')
    expect(page.text).toContain('The compensation job continues to query it.')
    expect(desk.links(page, /the overview shows why/)).toEqual(['/'])
    expect(await desk.world.order(orderNo)).toMatchObject({ status: 'pending' })
  })

  it('announces no further query of an order that the job does not query', async () => {
    const desk = await openDesk()
    await paidUnheard(desk)
    await check(desk)
    desk.world.control.addFault(silence)
    const page = await check(desk)
    expect(page.text).toContain('nothing was changed')
    expect(page.text).not.toContain('continues to query')
  })

  it('says so in Chinese', async () => {
    const desk = await openDesk({ locale: 'zh' })
    await paidUnheard(desk)
    const page = await check(desk)
    expect(page.text).toContain('刚刚查询了微信支付')
    expect(page.text).toMatch(/已于 2026-01-24 15:00:00 为用户 alice 入账 ¥12\.00（由手工查单/)
  })

  it('of an order that is not here is refused, and so is one without the form’s token', async () => {
    const desk = await openDesk()
    await desk.world.adopt(orderNo)
    const absent = await desk.send('/orders/RECH00000000000000AAAAAAAAAA/check', {}, '/orders')
    expect(absent.status).toBe(404)
    const form = `/orders/${orderNo}`
    const forged = await desk.send(`${form}/check`, { _csrf: 'forged' }, form)
    expect(forged.status).toBe(403)
    expect(desk.world.control.requests({ operation: 'query' })).toEqual([])
  })
})
