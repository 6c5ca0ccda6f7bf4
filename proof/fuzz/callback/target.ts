import type { Config } from '../../../src/config/config.ts'
import type { Gateway, RawCallback } from '../../../src/gateway/gateway.ts'
import { createWechatGateway } from '../../../src/gateway/wechat/wechat.ts'
import type { Receipt } from '../../../src/orders/callback.ts'
import { openService } from '../../../src/service.ts'
import type { Store } from '../../../src/store/store.ts'
import type { Chance } from '../chance.ts'
import { openFuzzDatabase } from '../database.ts'
import { configFor, type Keys, present } from '../keys.ts'
import {
  expectNoCrash,
  Finding,
  type InputResult,
  type OpenOptions,
  type OpenTarget,
  type Target,
} from '../target.ts'
import { ExpectedBooks } from './expected-books.ts'
import { paymentIn, startsWithMark } from './payment.ts'
import { callbackFor, oddCallbackFor, type SignedCallback } from './signed-callback.ts'
import { garbage, tampered } from './tamper.ts'

export interface CallbackOptions {
  /** Lets a test put a faulty gateway client in place. */
  readonly plant?: (gateway: Gateway) => Gateway
}

/** Callbacks through the whole program: each is settled as expected, or changes nothing. */
export function callbackTarget({ plant = (gateway) => gateway }: CallbackOptions = {}): Target {
  return {
    name: 'callback',
    weight: 34,
    async open({ keys }: OpenOptions): Promise<OpenTarget> {
      const database = await openFuzzDatabase()
      const writes = { count: 0 }
      const config = configFor(keys)
      const budan = await openService(config, {
        gateway: plant(gatewayFor(config)),
        store: counting(database.store, writes),
        clock: () => present,
      })
      const books = new ExpectedBooks(database, keys)
      const source = new CallbackSource({ keys, books })
      return {
        feed: async (chance) => {
          const { signed, callback } = await source.next(chance)
          writes.count = 0
          const receipt = await expectNoCrash(shown(callback), () =>
            budan.receiveCallback(callback),
          )
          const { mchid } = keys.merchant
          return judge({ callback, signed, receipt, wrote: writes.count > 0, mchid }, books)
        },
        inspect: () => books.inspect(),
        close: async () => {
          await budan.close()
          await database.remove()
        },
      }
    },
  }
}

function gatewayFor({ merchants: [merchant] }: Config): Gateway {
  if (merchant === undefined) throw new Error('No gateway is configured')
  return createWechatGateway(merchant, { emit: () => {}, clock: () => present })
}

/** Makes callbacks, and keeps some to tamper with, to send again, and to mix up. */
class CallbackSource {
  readonly #keys: Keys
  readonly #books: ExpectedBooks
  readonly #signed: SignedCallback[] = []

  constructor({ keys, books }: { keys: Keys; books: ExpectedBooks }) {
    this.#keys = keys
    this.#books = books
  }

  /** `signed` is the callback with exactly these signed bytes, if the source made one. */
  async next(chance: Chance): Promise<{ callback: RawCallback; signed: SignedCallback | null }> {
    const way = chance.weighed<'garbage' | 'tampered' | 'again' | 'odd' | 'right'>([
      [14, 'garbage'],
      [71, 'tampered'],
      [1, 'again'],
      [12, 'odd'],
      [2, 'right'],
    ])
    if (way === 'garbage') return { callback: garbage(chance), signed: null }
    if (way === 'odd') return sent(await this.#odd(chance))
    if (way === 'right') return sent(await this.#write(chance))
    while (this.#signed.length < 8) await this.#write(chance)
    const signed = chance.pick(this.#signed)
    if (way === 'again') return sent(signed)
    const callback = tampered(signed, { chance, other: chance.pick(this.#signed) })
    return { callback, signed: this.#signed.find((each) => isSame(each, callback)) ?? null }
  }

  async #odd(chance: Chance): Promise<SignedCallback> {
    const entry = chance.percent(80)
      ? await this.#books.openOrder(chance)
      : await this.#books.anyOrder(chance)
    const { transactionIds } = this.#books
    return oddCallbackFor(entry, { keys: this.#keys, chance, transactionIds })
  }

  /** The callback is kept for a while, so that half of the tampered ones concern open orders. */
  async #write(chance: Chance): Promise<SignedCallback> {
    const signed = callbackFor(await this.#books.openOrder(chance), { keys: this.#keys, chance })
    this.#signed.push(signed)
    if (this.#signed.length > 64) this.#signed.shift()
    return signed
  }
}

function sent(signed: SignedCallback): { callback: RawCallback; signed: SignedCallback } {
  return { callback: { headers: signed.headers, body: signed.body }, signed }
}

/** A callback is genuine if its signed bytes and its signature are as they were sent. */
function isSame(sent: SignedCallback, callback: RawCallback): boolean {
  const { body, signature: parts } = sent
  const { headers } = callback
  const signature = headers['wechatpay-signature']
  return (
    headers['wechatpay-nonce'] === parts.nonce &&
    headers['wechatpay-timestamp'] === parts.timestamp &&
    typeof signature === 'string' &&
    // The last character before the padding has unused bits, so the decoded bytes are compared.
    Buffer.from(signature, 'base64').equals(Buffer.from(parts.signature, 'base64')) &&
    body.length === callback.body.length &&
    body.equals(callback.body)
  )
}

interface Received {
  readonly callback: RawCallback
  readonly signed: SignedCallback | null
  readonly receipt: Receipt
  readonly wrote: boolean
  /** Whose callbacks these are. */
  readonly mchid: string
}

function judge(received: Received, books: ExpectedBooks): InputResult {
  const { callback, signed, receipt, wrote, mchid } = received
  const input = shown(callback)
  const payment = signed?.genuine && signed.plain !== null ? paymentIn(signed.plain, mchid) : null
  if (payment === null || signed === null) {
    if (receipt.kind === 'settled') {
      throw new Finding('wrong credit', `settled (${receipt.decision}) without a payment`, input)
    }
    if (wrote) throw new Finding('wrong answer', 'wrote to the database, and rejected it', input)
    return 'rejected'
  }
  const verdict = books.verdictOn(payment)
  if (receipt.kind === 'rejected') {
    const allowed = verdict === 'unknown order' || !isUntouched(signed, callback)
    if (!allowed) throw new Finding('lost payment', `rejected: ${receipt.reason}`, input)
    return 'rejected'
  }
  if (receipt.kind !== 'settled') {
    throw new Finding('lost payment', `the receipt is ${receipt.kind}`, input)
  }
  if (receipt.decision !== verdict) {
    throw new Finding('wrong credit', `decided ${receipt.decision}, expected ${verdict}`, input)
  }
  books.settle(payment, verdict)
  return 'accepted'
}

/** True if no header differs and no byte order mark precedes: then the program has no reason to reject it. */
function isUntouched(signed: SignedCallback, { headers }: RawCallback): boolean {
  const same = Object.entries(signed.headers).every(([name, value]) => headers[name] === value)
  return same && signed.plain !== null && !startsWithMark(signed.plain)
}

/** Counts the calls that may write: a rejected callback may lock a row, but not write. */
function counting(store: Store, writes: { count: number }): Store {
  const write = () => {
    writes.count += 1
  }
  const harmless = ['transaction', 'lockOrder', 'migrate', 'openOrders', 'close', 'vitals']
  const seen = <T extends object>(thing: T): T => noting(thing, { harmless, write })
  return noting(
    { ...store, transaction: (work) => store.transaction((tx) => work(seen(tx))) } satisfies Store,
    { harmless, write },
  )
}

/** Calls `write` for each method call, except for the harmless methods. */
function noting<T extends object>(
  thing: T,
  { harmless, write }: { harmless: readonly string[]; write: () => void },
): T {
  return new Proxy(thing, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => {
        if (!harmless.includes(String(name))) write()
        return member.apply(target, args)
      }
    },
  })
}

function shown({ headers, body }: RawCallback) {
  return { headers, body: Buffer.from(body).toString('base64') }
}
