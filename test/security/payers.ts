import { expect } from 'vitest'
import type { Attacks } from './site.ts'

/** Of somebody who pays, or says so. */
export const payers: Attacks = {
  P1: async (open) => {
    const site = await open()
    await site.adopt('ORDER-1', { amount: 10_000 })
    site.control.pay('ORDER-1', { callback: false, answered: { amount: { total: 1 } } })
    await site.budan.checkOrder('ORDER-1')
    expect((await site.order('ORDER-1')).status).toBe('review')
    await site.sendCallback(await site.callback('ORDER-1'))
    await site.expectNothingCredited()
  },
  P2: async (open) => {
    const site = await open()
    await site.paid('ORDER-1')
    const callback = await site.callback('ORDER-1')
    const callbacks = Array.from({ length: 8 }, () => site.sendCallback(callback))
    const checks = Array.from({ length: 4 }, () => site.budan.checkOrder('ORDER-1'))
    await Promise.all([...callbacks, ...checks, site.budan.run({ dryRun: false })])
    await site.expectBalances({ u1: 100n })
  },
  P3: async (open) => {
    const site = await open()
    await site.paid('ORDER-1')
    await site.budan.checkOrder('ORDER-1')
    site.control.refund('ORDER-1')
    await site.budan.checkOrder('ORDER-1')
    expect((await site.timeline('ORDER-1')).at(-1)).toMatchObject({
      codedReason: { code: 'refund_started_after_credit' },
    })
    await site.expectBalances({ u1: 100n })
  },
  P4: async (open) => {
    const site = await open()
    await site.paid('ORDER-1')
    site.control.refund('ORDER-1')
    await site.budan.checkOrder('ORDER-1')
    expect((await site.order('ORDER-1')).status).toBe('review')
    await site.expectNothingCredited()
  },
  P5: async (open) => {
    const site = await open()
    const script = '<script>alert(1)</script>'
    await site.adopt('ORDER-1', { userId: script, description: `"><img src=x onerror=alert(1)>` })
    const visit = await site.visit('wang.li')
    for (const path of ['/orders', '/orders/ORDER-1', `/accounts/${encodeURIComponent(script)}`]) {
      const { body, statusCode } = await visit.get(path)
      expect([path, statusCode]).toEqual([path, 200])
      expect(body).not.toMatch(/<script>alert|<img src=x/)
    }
  },
  P6: async (open) => {
    const site = await open()
    for (const userId of ['u1\u200b', ' u1', 'u1\u202e', 'u\u00a0\u00a01']) {
      const payload = { adopt: true, order_no: 'ORDER-1', user_id: userId, amount: 100 }
      const answer = await site.call('/v1/orders', { by: 'backend', method: 'POST', payload })
      expect({ userId, ...answer }).toMatchObject({ userId, status: 400, code: 'request_invalid' })
    }
    await site.expectNothingCredited('u1\u200b', ' u1')
  },
}
