import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { sampleTokenFault } from '../../src/config/tokens/tokens.ts'
import { openWorkspace } from './workspace.ts'

/** Who may reach budan, and by what. */

const space = openWorkspace()
afterAll(() => space.remove())

const strong = 'kPq3zR8vXw1mT6nB9cD4fG7hJ2sL5yA0'
const sample = 'change-me-to-a-long-random-one'

const faultsOf = (host: string, token: string) =>
  space.faults(space.yaml({ server: { host: `"${host}"` } }), { env: { SERVER_API_TOKEN: token } })

describe('a weak token', () => {
  const short = 'where other machines can try, 32 are needed'
  const plain = 'is not random'
  it.each([
    ['password', `has 8 characters: ${short}`],
    [strong.slice(1), `has 31 characters: ${short}`],
    ['a'.repeat(64), plain],
    ['abcdefg'.repeat(6), plain],
    ['12345678'.repeat(4), plain],
    ['correct-horse-battery'.repeat(2), plain],
    ['correct-horse'.repeat(3).slice(0, -1), plain],
    ['abcdefghijklmnopqrstuvwxyz0123456789', plain],
    ['ZYXWVUTSRQPONMLKJIHGFEDCBA9876543210', plain],
    ['aabbccddeeffgghhiijjkkllmmnnoopp', plain],
    ['change-me-to-a-long-random-one-please', plain],
    ['CHANGE-ME-TO-A-LONG-RANDOM-ONE!!', plain],
    ['password1password2password3passw', plain],
    ['this-is-my-very-long-shop-secret1', plain],
    ['1q2w3e4r5t6y7u8i9o0p1q2w3e4r5t6y', plain],
  ])('is not served beyond loopback: %s', (token, why) => {
    for (const host of ['0.0.0.0', '::', '192.168.1.5', 'budan.internal']) {
      const [fault, ...more] = faultsOf(host, token)
      expect(fault).toContain(`server.api_token (SERVER_API_TOKEN): ${why}`)
      expect(fault).toContain('openssl rand -base64 24')
      expect(fault).not.toContain(token)
      expect(more).toEqual([])
    }
    expect(faultsOf('127.0.0.1', token)).toEqual([])
  })

  it.each([
    strong,
    'ZGVhZGJlZWZjYWZlYmFiZTAxMjM0NTY3',
    '0f1e9d3c7b5a48261f0e8d9c6b7a5243',
    'bdn_q8Zt0VwY3nKxLrP5sJd7hGf2bC9mA1eU4iT6oR8y',
    'admin-token-0f1e9d3c7b5a48261f0e8d9c6b7a5243',
  ])('is none that is random: %s', (token) => {
    expect(faultsOf('0.0.0.0', token)).toEqual([])
  })

  it.each(['127.0.0.1', '0.0.0.0'])('that the example shows is served nowhere: %s', (host) => {
    expect(faultsOf(host, sample)).toEqual([
      'server.api_token (SERVER_API_TOKEN): is the one of the example, which everybody knows: make one with openssl rand -base64 24',
    ])
    const yaml = space.yaml({ server: { host: `"${host}"`, api_token: sample } })
    for (const need of ['serve', 'gateway', 'database'] as const) {
      expect(space.faults(yaml, { need }), need).toHaveLength(1)
    }
  })

  it('does not stop a command that does not listen', () => {
    const yaml = space.yaml({ server: { host: '0.0.0.0', api_token: 'password' } })
    expect(space.faults(yaml, { need: 'gateway' })).toEqual([])
    expect(space.faults(yaml, { need: 'database' })).toEqual([])
  })
})

/** A line copied from the docs must not make its example token a real one. */
it('every token that docs and examples show is one that nobody may serve with', () => {
  const root = new URL('../../', import.meta.url)
  const folders = ['', 'docs/', 'deploy/']
  const texts = folders.flatMap((folder) =>
    readdirSync(new URL(folder, root))
      .filter((name) => /\.(md|ya?ml|example)$/.test(name))
      .map((name) => readFileSync(new URL(`${folder}${name}`, root), 'utf8')),
  )
  const assigned = /(?:api_token: |apiToken: |SERVER_API_TOKEN=)['"]?([\w!./+=-]{4,})/g
  const shown = texts.flatMap((text) =>
    [...text.matchAll(assigned)].map(([, token]) => token ?? ''),
  )
  const tokens = shown.filter((token) => token !== 'null')
  expect(tokens).toContain(sample)
  for (const token of tokens) expect(sampleTokenFault(token), token).not.toBeNull()
})

describe('server.trusted_proxies', () => {
  it('takes addresses and networks, in the file and in the environment', () => {
    const proxies = ['10.0.0.5', '10.1.0.0/16', '::1', '2001:db8::/32', '::ffff:10.2.0.0/112']
    const yaml = space.yaml({ server: { trusted_proxies: `[${proxies.map((p) => `"${p}"`)}]` } })
    expect(space.load(yaml).server.trustedProxies).toEqual(proxies)
    const env = { SERVER_TRUSTED_PROXIES: proxies.join(',') }
    expect(space.load(space.yaml(), { env }).server.trustedProxies).toEqual(proxies)
  })

  it.each([
    'proxy.internal',
    '10.0.0',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    '::/129',
    'fe80::1%eth0',
    'loopback',
    'true',
    '*',
  ])('refuses %s by key and value', (value) => {
    const env = { SERVER_TRUSTED_PROXIES: `10.0.0.5,${value}` }
    expect(space.faults(space.yaml(), { env })).toEqual([
      `server.trusted_proxies[1] (SERVER_TRUSTED_PROXIES): "${value}" is not an IP address or a CIDR, like 10.0.0.0/8`,
    ])
  })

  it.each(['0.0.0.0/0', '::/0'])('refuses %s: anybody could say anything then', (value) => {
    const yaml = space.yaml({ server: { trusted_proxies: `["${value}"]` } })
    expect(space.faults(yaml)).toEqual([
      `server.trusted_proxies[0]: "${value}" is everybody: name your own proxies`,
    ])
  })

  it('refuses what is no list', () => {
    const yaml = space.yaml({ server: { trusted_proxies: '10.0.0.5' } })
    expect(space.faults(yaml)).toEqual([
      'server.trusted_proxies: must be a list of addresses, like [10.0.0.0/8]',
    ])
  })
})

describe('server.sessions.hours', () => {
  it('comes from the file or the environment, which wins', () => {
    const yaml = space.yaml({ server: { sessions: '{ hours: 8 }' } })
    expect(space.load(yaml).server.sessions).toEqual({ hours: 8 })
    const env = { SERVER_SESSIONS_HOURS: '0.5' }
    expect(space.load(yaml, { env }).server.sessions).toEqual({ hours: 0.5 })
    expect(space.load(space.yaml(), { env }).server.sessions).toEqual({ hours: 0.5 })
  })

  it.each([
    ['{ hours: 0 }', 'server.sessions.hours: "0" is below the least, 0.25'],
    ['{ hours: 721 }', 'server.sessions.hours: "721" is above the most, 720'],
    ['{ hours: [1] }', 'server.sessions.hours: must be a single value, not a list or a mapping'],
    ['{ hour: 1 }', 'server.sessions.hour: unknown key; did you mean hours?'],
    ['{ port: 1 }', 'server.sessions.port: unknown key; did you mean server.port?'],
    ['12', 'server.sessions: must hold keys, like "key: value"'],
    ['[12]', 'server.sessions: must hold keys, like "key: value"'],
  ])('as %s is refused', (value, fault) => {
    expect(space.faults(space.yaml({ server: { sessions: value } }))).toEqual([fault])
  })

  it('is found where it stands one level too high', () => {
    expect(space.faults(space.yaml({ server: { hours: '12' } }))).toEqual([
      'server.hours: unknown key; did you mean server.sessions.hours?',
    ])
  })

  it('is named by its name in the environment', () => {
    const env = { SERVER_SESSIONS_HOURS: 'x' }
    expect(space.faults(space.yaml(), { env })).toEqual([
      'server.sessions.hours (SERVER_SESSIONS_HOURS): "x" is not a plain number',
    ])
    // A scalar in the place of a mapping is reported, whatever the environment says.
    expect(space.faults(space.yaml({ server: { sessions: '5' } }), { env })).toEqual([
      'server.sessions: must hold keys, like "key: value"',
    ])
  })
})
