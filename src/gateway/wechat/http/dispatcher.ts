import pLimit from 'p-limit'
import type { Dispatcher } from 'undici'
import { unlessAborted } from '../../../deadline.ts'
import { Connection, type WechatWay } from './connection.ts'

/**
 * An order has about 2 KB, a list of certificates about 10 KB. The limit is far higher, because coupons
 * and other lists in an order decide nothing, and must not prevent reading its payment.
 */
const limits = { maxResponseSize: 8 * 1024 * 1024, maxHeaderSize: 64 * 1024 }

type Request = (options: Dispatcher.RequestOptions) => Promise<Dispatcher.ResponseData>

/** The request was given up. `isAtProxy`: the proxy had not opened a tunnel yet. */
export class GivenUp extends Error {
  readonly isAtProxy: boolean

  constructor({ isAtProxy }: { isAtProxy: boolean }) {
    super('no answer in time')
    this.isAtProxy = isAtProxy
  }
}

/**
 * The connections to the gateway: direct, or through the configured proxy, with the same limits. A
 * proxy only carries a tunnel (CONNECT), so it sees neither signatures nor answers. A connection is kept
 * only after a complete response.
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
   * Returns the result of `work`, which sends one request and reads the whole response. Ends with the
   * signal, whatever the other side does. Throws the error; `GivenUp` when the signal aborted.
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
    // A running attempt ends with the signal by itself, and its error says whether a tunnel was open.
    if (isUnderWay) return await used
    throw new GivenUp({ isAtProxy: false })
  }

  /** Waits for the running requests; each ends with its signal. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.allSettled(this.#busy)
    for (const connection of this.#idle.splice(0)) connection.destroy()
  }

  async #attempt<T>(signal: AbortSignal, work: (request: Request) => Promise<T>): Promise<T> {
    if (signal.aborted) throw new GivenUp({ isAtProxy: false })
    // The connection that was used last is the most likely to be still open.
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

  /** undici is loaded with the first request, so that a service is ready sooner. */
  async #open(): Promise<Connection> {
    // The default export: a bundler with code splitting gives a CommonJS package no other name.
    const { default: undici } = await import('undici')
    return new Connection(undici, { config: this.#config, origin: this.#origin, limits })
  }
}
