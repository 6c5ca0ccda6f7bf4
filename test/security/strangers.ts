import { expect } from 'vitest'
import { Visit } from '../console/visit.ts'
import { type Attacks, anyKey, callbackUrl, signedBy } from './site.ts'

/** Of somebody who reaches the port, and has no token. */
export const strangers: Attacks = {
  S1: async (open) => {
    const site = await open()
    const { paths } = JSON.parse((await site.call('/openapi.json')).body) as {
      paths: Record<string, Record<string, object>>
    }
    const open401 = ['/healthz', '/readyz', '/metrics', '/openapi.json']
    let tried = 0
    for (const [path, methods] of Object.entries(paths)) {
      if (open401.includes(path) || path.startsWith(callbackUrl)) continue
      for (const method of Object.keys(methods)) {
        const url = path.replaceAll(/\{\w+\}/g, 'ORDER-1')
        const request = { method: method.toUpperCase() as 'GET' }
        const payload = method === 'get' ? {} : { payload: {} }
        expect({
          path,
          method,
          ...(await site.call(url, { ...request, ...payload })),
        }).toMatchObject({ path, method, status: 401 })
        tried += 1
      }
    }
    expect(tried).toBeGreaterThan(15)
    for (const page of ['/', '/orders', '/reviews', '/runs', '/audit']) {
      const answer = await new Visit(site.app).get(page)
      expect([page, answer.statusCode]).toEqual([page, 401])
    }
  },
  S2: async (open) => {
    const site = await open()
    const guess = { headers: { authorization: 'Bearer guessed' } }
    for (let each = 0; each < 5; each += 1) {
      expect((await site.call('/v1/orders', guess)).status).toBe(401)
    }
    const from = performance.now()
    expect((await site.call('/v1/orders', guess)).status).toBe(401)
    expect(performance.now() - from).toBeGreaterThan(450)
    expect((await site.call('/v1/orders', { by: 'reader' })).status).toBe(200)
  },
  S3: async (open) => {
    const site = await open()
    await site.paid('ORDER-1')
    const real = await site.callback('ORDER-1')
    const without = Object.entries(real.headers).filter(([name]) => name !== 'wechatpay-signature')
    const unsigned = { ...real, headers: Object.fromEntries(without) }
    expect((await site.sendCallback(unsigned)).status).toBe(401)
    expect((await site.sendCallback(signedBy(anyKey(), real))).status).toBe(401)
    await site.expectNothingCredited()
  },
  S4: async (open) => {
    const site = await open()
    await site.paid('ORDER-1')
    const real = await site.callback('ORDER-1')
    const text = Buffer.from(real.body).toString()
    for (const [from, to] of [
      ['"ciphertext":"', '"ciphertext":"A'],
      ['TRANSACTION.SUCCESS', 'TRANSACTION.SUCCESS '],
      ['}', '} '],
    ] as const) {
      const body = Buffer.from(text.replace(from, to))
      expect((await site.sendCallback({ ...real, body })).status).toBe(401)
    }
    await site.expectNothingCredited()
  },
  S5: async (open) => {
    const site = await open()
    await site.paid('ORDER-1')
    const recorded = await site.callback('ORDER-1')
    for (let each = 0; each < 3; each += 1) {
      expect((await site.sendCallback(recorded)).status).toBe(204)
    }
    await site.advanceMins(6)
    expect((await site.sendCallback(recorded)).status).toBe(401)
    await site.expectBalances({ u1: 100n })
  },
  S6: async (open) => {
    const site = await open()
    await site.paid('ORDER-1')
    const real = await site.callback('ORDER-1')
    const long = Buffer.alloc(5 * 1024 * 1024, 0x20)
    const headers = { 'content-type': 'application/json' }
    expect((await site.sendCallback({ headers, body: long })).status).toBeGreaterThanOrEqual(401)
    expect((await site.sendCallback({ ...real, body: long })).status).toBe(413)
    await site.expectNothingCredited()
  },
  S7: async (open) => {
    const site = await open()
    await site.paid('ORDER-1')
    const visit = await site.visit('wang.li')
    const _csrf = await visit.csrf('/orders')
    const url = '/orders/ORDER-1/check'
    const own = await visit.post(url, { _csrf }, { 'sec-fetch-site': 'cross-site' })
    expect(own.statusCode).toBe(403)
    expect((await visit.post(url, {})).statusCode).toBe(403)
    await site.expectNothingCredited()
    expect((await visit.post(url, { _csrf })).statusCode).toBe(303)
    await site.expectBalances({ u1: 100n })
  },
  S8: async (open) => {
    const site = await open()
    const { headers } = await new Visit(site.app).get('/login')
    const policy = String(headers['content-security-policy'])
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('unsafe-inline')
    expect(headers['x-content-type-options']).toBe('nosniff')
  },
  S9: async (open) => {
    const site = await open()
    for (let each = 0; each < 5; each += 1) {
      const headers = { authorization: 'Bearer wrong', 'x-forwarded-for': `203.0.113.${each}` }
      await site.call('/v1/orders', { headers })
    }
    const addresses = site.events.flatMap((event) =>
      event.type === 'wrong_tokens' ? [event.address] : [],
    )
    expect(addresses).toEqual(['127.0.0.1'])
  },
  S10: async (open) => {
    const site = await open({ server: { apiToken: null, tokens: [] } })
    const foreign = { headers: { host: 'rebound.example' } }
    expect(await site.call('/v1/orders', foreign)).toMatchObject({
      status: 403,
      code: 'host_unknown',
    })
    const page = { headers: { host: 'localhost', origin: 'https://evil.example' } }
    expect(await site.call('/v1/runs', { ...page, method: 'POST', payload: {} })).toMatchObject({
      ...{ status: 403, code: 'other_site' },
    })
  },
  S11: async (open) => {
    const site = await open()
    for (const path of ['../package.json', '%2e%2e/package.json', '..%2fpackage.json', '....//x']) {
      const { status, body } = await site.call(`/assets/${path}`)
      expect([path, status < 400]).toEqual([path, false])
      expect(body).not.toContain('"dependencies"')
    }
  },
  S12: async (open) => {
    const site = await open()
    const visit = await site.visit('wang.li')
    const names = [...visit.cookies.keys()]
    expect((await visit.get('/orders')).statusCode).toBe(200)
    for (const name of names.filter((each) => each.includes('session'))) {
      visit.cookies.set(name, 'A'.repeat(43))
    }
    expect((await visit.get('/orders')).statusCode).toBe(401)
  },
}
