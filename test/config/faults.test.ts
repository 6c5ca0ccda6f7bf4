import { afterAll, describe, expect, test } from 'vitest'
import { openWorkspace } from './workspace.ts'

const space = openWorkspace()
afterAll(() => space.remove())

/** Every row: `section.key = value`, and what its fault says after the key. */
function rows(table: string): [key: string, value: string, fault: string][] {
  return table
    .trim()
    .split('\n')
    .map((line) => {
      const [key, value, fault] = line.split('|').map((cell) => cell.trim())
      return [key ?? '', value ?? '', fault ?? '']
    })
}

const numbers = rows(`
  recharge.compensation_interval_mins  | 0          | "0" is below the least, 0.001
  recharge.compensation_interval_mins  | 0.0009     | "0.0009" is below the least, 0.001
  recharge.compensation_interval_mins  | -5         | "-5" is below the least, 0.001
  recharge.compensation_interval_mins  | 10081      | "10081" is above the most, 10080
  recharge.compensation_interval_mins  | 999999999999999999999 | "999999999999999999999" is above the most, 10080
  recharge.compensation_interval_mins  | NaN        | "NaN" is not a plain number
  recharge.compensation_interval_mins  | .nan       | ".nan" is not a plain number
  recharge.compensation_interval_mins  | .inf       | ".inf" is not a plain number
  recharge.compensation_interval_mins  | Infinity   | "Infinity" is not a plain number
  recharge.compensation_interval_mins  | five       | "five" is not a plain number
  recharge.compensation_interval_mins  | 5m         | "5m" is not a plain number
  recharge.compensation_interval_mins  | 0x10       | "0x10" is not a plain number
  recharge.compensation_interval_mins  | 1e1        | "1e1" is not a plain number
  recharge.compensation_interval_mins  | 010        | "010" is not a plain number
  recharge.compensation_interval_mins  | 1_0        | "1_0" is not a plain number
  recharge.compensation_interval_mins  | "1 0"      | "1 0" is not a plain number
  recharge.compensation_interval_mins  | ""         | is empty: give a value or leave the key out
  recharge.compensation_interval_mins  |            | is empty: give a value or leave the key out
  recharge.compensation_interval_mins  | "  "       | is empty: give a value or leave the key out
  recharge.compensation_interval_mins  | ~          | "~" is not a plain number
  recharge.compensation_interval_mins  | [5]        | must be a single value, not a list or a mapping
  recharge.compensation_interval_mins  | {a: 5}     | must be a single value, not a list or a mapping
  recharge.compensation_threshold_mins | -0.1       | "-0.1" is below the least, 0
  recharge.compensation_threshold_mins | 10081      | "10081" is above the most, 10080
  recharge.compensation_batch_size     | 0          | "0" is below the least, 1
  recharge.compensation_batch_size     | -1         | "-1" is below the least, 1
  recharge.compensation_batch_size     | 2.5        | "2.5" is not a whole number
  recharge.compensation_batch_size     | 1000000    | "1000000" is above the most, 10000
  recharge.compensation_batch_size     | NaN        | "NaN" is not a plain number
  recharge.compensation_concurrency    | 0          | "0" is below the least, 1
  recharge.compensation_concurrency    | -3         | "-3" is below the least, 1
  recharge.compensation_concurrency    | 1001       | "1001" is above the most, 1000
  recharge.compensation_concurrency    | 1.5        | "1.5" is not a whole number
  recharge.compensation_max_qps        | 0          | "0" is below the least, 0.01
  recharge.compensation_max_qps        | -1         | "-1" is below the least, 0.01
  recharge.compensation_max_qps        | 10001      | "10001" is above the most, 10000
  recharge.compensation_max_qps        | NaN        | "NaN" is not a plain number
  recharge.compensation_recheck_mins   | []         | is an empty list: give at least one wait
  recharge.compensation_recheck_mins   | 5          | must be a list of minutes, like [5, 5, 10]
  recharge.compensation_recheck_mins   | "5,5"      | must be a list of minutes, like [5, 5, 10]
  recharge.order_ttl_mins              | 0          | "0" is below the least, 0.001 (WeChat Pay keeps no order open for longer than 15 days)
  recharge.order_ttl_mins              | 21601      | "21601" is above the most, 21600 (WeChat Pay keeps no order open for longer than 15 days)
  recharge.compensation_enabled        | maybe      | "maybe" is neither true nor false
  recharge.compensation_enabled        | ""         | "" is neither true nor false
  recharge.compensation_enabled        | [true]     | must be a single value, not a list or a mapping
  recharge.compensation_drain          | 2          | "2" is neither true nor false
  database.retention_days              | 6.9        | "6.9" is below the least, 7 (0 keeps everything)
  database.retention_days              | -1         | "-1" is below the least, 7 (0 keeps everything)
  database.retention_days              | 36501      | "36501" is above the most, 36500 (0 keeps everything)
  database.retention_days              | 30d        | "30d" is not a plain number
  events.keep_days                     | 2.9        | "2.9" is below the least, 3
  events.keep_days                     | 36501      | "36501" is above the most, 36500
  server.port                          | -1         | "-1" is below the least, 0
  server.port                          | 65536      | "65536" is above the most, 65535
  server.port                          | 80.5       | "80.5" is not a whole number
  server.port                          | http       | "http" is not a plain number
  wechat.timeout_ms                    | 0          | "0" is below the least, 10
  wechat.timeout_ms                    | 60001      | "60001" is above the most, 60000
  wechat.timeout_ms                    | NaN        | "NaN" is not a plain number
  log.level                            | loud       | "loud" is not one of trace, debug, info, warn, error, silent
  log.format                           | text       | "text" is not one of json, pretty
`)

const words = rows(`
  server.host             | "a b"                    | "a b" is not a host name or IP
  server.host             | http://localhost         | "http://localhost" is not a host name or IP
  server.host             | ""                       | is empty: give a value or leave the key out
  server.api_token        | ""                       | is empty: give a value or leave the key out
  server.api_token        | "two words"              | a value of 9 characters has a blank or one beyond ASCII, which no header carries
  server.api_token        | "密钥"                   | a value of 2 characters has a blank or one beyond ASCII, which no header carries
  database.url            | mysql://root:pw@db/x     | "mysql://…" is not a database: pglite:DIRECTORY, postgres://… or postgresql://…
  database.url            | ./data                   | a value of 6 characters is not a database: pglite:DIRECTORY, postgres://… or postgresql://…
  database.url            | "pglite:"                | "pglite:" names no directory, like pglite:./data
  database.url            | postgres://u:p@[x/db     | is not a URL (a password may need percent-encoding)
  database.url            | file:///x                | "file://…" is not a database: pglite:DIRECTORY, postgres://… or postgresql://…
  engine.url              | redis://u:p@[x/0         | is not a URL (a password may need percent-encoding)
  engine.url              | redis://u:p@127.0.0.1/abc | names no database of Redis: 0 to 15, or left out
  engine.url              | redis://u:p@127.0.0.1/99 | names no database of Redis: 0 to 15, or left out
  engine.url              | redis://                 | names no host: redis://HOST:PORT/DATABASE
  engine.url              | redis://h#pw             | is not a URL (a password may need percent-encoding)
  engine.url              | redis://h/0?family=9     | must not have a query string
  engine.url              | postgres://u:p@[x/db     | is not a URL (a password may need percent-encoding)
  engine.url              | LOCAL                    | a value of 5 characters is not an engine: local, redis://…, rediss://…, postgres://… or postgresql://…
  engine.url              | kafka://127.0.0.1        | a value of 17 characters is not an engine: local, redis://…, rediss://…, postgres://… or postgresql://…
  wechat.mch_id           | 19000x                   | "19000x" is not a merchant number: digits only
  wechat.mch_id           | 1.9e9                    | "1.9e9" is not a merchant number: digits only
  wechat.mch_id           | -1                       | "-1" is not a merchant number: digits only
  wechat.app_id           | wx/../x                  | "wx/../x" is not an app id, like wx0123…
  wechat.serial_no        | xyz                      | "xyz" is not a serial number: hex digits only
  wechat.serial_no        | 5D:EA:1G                 | "5D:EA:1G" is not a serial number: hex digits only
  wechat.serial_no        | PUB_KEY_ID_01            | "PUB_KEY_ID_01" is a public key's id: this is the serial of the merchant's certificate
  wechat.serial_no        | 0123456789abcdef0123456789abcdeX | a value of 32 characters is not a serial number: hex digits only
  wechat.api_v3_key       | 0123456789abcdef         | a value of 16 bytes is not an APIv3 key, which has 32
  wechat.api_v3_key       | 0123456789abcdef0123456789abcdef0 | a value of 33 bytes is not an APIv3 key, which has 32
  wechat.api_v3_key       | 0123456789abcdef0123456789abcdeü | a value of 32 characters has 33 bytes, because some are not ASCII: an APIv3 key has 32
  wechat.api_v3_key       | ""                       | is empty: give a value or leave the key out
  wechat.base_url         | http://api.mch.weixin.qq.com | "http://api.mch.weixin.qq.com" must be https (http is for loopback addresses only)
  wechat.base_url         | ftp://127.0.0.1          | "ftp://127.0.0.1" is not https
  wechat.base_url         | api.mch.weixin.qq.com    | "api.mch.weixin.qq.com" is not a URL
  wechat.base_url         | https://h.example/proxy  | "https://h.example/proxy" must not have a path
  wechat.base_url         | https://h.example?x=1    | "https://h.example?…" must not have a query string
  wechat.base_url         | https://h.example/#x     | "https://h.example/#…" must not have a fragment
  wechat.base_url         | https://u:p@h.example    | must not carry a user name or password
  wechat.base_url         | http://127.evil.example  | "http://127.evil.example" must be https (http is for loopback addresses only)
  wechat.base_url         | http://localhost.evil.example | "http://localhost.evil.example" must be https (http is for loopback addresses only)
  wechat.notify_url       | http://shop.example/cb   | "http://shop.example/cb" must be https (http is for loopback addresses only)
  wechat.notify_url       | https://shop.example/cb?a=1 | "https://shop.example/cb?…" must not have a query string
  wechat.notify_url       | http://shop.example/cb?token=a | "http://shop.example/cb?…" must be https (http is for loopback addresses only)
  wechat.notify_url       | shop.example/cb?token=a  | "shop.example/cb?…" is not a URL
  wechat.notify_url       | host=h password=a        | "host=h password=…" is not a URL
  wechat.base_url         | https://u%3Aa%40h.example | "…" is not a URL
  wechat.notify_url       | /v1/callbacks            | "/v1/callbacks" is not a URL
  wechat.public_key_id    | 12345                    | "12345" is not a public key id: it starts with PUB_KEY_ID_
`)

describe.each([...numbers, ...words])('%s = %s', (path, value, fault) => {
  const [section = '', key = ''] = path.split('.')
  // The pair of a public key is complete here, so that its value is the only fault.
  const pair = key === 'public_key_id' ? { public_key_path: space.write('ours.pem', '') } : {}

  test('is refused in the file', () => {
    const faults = space.faults(space.yaml({ [section]: { ...pair, [key]: value } }))
    expect(faults.filter((line) => !line.startsWith('wechat.public_key_path'))).toEqual([
      `${path}: ${fault}`,
    ])
  })

  // A list or mapping cannot be written in the environment; lists have a table of their own.
  if (/^[[{]/.test(value) || key === 'compensation_recheck_mins') return
  test('is refused in the environment, by its name there', () => {
    const envName = path.toUpperCase().replace('.', '_')
    const env = { [envName]: value.replace(/^"(.*)"$/, '$1') }
    const faults = space.faults(space.yaml({ [section]: pair }), { env })
    expect(faults.filter((line) => !line.startsWith('wechat.public_key_path'))).toEqual([
      `${path} (${envName}): ${fault}`,
    ])
  })
})

const lists: [string, string[]][] = [
  ['5,0', ['[1] (ENV): "0" is below the least, 0.001']],
  ['5,,10', ['[1] (ENV): is empty: give a value or leave the key out']],
  ['', ['[0] (ENV): is empty: give a value or leave the key out']],
  ['5;10', ['[0] (ENV): "5;10" is not a plain number']],
  ['x,5,-1', ['[0] (ENV): "x" is not a plain number', '[2] (ENV): "-1" is below the least, 0.001']],
  ['[5, 5]', ['[0] (ENV): "[5" is not a plain number', '[1] (ENV): "5]" is not a plain number']],
  [Array(101).fill('5').join(','), [' (ENV): is a list of more than 100 waits']],
]

test.each(lists)('RECHARGE_COMPENSATION_RECHECK_MINS=%s is refused', (value, faults) => {
  const env = { RECHARGE_COMPENSATION_RECHECK_MINS: value }
  expect(space.faults(space.yaml(), { env })).toEqual(
    faults.map(
      (fault) =>
        `recharge.compensation_recheck_mins${fault.replace('ENV', 'RECHARGE_COMPENSATION_RECHECK_MINS')}`,
    ),
  )
})

const unknown: [string, string][] = [
  [
    'recharge: {compensation_intervall_mins: 5}',
    'recharge.compensation_intervall_mins: unknown key; did you mean compensation_interval_mins?',
  ],
  ['recharge: {enabled: true}', 'recharge.enabled: unknown key'],
  ['database: {4: x}', 'database.4: unknown key'],
  ['recharge: {port: 1}', 'recharge.port: unknown key; did you mean server.port?'],
  [
    'compensation_batch_size: 5',
    'compensation_batch_size: unknown section; did you mean recharge.compensation_batch_size?',
  ],
  ['rechage: {}', 'rechage: unknown section; did you mean recharge?'],
  ['Server: {}', 'Server: unknown section; did you mean server?'],
  ['redis: {}', 'redis: unknown section'],
  ['wechat: {mchid: 1}', 'wechat.mchid: unknown key; did you mean mch_id?'],
  ['wechat: {certificate: x}', 'wechat.certificate: unknown key'],
  ['"a\\nb": {}', '"a\\nb": unknown section'],
  ['server: 5', 'server: must hold keys, like "key: value"'],
  ['server: [port]', 'server: must hold keys, like "key: value"'],
]

test.each(unknown)('%s is refused', (yaml, fault) => {
  expect(space.faults(yaml, { need: 'database' })).toEqual([fault])
})

const syntax: [string, string][] = [
  ['server:\n  port: 1\n  port: 2\n', 'line 3: the key "port" is given twice'],
  ['server: {}\nserver: {}\n', 'line 2: the key "server" is given twice'],
  ['server:\n\tport: 1\n', 'line 2: a tab is used to indent; YAML takes blanks only'],
  [
    'server:\n  port: 1\n---\nlog: {}\n',
    'line 3: a second document starts here; one is all that is read',
  ],
  ['server:\n  host: "x\n', 'line 3: a closing quote or bracket, or a comma or colon, is missing'],
  ['server:\n  host: @x\n', 'line 2: a value that starts with @ or ` must be quoted'],
  ['server:\n  host: !x y\n', 'line 2: a value that starts with ! must be quoted'],
  [
    'server:\n  host: "\\q"\n',
    'line 2: a backslash in double quotes starts no known escape; use single quotes',
  ],
  [
    'server:\n  host: a: b\n',
    'line 2: wrong indentation, or a value with ": " in it that must be quoted',
  ],
  ['? [a]\n: b\n', 'line 1: a key is not a plain word'],
]

test.each(syntax)('%j is refused by its line', (yaml, fault) => {
  expect(space.faults(yaml, { need: 'database' })).toEqual([
    `${space.directory}/budan.yaml ${fault}`,
  ])
})

const documents: [string, string][] = [
  ['- server', 'must hold sections, like "server:"'],
  ['server', 'must hold sections, like "server:"'],
  ['server: { host: *x }', 'a value that starts with * must be quoted'],
]

test.each(documents)('%s is refused as a document', (yaml, fault) => {
  expect(space.faults(yaml, { need: 'database' })).toEqual([
    `${space.directory}/budan.yaml: ${fault}`,
  ])
})

const good: [string, string][] = [
  ['recharge.compensation_interval_mins', '0.001'],
  ['recharge.compensation_interval_mins', '10080'],
  ['recharge.compensation_threshold_mins', '0'],
  ['recharge.compensation_batch_size', '10000'],
  ['recharge.compensation_concurrency', '100'],
  ['recharge.compensation_max_qps', '0.01'],
  ['recharge.compensation_enabled', 'off'],
  ['server.host', '::1'],
  ['server.host', 'localhost'],
  ['server.host', '127.9.9.9'],
  ['database.url', 'postgresql:///budan'],
  ['wechat.base_url', 'http://127.0.0.1:9000'],
  ['wechat.base_url', 'http://[::1]:9000/'],
  ['wechat.base_url', 'http://localhost:9000'],
  ['wechat.notify_url', 'http://127.0.0.1:8080/v1/callbacks/wechatpay'],
]

test.each(good)('%s = %s is taken', (path, value) => {
  const [section = '', key = ''] = path.split('.')
  expect(space.faults(space.yaml({ [section]: { [key]: value } }))).toEqual([])
})

const strongToken = 'kPq3zR8vXw1mT6nB9cD4fG7hJ2sL5yA0'

const hosts: [string, boolean][] = [
  ['0.0.0.0', false],
  ['::', false],
  ['192.168.1.5', false],
  ['budan.internal', false],
  ['128.0.0.1', false],
  ['127.0.0.1', true],
  ['::1', true],
]

test.each(hosts)('host %s without a token: served %s', (host, served) => {
  const yaml = space.yaml({ server: { host: `"${host}"` } })
  expect(space.faults(yaml).length === 0).toBe(served)
  expect(space.faults(yaml, { need: 'gateway' })).toEqual([])
  expect(space.faults(yaml, { env: { SERVER_API_TOKEN: strongToken } })).toEqual([])
})
