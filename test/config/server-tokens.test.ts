import { afterAll, describe, expect, test } from 'vitest'
import { completeConfig } from '../../src/config/complete.ts'
import { openWorkspace } from './workspace.ts'

const space = openWorkspace()
afterAll(() => space.remove())

const hash = (digit: string) => digit.repeat(64)
const withTokens = (...tokens: readonly string[]) =>
  `${space.yaml()}\nserver:\n  tokens:\n${tokens.map((token) => `    - { ${token} }\n`).join('')}`

describe('server.tokens', () => {
  test('are loaded with scopes or a role, and with their ends', () => {
    const { server } = space.load(
      withTokens(
        `name: backend, sha256: ${hash('A')}, scopes: [orders:read, orders:place]`,
        `name: 王力, sha256: ${hash('b')}, role: operator, expires_at: 2027-01-31`,
        `name: wang.li, sha256: ${hash('c')}, role: admin, expires_at: 2027-01-31T08:00:00Z`,
      ),
    )
    const none = { role: null, scopes: null, expiresAt: null }
    expect(server.tokens).toEqual([
      { ...none, name: 'backend', sha256: hash('a'), scopes: ['orders:read', 'orders:place'] },
      {
        ...{ ...none, name: '王力', sha256: hash('b'), role: 'operator' },
        expiresAt: new Date('2027-01-30T16:00:00Z'),
      },
      {
        ...{ ...none, name: 'wang.li', sha256: hash('c'), role: 'admin' },
        expiresAt: new Date('2027-01-31T08:00:00Z'),
      },
    ])
    expect(completeConfig({ server, wechat: null })).toEqual(
      expect.objectContaining({ server: expect.objectContaining({ tokens: server.tokens }) }),
    )
  })

  const right = `name: a, sha256: ${hash('a')}, role: viewer`
  test.each([
    ['name: b, role: viewer', 'sha256: not set'],
    [`sha256: ${hash('b')}, role: viewer`, 'name: not set'],
    [
      `name: b, sha256: bdn_${'x'.repeat(40)}, role: viewer`,
      'a value of 44 characters is no SHA-256',
    ],
    [`name: b, sha256: ${hash('g')}, role: viewer`, 'a value of 64 characters is no SHA-256'],
    [`name: b, sha256: ${hash('b')}`, 'role: give either a role or scopes'],
    [
      `name: b, sha256: ${hash('b')}, role: viewer, scopes: [admin]`,
      'give either a role or scopes',
    ],
    [`name: b, sha256: ${hash('b')}, role: root`, '"root" is not one of viewer, operator, admin'],
    [`name: b, sha256: ${hash('b')}, scopes: [orders]`, '"orders" is not one of orders:read'],
    [`name: b, sha256: ${hash('b')}, scopes: []`, 'is an empty list: give at least one scope'],
    [`name: a, sha256: ${hash('b')}, role: viewer`, '"a" is the name of another token as well'],
    [`name: b, sha256: ${hash('A')}, role: viewer`, 'is the hash of token "a" as well'],
    [`name: api_token, sha256: ${hash('b')}, role: viewer`, 'is a name that budan itself uses'],
    [`name: "a\\nb", sha256: ${hash('b')}, role: viewer`, 'must not hold control characters'],
    [`name: b, sha256: ${hash('b')}, role: viewer, expires_at: soon`, '"soon" is neither a date'],
    [`name: b, sha256: ${hash('b')}, role: viewer, expires_at: 2027-02-30`, 'is neither a date'],
    [`name: b, sha256: ${hash('b')}, role: viewer, until: 2027-01-01`, 'until'],
  ])('%s is refused, and the token named', (token, fault) => {
    const faults = space.faults(withTokens(right, token))
    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatch(/^server\.tokens\[1\]/)
    expect(faults[0]).toContain(fault)
    expect(faults[0]).not.toContain('bdn_')
  })

  test('let the service listen beyond this machine without api_token', () => {
    const host = (yaml: string) => yaml.replace('server:\n', 'server:\n  host: 0.0.0.0\n')
    expect(space.faults(host(withTokens(right)), { need: 'serve' })).toEqual([])
    expect(
      space.faults(host(`${space.yaml()}\nserver:\n  port: 0\n`), { need: 'serve' })[0],
    ).toMatch(/^server\.api_token: not set/)
  })
})
