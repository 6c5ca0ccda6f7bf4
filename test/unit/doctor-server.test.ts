import { describe, expect, it } from 'vitest'
import { examineToken, examineTokens } from '../../src/cli/doctor/server.ts'
import type { ServerConfig } from '../../src/config/config.ts'

type Token = NonNullable<ServerConfig['tokens']>[number]

const now = new Date('2026-01-24T07:00:00Z')
const tokenOf = (name: string, expiresAt: Date | null = null) =>
  ({ name, expiresAt }) as unknown as Token
const serverWith = (changes: Partial<ServerConfig>): ServerConfig => ({
  ...{ host: '127.0.0.1', port: 8080, apiToken: null },
  ...changes,
})

describe('what doctor says of tokens', () => {
  it('names those that there are, and warns of those that have expired', () => {
    const tomorrow = new Date(+now + 86_400_000)
    expect(examineTokens(serverWith({}), now)).toEqual([])
    const tokens = [tokenOf('wang.li'), tokenOf('shop', tomorrow)]
    expect(examineTokens(serverWith({ tokens }), now)).toMatchObject([
      { status: 'ok', detail: 'wang.li, shop' },
    ])
    const old = [...tokens, tokenOf('old', now)]
    expect(examineTokens(serverWith({ tokens: old }), now)).toMatchObject([
      { status: 'warn', detail: 'expired: old', next: expect.stringContaining('budan token new') },
    ])
  })

  const long = 'Q7vN2xkW9dLrT4hZ8mBcF6pJ3sYg5aUe'
  it.each<[string, Partial<ServerConfig>, object]>([
    ['none, on this machine', {}, { status: 'ok', detail: 'none; only this machine can connect' }],
    [
      'none, where others can connect',
      { host: '0.0.0.0' },
      { status: 'warn', next: 'set server.api_token: serve will not start without one' },
    ],
    [
      'none, beside tokens of persons',
      { host: '0.0.0.0', tokens: [tokenOf('wang.li')] },
      { status: 'ok', detail: 'none; server.tokens has others' },
    ],
    ['a long one', { apiToken: long, host: '0.0.0.0' }, { status: 'ok', detail: '32 characters' }],
    ['a long one on this machine', { apiToken: long }, { status: 'ok' }],
    [
      'a short one on this machine',
      { apiToken: 'short' },
      { status: 'warn', next: 'use a long random one: openssl rand -base64 24' },
    ],
    [
      'a short one, where others can connect',
      { apiToken: 'short', host: '0.0.0.0' },
      { status: 'warn', next: expect.stringContaining('or serve will not start') },
    ],
    [
      'a long one of one letter',
      { apiToken: 'a'.repeat(40) },
      { status: 'warn', detail: 'weak: 40 characters, 1 different ones' },
    ],
  ])('of %s', (_, server, finding) => {
    expect(examineToken(serverWith(server))).toMatchObject(finding)
  })
})
