import type { Socket } from 'node:net'
import type { buildConnector, Client } from 'undici'

export type Undici = typeof import('undici')
export type Connector = buildConnector.connector

/** undici's message for bytes that arrive before a request. It then connects again, without end. */
const unsolicited = /^bad response$/

/** The other side wrote before a request was sent. */
export class UnsolicitedBytes extends Error {
  /** It wrote an HTTP response: a page of a device in between. */
  readonly isHttp: boolean

  constructor(bytes: Buffer) {
    super('unsolicited')
    this.isHttp = /^HTTP\/\d/.test(bytes.toString('latin1', 0, 8))
  }
}

/** The connection was lost before the request was written; `cause` says why. */
export class NotWritten extends Error {
  constructor(cause: Error | null) {
    super('unwritten', { cause })
  }
}

/**
 * Clients for one request at a time. By itself, undici reconnects at once and without end while a request is
 * not written, and ignores the signal meanwhile. Here each client connects at most once for each request,
 * and `destroy` ends a request in any state.
 */
export class BoundedClients {
  readonly #undici: Undici
  readonly #limits: Client.Options
  readonly #clients = new Set<Client>()
  readonly #sockets = new Set<Socket>()
  readonly #tried = new Set<Connector>()
  #lost: Error | null = null

  constructor(undici: Undici, limits: Client.Options) {
    this.#undici = undici
    this.#limits = limits
  }

  /** To be called before each request. */
  begin(): void {
    this.#tried.clear()
    this.#lost = null
  }

  /** Whether a connection was opened, or tried, since `begin`. */
  get hasConnected(): boolean {
    return this.#tried.size > 0
  }

  clientOf(origin: string | URL, connect: Connector): Client {
    const client = new this.#undici.Client(origin, {
      ...this.#limits,
      connect: this.#once(connect),
    })
    const lose = (_1: URL, _2: unknown, error: Error) => {
      this.#lost ??= unsolicited.test(error.message) ? new UnsolicitedBytes(Buffer.of()) : error
    }
    client.on('disconnect', lose)
    client.on('connectionError', lose)
    this.#clients.add(client)
    return client
  }

  /** A socket that `destroy` is to end, too. Throws if the other side wrote first and that is `refused`. */
  hold(socket: Socket, { refused }: { readonly refused: boolean }): void {
    if (!this.#sockets.has(socket)) {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => this.#sockets.delete(socket))
    }
    if (refused) refuseUnsolicited(socket)
  }

  /** Ends a running request with an error. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy()
    for (const client of this.#clients) client.destroy().catch(() => {})
  }

  /** A second attempt of the same request fails with the error of the first. */
  #once(connect: Connector): Connector {
    return (options, callback) => {
      if (this.#tried.has(connect)) {
        const error = new NotWritten(this.#lost)
        queueMicrotask(() => callback(error, null))
        return
      }
      this.#tried.add(connect)
      const socket: unknown = connect(options, (...[error, connected]) => {
        if (error !== null) return callback(error, null)
        try {
          this.hold(connected, { refused: true })
        } catch (refusal) {
          connected.destroy()
          return callback(refusal as Error, null)
        }
        callback(null, connected)
      })
      if (isSocket(socket)) this.hold(socket, { refused: false })
    }
  }
}

/** In HTTP and TLS, the server never sends first. */
function refuseUnsolicited(socket: Socket): void {
  if (socket.readableLength === 0) return
  const bytes: unknown = socket.read()
  socket.destroy()
  throw new UnsolicitedBytes(Buffer.isBuffer(bytes) ? bytes : Buffer.of())
}

/** undici's own connectors return the socket that they open; its types do not say so. */
function isSocket(value: unknown): value is Socket {
  return value instanceof Object && 'destroy' in value && 'once' in value
}
