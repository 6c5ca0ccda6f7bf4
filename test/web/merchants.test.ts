import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildWeb } from '../../src/web/server.ts'
import { type Company, openCompany } from '../support/merchants.ts'
import { freshStore } from '../support/stores.ts'

let company: Company
let app: FastifyInstance
beforeAll(async () => {
  company = await openCompany(['shop-a', 'shop-b'], { store: await freshStore('pglite') })
  app = await buildWeb(company.budan, { server: {}, version: '0' })
})
afterAll(async () => {
  await app.close()
  await company.close()
})

const post = (url: string, payload: object, headers = {}) =>
  app.inject({ method: 'POST', url, payload, headers })
const adopting = (merchant: string | undefined, orderNo: string) => ({
  ...{ adopt: true, order_no: orderNo, user_id: 'u1', amount: 100 },
  ...(merchant !== undefined && { merchant }),
})

describe('the API of several merchants', () => {
  it('wants the merchant of an order that is placed or adopted, and answers with it', async () => {
    const missing = await post('/v1/orders', adopting(undefined, 'ORDER-1'))
    expect([missing.statusCode, missing.json().code]).toEqual([400, 'merchant_required'])
    const unknown = await post('/v1/orders', adopting('shop-c', 'ORDER-1'))
    expect([unknown.statusCode, unknown.json().code]).toEqual([422, 'merchant_unknown'])
    for (const merchant of ['shop-a', 'shop-b']) {
      const answer = await post('/v1/orders', adopting(merchant, 'ORDER-1'))
      expect(answer.statusCode).toBe(201)
      expect(answer.json()).toMatchObject({
        ...{ order_no: 'ORDER-1', merchant },
        mchid: company.member(merchant).merchant.mchid,
      })
    }
    const placing = { user_id: 'u1', amount: 100, description: 'credit' }
    const key = { 'idempotency-key': 'k1' }
    expect((await post('/v1/orders', placing, key)).json().code).toBe('merchant_required')
    const placed = await post('/v1/orders', { ...placing, merchant: 'shop-b' }, key)
    expect(placed.json()).toMatchObject({ merchant: 'shop-b', status: 'pending' })
  })

  it('gives each order of a batch its own outcome', async () => {
    const orders = [
      adopting('shop-a', 'BATCH-1'),
      adopting('nobody', 'BATCH-2'),
      adopting(undefined, 'BATCH-3'),
      adopting('shop-b', 'BATCH-1'),
    ].map(({ adopt: _, ...order }) => order)
    const { results } = (await post('/v1/orders/batch', { orders })).json()
    expect(
      results.map((each: { code?: string; status: string }) => each.code ?? each.status),
    ).toEqual(['pending', 'merchant_unknown', 'merchant_required', 'pending'])
  })

  it('wants the merchant where several have the number, on every route with one', async () => {
    for (const merchant of ['shop-a', 'shop-b']) {
      await post('/v1/orders', adopting(merchant, 'EQUAL-1'))
    }
    const correction = { user_id: 'u2', reason: 'typed wrong' }
    const routes = [
      ['GET', '', undefined],
      ['GET', '/events', undefined],
      ['POST', '/check', undefined],
      ['POST', '/review', { preview: true }],
      ['POST', '/abandon', { reason: 'nobody' }],
      ['PATCH', '', correction],
    ] as const
    for (const [method, path, payload] of routes) {
      const url = `/v1/orders/EQUAL-1${path}`
      const call = (query: string) =>
        app.inject({ method, url: url + query, ...(payload && { payload }) })
      const without = await call('')
      expect([url, without.statusCode, without.json().code]).toEqual([
        ...[url, 409, 'merchant_required'],
      ])
      const stranger = await call('?merchant=nobody')
      expect([url, stranger.statusCode, stranger.json().code]).toEqual([
        ...[url, 422, 'merchant_unknown'],
      ])
      const named = await call('?merchant=shop-b')
      expect([url, named.json().code]).not.toEqual([url, 'merchant_required'])
      expect(named.statusCode).not.toBe(500)
    }
    const corrected = await app.inject('/v1/orders/EQUAL-1?merchant=shop-b')
    expect(corrected.json().user_id).toBe('u2')
    const other = await app.inject('/v1/orders/EQUAL-1?merchant=shop-a')
    expect(other.json().user_id).toBe('u1')
  })

  it('takes a callback at its merchant’s path alone', async () => {
    await company.adopt('shop-b', 'CALLED-1')
    company.member('shop-b').simulator.control.pay('CALLED-1', { callback: false })
    const { headers, body } = await company.callback('shop-b', 'CALLED-1')
    const callAt = (path: string) =>
      app.inject({
        method: 'POST',
        url: `/v1/callbacks/wechatpay${path}`,
        headers: headers as Record<string, string>,
        payload: Buffer.from(body),
      })
    const statuses = []
    for (const path of ['', '/nobody', '/shop-a']) statuses.push((await callAt(path)).statusCode)
    expect(statuses.slice(0, 2)).toEqual([404, 404])
    expect(statuses[2]).toBe(401)
    expect((await app.inject('/v1/orders/CALLED-1')).json().status).toBe('pending')
    const rejected = company.events.filter(({ type }) => type === 'callback_rejected')
    expect(rejected).toHaveLength(3)
    expect((await callAt('/shop-b')).statusCode).toBe(204)
    expect((await callAt('//shop-b/')).statusCode).toBe(204)
    expect((await app.inject('/v1/orders/CALLED-1')).json().status).toBe('paid')
  })

  it('says of each merchant how it is, in readiness', async () => {
    const { checks } = (await app.inject('/readyz')).json()
    const named = (checks as { name: string; merchant?: string }[]).filter(
      ({ merchant }) => merchant,
    )
    const names = company.members.map(({ name }) => name)
    for (const check of ['clocks', 'gateway']) {
      const own = named.filter(({ name }) => name === check)
      expect(own.map(({ merchant }) => merchant)).toEqual(names)
    }
    expect(named).toHaveLength(2 * names.length)
  })

  it('says whose each result of a run is, and each entry of an account', async () => {
    for (const merchant of ['shop-a', 'shop-b']) {
      await company.adopt(merchant, 'RUN-0001')
      company.member(merchant).simulator.control.pay('RUN-0001', { callback: false })
    }
    const made = (await post('/v1/runs', {})).json()
    const stored = (await app.inject(`/v1/runs/${made.id}`)).json()
    for (const { results } of [made, stored]) {
      const ofNumber = results.filter((each: { order_no: string }) => each.order_no === 'RUN-0001')
      const whose = ofNumber.map((each: { merchant: string }) => each.merchant)
      expect(whose.toSorted()).toEqual(['shop-a', 'shop-b'])
    }
    for (const merchant of ['shop-a', 'shop-b']) {
      const url = `/v1/accounts/${encodeURIComponent(`of ${merchant}`)}/entries`
      const { entries } = (await app.inject(url)).json()
      expect(entries.at(-1)).toMatchObject({ order_no: 'RUN-0001', merchant })
    }
  })

  it('lists the orders and reviews of one merchant, and refuses a name that is none', async () => {
    for (const merchant of ['shop-a', 'shop-b'])
      await post('/v1/orders', adopting(merchant, 'LIST-1'))
    const { orders } = (await app.inject('/v1/orders?merchant=shop-b')).json()
    expect(orders.length).toBeGreaterThan(0)
    const whose = orders.map(({ merchant }: { merchant: string }) => merchant)
    expect(new Set(whose)).toEqual(new Set(['shop-b']))
    expect((await app.inject('/v1/reviews?merchant=shop-b')).json().reviews).toEqual([])
    for (const list of ['orders', 'reviews']) {
      const unknown = await app.inject(`/v1/${list}?merchant=nobody`)
      expect([unknown.statusCode, unknown.json()]).toEqual([
        422,
        { code: 'merchant_unknown', message: 'merchant: "nobody" is none that is configured' },
      ])
    }
  })
})
