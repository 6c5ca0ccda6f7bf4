import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { outcomes } from '../../src/gateway/wechat/outcome.ts'
import {
  gatewayTo,
  orderNo,
  otherKeys,
  publicKeyId,
  type Side,
  signed,
  startSide,
  unsigned,
} from './wechat-side.ts'

let side: Side
beforeAll(async () => {
  side = await startSide()
})
afterAll(() => side.stop())

const prepaid = {
  orderNo,
  appid: 'wx0000000000000001',
  amount: 1n,
  currency: 'CNY',
  description: 'one fen',
  attach: null,
  expiresAt: new Date('2026-10-01T02:30:00Z'),
}

/**
 * What each status and code comes to. Query: an unknown's cause (`!` systemic), or absent.
 * Close and prepay: the same causes, or refused with its code.
 */
const table = `
  status code                   query          close          prepay
  202    USER_PAYING            server_error   server_error   server_error
  202    -                      server_error   server_error   server_error
  400    PARAM_ERROR            refused        REFUSED        REFUSED
  400    INVALID_REQUEST        refused        REFUSED        REFUSED
  400    MCH_NOT_EXISTS         forbidden!     REFUSED        REFUSED
  400    APPID_MCHID_NOT_MATCH  forbidden!     REFUSED        REFUSED
  400    ORDER_CLOSED           refused        REFUSED        REFUSED
  400    ORDER_PAID             refused        REFUSED        REFUSED
  400    ORDER_NOT_EXIST        refused        REFUSED        REFUSED
  400    -                      refused        REFUSED        REFUSED
  401    SIGN_ERROR             unauthorized!  unauthorized!  unauthorized!
  401    -                      unauthorized!  unauthorized!  unauthorized!
  403    NO_AUTH                forbidden!     REFUSED        REFUSED
  403    NOAUTH                 forbidden!     REFUSED        REFUSED
  403    MCH_NOT_EXISTS         forbidden!     REFUSED        REFUSED
  403    APPID_MCHID_NOT_MATCH  forbidden!     REFUSED        REFUSED
  403    RULE_LIMIT             refused        REFUSED        REFUSED
  403    RULELIMIT              refused        REFUSED        REFUSED
  403    TRADE_ERROR            refused        REFUSED        REFUSED
  403    OUT_TRADE_NO_USED      refused        REFUSED        REFUSED
  403    ACCOUNT_ERROR          refused        REFUSED        REFUSED
  403    ACCOUNTERROR           refused        REFUSED        REFUSED
  403    NOT_ENOUGH             refused        REFUSED        REFUSED
  403    NEW_CODE               forbidden!     REFUSED        REFUSED
  403    -                      forbidden!     REFUSED        REFUSED
  404    ORDER_NOT_EXIST        absent         REFUSED        refused
  404    ORDERNOTEXIST          absent         REFUSED        refused
  404    ORDER_NOT_EXISTS       absent         REFUSED        refused
  404    order_not_exist        absent         REFUSED        refused
  404    MCH_NOT_EXISTS         forbidden!     REFUSED        forbidden!
  404    RESOURCE_NOT_EXISTS    refused        REFUSED        refused
  404    -                      refused        REFUSED        refused
  405    -                      refused        REFUSED        refused
  418    TEAPOT                 refused        REFUSED        refused
  429    FREQUENCY_LIMITED      throttled      throttled      throttled
  429    RATELIMIT_EXCEEDED     throttled      throttled      throttled
  429    RATE_LIMITED           throttled      throttled      throttled
  429    FREQUENCY_LIMIT_EXCEED throttled      throttled      throttled
  429    -                      throttled      throttled      throttled
  500    SYSTEM_ERROR           server_error   server_error   server_error
  500    SYSTEMERROR            server_error   server_error   server_error
  500    BANK_ERROR             server_error   server_error   server_error
  500    INVALID_TRANSACTIONID  server_error   server_error   server_error
  500    OPENID_MISMATCH        server_error   server_error   server_error
  500    ORDER_NOT_EXIST        server_error   server_error   server_error
  500    -                      server_error   server_error   server_error
  502    SERVICE_UNAVAILABLE    server_error   server_error   server_error
  502    -                      server_error   server_error   server_error
  503    SERVICE_UNAVAILABLE    server_error   server_error   server_error
  504    -                      server_error   server_error   server_error
  301    -                      unparsable     unparsable     unparsable
`

const rows = table
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.trim().split(/\s+/) as [string, string, string, string, string])

type Result = Awaited<
  ReturnType<ReturnType<typeof gatewayTo>['gateway']['query' | 'close' | 'prepay']>
>

/** A result in the table's words. */
function wordOf(result: Result): string {
  if (result.kind === 'unknown') return `${result.cause}${result.systemic ? '!' : ''}`
  return result.kind === 'refused' ? 'REFUSED' : result.kind
}

describe('every status and code', () => {
  test.each(rows)('HTTP %s %s: query() says %s, close() %s, prepay() %s', async (...row) => {
    const [status, code, query, close, prepay] = row
    const body = code === '-' ? '' : { code, message: '说明' }
    const { gateway } = gatewayTo(side)
    for (const canned of [unsigned(Number(status), body), signed(Number(status), body)]) {
      side.answer = () => canned
      const [queried, closed, placed] = [
        await gateway.query(orderNo),
        await gateway.close(orderNo),
        await gateway.prepay(prepaid),
      ]
      expect([wordOf(queried), wordOf(closed), wordOf(placed)]).toEqual([query, close, prepay])
      const seen = code === '-' ? { http_status: Number(status) } : { code }
      expect(queried.evidence).toMatchObject(seen)
    }
    await gateway.stop()
  })

  test('outcomes has no row without a test here', () => {
    const tested = new Set(rows.map(([status, code]) => `${status} ${code === '-' ? '*' : code}`))
    const untested = outcomes.map(([status, code]) => `${status} ${code}`)
    expect(untested.filter((row) => !tested.has(row))).toEqual([])
  })

  test.each([
    [404, 'ORDER_NOT_EXIST'],
    [403, 'RULE_LIMIT'],
    [400, 'PARAM_ERROR'],
  ])('HTTP %i %s under a wrong signature is unverified', async (status, code) => {
    const { gateway } = gatewayTo(side)
    const signer = { key: otherKeys.privateKey, serial: publicKeyId }
    side.answer = () => signed(status, { code, message: '' }, { signer })
    const closed = await gateway.close(orderNo)
    expect(closed).toMatchObject({ kind: 'unknown', cause: 'unverified', systemic: false })
    if (status === 404) expect(await gateway.query(orderNo)).toMatchObject({ cause: 'unverified' })
    else expect(await gateway.prepay(prepaid)).toMatchObject({ cause: 'unverified' })
    await gateway.stop()
  })

  test('close() returns the code and message of a refusal', async () => {
    side.answer = () => unsigned(400, { code: 'ORDER_PAID', message: '订单已支付' })
    const { gateway } = gatewayTo(side)
    expect(await gateway.close(orderNo)).toMatchObject({
      kind: 'refused',
      code: 'ORDER_PAID',
      message: '订单已支付',
    })
    side.answer = () => unsigned(404)
    expect(await gateway.close(orderNo)).toMatchObject({ kind: 'refused', code: 'HTTP_404' })
    await gateway.stop()
  })
})
