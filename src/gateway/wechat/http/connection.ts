import type { Socket } from 'node:net'
import type { buildConnector, Client, Dispatcher } from 'undici'
import type { WechatConfig } from '../../../config/config.ts'
import { ProxyFault, type ProxyWay, proxyOf } from './proxy.ts'

type Undici = typeof import('undici')
type Connector = buildConnector.connector

/** undici's message for bytes that arrive before a request. It then connects again, without end. */
const unsolicited = /^bad response$/

/** The other side wrote before a request was sent. */
export class UnsolicitedBytes extends Error {
  /** It wrote an HTTP response: a page of a device between us and the gateway. */
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
 * One connection to the gateway, kept between requests, for one request at a time. By itself, undici
 * reconnects at once and without end while a request is not written, and ignores the signal meanwhile.
 * Here each request has one attempt, and `destroy` ends that attempt in any state.
 */
export class Connection {
  readonly #undici: Undici
  readonly #limits: Client.Options
  readonly #dispatcher: Dispatcher
  readonly #clients = new Set<Client>()
  readonly #sockets = new Set<Socket>()
  readonly #tried = new Set<Connector>()
  #lost: Error | null = null
  #isAtProxy = false

  constructor(
    undici: Undici,
    { config, origin, limits }: { config: WechatWay; origin: string; limits: Client.Options },
  ) {
    this.#undici = undici
    this.#limits = limits
    const proxy = proxyOf(config)
    this.#dispatcher =
      proxy === null ? this.#clientOf(origin, undici.buildConnector({})) : this.#throughProxy(proxy)
  }

  /** A tunnel was requested from the proxy, and is not open yet. */
  get isAtProxy(): boolean {
    return this.#isAtProxy
  }

  /** Must not be called again before the body of the response has been read. */
  request(options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> {
    this.#tried.clear()
    this.#lost = null
    this.#isAtProxy = false
    return this.#dispatcher.request(options)
  }

  /** Ends a running request with an error. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy()
    for (const client of this.#clients) client.destroy().catch(() => {})
    this.#dispatcher.destroy().catch(() => {})
  }

  #clientOf(origin: string | URL, connect: Connector): Client {
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

  /** The agent opens tunnels (CONNECT) with one client, and sends requests through them with the other. */
  #throughProxy({ uri, token }: ProxyWay): Dispatcher {
    return new this.#undici.ProxyAgent({
      uri,
      ...(token && { token }),
      clientFactory: (url, options) => this.#tunnelling(this.#clientOf(url, connectorIn(options))),
      factory: (origin, options) => this.#clientOf(origin, connectorIn(options)),
    })
  }

  /** The client to the proxy. Until the tunnel is open, its failures are the proxy's. */
  #tunnelling(client: Client): Client {
    const connect = client.connect.bind(client)
    const openTunnel = async (options: Dispatcher.ConnectOptions<null>) => {
      this.#isAtProxy = true
      const tunnel = await connect(options).catch((error: Error) => {
        throw new ProxyFault(error)
      })
      this.#isAtProxy = false
      const socket = tunnel.socket as Socket
      this.#hold(socket)
      // Any other status is a refusal, which may have a page.
      if (tunnel.statusCode === 200) refuseUnsolicited(socket)
      return tunnel
    }
    return Object.assign(client, { connect: openTunnel })
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
          refuseUnsolicited(this.#hold(connected))
        } catch (refusal) {
          connected.destroy()
          return callback(refusal as Error, null)
        }
        callback(null, connected)
      })
      if (isSocket(socket)) this.#hold(socket)
    }
  }

  #hold(socket: Socket): Socket {
    if (this.#sockets.has(socket)) return socket
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => this.#sockets.delete(socket))
    return socket
  }
}

/** The part of the configuration that says how the gateway is reached. */
export type WechatWay = Pick<WechatConfig, 'proxyUrl'>

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

function connectorIn(options: object): Connector {
  return (options as { readonly connect: Connector }).connect
}
