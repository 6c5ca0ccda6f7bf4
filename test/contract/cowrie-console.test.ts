import { describe, expect, it } from 'vitest'
import type { Locale } from '../../src/i18n/locale.ts'
import { Visit } from '../console/visit.ts'
import { type Shop, useShops } from '../support/cowrie-shop.ts'

/** The console of a shop whose gateway is Cowrie: its pages name Cowrie, and say nothing of WeChat Pay's. */

const openShop = useShops()

const labels = { en: 'Cowrie', zh: '贝壳付' } as const
const others = /wechat ?pay|WeChat|微信/

/** An operator who reads pages and sends their forms. */
function operatorOf({ app }: Shop, locale: Locale) {
  const visit = new Visit(app, { 'accept-language': locale })
  const read = async (path: string) => {
    const { statusCode, body } = await visit.get(path)
    expect(statusCode, path).toBe(200)
    expect(body, path).not.toMatch(others)
    return body
  }
  return {
    read,
    /** Sends a form of the page `from`; the page that it leads to. */
    send: async (path: string, fields: Readonly<Record<string, string>>, from: string) => {
      const _csrf = await visit.csrf(from)
      const sent = await visit.post(
        path,
        { _csrf, ...fields },
        { referer: `http://localhost${from}` },
      )
      expect(sent.body).not.toMatch(others)
      return sent.statusCode === 303 ? read(String(sent.headers.location)) : sent.body
    },
  }
}

/** What the overview sends to a page that is open, until the first update is whole. */
async function liveOverview({ url }: Shop, locale: Locale): Promise<string> {
  const leaving = new AbortController()
  const headers = { 'accept-language': locale }
  const { body } = await fetch(`${url}/live`, { headers, signal: leaving.signal })
  const decoder = new TextDecoder()
  let text = ''
  for await (const part of body ?? []) {
    text += decoder.decode(part, { stream: true })
    if (text.includes('event: tick')) break
  }
  leaving.abort()
  return text
}

describe.each(['en', 'zh'] as const)('the console of another gateway, in %s', (locale) => {
  const label = labels[locale]

  it('names the gateway on every page, and nothing of WeChat Pay', async () => {
    const shop = await openShop('pglite')
    const { orderNo } = await shop.place()
    const credited = await shop.place()
    shop.cowrie.pay(credited.orderNo)
    await shop.runAfter(10)
    const reviewed = await shop.place()
    shop.cowrie.pay(reviewed.orderNo, { amount: '12.35' })
    await shop.cowrie.notify(reviewed.orderNo)
    const { read } = operatorOf(shop, locale)
    const naming = ['/', '/runs']
    naming.push(...[orderNo, credited.orderNo].map((no) => `/orders/${no}`))
    naming.push(`/reviews/${reviewed.orderNo}`)
    for (const path of naming) expect(await read(path), path).toContain(label)
    for (const path of [
      '/orders',
      '/orders?q=CW00000000000000',
      '/reviews',
      '/accounts/u1',
      '/audit',
      '/runs/1',
    ]) {
      await read(path)
    }
  })

  it('keeps the open overview up to date in the same words', async () => {
    const shop = await openShop('pglite')
    const live = await liveOverview(shop, locale)
    expect(live).toContain('event: health')
    expect(live).toContain(label)
    expect(live).not.toMatch(others)
  })

  it('says what is wrong with the gateway by its label', async () => {
    const shop = await openShop('pglite')
    const { orderNo } = await shop.place()
    shop.cowrie.fail(orderNo, 'unsigned')
    for (let count = 0; count < 6; count += 1) await shop.budan.checkOrder(orderNo)
    const said = {
      en: 'Queries to Cowrie get no usable answer',
      zh: '向贝壳付查询，得不到有效结果',
    }
    expect(await operatorOf(shop, locale).read('/')).toContain(said[locale])
  })

  it('offers no query by a number that the gateway answers none about', async () => {
    const shop = await openShop('pglite')
    const { read, send } = operatorOf(shop, locale)
    expect(await read('/orders?q=CW00000000000000')).not.toContain('/orders/trace')
    const fields = { transaction_id: 'CW00000000000000' }
    await send('/orders/trace', fields, '/orders')
    await send('/orders/trace', { transaction_id: '?' }, '/orders')
  })

  it('credits a payment whose callback was lost, by its own form', async () => {
    const shop = await openShop('pglite')
    const { orderNo } = await shop.place()
    shop.cowrie.pay(orderNo)
    const path = `/orders/${orderNo}`
    const { send } = operatorOf(shop, locale)
    expect(await send(`${path}/check`, {}, path)).toContain(label)
    expect(await shop.order(orderNo)).toMatchObject({ status: 'paid', creditedBy: 'check' })
    expect(await shop.balance()).toBe(1234n)
  })

  it('makes a run by its own form', async () => {
    const shop = await openShop('pglite')
    const page = await operatorOf(shop, locale).send('/runs', { kind: 'dry' }, '/runs')
    expect(page).toMatch(/dry run|试运行/)
  })

  it('previews a review and applies the choice of its operator', async () => {
    const shop = await openShop('pglite')
    const { orderNo } = await shop.place()
    shop.cowrie.pay(orderNo, { amount: '12.35' })
    await shop.cowrie.notify(orderNo)
    const path = `/reviews/${orderNo}`
    const { read, send } = operatorOf(shop, locale)
    expect(await read(path)).toContain(label)
    const preview = await send(path, { step: 'preview' }, path)
    const seen = /name="seen" value="([^"]*)"/.exec(preview)?.[1] ?? ''
    const typed = { step: 'resolve', seen, name: 'Li Lei', action: 'dismiss' }
    await send(path, { ...typed, reason: '' }, path)
    expect(await shop.order(orderNo)).toMatchObject({ status: 'review', dismissed: null })
    await send(path, { ...typed, reason: 'paid back' }, path)
    const order = await shop.order(orderNo)
    expect(order).toMatchObject({ status: 'review', dismissed: { at: expect.any(Date) } })
    expect(await shop.balance()).toBe(0n)
  })
})
