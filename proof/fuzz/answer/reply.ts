import type { Order } from '../../../src/domain/order.ts'
import { keyOf } from '../../../test/support/order-key.ts'
import {
  adornedPayment,
  changedFacts,
  type HeaderSet,
  tradeMembers,
} from '../callback/signed-callback.ts'
import { tampered } from '../callback/tamper.ts'
import type { Chance } from '../chance.ts'
import { hostileJson, objectText, spoiled } from '../hostile.ts'
import { headersOf, type Keys, present, presentSecs, signatureOf } from '../keys.ts'
import { mutated } from '../mutate.ts'
import type { ObservedReply } from './oracle.ts'

/** A response as it is received. */
export interface RawReply {
  readonly status: number
  readonly headers: HeaderSet
  readonly body: Buffer
  /** True if the signature is really verified; otherwise the result of the verification is made up. */
  readonly sealed: boolean
}

interface Next {
  readonly reply: RawReply
  readonly signed: ObservedReply['signed']
  readonly order: Order
}

const oddStatuses = [
  ...[204, 204, 404, 404, 404, 400, 401, 403, 429, 500, 502, 503],
  ...[100, 199, 201, 202, 206, 301, 304, 418, 451, 599, 600, 999, 0, -1],
]

function statusBy(chance: Chance): number {
  return chance.percent(65) ? 200 : chance.pick(oddStatuses)
}

const codes = [
  ...[
    'ORDER_NOT_EXIST',
    'ORDERNOTEXIST',
    'ORDER_NOT_EXISTS',
    'order_not_exist',
    'RESOURCE_NOT_EXISTS',
  ],
  ...[
    'ORDER_NOT_EXIST ',
    'SIGN_ERROR',
    'NO_AUTH',
    'FREQUENCY_LIMITED',
    'PARAM_ERROR',
    'SYSTEM_ERROR',
    '',
  ],
]

/** Responses to every kind of request, right and wrong, for orders in every state. */
export class Replies {
  readonly #keys: Keys
  readonly #sealed: { readonly reply: RawReply; readonly order: Order }[] = []

  constructor(keys: Keys) {
    this.#keys = keys
  }

  next(chance: Chance): Next {
    const order = this.#order(chance)
    if (chance.percent(25)) return this.#sealedReply(order, chance)
    const signed = chance.pick([
      'genuine',
      'genuine',
      'genuine',
      'genuine',
      'genuine',
      'unsigned',
      'wrong',
    ] as const)
    const status = statusBy(chance)
    const headers = { 'request-id': chance.pick(['08F7', '\n', 'x'.repeat(200), '支付']) }
    return {
      reply: { status, headers, body: this.#body(order, chance), sealed: false },
      signed,
      order,
    }
  }

  /** Each is signed once and tampered with many times, because signing is slow. */
  #sealedReply(order: Order, chance: Chance): Next {
    if (this.#sealed.length < 64 || chance.percent(2)) this.#seal(order, chance)
    if (this.#sealed.length > 64) this.#sealed.shift()
    const original = chance.pick(this.#sealed)
    const about = { order: original.order }
    if (chance.percent(15)) return { ...about, reply: original.reply, signed: 'genuine' }
    const other = chance.pick(this.#sealed).reply
    const changed = tampered(original.reply, { chance, other })
    const known = this.#sealed.some(({ reply }) => isSame(reply, changed))
    const unsigned = changed.headers['wechatpay-signature'] === undefined
    const signed = known ? 'genuine' : unsigned ? 'unsigned' : 'wrong'
    return { ...about, reply: { ...original.reply, ...changed }, signed }
  }

  #seal(order: Order, chance: Chance): void {
    const body = this.#body(order, chance)
    const stamp = { nonce: chance.hex(32), timestamp: String(presentSecs) }
    const headers = headersOf(signatureOf(body, { signer: this.#keys.gateway, ...stamp }))
    const reply = { status: statusBy(chance), headers, body, sealed: true }
    this.#sealed.push({ reply, order })
  }

  #body(order: Order, chance: Chance): Buffer {
    const entry = { orderNo: order.orderNo, amount: Number(order.amount) }
    const members = tradeMembers(entry, { keys: this.#keys, chance })
    const text = chance.weighed<() => string | Buffer>([
      [3, () => objectText(members)],
      [4, () => objectText(adornedPayment(members, { entry, chance }))],
      [4, () => objectText(changedFacts(members, { entry, chance, transactionIds: [] }))],
      [5, () => objectText(spoiled(members, chance))],
      [3, () => mutated(Buffer.from(objectText(members)), chance)],
      [
        3,
        () =>
          objectText(
            spoiled(
              [
                ['code', JSON.stringify(chance.pick(codes))],
                ['message', '"wrong"'],
              ],
              chance,
            ),
          ),
      ],
      [2, () => objectText([['code', JSON.stringify(chance.pick(codes))]])],
      [2, () => objectText(spoiled([['code_url', '"weixin://wxpay/bizpayurl?pr=x"']], chance))],
      [1, () => objectText([['code_url', '"weixin://wxpay/bizpayurl?pr=x"']])],
      [2, () => hostileJson(chance)],
      [1, () => chance.bytes(chance.below(100))],
      [1, () => '<html><body>502 Bad Gateway</body></html>'],
      [1, () => ''],
    ])()
    return Buffer.from(text)
  }

  #order(chance: Chance): Order {
    const { mchid, appid } = this.#keys.merchant
    const status = chance.pick(['pending', 'pending', 'expired', 'paid', 'review'] as const)
    const paid = status === 'paid'
    const orderNo = `RECH2026100108300000000000${chance.below(8)}`
    return {
      ...{ key: keyOf(orderNo), orderNo, userId: 'u1', currency: 'CNY' },
      amount: BigInt(chance.pick([1, 100, 101, Number.MAX_SAFE_INTEGER])),
      ...{ description: '', attach: null, gateway: 'wechatpay', mchid, appid, adopted: false },
      ...{ codeExpiresAt: null, standing: 'known', watchedUntil: null },
      ...{
        codeUrl: null,
        status,
        stateSeq: 1,
        createdAt: present,
        nextCheckAt: present,
        knownAt: present,
      },
      expiresAt: new Date(present.getTime() + chance.pick([-1, 0, 1, 3_600_000])),
      ...{ checks: 0, absentCount: 0, absentSince: null, dismissed: null },
      transactionId: paid ? '4200' : null,
      ...{ paidAt: null, creditedAt: paid ? present : null, creditedBy: paid ? 'check' : null },
    }
  }
}

function isSame(reply: RawReply, changed: { headers: HeaderSet; body: Buffer }): boolean {
  const [ours, theirs] = [reply.headers, changed.headers]
  const signature = theirs['wechatpay-signature']
  return (
    ['wechatpay-nonce', 'wechatpay-timestamp'].every((name) => ours[name] === theirs[name]) &&
    typeof signature === 'string' &&
    Buffer.from(signature, 'base64').equals(
      Buffer.from(String(ours['wechatpay-signature']), 'base64'),
    ) &&
    reply.body.equals(changed.body)
  )
}
