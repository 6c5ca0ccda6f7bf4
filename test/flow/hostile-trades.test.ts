import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Json } from '../../src/domain/trade.ts'
import { closeStores } from '../support/open-stores.ts'
import { runsOf } from '../support/random.ts'
import type { StoreKind } from '../support/stores.ts'
import { openShop, type Shop } from './hostile-shop.ts'
import {
  bodyOf,
  deciding,
  freeMembers,
  type Post,
  type TradeText,
  type Way,
  ways,
  wrongMembers,
} from './hostile-trade.ts'

/**
 * A credit depends on order number, amount, currency, mchid, app id, state and transaction id, and
 * on nothing else: whatever else the gateway says, in whatever size and letters.
 */
describe.each<StoreKind>(['pglite', 'postgres'])('on %s', (kind) => {
  let shop: Shop
  beforeAll(async () => {
    shop = await openShop(kind)
  })
  afterAll(async () => {
    expect(await shop.store.audit()).toEqual({
      paid_not_credited: 0,
      credited_not_paid: 0,
      credited_twice: 0,
      unbalanced: 0,
      mismatched: 0,
      unexplained: 0,
    })
    await shop.close()
    await closeStores()
  })

  /** The order's evidence, as the API gives it, and what the console's page of the order shows. */
  async function credited(way: Way, members: TradeText, post: Post = {}) {
    const orderNo = await shop.adopt()
    await shop.deliver(orderNo, { way, body: bodyOf(orderNo, members), ...post })
    expect(await shop.order(orderNo)).toMatchObject({
      status: 'paid',
      creditedAt: expect.any(Date),
    })
    expect(await shop.balance(orderNo)).toBe(deciding.amount)
    return { orderNo, ...(await shop.shown(orderNo)) }
  }

  test.each(ways)('a paid order is credited though success_time is year 1 (%s)', async (way) => {
    const text = '0001-01-01T00:00:00+08:00'
    const { orderNo, evidence } = await credited(way, { success_time: JSON.stringify(text) })
    expect(await shop.order(orderNo)).toMatchObject({ paidAt: null })
    expect(evidence).toMatchObject({
      trade: { success_time: text },
      notes: ['success_time not used: no RFC 3339 time of the years 2000 to 2099'],
    })
  })

  test('a paid order is credited though it is paid in three days, by the gateway’s clock', async () => {
    const ahead = new Date(Date.now() + 3 * 86_400_000).toISOString()
    const { orderNo, evidence } = await credited('check', { success_time: JSON.stringify(ahead) })
    expect(await shop.order(orderNo)).toMatchObject({ paidAt: null })
    expect(evidence.notes).toEqual([expect.stringContaining('success_time not used: more than a')])
  })

  test('a time of payment that makes sense is kept, and nothing is noted', async () => {
    const time = { success_time: '"2026-01-24T16:00:00.5+08:00"' }
    const { orderNo, evidence } = await credited('check', time)
    expect(await shop.order(orderNo)).toMatchObject({ paidAt: new Date('2026-01-24T08:00:00.5Z') })
    expect(evidence).not.toHaveProperty('notes')
  })

  test.each(ways)(
    'a paid order is credited though its attach has 300,000 characters (%s)',
    async (way) => {
      const { evidence, page } = await credited(way, { attach: `"${'季'.repeat(300_000)}"` })
      expect(evidence).toMatchObject({
        trade: { attach: '季'.repeat(256) },
        notes: ['attach cut to 256 of 300000 characters'],
      })
      expect(page).toContain('attach 过长：共 300000 个字符，只保留前 256 个')
    },
  )

  test.each(ways)(
    'a paid order is credited though two megabytes of coupons come with it (%s)',
    async (way) => {
      const coupons = JSON.stringify(Array(20_000).fill({ coupon_id: 'x'.repeat(80), amount: 1 }))
      await credited(way, { promotion_detail: coupons })
    },
  )

  test.each<[string, TradeText, Json]>([
    ['attach is an object', { attach: '{"a":1}' }, ['attach dropped: an object']],
    ['attach is a list', { attach: '[[[]]]' }, ['attach dropped: a list']],
    [
      'a number is infinite',
      { bank_type: '1e400', trade_type: '1e400' },
      ['trade_type dropped: no number that is exact'],
    ],
    ['the payer is a text', { payer: '"o6_bm"' }, ['payer dropped: no object']],
    [
      'its description holds NUL',
      { trade_state_desc: '"a\\u0000b"' },
      ['trade_state_desc holds what cannot be stored: it is shown as �'],
    ],
    [
      'its attach holds half a character',
      { attach: '"\\ud83d"' },
      ['attach holds what cannot be stored: it is shown as �'],
    ],
    ['its attach is no UTF-8', { attach: '"\ue000"' }, ['bytes that are not UTF-8 are shown as �']],
    [
      'its attach holds a bare line end',
      { attach: '"a\nb"' },
      ['control characters in texts are shown as blanks'],
    ],
    ['it has a key __proto__', { ['__proto__']: '{"trade_state":"CLOSED"}' }, null],
    ['it is nested 100,000 deep', { scene_info: '['.repeat(100_000) + ']'.repeat(100_000) }, null],
  ])('a paid order is credited though %s', async (_, members, notes) => {
    for (const way of ways) {
      const { evidence } = await credited(way, members)
      expect(evidence.notes ?? null).toEqual(notes)
    }
  })

  test('a paid order is credited though its answer begins with a byte order mark', async () => {
    for (const way of ways) await credited(way, {}, { prefix: '\ufeff' })
  })

  test('a paid order is credited though the headers of its answer are absurd', async () => {
    for (const id of ['x'.repeat(20_000), 'a "b" c', '%00']) {
      await credited('check', {}, { headers: { 'request-id': id } })
    }
  })

  test.each<[string, Record<string, unknown>]>([
    ['has no id, time or summary', { id: undefined, create_time: undefined, summary: undefined }],
    ['has an id that is a list', { id: [['x']] }],
    ['has an id of a megabyte', { id: 'x'.repeat(1_000_000) }],
    ['is of the year 1', { create_time: '0001-01-01T00:00:00Z', summary: { a: '\0\ud800' } }],
    ['has a resource_type of another kind', { resource_type: 7, ['__proto__']: { resource: 1 } }],
  ])('a paid order is credited though its notification %s', async (_, envelope) => {
    await credited('callback', {}, { envelope })
  })

  test.each(ways)(
    'a paid order is credited whatever else is said of its trade (%s)',
    async (way) => {
      await fc.assert(
        fc.asyncProperty(freeMembers, async (members) => {
          const { evidence } = await credited(way, members)
          expect(JSON.stringify(evidence).length).toBeLessThan(16_384)
        }),
        { numRuns: runsOf(30) },
      )
    },
  )

  test.each(ways)(
    'an order is not credited when one thing that decides differs (%s)',
    async (way) => {
      await fc.assert(
        fc.asyncProperty(freeMembers, wrongMembers, async (members, wrong) => {
          const orderNo = await shop.adopt()
          await shop.deliver(orderNo, { way, body: bodyOf(orderNo, { ...members, ...wrong }) })
          expect((await shop.order(orderNo)).status).not.toBe('paid')
          expect(await shop.balance(orderNo)).toBe(0n)
        }),
        { numRuns: runsOf(30) },
      )
    },
  )
})
