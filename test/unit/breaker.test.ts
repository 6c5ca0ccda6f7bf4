import { describe, expect, it } from 'vitest'
import { Breaker } from '../../src/breaker.ts'
import type { Event } from '../../src/event.ts'
import type { Answer } from '../../src/trade.ts'
import { absentAnswer, answerOf, unknownAnswer } from '../support/samples.ts'

const refused: Answer = {
  ...unknownAnswer,
  kind: 'unknown',
  cause: 'unauthorized',
  message: '401 SIGN_ERROR',
  systemic: true,
} as Answer

function watched() {
  const events: Event['type'][] = []
  return { events, breaker: new Breaker((event) => events.push(event.type)) }
}

describe('Breaker', () => {
  it('opens once for a systemic failure, with one alarm however many follow', () => {
    const { breaker, events } = watched()
    for (let times = 0; times < 3; times += 1) breaker.observe(refused)
    expect(breaker.reason).toBe('unauthorized: 401 SIGN_ERROR')
    expect(events).toEqual(['breaker_opened'])
  })

  it('stays closed for a failure of one question', () => {
    const { breaker, events } = watched()
    for (let times = 0; times < 100; times += 1) breaker.observe(unknownAnswer)
    expect(breaker.reason).toBeNull()
    expect(events).toEqual([])
  })

  it.each([
    ['a trade', answerOf('NOTPAY')],
    ['an absent answer', absentAnswer],
  ])('heals from a refusal by %s: we may ask again', (_name, answer) => {
    const { breaker, events } = watched()
    breaker.observe(refused)
    breaker.observe(unknownAnswer)
    expect(breaker.reason).not.toBeNull()
    breaker.observe(answer)
    expect(breaker.reason).toBeNull()
    expect(events).toEqual(['breaker_opened', 'breaker_closed'])
  })

  it('heals from a run of absent answers only by a trade', () => {
    const { breaker } = watched()
    breaker.observeMostlyAbsent('9 of 10')
    breaker.observe(absentAnswer)
    expect(breaker.reason).toBe('9 of 10')
    breaker.observe(answerOf('CLOSED'))
    expect(breaker.reason).toBeNull()
  })
})
