import { describe, expect, it } from 'vitest'
import type { Event } from '../../src/domain/event.ts'
import type { Answer } from '../../src/domain/trade.ts'
import type { GatewayFacts } from '../../src/gateway/gateway.ts'
import { wechatFacts } from '../../src/gateway/wechat/facts.ts'
import { Breaker } from '../../src/job/breaker.ts'
import { absentAnswer, answerOf, unknownAnswer } from '../support/samples.ts'

const refused: Answer = {
  ...unknownAnswer,
  kind: 'unknown',
  cause: 'unauthorized',
  message: '401 SIGN_ERROR',
  systemic: true,
} as Answer

function watched(facts: Pick<GatewayFacts, 'causeWords'> = wechatFacts) {
  const events: Event['type'][] = []
  const { causeWords } = facts
  return { events, breaker: new Breaker((event) => events.push(event.type), { causeWords }) }
}

describe('Breaker', () => {
  it('opens once for a systemic failure, with one alarm however many follow', () => {
    const { breaker, events } = watched()
    for (let times = 0; times < 3; times += 1) breaker.observe(refused)
    expect(breaker.reason).toBe(
      '401: the serial number is not that of our private key, or not one of this merchant',
    )
    expect(events).toEqual(['breaker_opened'])
  })

  it('names no key, header or number of WeChat Pay where the gateway is another one', () => {
    const refusals = [
      ...['unauthorized', 'forbidden'].map((cause) => ({ cause })),
      ...['keyless', 'forged', 'unsigned', 'malformed', 'stale', 'clock', 'page'].map((why) => ({
        ...{ cause: 'unverified', why },
      })),
    ]
    for (const refusal of refusals) {
      const { breaker } = watched({})
      breaker.observe({ ...refused, ...refusal } as Answer)
      expect(breaker.reason).toMatch(/^[^:]+ [^:]+$/)
      expect(breaker.reason).not.toMatch(/40[13]|serial|public|certificate|APIv3|header|minutes/)
    }
  })

  it('stays closed for a failure of one query', () => {
    const { breaker, events } = watched()
    for (let times = 0; times < 100; times += 1) breaker.observe(unknownAnswer)
    expect(breaker.reason).toBeNull()
    expect(events).toEqual([])
  })

  it.each([
    ['a trade', answerOf('NOTPAY')],
    ['an absent answer', absentAnswer],
  ])('closes after a refusal by %s: the gateway accepts our queries again', (_name, answer) => {
    const { breaker, events } = watched()
    breaker.observe(refused)
    breaker.observe(unknownAnswer)
    expect(breaker.reason).not.toBeNull()
    breaker.observe(answer)
    expect(breaker.reason).toBeNull()
    expect(events).toEqual(['breaker_opened', 'breaker_closed'])
  })

  it('heals from a run of absent answers by a callback for an order of ours, and from a refusal not', () => {
    const { breaker } = watched()
    breaker.observeAbsent('all')
    breaker.observeCallback()
    expect(breaker.reason).toBeNull()
    breaker.observe(refused)
    breaker.observeCallback()
    expect(breaker.reason).not.toBeNull()
  })

  it('names no order in what anybody may read', () => {
    const { breaker } = watched()
    breaker.observe({ ...refused, message: 'Cannot query order "SECRET-1": HTTP 401' } as Answer)
    expect(breaker.reason).not.toContain('SECRET-1')
  })

  it('heals from a run of absent answers only by a trade', () => {
    const { breaker } = watched()
    breaker.observeAbsent('9 of 10 answers were "no such order"')
    breaker.observe(absentAnswer)
    expect(breaker.reason).toMatch(
      /^9 of 10 .*: the merchant number, or the gateway's address, is not the one/,
    )
    breaker.observe(answerOf('CLOSED'))
    expect(breaker.reason).toBeNull()
  })
})
