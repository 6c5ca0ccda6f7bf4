import type { KeyObject } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Gateway } from '../../src/gateway/gateway.ts'
import { makeCertificate } from './certificate.ts'
import {
  apiV3Key,
  type Canned,
  encrypt,
  gatewayTo,
  orderNo,
  otherKeys,
  platformKeys,
  publicKeySigner,
  type Received,
  type Side,
  type Signer,
  signatureHeaders,
  signed,
  startSide,
  tradeBody,
  unsigned,
} from './wechat-side.ts'

const start = new Date('2026-10-01T00:00:00Z')
const minuteMs = 60_000
const hourMs = 60 * minuteMs
const yearMs = 365 * 24 * hourMs
const certificatesPath = '/v3/certificates'

interface Platform extends Signer {
  readonly pem: string
}

function platform(
  serial: string,
  key: KeyObject,
  { from = start.getTime() - yearMs, to = start.getTime() + yearMs } = {},
): Platform {
  const pem = makeCertificate(key, { serial, from: new Date(from), to: new Date(to) })
  return { serial, key, pem }
}

const old = platform('5157F09EFDC096DE15EBE81A47057A7232F1B8E1', platformKeys.privateKey)
const young = platform('6F0C3A5BDEADBEEF00000000000000000000BEEF', otherKeys.privateKey)

let side: Side
let now: Date
/** What the list has in it, who signs the list, and who signs trades. */
let listed: readonly Platform[]
let listSigner: Signer
let tradeSigner: Signer
let listKey: Buffer
const clock = () => now

beforeEach(async () => {
  now = start
  listed = [old]
  listSigner = old
  tradeSigner = old
  listKey = apiV3Key
  side = await startSide(answer)
})
afterEach(() => side.stop())

function answer({ path }: Received): Canned {
  if (path === certificatesPath) return listing()
  return signed(200, tradeBody(), { signer: tradeSigner, at: now })
}

function listing(): Canned {
  const data = listed.map(({ serial, pem }) => ({
    serial_no: serial,
    effective_time: '2025-10-01T08:00:00+08:00',
    expire_time: '2027-10-01T08:00:00+08:00',
    encrypt_certificate: encrypt(pem, { key: listKey, associatedData: 'certificate' }),
  }))
  return signed(200, { data }, { signer: listSigner, at: now })
}

function fetches(): number {
  return side.received.filter(({ path }) => path === certificatesPath).length
}

function pass(ms: number): void {
  now = new Date(now.getTime() + ms)
}

function withCertificates() {
  return gatewayTo(side, { publicKey: null }, { clock })
}

function callbackBy(gateway: Gateway, signer: Signer) {
  const resource = encrypt(JSON.stringify(tradeBody()))
  const body = JSON.stringify({ id: 'EV-1', event_type: 'TRANSACTION.SUCCESS', resource })
  const headers = signatureHeaders(body, { signer, at: now })
  return gateway.openCallback({ headers, body: Buffer.from(body) })
}

describe('platform certificates', () => {
  test('query() fetches the first certificates once for all that wait for them', async () => {
    const { gateway, events } = withCertificates()
    const answers = await Promise.all(Array.from({ length: 8 }, () => gateway.query(orderNo)))
    expect(answers.map(({ kind }) => kind)).toEqual(Array(8).fill('trade'))
    expect(fetches()).toBe(1)
    expect(events).toContainEqual({ type: 'gateway_keys_refreshed', serials: [old.serial] })
    expect(events).toContainEqual(
      expect.objectContaining({ operation: 'certificates', outcome: 'opened' }),
    )
    await gateway.stop()
  })

  test('query() follows a rotation: the new certificate is fetched when it first signs', async () => {
    const { gateway } = withCertificates()
    await gateway.query(orderNo)
    pass(minuteMs)
    listed = [old, young]
    tradeSigner = young
    expect(await gateway.query(orderNo)).toMatchObject({ kind: 'trade' })
    tradeSigner = old
    expect(await gateway.query(orderNo)).toMatchObject({ kind: 'trade' })
    expect(fetches()).toBe(2)
    await gateway.stop()
  })

  test('query() rejects a certificate that is not listed any more', async () => {
    const { gateway } = withCertificates()
    await gateway.query(orderNo)
    pass(12 * hourMs)
    listed = [young]
    listSigner = young
    await gateway.query(orderNo)
    await gateway.probe()
    expect(await gateway.query(orderNo)).toMatchObject({ cause: 'unverified', systemic: false })
    await gateway.stop()
  })

  test('query() fetches an unknown serial once, and again a minute later', async () => {
    const { gateway } = withCertificates()
    await gateway.query(orderNo)
    tradeSigner = young
    for (const expected of [1, 1, 2, 2, 3]) {
      const answer = await gateway.query(orderNo)
      expect(answer).toMatchObject({ kind: 'unknown', cause: 'unverified', systemic: false })
      expect(fetches()).toBe(expected)
      pass(minuteMs / 2)
    }
    await gateway.stop()
  })

  test('query() refreshes certificates that are 12 h old, without waiting', async () => {
    const { gateway } = withCertificates()
    await gateway.query(orderNo)
    pass(12 * hourMs - 1)
    await gateway.query(orderNo)
    expect(fetches()).toBe(1)
    pass(1)
    expect(await gateway.query(orderNo)).toMatchObject({ kind: 'trade' })
    await gateway.stop()
    expect(fetches()).toBe(2)
  })

  test.each([
    ['expired', { to: start.getTime() - 1000 }],
    ['not valid yet', { from: start.getTime() + hourMs }],
  ])('query() does not use a certificate that is %s', async (_, validity) => {
    const unusable = platform(old.serial, platformKeys.privateKey, validity)
    listed = [unusable, young]
    listSigner = young
    const { gateway } = withCertificates()
    expect(await gateway.query(orderNo)).toMatchObject({ cause: 'unverified' })
    tradeSigner = young
    expect(await gateway.query(orderNo)).toMatchObject({ kind: 'trade' })
    await gateway.stop()
  })

  test('query() is unknown for every order when the APIv3 key does not open the list', async () => {
    listKey = Buffer.alloc(32, 'x')
    const { gateway, events } = withCertificates()
    const answer = await gateway.query(orderNo)
    expect(answer).toMatchObject({ kind: 'unknown', cause: 'unverified', systemic: true })
    expect(answer).toHaveProperty('message', expect.stringContaining('APIv3 key does not fit'))
    expect(JSON.stringify(events)).not.toContain(apiV3Key.toString())
    expect(events).toContainEqual(expect.objectContaining({ type: 'gateway_keys_failed' }))
    await gateway.stop()
  })

  test('query() says that a merchant without platform certificates needs the public key', async () => {
    side.answer = (request) =>
      request.path === certificatesPath
        ? unsigned(404, { code: 'RESOURCE_NOT_EXISTS', message: '无可用的平台证书' })
        : answer(request)
    const { gateway } = withCertificates()
    const unknown = await gateway.query(orderNo)
    expect(unknown).toMatchObject({ cause: 'unverified', systemic: true })
    expect(unknown).toHaveProperty(
      'message',
      expect.stringContaining("configure WeChat Pay's public key"),
    )
    expect(await gateway.probe()).toMatchObject({ cause: 'unverified', systemic: true })
    await gateway.stop()
  })

  test.each<[string, () => Canned, object]>([
    ['the gateway is broken', () => unsigned(500), { cause: 'server_error', systemic: false }],
    ['the merchant key is wrong', () => unsigned(401), { cause: 'unauthorized', systemic: true }],
    [
      'it is not signed',
      () => ({ ...listing(), headers: {} }),
      { cause: 'unverified', systemic: false },
    ],
    ['it is HTML', () => signed(200, '<html>'), { cause: 'unparsable' }],
    ['it is empty', () => signed(200, { data: [] }), { cause: 'unparsable' }],
    [
      'it is signed by none of its certificates',
      () => {
        listSigner = young
        return listing()
      },
      { cause: 'unverified', systemic: false },
    ],
    [
      'a serial is not that of its certificate',
      () => {
        listSigner = { ...old, serial: young.serial }
        listed = [{ ...old, serial: young.serial }]
        return listing()
      },
      { cause: 'unverified' },
    ],
  ])('probe() reports when the list cannot be used: %s', async (_, list, expected) => {
    side.answer = (request) => (request.path === certificatesPath ? list() : answer(request))
    const { gateway, events } = withCertificates()
    expect(await gateway.probe()).toMatchObject({ kind: 'unknown', ...expected })
    expect(await gateway.query(orderNo)).toMatchObject({ kind: 'unknown', cause: 'unverified' })
    expect(events).toContainEqual(expect.objectContaining({ type: 'gateway_keys_failed' }))
    await gateway.stop()
  })

  test('query() tries again after 5 s while it has no key at all', async () => {
    side.answer = (request) => (request.path === certificatesPath ? unsigned(500) : answer(request))
    const { gateway } = withCertificates()
    await gateway.query(orderNo)
    await gateway.query(orderNo)
    expect(fetches()).toBe(1)
    pass(5_000)
    side.answer = answer
    expect(await gateway.query(orderNo)).toMatchObject({ kind: 'trade' })
    await gateway.stop()
  })

  test('query() is unverified for every order when a public key signs that it was not given', async () => {
    tradeSigner = publicKeySigner
    const { gateway } = withCertificates()
    expect(await gateway.query(orderNo)).toMatchObject({ cause: 'unverified', systemic: true })
    expect(fetches()).toBe(0)
    await gateway.stop()
  })

  test('probe() is ok when the list is', async () => {
    const { gateway } = withCertificates()
    expect(await gateway.probe()).toEqual({ kind: 'ok', verified: true })
    expect(await gateway.probe()).toEqual({ kind: 'ok', verified: true })
    expect(fetches()).toBe(2)
    await gateway.stop()
  })

  test('probe() ends with the signal of its caller', async () => {
    const controller = new AbortController()
    side.answer = () => {
      controller.abort()
      return 'handled'
    }
    const { gateway } = gatewayTo(side, { publicKey: null, timeoutMs: 200 })
    expect(await gateway.probe({ signal: controller.signal })).toMatchObject({ cause: 'timeout' })
    await gateway.stop()
  })
})

describe('from certificates to the public key', () => {
  test('openCallback() believes both while WeChat Pay moves over', async () => {
    listSigner = publicKeySigner
    const { gateway } = gatewayTo(side, {}, { clock })
    expect(await callbackBy(gateway, publicKeySigner)).toMatchObject({ kind: 'opened' })
    expect(fetches()).toBe(0)
    expect(await callbackBy(gateway, old)).toMatchObject({ kind: 'opened' })
    expect(await callbackBy(gateway, publicKeySigner)).toMatchObject({ kind: 'opened' })
    expect(await callbackBy(gateway, old)).toMatchObject({ kind: 'opened' })
    expect(fetches()).toBe(1)
    await gateway.stop()
  })

  test('query() believes an answer of either kind', async () => {
    const { gateway } = gatewayTo(side, {}, { clock })
    tradeSigner = publicKeySigner
    expect(await gateway.query(orderNo)).toMatchObject({ kind: 'trade' })
    tradeSigner = old
    expect(await gateway.query(orderNo)).toMatchObject({ kind: 'trade' })
    await gateway.stop()
  })

  test('openCallback() fetches at most once a minute however many unknown serials come', async () => {
    const { gateway } = gatewayTo(side, {}, { clock })
    for (let n = 0; n < 20; n += 1) {
      const serial = `${n}`.padStart(40, '7')
      const opened = await callbackBy(gateway, { key: otherKeys.privateKey, serial })
      expect(opened).toMatchObject({ kind: 'rejected', status: 401 })
    }
    expect(fetches()).toBe(1)
    await gateway.stop()
  })
})

describe('callbacks with made-up serials', () => {
  const madeUp = (n: number): Signer => ({
    key: otherKeys.privateKey,
    serial: `${n}`.padStart(40, '7'),
  })

  test('openCallback() fetches certificates at most once in ten minutes for them', async () => {
    const { gateway } = gatewayTo(side, {}, { clock })
    for (let n = 0; n < 40; n += 1) {
      await callbackBy(gateway, madeUp(n))
      pass(minuteMs / 2)
    }
    // 20 minutes: at 0 and 10.
    expect(fetches()).toBe(2)
    await gateway.stop()
  })

  test('openCallback() learns a rotated certificate within ten minutes, whatever is made up', async () => {
    const { gateway } = withCertificates()
    await gateway.query(orderNo)
    pass(minuteMs)
    await callbackBy(gateway, madeUp(1))
    listed = [old, young]
    expect(await callbackBy(gateway, young)).toMatchObject({ kind: 'rejected', status: 401 })
    pass(10 * minuteMs)
    expect(await callbackBy(gateway, young)).toMatchObject({ kind: 'opened' })
    await gateway.stop()
  })

  test('query() learns a rotated certificate within a minute, whatever is made up', async () => {
    const { gateway } = withCertificates()
    await gateway.query(orderNo)
    pass(minuteMs)
    await callbackBy(gateway, madeUp(1))
    listed = [old, young]
    tradeSigner = young
    pass(minuteMs)
    expect(await gateway.query(orderNo)).toMatchObject({ kind: 'trade' })
    expect(await callbackBy(gateway, young)).toMatchObject({ kind: 'opened' })
    await gateway.stop()
  })

  test('openCallback() fetches no more once a merchant with a public key has no certificates', async () => {
    side.answer = ({ path }) =>
      path === certificatesPath ? unsigned(404, { code: 'RESOURCE_NOT_EXISTS' }) : unsigned(500)
    const { gateway, events } = gatewayTo(side, {}, { clock })
    for (let n = 0; n < 20; n += 1) {
      expect(await callbackBy(gateway, madeUp(n))).toMatchObject({ kind: 'rejected', status: 401 })
      pass(hourMs)
    }
    expect(fetches()).toBe(1)
    expect(failuresIn(events)).toBe(1)
    await gateway.stop()
  })

  test('a failed fetch is reported once, again when its cause changes, and again after an hour', async () => {
    let list = () => unsigned(500)
    side.answer = (request) => (request.path === certificatesPath ? list() : answer(request))
    const { gateway, events } = gatewayTo(side, {}, { clock })
    const failures: number[] = []
    const receive = async () => {
      await callbackBy(gateway, madeUp(1))
      failures.push(failuresIn(events))
      pass(10 * minuteMs)
    }
    await receive()
    await receive()
    list = () => unsigned(401)
    await receive()
    await receive()
    for (let n = 0; n < 5; n += 1) await receive()
    expect(failures).toEqual([1, 1, 2, 2, 2, 2, 2, 2, 3])
    await gateway.stop()
  })

  function failuresIn(events: readonly { readonly type: string }[]): number {
    return events.filter(({ type }) => type === 'gateway_keys_failed').length
  }
})
