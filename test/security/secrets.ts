import { createCipheriv, createHash } from 'node:crypto'
import { expect } from 'vitest'
import { secretsOf } from '../../src/config/redact.ts'
import type { RawCallback } from '../../src/gateway/gateway.ts'
import { faultsOf, openWorkspace } from '../config/workspace.ts'
import { plain } from '../support/tokens.ts'
import { type Attacks, anyKey, type Site, signedBy, tokens } from './site.ts'

/** Of somebody who has a secret of the configuration, or looks for one. */
export const secrets: Attacks = {
  K1: async (open) => {
    const site = await open()
    await site.paid('ORDER-1')
    const forged = encrypted(site, await site.callback('ORDER-1'))
    expect((await site.sendCallback(signedBy(anyKey(), forged))).status).toBe(401)
    expect((await site.sendCallback(signedBy(merchantOf(site).privateKey, forged))).status).toBe(
      401,
    )
    await site.expectNothingCredited()
  },
  K2: async (open) => {
    const site = await open()
    await site.paid('ORDER-1')
    const real = await site.callback('ORDER-1')
    expect((await site.sendCallback(signedBy(merchantOf(site).privateKey, real))).status).toBe(401)
    await site.expectNothingCredited()
  },
  K3: async (open) => {
    const site = await open()
    for (const { sha256 } of tokens) {
      const headers = { authorization: `Bearer ${sha256}` }
      expect((await site.call('/v1/orders', { headers })).status).toBe(401)
    }
  },
  K4: async (open) => {
    const site = await open()
    const visit = await site.visit('wang.li')
    const [name = '', key = ''] =
      [...visit.cookies].find(([cookie]) => cookie.includes('session')) ?? []
    expect((await visit.get('/orders')).statusCode).toBe(200)
    for (const form of ['hex', 'base64url'] as const) {
      visit.cookies.set(name, createHash('sha256').update(key).digest(form))
      expect((await visit.get('/orders')).statusCode).toBe(401)
    }
  },
  K5: async () => {
    const space = openWorkspace()
    const start = (token: string | null) =>
      faultsOf(() =>
        space.load(space.yaml({ server: { host: '0.0.0.0', api_token: token } }), {
          need: 'serve',
        }),
      )
    for (const weak of [null, 'short', 'change-me-to-a-long-random-one', 'ab'.repeat(20)]) {
      expect([weak, start(weak).length]).toEqual([weak, 1])
    }
    expect(start('kPq3zR8vXw1mT6nB9cD4fG7hJ2sL5yA0')).toEqual([])
    space.remove()
  },
  K6: async (open) => {
    const site = await open()
    await site.paid('ORDER-1')
    site.control.addFault({ operation: 'query', fault: { kind: 'wrong_signature' }, times: 1 })
    await site.budan.checkOrder('ORDER-1')
    await site.budan.checkOrder('ORDER-1')
    const visit = await site.visit('chief')
    const pages = ['/', '/orders', '/orders/ORDER-1', '/runs', '/audit', '/sessions', '/nowhere']
    const answers = ['/v1/orders', '/v1/orders/ORDER-1', '/v1/nowhere', '/v1/sessions', '/metrics']
    const shown = [JSON.stringify(site.events, shownValue)]
    for (const path of pages) shown.push((await visit.get(path)).body)
    for (const path of answers) shown.push((await site.call(path, { by: 'chief' })).body)
    const hidden = [...secretsOf(site.config), ...tokens.map(({ name }) => plain(name))]
    expect(hidden.length).toBeGreaterThan(20)
    for (const text of shown) {
      expect(text.length).toBeGreaterThan(10)
      expect(hidden.filter((secret) => text.includes(secret))).toEqual([])
    }
  },
}

function shownValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  return value instanceof Error ? `${value.message} ${value.stack}` : value
}

function merchantOf({ config }: Site) {
  const [merchant] = config.merchants
  if (merchant === undefined) throw new Error('No merchant')
  return merchant
}

/** A payment of the attacker's own making, encrypted as the gateway encrypts. */
function encrypted(site: Site, { headers, body }: RawCallback): RawCallback {
  const { apiV3Key, mchId, appId } = merchantOf(site)
  const nonce = '0123456789ab'
  const cipher = createCipheriv('aes-256-gcm', apiV3Key, nonce)
  cipher.setAAD(Buffer.from('transaction'))
  const trade = {
    ...{ mchid: mchId, appid: appId, out_trade_no: 'ORDER-1', transaction_id: 'T1' },
    ...{ trade_state: 'SUCCESS', success_time: '2026-01-24T15:00:00+08:00' },
    amount: { total: 100, currency: 'CNY' },
  }
  const sealed = Buffer.concat([
    cipher.update(JSON.stringify(trade)),
    cipher.final(),
    cipher.getAuthTag(),
  ])
  const notice = JSON.parse(Buffer.from(body).toString())
  const resource = { ...notice.resource, ciphertext: sealed.toString('base64'), nonce }
  return { headers, body: Buffer.from(JSON.stringify({ ...notice, resource })) }
}
