import pLimit from 'p-limit'
import type { Dispatcher } from 'undici'
import { unlessAborted } from '../../../deadline.ts'
import { Connection, type WechatWay } from './connection.ts'

/**
 * An order is some 2 KB, a list of certificates some 10 KB; but coupons, or whatever else is listed
 * with an order, decide nothing and must not keep its payment from being read.
 */
const limits = { maxResponseSize: 8 * 1024 * 1024, maxHeaderSize: 64 * 1024 }

type Request = (options: Dispatcher.RequestOptions) => Promise<Dispatcher.ResponseData>

/** The question was given up; `isAtProxy`: while the proxy had opened no tunnel. */
export class GivenUp extends Error {
  readonly isAtProxy: boolean

  constructor({ isAtProxy }: { isAtProxy: boolean }) {
    super('no answer in time')
    this.isAtProxy = isAtProxy
  }
}

/**
 * The way to the gateway: straight, or through the proxy that is configured, with the same limits.
 * Through a proxy it is a tunnel (CONNECT), so that the proxy sees neither signatures nor answers.
 * A connection is kept only after a whole answer.
 */
export class Connections {
  readonly #config: WechatWay
  readonly #origin: string
  readonly #limit: ReturnType<typeof pLimit>
  readonly #idle: Connection[] = []
  readonly #busy = new Set<Promise<unknown>>()
  #isStopped = false

  constructor(config: WechatWay, { origin, connections }: { origin: string; connections: number }) {
    this.#config = config
    this.#origin = origin
    this.#limit = pLimit(connections)
  }

  /**
   * What `work` makes of the response to one request, body and all. Ends with the signal, whatever the
   * other side does. Throws what went wrong; `GivenUp` when the signal aborted.
   */
  async use<T>(signal: AbortSignal, work: (request: Request) => Promise<T>): Promise<T> {
    if (this.#isStopped) throw new Error('the gateway was stopped')
    let isUnderWay = false
    const used = this.#limit(() => {
      isUnderWay = true
      return this.#attempt(signal, work)
    })
    this.#busy.add(used)
    const forget = () => void this.#busy.delete(used)
    used.then(forget, forget)
    const result = await unlessAborted(used, signal)
    if (result !== 'aborted') return result
    // An attempt that is under way ends with the signal by itself, and knows how far it came.
    if (isUnderWay) return await used
    throw new GivenUp({ isAtProxy: false })
  }

  /** Waits for the questions that are under way; each ends with its signal. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.allSettled(this.#busy)
    for (const connection of this.#idle.splice(0)) connection.destroy()
  }

  async #attempt<T>(signal: AbortSignal, work: (request: Request) => Promise<T>): Promise<T> {
    if (signal.aborted) throw new GivenUp({ isAtProxy: false })
    // The one that was used last is the likeliest to be still open.
    const connection = this.#idle.pop() ?? (await this.#open())
    try {
      if (signal.aborted) throw new GivenUp(connection)
      const result = await unlessAborted(
        work((options) => connection.request(options)),
        signal,
      )
      if (result === 'aborted') throw new GivenUp(connection)
      this.#idle.push(connection)
      return result
    } catch (error) {
      connection.destroy()
      throw error
    }
  }

  /** undici is loaded with the first question: a service is ready without it, and sooner. */
  async #open(): Promise<Connection> {
    // By its default: a bundler that splits gives a CommonJS package no other name.
    const { default: undici } = await import('undici')
    return new Connection(undici, { config: this.#config, origin: this.#origin, limits })
  }
}
