import { describe, expect, it } from 'vitest'
import type { Answer, UnknownCause } from '../../src/domain/trade.ts'
import { RecentAnswers } from '../../src/job/recent-answers.ts'
import { absentAnswer, answerOf, notBegunAnswer } from '../support/samples.ts'

const withinMs = 3_600_000

function useless(cause: UnknownCause): Answer {
  return { kind: 'unknown', cause, message: '', systemic: false, evidence: {} }
}

function observed(...all: readonly Answer[]) {
  const state = { now: 0 }
  const answers = new RecentAnswers(() => new Date(state.now))
  for (const answer of all) answers.observe(answer)
  return { state, answers }
}

describe('RecentAnswers', () => {
  it.each(['unverified', 'timeout', 'network', 'server_error', 'refused'] as const)(
    'three in a row that are %s are a fault, two are none, and the first sound one heals',
    (cause) => {
      const { answers } = observed(useless(cause), useless(cause))
      expect(answers.fault({ withinMs })).toBeNull()
      answers.observe(useless(cause))
      expect(answers.fault({ withinMs })).toMatch(/^3 queries in a row had no valid answer/)
      answers.observe(answerOf('NOTPAY'))
      expect(answers.fault({ withinMs })).toBeNull()
    },
  )

  it('"no such order" neither heals answers that cannot be verified nor is one', () => {
    const bad = useless('unverified')
    const { answers } = observed(bad, absentAnswer, bad, absentAnswer, bad, absentAnswer)
    expect(answers.fault({ withinMs })).toMatch(/cannot be verified/)
    expect(observed(...Array(9).fill(absentAnswer)).answers.fault({ withinMs })).toBeNull()
  })

  it('nothing but "no such order" is in doubt until a trade of ours is received', () => {
    const { answers } = observed(absentAnswer, absentAnswer)
    expect(answers.doubt({ withinMs })).toBeNull()
    answers.observe(absentAnswer)
    expect(answers.doubt({ withinMs })).toMatch(/is the merchant number right/)
    answers.noteCallback()
    expect(answers.doubt({ withinMs })).toBeNull()
  })

  it('that no payer has begun is a sound answer, and never in doubt', () => {
    const { answers } = observed(useless('timeout'), useless('timeout'), useless('timeout'))
    for (const answer of Array(9).fill(notBegunAnswer)) answers.observe(answer)
    expect(answers.fault({ withinMs })).toBeNull()
    expect(answers.doubt({ withinMs })).toBeNull()
  })

  it('a query that was never sent counts for nothing', () => {
    const { answers } = observed(useless('quota'), useless('old_order_limit'), useless('foreign'))
    expect(answers.uselessCount).toBe(0)
  })

  it('says nothing of long ago', () => {
    const { state, answers } = observed(useless('timeout'), useless('timeout'), useless('timeout'))
    state.now += withinMs
    expect(answers.fault({ withinMs })).not.toBeNull()
    state.now += 1
    expect(answers.fault({ withinMs })).toBeNull()
  })
})
