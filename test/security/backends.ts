import { expect } from 'vitest'
import type { Attacks, Request, Site } from './site.ts'

/** Of a program of the merchant's that has a token, or of somebody who has taken it. */
export const backends: Attacks = {
  B1: async (open) => {
    const site = await open()
    await site.paid('ORDER-1')
    const writes: [string, Request][] = [
      ['/v1/orders', { method: 'POST', payload: { adopt: true, ...adopted('ORDER-2') } }],
      ['/v1/orders/ORDER-1/check', { method: 'POST' }],
      ['/v1/runs', { method: 'POST', payload: {} }],
      ['/v1/orders/ORDER-1', { method: 'PATCH', payload: { user_id: 'thief', reason: 'x' } }],
      ['/v1/orders/ORDER-1/abandon', { method: 'POST', payload: { reason: 'x' } }],
      [
        '/v1/orders/ORDER-1/review',
        { method: 'POST', payload: { preview: true, action: 'credit' } },
      ],
      ['/v1/sessions', {}],
    ]
    for (const [url, request] of writes) {
      const answer = await site.call(url, { ...request, by: 'reader' })
      expect({ url, ...answer }).toMatchObject({ url, status: 403, code: 'scope_missing' })
    }
    await site.expectNothingCredited('thief')
  },
  B2: async (open) => {
    const site = await open()
    expect((await site.call('/v1/orders', { by: 'former' })).status).toBe(401)
  },
  B3: async (open) => {
    const site = await open()
    await site.paid('ORDER-1')
    expect(await adopt(site, adopted('ORDER-1', { user_id: 'thief' }))).toMatchObject({
      ...{ status: 409, code: 'order_conflict' },
    })
    await site.budan.checkOrder('ORDER-1')
    await site.expectBalances({ u1: 100n, thief: 0n })
  },
  B4: async (open) => {
    const site = await open({ recharge: { adoptAttach: 'user={user_id}' } })
    site.control.putOrder({ out_trade_no: 'ORDER-1', total: 100, attach: 'user=u1' })
    site.control.pay('ORDER-1', { callback: false })
    expect((await adopt(site, adopted('ORDER-1', { user_id: 'thief' }))).status).toBe(201)
    await site.budan.checkOrder('ORDER-1')
    expect((await site.order('ORDER-1')).status).toBe('review')
    await site.expectNothingCredited('thief')
  },
  B5: async (open) => {
    const site = await open()
    site.control.putOrder({ out_trade_no: 'ORDER-1', total: 100 })
    site.control.pay('ORDER-1', { callback: false })
    await adopt(site, adopted('ORDER-1', { user_id: 'thief', amount: 100_000 }))
    await site.budan.checkOrder('ORDER-1')
    expect((await site.order('ORDER-1')).status).toBe('review')
    await site.expectNothingCredited('thief')
  },
  B6: async (open) => {
    const site = await open({ recharge: { adoptPrefixes: ['SHOP-'] } })
    expect(await adopt(site, adopted('OTHER-1'))).toMatchObject({
      ...{ status: 403, code: 'prefix_not_allowed' },
    })
  },
  B7: async (open) => {
    const site = await open()
    await site.paid('ORDER-1')
    await site.budan.checkOrder('ORDER-1')
    const payload = { user_id: 'thief', reason: 'a slip' }
    const answer = await site.call('/v1/orders/ORDER-1', { by: 'chief', method: 'PATCH', payload })
    expect(answer).toMatchObject({ status: 409, code: 'credited' })
    await site.expectBalances({ u1: 100n, thief: 0n })
  },
  B8: async (open) => {
    const site = await open()
    await site.paid('ORDER-1')
    const injected = `ORDER-1'; update orders set status = 'paid'; --`
    const path = encodeURIComponent(injected)
    for (const url of [
      `/v1/orders/${path}`,
      `/v1/orders?user_id=${path}`,
      `/v1/orders?cursor=${path}`,
      `/v1/accounts/${path}`,
    ]) {
      expect([url, (await site.call(url, { by: 'backend' })).status < 500]).toEqual([url, true])
    }
    expect((await adopt(site, adopted(injected))).status).toBe(400)
    expect((await site.order('ORDER-1')).status).toBe('pending')
    await site.expectNothingCredited()
  },
  B9: async (open) => {
    const site = await open()
    const place = (payload: object) =>
      site.call('/v1/orders', {
        ...{ by: 'backend', method: 'POST', headers: { 'idempotency-key': 'cart-1' } },
        payload: { user_id: 'u1', amount: 100, description: 'credit', ...payload },
      })
    expect((await place({})).status).toBe(201)
    for (const other of [{ user_id: 'thief' }, { amount: 1 }]) {
      expect(await place(other)).toMatchObject({ status: 409, code: 'idempotency_key_reused' })
    }
  },
}

function adopted(orderNo: string, changes: object = {}) {
  return { order_no: orderNo, user_id: 'u1', amount: 100, ...changes }
}

function adopt(site: Site, facts: object) {
  const payload = { adopt: true, ...facts }
  return site.call('/v1/orders', { by: 'backend', method: 'POST', payload })
}
