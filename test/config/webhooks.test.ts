import { afterAll, describe, expect, test } from 'vitest'
import { completeConfig } from '../../src/config/complete.ts'
import { redactorOf, secretsOf } from '../../src/config/redact.ts'
import { webhookAddressFault } from '../../src/config/webhooks/webhook-address.ts'
import { openWorkspace } from './workspace.ts'

const space = openWorkspace()
afterAll(() => space.remove())

const secret = `whsec_${Buffer.alloc(24, 'a').toString('base64')}`
const other = `whsec_${Buffer.alloc(64, 'b').toString('base64')}`
const url = 'https://shop.example.com/hooks'
const makeOne = 'make one with echo "whsec_$(openssl rand -base64 32)"'

function yaml(...items: readonly string[]): string {
  return `${space.yaml()}webhooks:\n${items.map((item) => `  - ${item}\n`).join('')}`
}

describe('webhooks', () => {
  test('are taken with one secret, with several, and with both', () => {
    const { webhooks } = space.load(
      yaml(
        `{ name: shop, url: "${url}", secret: ${secret}, types: [order.paid, order.expired] }`,
        `{ name: b-2, url: "http://10.0.0.7:8080/x?key=1234", secrets: [${other}, ${secret}] }`,
        `{ name: c, url: "http://backend:3000/", secret: ${secret}, secrets: [${other}, ${secret}] }`,
      ),
    )
    expect(webhooks).toEqual([
      { name: 'shop', url, secrets: [secret], types: ['order.paid', 'order.expired'] },
      {
        ...{ name: 'b-2', url: 'http://10.0.0.7:8080/x?key=1234' },
        ...{ secrets: [other, secret], types: null },
      },
      { name: 'c', url: 'http://backend:3000/', secrets: [secret, other], types: null },
    ])
  })

  test('may be left out', () => {
    expect(space.load(space.yaml()).webhooks).toBeUndefined()
    expect(space.load(yaml('{}').replace('  - {}\n', '  []\n')).webhooks).toBeUndefined()
  })

  const item = (changes: Readonly<Record<string, string | null>>) => {
    const keys = { name: 'shop', url: `"${url}"`, secret, ...changes }
    const given = Object.entries(keys).filter(([, value]) => value !== null)
    return `{ ${given.map(([key, value]) => `${key}: ${value}`).join(', ')} }`
  }

  test.each([
    [[item({ name: null })], ['webhooks[0].name: not set']],
    [
      [item({ name: 'Shop' })],
      [
        'webhooks[0].name: "Shop" is no name of an endpoint: 1 to 32 of a-z 0-9 -, the first a letter',
      ],
    ],
    [
      [item({}), item({ secret: other })],
      ['webhooks[1].name: "shop" is the name of another endpoint as well'],
    ],
    [[item({ url: null })], ['webhooks[0].url: not set']],
    [[item({ secret: null })], [`webhooks[0].secret: not set: ${makeOne}`]],
    [[item({ secret: '""' })], ['webhooks[0].secret: is empty: give a value or leave the key out']],
    [
      [item({ secret: 'hush-hush-hush' })],
      [`webhooks[0].secret: a value of 14 characters does not begin with whsec_: ${makeOne}`],
    ],
    [
      [item({ secret: 'whsec_hush-hush-hush' })],
      [`webhooks[0].secret: a value of 20 characters is not whsec_ and base64: ${makeOne}`],
    ],
    [
      [item({ secret: `whsec_${Buffer.alloc(23).toString('base64')}` })],
      [`webhooks[0].secret: has 23 bytes, and needs 24 to 64: ${makeOne}`],
    ],
    [
      [item({ secret: `whsec_${Buffer.alloc(65).toString('base64')}` })],
      [`webhooks[0].secret: has 65 bytes, and needs 24 to 64: ${makeOne}`],
    ],
    [
      [item({ secret: null, secrets: '[]' })],
      ['webhooks[0].secrets: is an empty list: give at least one secret'],
    ],
    [
      [item({ types: '[order.piad]' })],
      [
        'webhooks[0].types[0]: "order.piad" is not one of order.paid, order.expired, order.review_opened, order.review_closed, order.refunded, exception.opened, exception.closed, bill.compared',
      ],
    ],
    [
      [item({ types: '[]' })],
      ['webhooks[0].types: is an empty list: give at least one type, or leave the key out'],
    ],
    [[item({ secert: 'x' })], ['webhooks[0].secert: unknown key; did you mean secret?']],
    [
      [item({ secret_file: 'f' })],
      ['webhooks[0].secret_file: given together with secret: give one of them'],
    ],
    [['shop'], ['webhooks[0]: must hold keys, like "key: value"']],
  ])('%.70s is refused', (items, faults) => {
    expect(space.faults(yaml(...items))).toEqual(faults)
  })

  test('take secrets from files and from the environment, which wins', () => {
    space.write('hook_secret', `${secret}\n`)
    space.write('hook_secrets', `${other}\n${secret}\n`)
    const fromFile = yaml(item({ secret: null, secret_file: './hook_secret' }))
    expect(space.load(fromFile).webhooks?.[0]?.secrets).toEqual([secret])
    const env = { WEBHOOKS_SHOP_SECRET: `${other},${secret}`, WEBHOOKS_SHOP_URL: `${url}/env` }
    expect(space.load(fromFile, { env }).webhooks?.[0]).toMatchObject({
      ...{ secrets: [other, secret], url: `${url}/env` },
    })
    const file = { WEBHOOKS_SHOP_SECRET_FILE: `${space.directory}/hook_secrets` }
    expect(space.load(yaml(item({})), { env: file }).webhooks?.[0]?.secrets).toEqual([
      ...[other, secret],
    ])
    expect(space.faults(yaml(item({})), { env: { WEBHOOKS_SHOP_SECRET: 'hush' } })).toEqual([
      `webhooks[0].secret (WEBHOOKS_SHOP_SECRET): a value of 4 characters does not begin with whsec_: ${makeOne}`,
    ])
    expect(space.faults(yaml(item({ secret: null, secret_file: './gone' })))).toEqual([
      `webhooks[0].secret_file: Cannot read the file "${space.directory}/gone": no such file`,
    ])
  })

  test('of a configuration in code have the same rules, and survive completing twice', () => {
    const once = completeConfig({ webhooks: [{ name: 'shop', url, secret }] })
    expect(once.webhooks).toEqual([{ name: 'shop', url, secrets: [secret], types: null }])
    expect(completeConfig(once).webhooks).toEqual(once.webhooks)
    expect(() => completeConfig({ webhooks: [{ name: 'shop', url: 'ftp://x', secret }] })).toThrow(
      'webhooks[0].url: "ftp://x" is not https',
    )
  })

  test('have their secrets and the queries of their addresses redacted', () => {
    const config = space.load(yaml(item({ url: '"https://s.example/x?token=abcdef"' })))
    const shown = redactorOf(secretsOf(config))(`${secret} and https://s.example/x?token=abcdef`)
    expect(shown).not.toContain(secret)
    expect(shown).not.toContain('abcdef')
  })
})

describe('webhookAddressFault()', () => {
  test.each([
    'https://shop.example.com/hooks?a=b',
    'https://203.0.113.7/',
    'http://127.0.0.1:8080/',
    'http://localhost/x',
    'http://[::1]:80/',
    'http://192.168.1.2/',
    'http://172.16.0.1/',
    'http://10.1.2.3/',
    'http://[fd12::1]/',
    'http://backend:3000/',
    'http://shop.default.svc.cluster.local/',
    'HTTPS://SHOP.EXAMPLE.COM',
  ])('takes %s', (url) => {
    expect(webhookAddressFault(url)).toBeNull()
  })

  test.each([
    ['https://user:pw@shop.example.com/', 'must not carry a user name or password'],
    ['http://shop.example.com/', 'must be https'],
    ['http://203.0.113.7/', 'must be https'],
    ['http://8.8.8.8/', 'must be https'],
    ['http://[2001:db8::1]/', 'must be https'],
    ['https://169.254.169.254/latest', 'leads to'],
    ['http://169.254.0.23/', 'leads to'],
    ['http://2852039166/', 'leads to'], // the same address as one number
    ['http://0xa9.0xfe.0xa9.0xfe/', 'leads to'],
    ['http://[::ffff:169.254.169.254]/', 'leads to'],
    ['http://[::ffff:a9fe:a9fe]/', 'leads to'],
    ['https://[64:ff9b::a9fe:a9fe]/', 'leads to'],
    ['https://[2002:a9fe:a9fe::]/', 'leads to'],
    ['http://[fe80::1]/', 'leads to'],
    ['http://[fd00:ec2::254]/', 'leads to'],
    ['http://100.100.100.200/', 'leads to'],
    ['https://0.0.0.0/', 'leads to'],
    ['https://0.1.2.3/', 'leads to'],
    ['https://[::]/', 'leads to'],
    ['https://224.0.0.1/', 'leads to'],
    ['https://[ff02::1]/', 'leads to'],
    ['https://255.255.255.255/', 'leads to'],
    ['ftp://shop.example.com/', 'is not https'],
    ['file:///etc/passwd', 'is not https'],
    ['https:shop.example.com', 'is not a URL'],
    ['https://shop.example.com/#x', 'must not have a fragment'],
    ['https://shop.example.com\\x', 'is not a URL'],
    ['shop.example.com', 'is not a URL'],
  ])('refuses %s', (url, words) => {
    expect(webhookAddressFault(url)).toContain(words)
  })
})
