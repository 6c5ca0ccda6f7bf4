import { describe, expect, test } from 'vitest'
import { published } from '../../src/outbox/published.ts'
import { bodyOf } from '../../src/outbox/webhooks/body.ts'

const event = {
  id: 'evt_0123',
  type: 'order.paid',
  timestamp: new Date('2026-01-31T08:00:00.123Z'),
  gateway: 'wechatpay',
  mchid: '1900000109',
} as const

describe('bodyOf()', () => {
  test.each([
    ['{"order_no":"A-1","amount":1}', 'default'],
    // As PostgreSQL writes it, and with what must not end a text or a name.
    [' {"order_no" : "A-1", "user_id" : "\\"}{", "paid" : {"at" : null}}', '旗舰店 "1"'],
  ])('is the event as the feed has it: %s', (data, name) => {
    const merchants = [{ name, gateway: event.gateway, mchid: event.mchid }]
    const stored = { ...event, data: JSON.parse(data) as Record<string, unknown> }
    const { timestamp, ...rest } = published(stored, merchants)
    expect(JSON.parse(bodyOf({ ...event, data }, name))).toEqual({
      ...{ ...rest, timestamp: timestamp.toISOString() },
    })
  })
})
