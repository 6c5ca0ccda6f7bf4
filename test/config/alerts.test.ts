import { chmodSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { completeConfig } from '../../src/config/complete.ts'
import { secretFiles } from '../../src/config/load.ts'
import { redactorOf, secretsOf } from '../../src/config/redact.ts'
import { faultsOf, openWorkspace } from './workspace.ts'

const space = openWorkspace()
afterAll(() => space.remove())

const wecomUrl = 'https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4'
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const yaml = (...items: readonly string[]) =>
  `${space.yaml()}alerts:\n${items.map((item) => `  - ${item}\n`).join('')}`

describe('alerts', () => {
  test('are taken in their order, with what is left out', () => {
    const { alerts } = space.load(
      yaml(
        `{ kind: wecom, url: "${wecomUrl}" }`,
        `{ kind: webhook, name: pager, url: "http://10.0.0.5/hook", secret: ${secret}, language: en }`,
      ),
    )
    expect(alerts).toEqual([
      { name: 'wecom', kind: 'wecom', url: wecomUrl, secret: null, language: 'zh' },
      { name: 'pager', kind: 'webhook', url: 'http://10.0.0.5/hook', secret, language: 'en' },
    ])
  })

  test('are nobody by default', () => {
    expect(space.load(space.yaml())).not.toHaveProperty('alerts')
  })

  test.each([
    ['{ kind: telegram, url: "https://x.example" }', 'alerts[0].kind: "telegram" is not one of'],
    ['{ kind: wecom }', 'alerts[0].url: not set'],
    ['{ kind: wecom, url: abc }', 'alerts[0].url: a value of 3 characters is not a URL'],
    ['{ kind: wecom, url: "ftp://a/b" }', 'alerts[0].url: a value of 9 characters is not https'],
    ['{ kind: wecom, url: "https://a:b@c/" }', 'alerts[0].url: must not carry a user name'],
    ['{ kind: wecom, url: "https://a/#b" }', 'alerts[0].url: must not have a fragment'],
    [
      '{ kind: feishu, url: "http://10.0.0.5/h" }',
      'alerts[0].url: must be https (http is for loop',
    ],
    ['{ kind: webhook, url: "http://8.8.8.8/" }', 'alerts[0].url: must be https (http is for priv'],
    ['{ kind: webhook, url: "http://a.b/" }', 'alerts[0].url: must be https (http is for private'],
    [
      `{ kind: wecom, url: "${wecomUrl}", secret: abc }`,
      'alerts[0].secret: nothing is signed for wecom: leave the key out',
    ],
    [
      '{ kind: webhook, url: "https://a.example", secret: whsec_YWJj }',
      'alerts[0].secret: a value of 10 characters is no secret of a webhook',
    ],
    [
      '{ kind: wecom, url: "https://a.example", langage: en }',
      'alerts[0].langage: unknown key; did',
    ],
    [
      '{ kind: wecom, url: "https://a.example", language: fr }',
      'alerts[0].language: "fr" is not one',
    ],
    ['{ kind: wecom, name: A, url: "https://a.example" }', 'alerts[0].name: "A" is no name of an'],
    ['wecom', 'alerts[0]: must hold keys'],
  ])('refuse %s', (item, fault) => {
    expect(space.faults(yaml(item))).toEqual([expect.stringContaining(fault)])
  })

  test.each(['10.1.2.3', '172.16.0.1', '192.168.1.1', 'pager', 'localhost', '[fd00::1]', '[::1]'])(
    'take http to %s, of a network of one’s own',
    (host) => {
      expect(space.faults(yaml(`{ kind: heartbeat, url: "http://${host}/ping" }`))).toEqual([])
    },
  )

  test('need names of their own, where two are of one kind', () => {
    const item = '{ kind: heartbeat, url: "https://a.example" }'
    expect(space.faults(yaml(item, item))).toEqual([
      'alerts[1].name: "heartbeat" is the name of another alert as well: give each a name of its own',
    ])
    const many = Array.from({ length: 21 }, (_, n) => item.replace('{', `{ name: a${n},`))
    expect(space.faults(yaml(...many))).toEqual(['alerts: is a list of more than 20 alerts'])
  })

  test('take url and secret from the environment, which wins, and from files', () => {
    const files = [
      space.write('url', `${wecomUrl}\n`),
      space.write('secret', `${secret}\n`),
      space.write('other', 'https://pager.example/hook\n'),
    ]
    const given = yaml(
      '{ kind: wecom, url_file: ./url }',
      '{ kind: webhook, name: my-pager, url: "https://a.example", secret_file: ./secret }',
      '{ kind: heartbeat }',
    )
    const env = {
      ALERTS_MY_PAGER_URL_FILE: files[2],
      ALERTS_HEARTBEAT_URL: 'https://dog.example/x',
    }
    expect(space.load(given, { env }).alerts).toMatchObject([
      { url: wecomUrl },
      { url: 'https://pager.example/hook', secret },
      { url: 'https://dog.example/x' },
    ])
    expect(space.faults(given)).toEqual(['alerts[2].url: not set'])
    const wrong = { ALERTS_HEARTBEAT_URL: 'dog' }
    expect(space.faults(given, { env: wrong })).toEqual([
      'alerts[2].url (ALERTS_HEARTBEAT_URL): a value of 3 characters is not a URL',
    ])
  })

  test('name a file that cannot be read, or is one too many, once', () => {
    expect(
      space.faults(
        yaml(
          '{ kind: wecom, url_file: ./gone }',
          `{ kind: feishu, url: "https://a.example", url_file: ./url }`,
        ),
      ),
    ).toEqual([
      expect.stringMatching(/^alerts\[0\]\.url_file: Cannot read the file ".*gone": no such file$/),
      'alerts[1].url_file: given together with url: give one of them',
    ])
  })

  test('have urls that no log line shows', () => {
    const url = 'https://open.feishu.cn/open-apis/bot/v2/hook/0a7f4b1e-8ed5-4a4c'
    const config = space.load(
      yaml(
        `{ kind: wecom, url: "${wecomUrl}" }`,
        `{ kind: feishu, url: "${url}", secret: hush-hush }`,
      ),
    )
    const redact = redactorOf(secretsOf(config))
    for (const text of [wecomUrl, url, '693a91f6-7xxx-4bc4', '0a7f4b1e-8ed5-4a4c', 'hush-hush']) {
      const shown = redact(`failed: ${text} (1)`)
      expect(shown).toMatch(/^failed: .*\*\*\*.* \(1\)$/)
      expect(shown).not.toMatch(/693a91f6|0a7f4b1e|hush/)
    }
    // Words of a path are no secrets.
    expect(redact('cannot send by webhook to open-apis')).toBe(
      'cannot send by webhook to open-apis',
    )
  })

  test('make their file one that only its owner may read', () => {
    const file = space.write('alerts.yaml', yaml('{ kind: wecom, url_file: ./url }'))
    const bare = `alerts: [{ kind: wecom, url: "${wecomUrl}" }]\n`
    const holding = space.write('holding.yaml', bare)
    chmodSync(file, 0o644)
    expect(secretFiles({ file, env: {} })).toContain(space.write('url', wecomUrl))
    expect(secretFiles({ file: holding, env: {} })).toContain(holding)
  })

  test('are given in code, too, and survive being completed twice', () => {
    const { alerts: _, ...base } = space.load(space.yaml())
    const given = { ...base, alerts: [{ kind: 'wecom', url: wecomUrl }] } as const
    const once = completeConfig(given)
    expect(once.alerts).toEqual([
      { name: 'wecom', kind: 'wecom', url: wecomUrl, secret: null, language: 'zh' },
    ])
    expect(completeConfig(once)).toEqual(once)
    const wrong = { ...base, alerts: [{ kind: 'wecom', url: 'x' }] } as const
    expect(faultsOf(() => completeConfig(wrong))).toEqual([
      'alerts[0].url: a value of 1 characters is not a URL',
    ])
  })
})
