import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { createPrompt } from '../../src/cli/terminal/prompt.ts'

function openPerson() {
  const input = new PassThrough()
  let shown = ''
  const screen = {
    columns: 80,
    write: (text: string) => {
      shown += text
    },
  }
  return { input, prompt: createPrompt({ input, screen }), shown: () => shown }
}

describe('createPrompt()', () => {
  test('resolves with the line typed, which is shown', async () => {
    const { input, prompt, shown } = openPerson()
    const answer = prompt('name: ')
    input.write('budan\r')
    expect(await answer).toBe('budan')
    expect(shown()).toContain('name: ')
    expect(shown()).toContain('budan')
  })

  test('takes lines pasted at once as the answers to the prompts that follow', async () => {
    const { input, prompt, shown } = openPerson()
    const first = prompt('first: ')
    input.write('one\rtwo\r\rfo')
    expect([await first, await prompt('second: '), await prompt('third: ')]).toEqual([
      'one',
      'two',
      '',
    ])
    const fourth = prompt('fourth: ')
    input.write('ur\r')
    expect(await fourth).toBe('four')
    expect(shown()).toMatch(/second: two\nthird: \n/)
  })

  test('shows nothing of a hidden answer, pasted with others or not', async () => {
    const { input, prompt, shown } = openPerson()
    const first = prompt('first: ')
    input.write('one\rpasted-secret\rtyped-')
    expect(await first).toBe('one')
    expect(await prompt('key: ', { hidden: true })).toBe('pasted-secret')
    const token = prompt('token: ', { hidden: true })
    input.write('secret\r')
    expect(await token).toBe('typed-secret')
    expect(shown()).toMatch(/key: \ntoken: /)
    expect(shown()).not.toMatch(/secret|typed/)
  })

  test.each([
    ['Ctrl+C', '\u0003'],
    ['Ctrl+D', '\u0004'],
  ])('resolves with null on %s, and leaves the line of the prompt', async (_name, typed) => {
    const { input, prompt, shown } = openPerson()
    const answer = prompt('name: ')
    input.write(typed)
    expect(await answer).toBeNull()
    expect(shown().endsWith('\n')).toBe(true)
  })
})
