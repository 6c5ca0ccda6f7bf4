import type { Client, Dispatcher } from 'undici'
import { BoundedClients, type Connector, type Undici } from '../../servers/http/bounded-clients.ts'
import { type Answered, TooLate } from './attempt.ts'
import { guardedLookup, hostFault } from './guarded-lookup.ts'

export interface SenderLimits {
  readonly connectMs: number
  /** For the whole attempt. */
  readonly wholeMs: number
  /** For the body of an answer whose status is known: it decides nothing. */
  readonly bodyMs: number
}

export const senderLimits: SenderLimits = { connectMs: 5_000, wholeMs: 15_000, bodyMs: 3_000 }

/** More of an answer is not read: the connection is closed. */
const readBytesMax = 64 * 1024

/** Kept for the log of deliveries. */
const keptBytesMax = 1024

/** Proxies and receivers close an idle connection after 5 s and more. */
const idleMs = 4_000

export interface Request {
  readonly method: 'POST' | 'HEAD'
  readonly headers: Record<string, string>
  readonly body?: string
}

/**
 * One connection to an endpoint, kept between requests, for one request at a time. It follows no redirect,
 * uses no proxy, and looks at the address each time that it is opened.
 */
export class Connection {
  readonly #clients: BoundedClients
  readonly #client: Client
  readonly #limits: SenderLimits
  readonly #path: string
  #exchange: Exchange | null = null

  private constructor(undici: Undici, url: URL, limits: SenderLimits) {
    this.#limits = limits
    this.#path = `${url.pathname}${url.search}`
    this.#clients = new BoundedClients(undici, {
      keepAliveTimeout: idleMs,
      keepAliveMaxTimeout: idleMs,
    })
    this.#client = this.#clients.clientOf(url.origin, connectorTo(url, { undici, limits }))
  }

  /** Throws `ForbiddenAddress`. undici is loaded with the first one, so that a service is ready sooner. */
  static async open(url: URL, limits: SenderLimits): Promise<Connection> {
    const forbidden = hostFault(url.hostname, { isPlain: isPlain(url) })
    if (forbidden !== null) throw forbidden
    const { default: undici } = await import('undici')
    return new Connection(undici, url, limits)
  }

  /** The last request went over a connection that was open before: it may have been closed meanwhile. */
  get wasReused(): boolean {
    return !this.#clients.hasConnected
  }

  /** The last answer was read to its end, and nothing was cut short. Otherwise there must be no other request. */
  get isClear(): boolean {
    return !this.#client.destroyed && (this.#exchange?.isWhole ?? true)
  }

  request(request: Request): Promise<Answered> {
    this.#clients.begin()
    const { method, headers, body = null } = request
    return new Promise((answered, failed) => {
      const parts = { limits: this.#limits, clients: this.#clients, answered, failed }
      this.#exchange = new Exchange(parts)
      this.#client.dispatch({ method, headers, body, path: this.#path }, this.#exchange)
    })
  }

  /** Ends a running request, with this reason. */
  end(reason: Error): void {
    this.#exchange?.end(reason)
    this.close()
  }

  close(): void {
    this.#clients.destroy()
  }
}

function isPlain({ protocol }: URL): boolean {
  return protocol === 'http:'
}

/** undici's own limit for connecting is exact to half a second. */
function connectorTo(
  url: URL,
  { undici, limits: { connectMs } }: { undici: Undici; limits: SenderLimits },
): Connector {
  const lookup = guardedLookup({ isPlain: isPlain(url) })
  const connect = undici.buildConnector({ lookup, timeout: 0 })
  return (options, callback) => {
    const late = () => callback(new TooLate(`it took no connection in ${connectMs} ms`), null)
    const timer = setTimeout(late, connectMs).unref()
    return connect(options, (...result) => {
      clearTimeout(timer)
      callback(...result)
    })
  }
}

interface ExchangeParts {
  readonly limits: SenderLimits
  readonly clients: BoundedClients
  readonly answered: (answered: Answered) => void
  readonly failed: (error: Error) => void
}

/**
 * One request and its answer. The status decides: what cuts its body short, here or there, is no failure.
 */
class Exchange implements Dispatcher.DispatchHandler {
  /** The answer was read to its end. */
  isWhole = false
  readonly #parts: ExchangeParts
  readonly #wholeTimer: NodeJS.Timeout
  #bodyTimer: NodeJS.Timeout | undefined
  #head: Omit<Answered, 'answer'> | null = null
  readonly #kept: Buffer[] = []
  #bytes = 0

  constructor(parts: ExchangeParts) {
    this.#parts = parts
    const { wholeMs } = parts.limits
    this.#wholeTimer = setTimeout(() => {
      this.end(new TooLate(`it gave no answer in ${wholeMs} ms`))
    }, wholeMs)
  }

  /** Cuts it off: it has failed for this reason, unless the status is known. */
  end(reason: Error): void {
    this.#fail(reason)
    this.#parts.clients.destroy()
  }

  /** undici wants it. */
  onRequestStart(): void {}

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    // 103 and its like come before the answer.
    if (status < 200) return
    this.#head = { status, retryAfter: textOf(headers['retry-after']) }
    const { bodyMs } = this.#parts.limits
    this.#bodyTimer = setTimeout(() => this.#cutShort(), bodyMs)
  }

  onResponseData(_: Dispatcher.DispatchController, part: Buffer): void {
    if (this.#bytes < keptBytesMax) this.#kept.push(part.subarray(0, keptBytesMax - this.#bytes))
    this.#bytes += part.length
    if (this.#bytes > readBytesMax) this.#cutShort()
  }

  onResponseEnd(): void {
    this.isWhole = true
    this.#settle()
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error)
  }

  /** What has come of the body is enough. */
  #cutShort(): void {
    this.#settle()
    this.#parts.clients.destroy()
  }

  #fail(error: Error): void {
    if (this.#head === null) this.#parts.failed(error)
    this.#settle()
  }

  #settle(): void {
    clearTimeout(this.#wholeTimer)
    clearTimeout(this.#bodyTimer)
    if (this.#head === null) return
    const { status, retryAfter } = this.#head
    this.#parts.answered({ status, retryAfter, answer: wholeCharacters(this.#kept) })
  }
}

function textOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0]
}

/** A character that was cut in two at the end is left out. */
function wholeCharacters(parts: readonly Buffer[]): string {
  return parts.length === 0 ? '' : new TextDecoder().decode(Buffer.concat(parts), { stream: true })
}
