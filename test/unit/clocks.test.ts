import { describe, expect, it } from 'vitest'
import { type ClockOffset, Clocks, offsetNow } from '../../src/domain/runs/clocks.ts'

function clocksAt(start: number) {
  const state: { now: number; gateway: ClockOffset | null } = { now: start, gateway: null }
  const clock = () => new Date(state.now)
  const events: string[] = []
  const clocks = new Clocks({
    clock,
    gatewayOffset: () => state.gateway,
    emit: ({ type }) => events.push(type),
  })
  return { state, clock, clocks, events }
}

describe('Clocks', () => {
  it('take no delay for a skew: the time may be of any moment since the request', () => {
    const { state, clocks } = clocksAt(1_000_000)
    const requestedAt = new Date(state.now)
    state.now += 600_000
    for (const time of [1_000_000, 1_300_000, 1_600_000, 940_000, 1_660_000]) {
      expect(clocks.agree({ requestedAt, time: new Date(time) })).toBe(true)
    }
    for (const time of [939_999, 1_660_001]) {
      expect(clocks.agree({ requestedAt, time: new Date(time) })).toBe(false)
    }
  })

  it('compare database and gateway with each other, where both agree with this node', () => {
    const { state, clock, clocks } = clocksAt(1_000_000)
    const requestedAt = clock()
    state.gateway = offsetNow(clock, { requestedAt, time: new Date(955_000) })
    expect(clocks.agree({ requestedAt, time: new Date(1_045_000) })).toBe(false)
    expect(clocks.disagreement).toBe("the database's clock is 90 s ahead of the gateway's")
    expect(clocks.agree({ requestedAt, time: new Date(1_010_000) })).toBe(true)
  })

  it("forget the gateway's time once this node's clock has been set", () => {
    const { state, clock, clocks } = clocksAt(1_000_000)
    state.gateway = offsetNow(clock, { requestedAt: clock(), time: new Date(1_180_000) })
    const agree = () => clocks.agree({ requestedAt: clock(), time: new Date(1_180_000) })
    expect(agree()).toBe(false)
    state.now += 180_000
    expect(agree()).toBe(true)
    expect(clocks.skews.map(({ pair }) => pair)).toEqual(['database_node'])
  })

  it('report once that they disagree, and once that they agree again', () => {
    const { clock, clocks, events } = clocksAt(1_000_000)
    const requestedAt = clock()
    for (const time of [1_000_000, 2_000_000, 3_000_000, 1_000_000, 1_000_001]) {
      clocks.agree({ requestedAt, time: new Date(time) })
    }
    expect(events).toEqual(['clocks_disagree', 'clocks_agree'])
  })
})
