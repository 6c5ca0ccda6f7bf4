import { describe, expect, it } from 'vitest'
import { redactError, redactorOf } from '../../src/config/redact.ts'

describe('redactError()', () => {
  const redact = redactorOf(['hunter2'])

  it('gives the same error, with its code, and no secret in message or stack', () => {
    const error = Object.assign(new Error('no entry for hunter2'), { code: '28P01' })
    expect(redactError(error, redact)).toBe(error)
    expect(error).toMatchObject({ message: 'no entry for ***', code: '28P01' })
    expect(error.stack).not.toContain('hunter2')
  })

  it('does so with an error whose message cannot be written', () => {
    const error = new DOMException('no entry for hunter2', 'AbortError')
    expect(redactError(error, redact)).toMatchObject({ message: 'no entry for ***' })
  })
})

describe('redactorOf()', () => {
  const redact = redactorOf(['p@ss"w/rd', 'hunter2', '12', 'hunter2hunter2', 'r2hunter'])

  it.each([
    ['no pg_hba entry for hunter2', 'no pg_hba entry for ***'],
    ['quoted {"x":"p@ss\\"w/rd"}', 'quoted {"x":"***"}'],
    ['in a URL p%40ss%22w%2Frd', 'in a URL ***'],
    ['one in the other: hunter2hunter2', 'one in the other: ***'],
    ['one beside the other: hunter2p@ss"w/rd.', 'one beside the other: ******.'],
    ['of two that overlap, both: xhunter2hunterx', 'of two that overlap, both: x***x'],
    ['nothing at all', 'nothing at all'],
  ])('hides a secret in each form that an error quotes: %s', (text, expected) => {
    expect(redact(text)).toBe(expected)
  })

  it('leaves a secret of 3 characters or fewer: it would blacken every line', () => {
    expect(redactorOf(['12', 'abc'])('12 of abc')).toBe('12 of abc')
  })

  it("hides what is a secret by its looks, also nobody's of this configuration", () => {
    expect(redact("unknown option '--databse=postgres://u:a b@c@h/db'")).toBe(
      "unknown option '--databse=postgres://***@h/db'",
    )
    const quoted = 'no such file: "postgres://h/db?user=u&password=a-b.c&x=1", --api-token=abc'
    expect(redact(quoted)).toBe(
      'no such file: "postgres://h/db?user=u&password=***&x=1", --api-token=***',
    )
    const stack = 'Error: x\n    at file:///a/node_modules/@b/c.js:1:2'
    expect(redact(stack)).toBe(stack)
    const key = '-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----'
    expect(redact(`read ${key} whole`)).toBe('read *** whole')
  })
})
