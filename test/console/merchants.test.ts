import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildWeb } from '../../src/web/server.ts'
import { corrupt, newEvent, newOrder } from '../contract/store-fixtures.ts'
import { type Company, openCompany } from '../support/merchants.ts'
import { freshDatabase } from '../support/stores.ts'
import { type Read, type Reader, readerAt } from './desk.ts'

/** The same numbers at both merchants, in each state that has pages of its own. */
const [credited, open, short] = ['EQUAL-PAID', 'EQUAL-OPEN', 'EQUAL-SHORT']
const names = ['shop-a', 'shop-b'] as const

let company: Company
let app: FastifyInstance
let reader: Reader
beforeAll(async () => {
  const { store, database } = await freshDatabase('pglite')
  company = await openCompany(names, { store })
  app = await buildWeb(company.budan, { server: {}, version: '0' })
  reader = readerAt(app, 'en')
  for (const name of names) {
    const { control } = company.member(name).simulator
    for (const orderNo of [credited, open, short]) await company.adopt(name, orderNo)
    control.pay(credited, { callback: false })
    control.pay(short, { callback: false })
    control.refund(short)
  }
  await company.budan.run({ dryRun: false })
  await company.budan.run({ dryRun: true })
  // Of a merchant that is not configured any more.
  const event = newEvent({ kind: 'created', source: 'api', runId: null })
  await store.insertOrder(newOrder({ orderNo: open }), event)
  // For the audit to list orders of both.
  await corrupt({ database }, [`delete from entries where order_no like '${credited}%'`])
  await reader.send('/audit', {}, '/audit')
})
afterAll(async () => {
  await app.close()
  await company.close()
})

const hrefs = ({ html }: Read) => attributes(html, /<a [^>]*?href="([^"]*)"/gs)
const actions = ({ html }: Read) => attributes(html, /<form [^>]*?action="([^"]*)"/gs)
const posts = ({ html }: Read) => attributes(html, / hx-post="([^"]*)"/g)

function attributes(html: string, pattern: RegExp): readonly string[] {
  return [...html.matchAll(pattern)].map(([, value = '']) => value.replaceAll('&amp;', '&'))
}

/** Every page that links lead to, from the overview on. */
async function crawl(): Promise<ReadonlyMap<string, Read>> {
  const pages = new Map<string, Read>()
  const waiting = ['/']
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    const target = path.split('#', 1)[0] ?? ''
    // Not ready, because the job of this service is not started.
    const isPage = target.startsWith('/') && target !== '/readyz'
    if (!isPage || pages.has(target)) continue
    const page = await reader.read(target)
    pages.set(target, page)
    waiting.push(...hrefs(page), ...(page.location === undefined ? [] : [page.location]))
  }
  return pages
}

/** Paths of orders and reviews; not their lists. */
const ofOrder = /^\/(orders|reviews)\/(?!trace$)[^?]+/

describe('the console of several merchants', () => {
  it('names the merchant in each link to an order, and no link leads to an error', async () => {
    const pages = await crawl()
    expect([...pages].filter(([, { status }]) => status >= 400).map(([path]) => path)).toEqual([])
    const nameless: string[] = []
    for (const [path, page] of pages) {
      const targets = [...hrefs(page), ...actions(page), ...posts(page)]
      const ofOrders = targets.filter((target) => ofOrder.test(target))
      const without = ofOrders.filter(
        (target) => !/[?&]merchant=(shop-[ab]|wechatpay%2F\d+)/.test(target),
      )
      nameless.push(...without.map((target) => `${path} → ${target}`))
    }
    expect(nameless).toEqual([])
    for (const name of names) {
      for (const orderNo of [credited, open, short]) {
        expect([...pages.keys()]).toContain(`/orders/${orderNo}?merchant=${name}`)
      }
      expect([...pages.keys()]).toContain(`/reviews/${short}?merchant=${name}`)
    }
  })

  it.each(['/', '/orders', '/reviews', '/audit'])(
    'leads from %s to orders of both',
    async (from) => {
      const page = await reader.read(from)
      const found = hrefs(page).filter((href) => ofOrder.test(href))
      if (from === '/') return expect(found).toEqual([])
      for (const name of names) {
        expect(
          found.some((href) => href.endsWith(`merchant=${name}`)),
          name,
        ).toBe(true)
      }
    },
  )

  it('shows a choice where the number is of several, and the order where it is of one', async () => {
    for (const [path, orderNo] of [
      ['orders', credited],
      ['reviews', short],
    ]) {
      const choice = await reader.read(`/${path}/${orderNo}`)
      expect(choice.status).toBe(200)
      expect(choice.text).toContain(`Order ${orderNo}: of which merchant?`)
      const links = hrefs(choice).filter((href) => ofOrder.test(href))
      expect(links).toEqual(names.map((name) => `/${path}/${orderNo}?merchant=${name}`))
    }
    await company.adopt('shop-b', 'ALONE-0001')
    const alone = await reader.read('/orders/ALONE-0001')
    expect([alone.status, alone.text.includes('of shop-b')]).toEqual([200, true])
    expect(hrefs(alone)).toContain('/orders/ALONE-0001.json?merchant=shop-b')
    expect((await reader.read('/orders?q=ALONE-0001')).location).toBe(
      '/orders/ALONE-0001?merchant=shop-b',
    )
    const both = await reader.read(`/orders?q=${credited}`)
    expect(both.text).toContain('The orders with this number, each of another merchant')
  })

  it('checks the order of the merchant that was named, and says so on its page', async () => {
    await company.adopt('shop-a', 'CHECK-0001')
    await company.adopt('shop-b', 'CHECK-0001')
    company.member('shop-b').simulator.control.pay('CHECK-0001', { callback: false })
    const nameless = await reader.send('/orders/CHECK-0001/check', {}, '/orders')
    expect([nameless.status, nameless.text.includes('nothing was done')]).toEqual([409, true])
    const from = '/orders/CHECK-0001?merchant=shop-b'
    const [action = ''] = actions(await reader.read(from)).filter((path) => ofOrder.test(path))
    const checked = await reader.send(action, {}, from)
    expect(checked.text).toContain('SUCCESS')
    expect(checked.text).toContain('of shop-b')
    const statusAt = async (merchant: string) =>
      (await company.budan.findOrder('CHECK-0001', { merchant }))?.status
    expect([await statusAt('shop-a'), await statusAt('shop-b')]).toEqual(['pending', 'paid'])
  })

  it('resolves the review of the merchant that was named', async () => {
    const path = `/reviews/${short}?merchant=shop-b`
    const preview = await reader.send(path, { step: 'preview' }, path)
    expect(preview.status).toBe(200)
    const [, seen = ''] = /name="seen" value="([^"]*)"/.exec(preview.html) ?? []
    const fields = { step: 'resolve', seen, action: 'dismiss', name: 'Wang', reason: 'refunded' }
    const done = await reader.send(path, fields, path)
    expect(done.text).toContain('Done: the order has left the queue.')
    const dismissedAt = async (merchant: string) =>
      (await company.budan.findOrder(short, { merchant }))?.dismissed ?? null
    expect(await dismissedAt('shop-a')).toBeNull()
    expect(await dismissedAt('shop-b')).not.toBeNull()
  })

  it.each(['/orders', '/orders?status=pending', '/reviews', '/reviews?show=dismissed'])(
    'shows at %s whose each order is, and those of one merchant alone',
    async (list) => {
      const joint = list.includes('?') ? '&' : '?'
      const all = await reader.read(list)
      expect(all.html).toContain('<select name="merchant"')
      for (const [name, other] of [names, names.toReversed()] as const) {
        const own = await reader.read(`${list}${joint}merchant=${name}`)
        const found = hrefs(own).filter((href) => ofOrder.test(href))
        expect(found.some((href) => href.includes(`merchant=${other}`))).toBe(false)
        const ofAll = hrefs(all).filter((href) => ofOrder.test(href))
        expect(found).toEqual(ofAll.filter((href) => href.endsWith(`merchant=${name}`)))
        // The other filters keep it.
        const kept = hrefs(own).filter((href) => href.startsWith(`${list.split('?')[0]}?`))
        expect(kept.every((href) => href.includes(`merchant=${name}`))).toBe(true)
      }
    },
  )

  it('shows the results of a run by merchant, with the counts of that merchant', async () => {
    const { items } = await company.store.listRuns({ limit: 9, cursor: null })
    const run = items.find(({ dryRun }) => !dryRun)
    const page = await reader.read(`/runs/${run?.id}?merchant=shop-b`)
    const found = hrefs(page).filter((href) => ofOrder.test(href))
    expect(found.length).toBeGreaterThan(0)
    expect(found.every((href) => href.endsWith('merchant=shop-b'))).toBe(true)
    expect(page.text).toContain('1 credited')
    const credits = await reader.read(`/runs/${run?.id}?merchant=shop-b&outcome=credited`)
    const [only = '', ...others] = hrefs(credits).filter((href) => ofOrder.test(href))
    expect([only, others]).toEqual([`/orders/${credited}?merchant=shop-b`, []])
  })

  it('refuses a merchant that is not configured', async () => {
    const page = await reader.read(`/orders/${credited}?merchant=nobody`)
    expect([page.status, page.text.includes('"nobody" is none that is configured')]).toEqual([
      ...[422, true],
    ])
  })
})

describe('the overview of several merchants', () => {
  it('has a line for each: those whose queries fail first, and red', async () => {
    const before = await reader.read('/')
    expect(before.text).toContain('2 of 2 merchants are OK.')
    const { control } = company.member('shop-b').simulator
    control.addFault({ operation: 'query', fault: { kind: 'error', status: 401 } })
    await company.adopt('shop-b', 'FAULT-0001')
    await company.budan.run({ dryRun: false })
    const after = await reader.read('/')
    expect(after.text).toContain('1 of 2 merchants are OK.')
    const rows = [...after.html.matchAll(/<a href="\/orders\?merchant=([^"]+)"/g)]
    expect(rows.map(([, name]) => name)).toEqual(['shop-b', 'shop-a'])
    expect(after.text).toMatch(/shop-b ✗ fault runs are held back: 401/)
    expect(after.text).toMatch(/shop-a ✓ OK queries go through/)
    expect(after.text).toContain('Payments: at risk.')
    expect(after.text).toContain(
      'Queries of shop-b get no usable answer; shop-b: runs are held back',
    )
  })

  it('says so in Chinese', async () => {
    const page = await readerAt(app, 'zh').read('/')
    expect(page.text).toContain('2 个商户中，1 个正常。')
    expect(page.text).toContain('商户 shop-b 的查询得不到有效结果')
  })
})
