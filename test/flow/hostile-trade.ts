import fc from 'fast-check'
import { appId, mchId } from '../gateway/wechat-side.ts'

export const ways = ['callback', 'run', 'check'] as const
export type Way = (typeof ways)[number]

/** Members of a trade as JSON texts, so that they need not be what JSON.stringify writes. */
export type TradeText = Readonly<Record<string, string>>

/** What is put around a trade. */
export interface Post {
  readonly prefix?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly envelope?: Readonly<Record<string, unknown>>
}

export const deciding = { amount: 1234n }

const wrongByte = '\ue000'

/** A trade that pays the order, with these members besides, or in the place of its own. */
export function bodyOf(orderNo: string, members: TradeText): Buffer {
  const { payer_total, payer_currency, total = '1234', currency = '"CNY"', ...others } = members
  const amount = { total, currency, payer_total, payer_currency }
  const trade: TradeText = {
    appid: `"${appId}"`,
    mchid: `"${mchId}"`,
    out_trade_no: `"${orderNo}"`,
    trade_state: '"SUCCESS"',
    transaction_id: `"4200${orderNo}"`,
    amount: objectText(amount),
    ...others,
  }
  return bytesOf(objectText(trade))
}

function objectText(members: Readonly<Record<string, string | undefined>>): string {
  const parts = Object.entries(members).flatMap(([name, text]) =>
    text === undefined || text === '' ? [] : [`${JSON.stringify(name)}:${text}`],
  )
  return `{${parts.join(',')}}`
}

/** A private character stands for bytes that no UTF-8 has. */
function bytesOf(text: string): Buffer {
  const parts = text.split(wrongByte).map((part) => Buffer.from(part))
  const wrong = Buffer.from([0xff, 0xc0, 0xaf, 0xe4, 0xb8])
  return Buffer.concat(parts.flatMap((part, nth) => (nth === 0 ? [part] : [wrong, part])))
}

const texts = fc.oneof(
  fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
  fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
  fc.constantFrom('""', `"${wrongByte}"`, `"a${wrongByte}\u0001\\u0000\\udc00"`, '"\t\n"'),
  fc.integer({ min: 250, max: 100_000 }).map((length) => `"${'😀'.repeat(length)}"`),
)
const times = fc.oneof(
  fc.date({ noInvalidDate: true }).map((date) => `"${date.toISOString()}"`),
  fc.constantFrom('"2026-02-30T00:00:00+08:00"', '"9999-12-31T23:59:59-23:59"', '"now"', '1e99'),
)
const numbers = fc.constantFrom(
  '1e400',
  '-1e400',
  '-0',
  '9007199254740993',
  '1.5',
  `${'9'.repeat(400)}`,
)
const values = fc.oneof(
  ...[texts, times, numbers, fc.json()],
  fc.constantFrom('null', 'true', '[]', '{}', '{"__proto__":{"total":1}}', '[{"toJSON":1}]'),
  fc.integer({ min: 1, max: 50_000 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
)

const free = [
  ...['success_time', 'attach', 'trade_type', 'trade_state_desc', 'bank_type', 'payer'],
  ...['promotion_detail', 'scene_info', 'payer_total', 'payer_currency', 'combine_out_trade_no'],
  ...['__proto__', 'constructor', 'toString', 'toJSON', 'sub_mchid', ''],
]

/** Anything in what decides nothing. */
export const freeMembers = fc
  .array(fc.tuple(fc.constantFrom(...free), values), { maxLength: 8 })
  .map((members): TradeText => Object.fromEntries(members))

/** One thing that decides, wrong. An empty text leaves it out. */
export const wrongMembers: fc.Arbitrary<TradeText> = fc.oneof(
  member('total', [
    '1233',
    '1235',
    '0',
    '-1234',
    '"1234"',
    '1234.5',
    '1e400',
    'null',
    '[1234]',
    '',
  ]),
  member('amount', ['null', '1234', '[]', '"1234"', '{"payer_total":1234,"currency":"CNY"}', '']),
  member('currency', ['"USD"', '"cny"', '"CNY "', `"CNY${wrongByte}"`, '"CNY\\u0000"', 'null', '']),
  member('mchid', ['"1900000000"', `"${mchId}${wrongByte}"`, `${mchId}`, 'null', '']),
  member('appid', ['"wx0000000000000000"', `"${appId}\n"`, `"${appId.toUpperCase()}"`, '[]', '']),
  member('out_trade_no', ['"ANOTHER-1"', `"${wrongByte}"`, '"\\u0000"', '"\\ud800"', '7', '']),
  member('trade_state', [
    '"success"',
    '"SUCCESS "',
    '"NOTPAY"',
    '"REFUND"',
    '"\\u0000"',
    'true',
    '',
  ]),
  member('transaction_id', ['""', 'null', '"a b"', '4200', `"4200${wrongByte}"`, '']),
)

function member(name: string, wrong: readonly string[]): fc.Arbitrary<TradeText> {
  return fc.constantFrom(...wrong).map((text) => ({ [name]: text }))
}
