import type { RuleInput } from 'budan-simulator'
import { expect } from 'vitest'
import type { Attacks } from './site.ts'

type Fault = RuleInput['fault']

const success = {
  trade_state: 'SUCCESS',
  transaction_id: 'T1',
  success_time: '2026-01-24T15:00:00+08:00',
}

/** An answer that says SUCCESS of an order that nobody paid, with this fault. */
function lying(fault: Fault): Attacks[string] {
  return async (open) => {
    const site = await open()
    await site.adopt('ORDER-1')
    site.control.answerAs('ORDER-1', { ...success, amount: { total: 100 } })
    site.control.addFault({ operation: 'query', fault })
    const report = await site.budan.checkOrder('ORDER-1')
    expect(report?.order.status).toBe('pending')
    await site.advanceMins(10)
    await site.budan.run({ dryRun: false })
    await site.expectNothingCredited()
    site.control.clearFaults()
    // The same answer, as the gateway itself would sign it, is believed.
    await site.budan.checkOrder('ORDER-1')
    await site.expectBalances({ u1: 100n })
  }
}

/** Of somebody who answers in the gateway's place, or changes its answers on the way. */
export const gateways: Attacks = {
  G1: lying({ kind: 'sign', signed: false }),
  G2: lying({ kind: 'wrong_signature' }),
  G3: lying({ kind: 'unknown_serial' }),
  G4: lying({ kind: 'timestamp', offset_seconds: -400 }),
  G5: lying({ kind: 'changed_body' }),
  G6: async (open) => {
    const site = await open()
    await site.adopt('ORDER-1')
    await site.adopt('ORDER-2', { userId: 'u2' })
    site.control.pay('ORDER-2', { callback: false })
    site.control.addFault({
      ...{ operation: 'query', out_trade_no: 'ORDER-1' },
      fault: { kind: 'other_order', out_trade_no: 'ORDER-2' },
    })
    await site.budan.checkOrder('ORDER-1')
    expect((await site.order('ORDER-1')).status).not.toBe('paid')
    await site.expectNothingCredited('u2')
  },
  G7: async (open) => {
    const site = await open()
    const numbers = Array.from({ length: 8 }, (_, nth) => `ORDER-${nth}`)
    for (const number of numbers) await site.adopt(number)
    await site.advanceMins(6)
    await site.budan.run({ dryRun: false })
    for (const number of numbers) site.control.pay(number, { callback: false })
    const fault = { kind: 'error', status: 404, code: 'ORDER_NOT_EXIST', signed: false } as const
    site.control.addFault({ operation: 'query', fault })
    for (let each = 0; each < 6; each += 1) {
      await site.advanceMins(40)
      await site.budan.run({ dryRun: false })
    }
    for (const number of numbers) expect((await site.order(number)).status).toBe('pending')
    expect(site.events.some(({ type }) => type === 'breaker_opened')).toBe(true)
    await site.expectNothingCredited()
  },
}
