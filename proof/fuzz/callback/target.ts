import type { Config } from '../../../src/config/config.ts'
import type { Gateway, RawCallback } from '../../../src/gateway/gateway.ts'
import { createWechatGateway } from '../../../src/gateway/wechat/wechat.ts'
import type { Receipt } from '../../../src/orders/callback.ts'
import { openService } from '../../../src/service.ts'
import type { Store } from '../../../src/store/store.ts'
import type { Chance } from '../chance.ts'
import { openDepot } from '../database.ts'
import { configFor, type Keys, present } from '../keys.ts'
import {
  type Feeding,
  Finding,
  type OpenOptions,
  type Taken,
  type Target,
  uncrashed,
} from '../target.ts'
import { Book } from './book.ts'
import { type Letter, letterFor, oddLetterFor } from './letter.ts'
import { paymentIn, startsWithMark } from './payment.ts'
import { garbage, tampered } from './tamper.ts'

export interface CallbackOptions {
  /** A test puts something worse in the place of the gateway client. */
  readonly plant?: (gateway: Gateway) => Gateway
}

/** Callbacks through the whole program: verified, opened, decided, credited; or nothing at all. */
export function callbackTarget({ plant = (gateway) => gateway }: CallbackOptions = {}): Target {
  return {
    name: 'callback',
    weight: 34,
    async open({ keys }: OpenOptions): Promise<Feeding> {
      const depot = await openDepot()
      const writes = { count: 0 }
      const config = configFor(keys)
      const budan = await openService(config, {
        gateway: plant(gatewayFor(config)),
        store: counting(depot.store, writes),
        clock: () => present,
      })
      const book = new Book(depot, keys)
      const post = new Post({ keys, book })
      return {
        feed: async (chance) => {
          const { letter, callback } = await post.next(chance)
          writes.count = 0
          const receipt = await uncrashed(shown(callback), () => budan.receiveCallback(callback))
          return judge({ callback, letter, receipt, wrote: writes.count > 0 }, book)
        },
        inspect: () => book.inspect(),
        close: async () => {
          await budan.close()
          await depot.remove()
        },
      }
    },
  }
}

function gatewayFor({ wechat }: Config): Gateway {
  if (wechat === null) throw new Error('No gateway is configured')
  return createWechatGateway(wechat, { emit: () => {}, clock: () => present })
}

/** Letters that are under way, to be tampered with, sent again, and mixed up. */
class Post {
  readonly #keys: Keys
  readonly #book: Book
  readonly #letters: Letter[] = []

  constructor({ keys, book }: { keys: Keys; book: Book }) {
    this.#keys = keys
    this.#book = book
  }

  /** `letter`: what the gateway did sign, where these are its very bytes. */
  async next(chance: Chance): Promise<{ callback: RawCallback; letter: Letter | null }> {
    const way = chance.weighed<'garbage' | 'tampered' | 'again' | 'odd' | 'right'>([
      [14, 'garbage'],
      [71, 'tampered'],
      [1, 'again'],
      [12, 'odd'],
      [2, 'right'],
    ])
    if (way === 'garbage') return { callback: garbage(chance), letter: null }
    if (way === 'odd') return sent(await this.#odd(chance))
    if (way === 'right') return sent(await this.#write(chance))
    while (this.#letters.length < 8) await this.#write(chance)
    const letter = chance.pick(this.#letters)
    if (way === 'again') return sent(letter)
    const callback = tampered(letter, { chance, other: chance.pick(this.#letters) })
    return { callback, letter: this.#letters.find((each) => isSame(each, callback)) ?? null }
  }

  async #odd(chance: Chance): Promise<Letter> {
    const entry = chance.percent(80)
      ? await this.#book.openEntry(chance)
      : await this.#book.anyEntry(chance)
    const { transactionIds } = this.#book
    return oddLetterFor(entry, { keys: this.#keys, chance, transactionIds })
  }

  /** Kept for a while: half of what is tampered with is about orders that are not paid yet. */
  async #write(chance: Chance): Promise<Letter> {
    const letter = letterFor(await this.#book.openEntry(chance), { keys: this.#keys, chance })
    this.#letters.push(letter)
    if (this.#letters.length > 64) this.#letters.shift()
    return letter
  }
}

function sent(letter: Letter): { callback: RawCallback; letter: Letter } {
  return { callback: { headers: letter.headers, body: letter.body }, letter }
}

/** Signed bytes and signature as they were sent; that is what being genuine means. */
function isSame({ body, seal }: Letter, callback: RawCallback): boolean {
  const { headers } = callback
  const signature = headers['wechatpay-signature']
  return (
    headers['wechatpay-nonce'] === seal.nonce &&
    headers['wechatpay-timestamp'] === seal.timestamp &&
    typeof signature === 'string' &&
    // The last character before the padding has bits that say nothing.
    Buffer.from(signature, 'base64').equals(Buffer.from(seal.signature, 'base64')) &&
    body.length === callback.body.length &&
    body.equals(callback.body)
  )
}

interface Received {
  readonly callback: RawCallback
  readonly letter: Letter | null
  readonly receipt: Receipt
  readonly wrote: boolean
}

function judge(received: Received, book: Book): Taken {
  const { callback, letter, receipt, wrote } = received
  const input = shown(callback)
  const payment = letter?.genuine && letter.plain !== null ? paymentIn(letter.plain) : null
  if (payment === null || letter === null) {
    if (receipt.kind === 'settled') {
      throw new Finding('wrong credit', `settled (${receipt.decision}) what nobody paid`, input)
    }
    if (wrote) throw new Finding('wrong answer', 'touched the database for what it rejected', input)
    return 'rejected'
  }
  const verdict = book.verdictOn(payment)
  if (receipt.kind === 'rejected') {
    const allowed = verdict === 'unknown order' || !isUntouched(letter, callback)
    if (!allowed) throw new Finding('lost payment', `rejected: ${receipt.reason}`, input)
    return 'rejected'
  }
  if (receipt.kind !== 'settled') {
    throw new Finding('lost payment', `took it for what is ${receipt.kind}`, input)
  }
  if (receipt.decision !== verdict) {
    throw new Finding('wrong credit', `decided ${receipt.decision}, ought to ${verdict}`, input)
  }
  book.settle(payment, verdict)
  return 'accepted'
}

/** Whether nothing about it gives a reason to be stricter than need be. */
function isUntouched(letter: Letter, { headers }: RawCallback): boolean {
  const same = Object.entries(letter.headers).every(([name, value]) => headers[name] === value)
  return same && letter.plain !== null && !startsWithMark(letter.plain)
}

/** The store, counting what may write: a rejected callback may lock a row, and no more. */
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

/** The same, telling of each method that is called, but for the harmless ones. */
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
