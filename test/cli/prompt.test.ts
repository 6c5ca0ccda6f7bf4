import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { createPrompt } from '../../src/cli/prompt.ts'

function openPerson() {
  const input = new PassThrough()
  let shown = ''
  const screen = {
    columns: 80,
    write: (text: string) => {
      shown += text
    },
  }
  return { input, ask: createPrompt({ input, screen }), shown: () => shown }
}

describe('createAsk()', () => {
  test('resolves with the line typed, which is shown', async () => {
    const { input, ask, shown } = openPerson()
    const answer = ask('name: ')
    input.write('budan\r')
    expect(await answer).toBe('budan')
    expect(shown()).toContain('name: ')
    expect(shown()).toContain('budan')
  })

  test('takes lines pasted at once as the answers to the questions that follow', async () => {
    const { input, ask, shown } = openPerson()
    const first = ask('first: ')
    input.write('one\rtwo\r\rfo')
    expect([await first, await ask('second: '), await ask('third: ')]).toEqual(['one', 'two', ''])
    const fourth = ask('fourth: ')
    input.write('ur\r')
    expect(await fourth).toBe('four')
    expect(shown()).toMatch(/second: two\nthird: \n/)
  })

  test('shows nothing of a hidden answer, pasted with others or not', async () => {
    const { input, ask, shown } = openPerson()
    const first = ask('first: ')
    input.write('one\rpasted-secret\rtyped-')
    expect(await first).toBe('one')
    expect(await ask('key: ', { hidden: true })).toBe('pasted-secret')
    const token = ask('token: ', { hidden: true })
    input.write('secret\r')
    expect(await token).toBe('typed-secret')
    expect(shown()).toMatch(/key: \ntoken: /)
    expect(shown()).not.toMatch(/secret|typed/)
  })

  test.each([
    ['Ctrl+C', '\u0003'],
    ['Ctrl+D', '\u0004'],
  ])('resolves with null on %s, and leaves the line of the question', async (_name, typed) => {
    const { input, ask, shown } = openPerson()
    const answer = ask('name: ')
    input.write(typed)
    expect(await answer).toBeNull()
    expect(shown().endsWith('\n')).toBe(true)
  })
})
