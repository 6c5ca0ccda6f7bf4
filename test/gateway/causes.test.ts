import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { UnknownAnswer } from '../../src/domain/trade.ts'
import { type NoResponse, noResponseOf } from '../../src/gateway/wechat/http/no-response.ts'
import { makeCertificate } from './certificate.ts'
import {
  apiV3Key,
  type Canned,
  encrypt,
  gatewayTo,
  orderNo,
  otherKeys,
  platformKeys,
  type Side,
  signed,
  startSide,
  tradeBody,
  unsigned,
} from './wechat-side.ts'

const yearMs = 365 * 86_400_000
const life = { from: new Date(Date.now() - yearMs), to: new Date(Date.now() + yearMs) }
const serial = '0F57F09EFDC096DE15EBE81A47057A7232F1B8E1'
const pem = makeCertificate(platformKeys.privateKey, { serial, ...life })

let side: Side
beforeAll(async () => {
  side = await startSide()
})
afterAll(() => side.stop())

/** Answers with a list of certificates, signed by `signer`, and with trades signed the same way. */
function listing(
  entries: readonly { readonly serial: string; readonly text: string; readonly key?: Buffer }[],
  signer = serial,
): Side['answer'] {
  const by = { signer: { key: platformKeys.privateKey, serial: signer } }
  const data = entries.map(({ serial, text, key = apiV3Key }) => ({
    serial_no: serial,
    encrypt_certificate: encrypt(text, { key, associatedData: 'certificate' }),
  }))
  return ({ path }): Canned =>
    path === '/v3/certificates' ? signed(200, { data }, by) : signed(200, tradeBody(), by)
}

async function probed(): Promise<{ why: unknown; message: string }> {
  const { gateway } = gatewayTo(side, { publicKey: null, timeoutMs: 20_000 })
  const probe = await gateway.probe()
  await gateway.stop()
  return probe.kind === 'ok'
    ? { why: 'ok', message: '' }
    : { why: probe.why, message: probe.message }
}

describe('a serial number is a number, however it is written', () => {
  const ways = [
    serial,
    serial.toLowerCase(),
    serial.replace(/^0/, ''),
    `00${serial}`,
    serial.replaceAll(/(..)(?=.)/g, '$1:'),
  ]
  test.each(ways.flatMap((listed) => ways.map((named) => [listed, named])))(
    'listed as %s, named in the header as %s: the answer is believed',
    async (listed, named) => {
      side.answer = listing([{ serial: listed, text: pem }], named)
      const { gateway } = gatewayTo(side, { publicKey: null, timeoutMs: 20_000 })
      expect(await gateway.query(orderNo)).toMatchObject({ kind: 'trade' })
      await gateway.stop()
    },
  )
})

describe('the APIv3 key is said not to fit only where it opens nothing', () => {
  const wrong = Buffer.from('x'.repeat(32))
  const other = makeCertificate(otherKeys.privateKey, { serial: '2222', ...life })
  const cases: [string, Side['answer'], string, RegExp][] = [
    [
      'of another merchant',
      listing([{ serial, text: pem, key: wrong }]),
      'unopened',
      /APIv3 key does not fit/,
    ],
    [
      'right, and one certificate was changed on the way',
      listing([
        { serial, text: pem },
        { serial: '2222', text: other, key: wrong },
      ]),
      'damaged',
      /the APIv3 key opens the others/,
    ],
    [
      'right, and the certificate has another serial',
      listing([{ serial: '3333', text: pem }]),
      'damaged',
      /its own serial number is another one, 0F57/,
    ],
    [
      'right, and opens no certificate',
      listing([{ serial, text: 'hello' }]),
      'damaged',
      /is no certificate/,
    ],
    [
      'not tried: the answer is no list',
      () => signed(200, { data: 1 }),
      'undefined',
      /no list of them/,
    ],
    [
      'not tried: a web page came',
      () => ({
        status: 200,
        headers: { 'content-type': 'text/html' },
        body: '<html>Sign in</html>',
      }),
      'undefined',
      /no list of them/,
    ],
  ]
  test.each(cases)('the key is %s', async (_, answer, why, message) => {
    side.answer = answer
    const result = await probed()
    expect(String(result.why)).toBe(why)
    expect(result.message).toMatch(message)
    if (why !== 'unopened') expect(result.message).not.toContain('does not fit')
  })
})

describe('what came in the place of an answer', () => {
  const html = (status: number): Canned => ({
    status,
    headers: { 'content-type': 'text/html' },
    body: '<html><body>Please sign in</body></html>',
  })
  const late = () => ({
    ...unsigned(401, { code: 'SIGN_ERROR' }),
    headers: { date: new Date(Date.now() + 400_000).toUTCString() },
  })
  test.each<[string, Side['answer'], string]>([
    ['the login page of a network', () => html(200), 'page'],
    ['the page of a firewall', () => html(403), 'page'],
    ['a 401 for the clock', late, 'clock'],
    ['a 401 for the key', () => unsigned(401, { code: 'SIGN_ERROR' }), 'undefined'],
    ['an answer without a signature', () => unsigned(200, tradeBody()), 'unsigned'],
    [
      'an answer signed by another key',
      () =>
        signed(200, tradeBody(), {
          signer: { key: otherKeys.privateKey, serial: 'PUB_KEY_ID_0116000000000000000000000001' },
        }),
      'forged',
    ],
    [
      'an answer signed long ago',
      () => signed(200, tradeBody(), { at: new Date(Date.now() - 400_000) }),
      'stale',
    ],
    [
      'an answer signed by another id',
      () =>
        signed(200, tradeBody(), {
          signer: { key: otherKeys.privateKey, serial: 'PUB_KEY_ID_09' },
        }),
      'keyless',
    ],
  ])('%s', async (_, answer, why) => {
    side.answer = answer
    const { gateway } = gatewayTo(side, { timeoutMs: 20_000 })
    const result = (await gateway.query(orderNo)) as UnknownAnswer
    expect(result.kind).toBe('unknown')
    expect(String(result.why)).toBe(why)
    if (why === 'clock')
      expect(result.message).toMatch(/clock is (399|400|401) s behind the gateway's/)
    await gateway.stop()
  })
})

describe('no answer at all', () => {
  let directory: string
  let tls: ReturnType<typeof createTlsServer>
  let plain: Server
  const portOf = (server: Server | typeof tls) => (server.address() as AddressInfo).port

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'budan-tls-'))
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=other'],
        ...['-keyout', 'key.pem', '-out', 'cert.pem'],
      ],
      { cwd: directory, stdio: 'ignore' },
    )
    const file = (name: string) => readFileSync(join(directory, name))
    tls = createTlsServer({ key: file('key.pem'), cert: file('cert.pem') }, (_, response) =>
      response.end('{}'),
    )
    plain = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n')
    })
    await Promise.all(
      [tls, plain].map(
        (server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)),
      ),
    )
  })
  afterAll(() => {
    tls.close()
    plain.close()
    rmSync(directory, { recursive: true })
  })

  test.each<[string, () => { baseUrl: string; proxyUrl?: string }, string]>([
    ['a name that leads nowhere', () => ({ baseUrl: 'https://nowhere.invalid' }), 'name|dns'],
    ['nobody listens', () => ({ baseUrl: 'http://127.0.0.1:1' }), 'closed'],
    [
      'a certificate that nobody trusts',
      () => ({ baseUrl: `https://127.0.0.1:${portOf(tls)}` }),
      'untrusted',
    ],
    ['no TLS', () => ({ baseUrl: `https://127.0.0.1:${portOf(plain)}` }), 'no_tls'],
    [
      'a proxy that is dead',
      () => ({ baseUrl: 'https://api.example.com', proxyUrl: 'http://127.0.0.1:1' }),
      'proxy',
    ],
  ])('%s', async (_, address, why) => {
    const { gateway } = gatewayTo(side, { ...address(), timeoutMs: 20_000 })
    const result = (await gateway.query(orderNo)) as UnknownAnswer
    expect(result).toMatchObject({ kind: 'unknown', cause: 'network' })
    expect(String(result.why)).toMatch(new RegExp(`^(${why})$`))
    await gateway.stop()
  })

  test('no two codes of the system are said in the same words', () => {
    const codes = [
      ...['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ETIMEDOUT', 'ECONNRESET'],
      ...['HPE_INVALID_CONSTANT', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_TLS_CERT_ALTNAME_INVALID'],
      ...['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'EPROTO'],
      ...['EMFILE', 'UND_ERR_RES_EXCEEDED_MAX_SIZE', 'UND_ERR_HEADERS_TIMEOUT'],
    ]
    const signal = new AbortController().signal
    const result = codes.map((code): NoResponse => noResponseOf({ code, message: 'x' }, signal))
    expect(new Set(result.map(({ message }) => message)).size).toBe(codes.length)
  })
})
