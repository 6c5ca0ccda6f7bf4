import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/domain/clock.ts'
import type { TradeState } from '../../src/domain/trade.ts'
import { runsOf } from '../support/random.ts'
import {
  appId,
  gatewayTo,
  mchId,
  orderNo,
  otherKeys,
  platformKeys,
  publicKeyId,
  type Side,
  signatureHeaders,
  signed,
  startSide,
  tradeBody,
  unsigned,
} from './wechat-side.ts'

let side: Side
beforeAll(async () => {
  side = await startSide()
})
afterAll(() => side.stop())

async function queryAnswering(answer: Side['answer'], clock = systemClock) {
  side.answer = answer
  const { gateway, events } = gatewayTo(side, {}, { clock })
  const result = await gateway.query(orderNo)
  await gateway.stop()
  return { result, events }
}

describe('query()', () => {
  test('query() carries the trade of a verified answer', async () => {
    const { result, events } = await queryAnswering(() => signed(200, tradeBody()))
    expect(result).toMatchObject({
      kind: 'trade',
      trade: {
        orderNo,
        mchid: mchId,
        appid: appId,
        state: 'paid',
        reported: 'SUCCESS',
        transactionId: '4200002345202610019876543210',
        amount: 1234n,
        currency: 'CNY',
        paidAt: new Date('2026-10-01T00:34:56Z'),
      },
    })
    expect(events).toMatchObject([{ type: 'gateway_called', operation: 'query', outcome: 'trade' }])
  })

  test('query() keeps as evidence what people need, masked', async () => {
    const body = tradeBody({ promotion_detail: [{ coupon_id: '1' }], card_no: '6222020000001234' })
    const { result } = await queryAnswering(() => signed(200, body))
    expect(result.evidence).toEqual({
      http_status: 200,
      request_id: '08F78BB3AF0610D0021886-0',
      signed_by: publicKeyId,
      trade: {
        appid: appId,
        mchid: mchId,
        out_trade_no: orderNo,
        transaction_id: '4200002345202610019876543210',
        trade_type: 'NATIVE',
        trade_state: 'SUCCESS',
        trade_state_desc: '支付成功',
        success_time: '2026-10-01T08:34:56+08:00',
        attach: 'season=autumn',
        amount: { total: 1234, payer_total: 1000, currency: 'CNY', payer_currency: 'CNY' },
        payer: { openid: 'o6_bm…****' },
      },
    })
  })

  test('query() keeps no evidence that a database cannot store', async () => {
    const body = JSON.stringify(tradeBody({ attach: 'a\0b\ud800c' }))
    const { result } = await queryAnswering(() => signed(200, body))
    expect(result.evidence).toMatchObject({ trade: { attach: 'a�b�c' } })
  })

  test.each<[string, unknown, string | null]>([
    ['a text', 'a\0b'.repeat(1000), 'a\0b'.repeat(1000)],
    ['empty', '', ''],
    ['an object', { a: 1 }, null],
    ['absent', undefined, null],
  ])(
    'query() brings an attach that is %s as it came, whole or not at all',
    async (_, attach, as) => {
      const { result } = await queryAnswering(() => signed(200, tradeBody({ attach })))
      expect(result).toMatchObject({ kind: 'trade', trade: { attach: as } })
    },
  )

  const unpaid = { transaction_id: undefined, success_time: undefined, payer: undefined }
  test.each<[string, TradeState]>([
    ['SUCCESS', 'paid'],
    ['REFUND', 'refunded'],
    ['NOTPAY', 'unpaid'],
    ['PAYERROR', 'unpaid'],
    ['USERPAYING', 'paying'],
    ['ACCEPT', 'paying'],
    ['CLOSED', 'closed'],
    ['REVOKED', 'closed'],
    ['success', 'unlisted'],
    ['constructor', 'unlisted'],
    ['SUCCESSFUL', 'unlisted'],
  ])('query() reads %s as %s', async (reported, state) => {
    const more = state === 'paid' ? {} : unpaid
    const body = tradeBody({ trade_state: reported, ...more })
    const { result } = await queryAnswering(() => signed(200, body))
    expect(result).toMatchObject({ kind: 'trade', trade: { state, reported } })
  })

  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['no amount', { amount: undefined }, { amount: null, currency: null }],
    ['a null amount', { amount: null }, { amount: null, currency: null }],
    ['an amount that is a number', { amount: 1234 }, { amount: null, currency: null }],
    ['a total that is text', { amount: { total: '1234', currency: 'CNY' } }, { amount: null }],
    ['a fraction of a fen', { amount: { total: 1.5, currency: 'CNY' } }, { amount: null }],
    ['more than can be exact', { amount: { total: 2 ** 53 } }, { amount: null, currency: null }],
    ['an amount of zero', { amount: { total: 0, currency: 'CNY' } }, { amount: 0n }],
    ['another currency', { amount: { total: 1, currency: 'USD' } }, { currency: 'USD' }],
    ['only what the payer paid', { amount: { payer_total: 1234 } }, { amount: null }],
    ['no success_time', { success_time: undefined }, { paidAt: null }],
    ['a wrong success_time', { success_time: 'yesterday' }, { paidAt: null }],
    ['an impossible success_time', { success_time: '2026-13-01T00:00:00Z' }, { paidAt: null }],
    ['another mchid', { mchid: '1900000000' }, { mchid: '1900000000', state: 'paid' }],
    ['another appid', { appid: 'wx0' }, { appid: 'wx0', state: 'paid' }],
    ['another order', { out_trade_no: 'ANOTHER1' }, { orderNo: 'ANOTHER1', state: 'paid' }],
  ])('query() carries a trade with %s as it is', async (_, members, trade) => {
    const { result } = await queryAnswering(() => signed(200, tradeBody(members)))
    expect(result).toMatchObject({ kind: 'trade', trade })
  })

  test.each<[string, unknown]>([
    ['no trade_state', tradeBody({ trade_state: undefined })],
    ['a trade_state that is a number', tradeBody({ trade_state: 1 })],
    ['an empty trade_state', tradeBody({ trade_state: '' })],
    ['no transaction_id on SUCCESS', tradeBody({ transaction_id: undefined })],
    ['an empty transaction_id on SUCCESS', tradeBody({ transaction_id: '' })],
    ['no order number', tradeBody({ out_trade_no: undefined })],
    ['no mchid', tradeBody({ mchid: undefined })],
    ['no appid', tradeBody({ appid: undefined })],
    ['a code and message', { code: 'ORDER_NOT_EXIST', message: '订单不存在' }],
    ['a list', [tradeBody()]],
    ['nothing', ''],
    ['null', 'null'],
    ['half of it', JSON.stringify(tradeBody()).slice(0, 60)],
    ['HTML', '<html><body>SUCCESS</body></html>'],
  ])('query() cannot read a verified answer with %s', async (_, body) => {
    const { result } = await queryAnswering(() => signed(200, body))
    expect(result).toMatchObject({ kind: 'unknown', cause: 'unparsable', systemic: false })
  })

  test.each([201, 204])('query() cannot use a verified HTTP %i', async (status) => {
    const body = status === 204 ? undefined : tradeBody()
    const { result } = await queryAnswering(() => signed(status, body))
    expect(result).toMatchObject({ kind: 'unknown', cause: 'unparsable' })
  })
})

describe('an answer that is not verified', () => {
  const text = JSON.stringify(tradeBody())
  function sealedBut(change: (headers: Record<string, string>) => void) {
    const headers = signatureHeaders(text)
    change(headers)
    return { status: 200, headers, body: text }
  }
  /** Stands still, so that what is 301 s ahead stays so. */
  const now = new Date()
  const aged = (secs: number) => signed(200, text, { at: new Date(+now - secs * 1000) })

  test.each<[string, () => ReturnType<typeof signed>, boolean]>([
    ['without a signature', () => unsigned(200, text), false],
    ['HTML without a signature', () => unsigned(200, '<html>login</html>'), false],
    [
      'a body changed on the way',
      () => ({ ...signed(200, text), body: text.replace('1234', '9234') }),
      false,
    ],
    [
      'signed by somebody else',
      () => signed(200, text, { signer: { key: otherKeys.privateKey, serial: publicKeyId } }),
      false,
    ],
    ['301 s old', () => aged(301), false],
    ['300 s old', () => aged(300), false],
    ['301 s in the future', () => aged(-301), false],
    ['without a timestamp', () => sealedBut((it) => delete it['wechatpay-timestamp']), false],
    ['without a nonce', () => sealedBut((it) => delete it['wechatpay-nonce']), false],
    ['without a serial', () => sealedBut((it) => delete it['wechatpay-serial']), false],
    [
      'of another scheme',
      () =>
        sealedBut((it) => {
          it['wechatpay-signature-type'] = 'WECHATPAY2-SM2-WITH-SM3'
        }),
      false,
    ],
    [
      'with a signature that is not Base64',
      () =>
        sealedBut((it) => {
          it['wechatpay-signature'] = 'not Base64!'
        }),
      false,
    ],
    [
      'a probe in Base64',
      () =>
        sealedBut((it) => {
          it['wechatpay-signature'] = `WECHATPAY/SIGNTEST/${'A'.repeat(325)}`
        }),
      false,
    ],
    [
      'a probe that is not Base64',
      () =>
        sealedBut((it) => {
          it['wechatpay-signature'] = 'WECHATPAY/SIGNTEST/~'
        }),
      false,
    ],
    [
      'by a public key that we were not given',
      () => signed(200, text, { signer: { key: platformKeys.privateKey, serial: 'PUB_KEY_ID_2' } }),
      true,
    ],
    [
      'by a certificate, though we request the public key',
      () => signed(200, text, { signer: { key: otherKeys.privateKey, serial: '5DEA10EF' } }),
      true,
    ],
  ])('query() does not believe one %s', async (_, canned, systemic) => {
    const { result } = await queryAnswering(
      ({ path }) =>
        path === '/v3/certificates' ? unsigned(404, { code: 'RESOURCE_NOT_EXISTS' }) : canned(),
      () => now,
    )
    expect(result).toMatchObject({ kind: 'unknown', cause: 'unverified', systemic })
    expect(result.evidence).not.toHaveProperty('trade')
  })

  test('query() believes one 299 s old, one of no stated type, and one with blanks in its body', async () => {
    const spaced = `${text}\n`
    const untyped = sealedBut((it) => delete it['wechatpay-signature-type'])
    for (const canned of [aged(299), untyped, signed(200, spaced)]) {
      const { result } = await queryAnswering(
        () => canned,
        () => now,
      )
      expect(result).toMatchObject({ kind: 'trade' })
    }
  })

  test('close() and prepay() do not believe success without a signature', async () => {
    const { gateway } = gatewayTo(side)
    side.answer = () => unsigned(204)
    expect(await gateway.close(orderNo)).toMatchObject({ cause: 'unverified' })
    side.answer = () => unsigned(200, { code_url: 'weixin://wxpay/bizpayurl?pr=evil' })
    const order = {
      orderNo,
      appid: 'wx1',
      amount: 1n,
      currency: 'CNY',
      description: 'x',
      attach: null,
    }
    const expiresAt = new Date()
    expect(await gateway.prepay({ ...order, expiresAt })).toMatchObject({ cause: 'unverified' })
    await gateway.stop()
  })
})

describe('close() and prepay()', () => {
  const order = {
    orderNo,
    appid: 'wx0000000000000001',
    amount: 1n,
    currency: 'CNY',
    description: 'x',
    attach: null,
    expiresAt: new Date('2026-10-01T02:30:00Z'),
  }

  test('close() believes a verified 204, and no 200', async () => {
    const { gateway, events } = gatewayTo(side)
    side.answer = () => signed(204, undefined)
    expect(await gateway.close(orderNo)).toMatchObject({ kind: 'closed' })
    side.answer = () => signed(200, {})
    expect(await gateway.close(orderNo)).toMatchObject({ kind: 'unknown', cause: 'unparsable' })
    expect(events).toMatchObject([
      { operation: 'close', outcome: 'closed' },
      { operation: 'close', outcome: 'unparsable' },
    ])
    await gateway.stop()
  })

  test('prepay() gives the code to scan of a verified 200, and nothing of one without', async () => {
    const { gateway } = gatewayTo(side)
    side.answer = () => signed(200, { code_url: 'weixin://wxpay/bizpayurl?pr=1' })
    expect(await gateway.prepay(order)).toMatchObject({
      kind: 'placed',
      payment: { kind: 'qr', codeUrl: 'weixin://wxpay/bizpayurl?pr=1' },
    })
    for (const body of [{}, { code_url: '' }, { code: 'X', message: '' }, 'nonsense']) {
      side.answer = () => signed(200, body)
      expect(await gateway.prepay(order)).toMatchObject({ kind: 'unknown', cause: 'unparsable' })
    }
    await gateway.stop()
  })
})

describe('probe()', () => {
  test.each<[string, ReturnType<typeof signed>, object]>([
    ['an absent order', unsigned(404, { code: 'ORDER_NOT_EXIST' }), { kind: 'ok' }],
    ['a verified trade', signed(200, tradeBody()), { kind: 'ok' }],
    [
      'a wrong key',
      unsigned(401, { code: 'SIGN_ERROR' }),
      { cause: 'unauthorized', systemic: true },
    ],
    ['a merchant that may not', unsigned(403, { code: 'NO_AUTH' }), { cause: 'forbidden' }],
    ['a broken gateway', unsigned(500), { cause: 'server_error', systemic: false }],
  ])('probe() reports %s', async (_, canned, expected) => {
    side.answer = () => canned
    side.received.length = 0
    const { gateway, events } = gatewayTo(side)
    expect(await gateway.probe()).toMatchObject(expected)
    expect(side.received[0]?.path).toMatch(/\/out-trade-no\/BUDANPROBE\d{13}\?mchid=/)
    expect(events).toMatchObject([{ type: 'gateway_called', operation: 'probe' }])
    await gateway.stop()
  })
})

describe('whatever comes', () => {
  test('query() never throws, and never makes a trade of bytes that are not signed', async () => {
    let canned = unsigned(200)
    side.answer = () => canned
    const { gateway } = gatewayTo(side)
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 200, max: 599 }).filter((status) => status !== 304 && status !== 204),
        fc.oneof(fc.string(), fc.json(), fc.constant(JSON.stringify(tradeBody()))),
        async (status, body) => {
          canned = unsigned(status, body)
          const result = await gateway.query(orderNo)
          expect(result.kind).toBe('unknown')
        },
      ),
      { numRuns: runsOf(300) },
    )
    await gateway.stop()
  })
})
