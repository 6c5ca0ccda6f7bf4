import { describe, expect, it } from 'vitest'
import { Question } from '../../src/health/timely-answer.ts'

describe('Question', () => {
  it('is put once, however many wait for its answer', async () => {
    let asked = 0
    const question = new Question(async () => ++asked, { patienceMs: 10_000 })
    const answers = await Promise.all([question.answer(), question.answer(), question.answer()])
    expect(answers).toEqual(Array(3).fill({ kind: 'said', value: 1 }))
    expect(await question.answer()).toEqual({ kind: 'said', value: 2 })
  })

  it('that hangs is put no second time while it hangs, and each who waits is let go', async () => {
    let asked = 0
    let end: (answer: string) => void = () => undefined
    const hanging = new Promise<string>((resolve) => {
      end = resolve
    })
    const question = new Question(
      () => {
        asked += 1
        return hanging
      },
      { patienceMs: 1 },
    )
    expect(await question.answer()).toEqual({ kind: 'late' })
    expect(await question.answer()).toEqual({ kind: 'late' })
    expect(asked).toBe(1)
    end('at last')
    expect(await question.answer()).toEqual({ kind: 'said', value: 'at last' })
  })

  it('whose answer fails says so, and can be put again', async () => {
    const error = new Error('away')
    const question = new Question(
      () => {
        throw error
      },
      { patienceMs: 10_000 },
    )
    expect(await question.answer()).toEqual({ kind: 'failed', error })
    expect(await question.answer()).toEqual({ kind: 'failed', error })
  })
})
