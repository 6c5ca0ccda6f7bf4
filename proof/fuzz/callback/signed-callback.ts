import type { Chance } from '../chance.ts'
import { hostileJson, type Members, objectText, oddNumbers, spoiled } from '../hostile.ts'
import {
  encrypted,
  headersOf,
  type Keys,
  presentSecs,
  type SignatureParts,
  signatureOf,
} from '../keys.ts'
import { mutated } from '../mutate.ts'
import type { ExpectedOrder } from './expected-books.ts'
import { isObject, objectIn, own } from './payment.ts'

export type HeaderSet = Readonly<Record<string, string | readonly string[] | undefined>>

/** The headers and bytes that are sent. */
export type HttpMessage = Pick<SignedCallback, 'headers' | 'body'>
type Ordered = Pick<ExpectedOrder, 'orderNo' | 'amount'>

/** A callback as it was signed, with its decrypted text. */
export interface SignedCallback {
  readonly headers: HeaderSet
  readonly body: Buffer
  readonly signature: SignatureParts
  /** The decrypted text; null if the envelope cannot be opened. */
  readonly plain: Buffer | null
  /** Signed with the gateway's key, with a timestamp that is still valid. */
  readonly genuine: boolean
}

/** A callback for a payment as it was ordered. */
export function callbackFor(
  entry: ExpectedOrder,
  { keys, chance }: { keys: Keys; chance: Chance },
): SignedCallback {
  return signedCallback(Buffer.from(objectText(tradeMembers(entry, { keys, chance }))), {
    keys,
    chance,
  })
}

/** A callback that may be wrong in its payment, its envelope, its signer or its timestamp. */
export function oddCallbackFor(
  entry: ExpectedOrder,
  {
    keys,
    chance,
    transactionIds,
  }: { keys: Keys; chance: Chance; transactionIds: readonly string[] },
): SignedCallback {
  const members = tradeMembers(entry, { keys, chance })
  const plain = chance.weighed<() => Buffer>([
    [2, () => Buffer.from(objectText(members))],
    [6, () => Buffer.from(objectText(adornedPayment(members, { entry, chance })))],
    [6, () => Buffer.from(objectText(spoiled(members, chance)))],
    [5, () => Buffer.from(objectText(changedFacts(members, { entry, chance, transactionIds })))],
    [2, () => mutated(Buffer.from(objectText(members)), chance)],
    [1, () => Buffer.from(hostileJson(chance))],
    [1, () => chance.bytes(chance.below(80))],
  ])()
  const options = { keys, chance }
  return chance.weighed<() => SignedCallback>([
    [8, () => signedCallback(plain, options)],
    [
      1,
      () => signedCallback(plain, { ...options, envelope: (members) => spoiled(members, chance) }),
    ],
    [1, () => signedCallback(plain, { ...options, signedBy: 'stranger' })],
    [
      1,
      () =>
        signedCallback(plain, {
          ...options,
          ageSecs: chance.pick([299, 300, 301, -299, -300, -301, 1e6]),
        }),
    ],
  ])()
}

interface SigningOptions {
  readonly keys: Keys
  readonly chance: Chance
  readonly envelope?: (members: Members) => Members
  readonly signedBy?: 'gateway' | 'stranger'
  readonly ageSecs?: number
}

function signedCallback(plain: Buffer, options: SigningOptions): SignedCallback {
  const { keys, chance, envelope, signedBy = 'gateway', ageSecs = 0 } = options
  const members: Members = [
    ['id', `"EV-${chance.hex(16)}"`],
    ['create_time', '"2026-10-01T16:30:00+08:00"'],
    ['event_type', '"TRANSACTION.SUCCESS"'],
    ['resource', objectText(encrypted(plain, { key: keys.apiV3Key, chance }))],
  ]
  const right = objectText(members)
  const text = envelope === undefined ? right : objectText(envelope(members))
  const body = Buffer.from(text)
  const nonce = chance.hex(32)
  const timestamp = String(presentSecs - ageSecs)
  const signature = signatureOf(body, { signer: keys[signedBy], nonce, timestamp })
  return {
    ...{ headers: headersOf(signature), body, signature },
    plain: opens(body, right) ? plain : null,
    genuine: signedBy === 'gateway' && Math.abs(ageSecs) < 300,
  }
}

/** An envelope opens if its event type and its encrypted text are unchanged; other members do not matter. */
function opens(body: Buffer, right: string): boolean {
  const [got, meant] = [objectIn(body), objectIn(Buffer.from(right))]
  if (got === null || meant === null) return false
  const [resource, meantResource] = [own(got, 'resource'), own(meant, 'resource')]
  if (!isObject(resource) || !isObject(meantResource)) return false
  return (
    own(got, 'event_type') === own(meant, 'event_type') &&
    ['algorithm', 'ciphertext', 'nonce', 'associated_data'].every(
      (key) => own(resource, key) === own(meantResource, key),
    )
  )
}

/** The members of a paid trade, as it was ordered. */
export function tradeMembers(
  entry: Ordered,
  { keys, chance }: { keys: Keys; chance: Chance },
): Members {
  const { mchid, appid } = keys.merchant
  return [
    ['appid', JSON.stringify(appid)],
    ['mchid', JSON.stringify(mchid)],
    ['out_trade_no', JSON.stringify(entry.orderNo)],
    ['transaction_id', `"4200${chance.hex(24)}"`],
    ['trade_type', '"NATIVE"'],
    ['trade_state', '"SUCCESS"'],
    ['success_time', '"2026-10-01T16:29:59+08:00"'],
    ['payer', '{"openid":"oFuzzedPayerOpenid0123456789"}'],
    ['amount', `{"total":${entry.amount},"payer_total":${entry.amount},"currency":"CNY"}`],
  ]
}

const oddTimes = [
  ...['"0000-01-01T00:00:00Z"', '"0001-01-01T00:00:00+08:00"', '"-000001-01-01T00:00:00Z"'],
  ...['"9999-12-31T23:59:59-14:00"', '"+275760-09-13T00:00:00Z"', '"2026-02-30T00:00:00+08:00"'],
  ...['"2026-10-01"', '"2026-13-45T99:99:99Z"', '20261001162959', '""', 'null', '[]'],
] as const

/** Members that decide nothing about a payment, and some that WeChat Pay does not have. */
const idleMembers = [
  ...['success_time', 'attach', 'trade_type', 'trade_state_desc', 'bank_type', 'payer'],
  ...['promotion_detail', 'scene_info', 'sub_mchid', '__proto__', 'toJSON', 'constructor', ''],
] as const

/** A right payment with any values in members that decide nothing: it must be credited. */
export function adornedPayment(
  members: Members,
  { entry, chance }: { entry: Ordered; chance: Chance },
): Members {
  const adorned = new Map(members)
  for (let count = 1 + chance.below(5); count > 0; count -= 1) {
    const key = chance.pick(idleMembers)
    const isTime = key === 'success_time' && chance.percent(60)
    adorned.set(key, isTime ? chance.pick(oddTimes) : hostileJson(chance))
    if (chance.percent(20)) adorned.delete(key)
  }
  if (chance.percent(40)) {
    const paid = `"payer_total":${hostileJson(chance)},"payer_currency":${hostileJson(chance)}`
    adorned.set('amount', `{"total":${entry.amount},"currency":"CNY",${paid}}`)
  }
  return [...adorned]
}

/** Changes one fact of a payment to a value that looks right at first sight. */
export function changedFacts(
  members: Members,
  {
    entry,
    chance,
    transactionIds,
  }: { entry: Ordered; chance: Chance; transactionIds: readonly string[] },
): Members {
  const { amount } = entry
  const totals = [
    ...[
      `${amount}.0`,
      `${amount}e0`,
      `${amount}0e-1`,
      `"${amount}"`,
      `${amount + 1}`,
      `${amount - 1}`,
    ],
    ...[
      `${amount}.5`,
      `-${amount}`,
      `[${amount}]`,
      `${amount},"total":${amount}`,
      `${amount},"total":1`,
    ],
    ...[`1,"total":${amount}`, ...oddNumbers],
  ]
  const states = [
    'success',
    'Success',
    'SUCCESS ',
    'REFUND',
    'NOTPAY',
    'CLOSED',
    'PAID',
    'TRADE_SUCCESS',
    '1',
    'constructor',
  ]
  const [key, json] = chance.weighed<readonly [string, string]>([
    [4, ['amount', `{"total":${chance.pick(totals)},"currency":"CNY"}`]],
    [
      2,
      [
        'amount',
        `{"total":${amount},"currency":${chance.pick(['"USD"', '"cny"', '"CNY "', 'null', '156', '["CNY"]'])}}`,
      ],
    ],
    [1, ['amount', `{"payer_total":${amount},"currency":"CNY"}`]],
    [
      3,
      [
        'trade_state',
        chance.pick([...states.map((state) => JSON.stringify(state)), '["SUCCESS"]', '1']),
      ],
    ],
    [2, ['mchid', chance.pick(['"1"', '"1900000002"', 'null', '1900000001'])]],
    [2, ['appid', chance.pick(['"wx0"', '""', 'null'])]],
    [
      2,
      [
        'out_trade_no',
        chance.pick([
          '"RECH0"',
          '""',
          `"${entry.orderNo} "`,
          `"${entry.orderNo}\\u0000"`,
          `"${entry.orderNo.toLowerCase()}"`,
        ]),
      ],
    ],
    [
      2,
      [
        'transaction_id',
        JSON.stringify(transactionIds.length > 0 ? chance.pick(transactionIds) : ''),
      ],
    ],
    [
      1,
      [
        'success_time',
        chance.pick(['"0000-00-00T00:00:00Z"', '"+275760-09-13"', '"2026-13-45T99:99:99Z"', '1']),
      ],
    ],
  ])
  return members.map((member) => (member[0] === key ? [key, json] : member))
}
