import { describe, expect, it } from 'vitest'
import { isCut, TooLate, unansweredAttempt } from '../../src/outbox/webhooks/attempt.ts'

const withCode = (code: string, message = 'failed') => Object.assign(new Error(message), { code })

describe('an attempt without an answer', () => {
  it.each<[unknown, string, string]>([
    [new TooLate('no whole answer in time'), 'timeout', 'no whole answer in time'],
    [withCode('ETIMEDOUT'), 'timeout', 'it takes no connection in time'],
    [withCode('CERT_HAS_EXPIRED'), 'unreachable', 'its certificate has expired (CERT_HAS_EXPIRED)'],
    [withCode('EUNKNOWN'), 'unreachable', 'the connection failed (EUNKNOWN)'],
    [withCode('UND_ERR_SOCKET', 'bad response'), 'unreachable', 'HTTP_100'],
    [Object.assign(new Error('x'), { name: 'HTTPParserError' }), 'unreachable', 'HPE_INVALID'],
    [new Error('no code'), 'unreachable', 'the connection failed'],
    [undefined, 'unreachable', 'the connection failed'],
  ])('says why: %s', (thrown, outcome, words) => {
    const attempt = unansweredAttempt(thrown, 5)
    expect(attempt).toMatchObject({ outcome, status: null, answer: null, durationMs: 5 })
    expect(attempt.error).toContain(words)
  })

  it('never repeats the message of the error, which may hold the address', () => {
    const thrown = withCode('ECONNREFUSED', 'connect to https://x.example/?token=abcdef')
    expect(unansweredAttempt(thrown, 5).error).not.toContain('abcdef')
  })

  it('was cut off where the connection was closed before the answer', () => {
    expect(isCut(withCode('UND_ERR_SOCKET'))).toBe(true)
    expect(isCut(withCode('ECONNREFUSED'))).toBe(false)
    expect(isCut(null)).toBe(false)
  })
})
