import { describe, expect, it } from 'vitest'
import { CommandError, describeFailure, UnconfiguredError } from '../../src/cli/failure.ts'
import { ConfigError } from '../../src/config/fault.ts'
import { MerchantError } from '../../src/desks.ts'
import { ExpectedError } from '../../src/domain/assert.ts'
import { CursorError, GrantError, StoreError } from '../../src/store/errors.ts'

describe('what a command prints when it fails', () => {
  it.each<[string, unknown, readonly string[], number]>([
    ['a wrong value', new ConfigError(['a: is wrong', 'b: is']), ['a: is wrong', 'b: is'], 2],
    [
      'no configuration at all',
      new UnconfiguredError(['wechat.mch_id: not set']),
      ['wechat.mch_id: not set', expect.stringContaining('`budan init`')],
      2,
    ],
    ['a cursor', new CursorError('x'), ['--cursor: is not one that this list gave'], 2],
    [
      'a merchant',
      new MerchantError('merchant_unknown', 'merchant: no "x"'),
      ['--merchant: no "x"'],
      2,
    ],
    [
      'a role',
      new GrantError('budan_app', { what: 'there is no such role' }),
      ['Cannot grant rights to "budan_app": there is no such role'],
      2,
    ],
    ['the work', new CommandError('Nothing was changed'), ['Nothing was changed'], 1],
    ['the store', new StoreError('Cannot read: away'), ['Cannot read: away'], 1],
    ['an attempt', new ExpectedError('Nobody answers'), ['Nobody answers'], 1],
    ['what is no error', 'gone', ['budan failed unexpectedly: gone'], 1],
  ])('%s', (_, error, lines, code) => {
    expect(describeFailure(error)).toEqual({ lines, code })
  })

  it.each([
    new TypeError('Cannot read properties of undefined'),
    // As Node says that a part of the program is missing.
    new Error('Cannot find module "x"'),
  ])('shows the stack of what nobody expected: %s', (error) => {
    const { lines, code } = describeFailure(error)
    expect(code).toBe(1)
    expect(lines[0]).toBe(`budan failed unexpectedly: ${error}`)
    expect(lines.length).toBeGreaterThan(1)
  })

  it('shows the message of what has no stack', () => {
    const bare = Object.assign(new RangeError('too far'), { stack: undefined })
    expect(describeFailure(bare).lines).toEqual(['budan failed unexpectedly: too far'])
  })
})
