import type { Socket } from 'node:net'
import type { Client, Dispatcher } from 'undici'
import type { WechatConfig } from '../../../config/config.ts'
import {
  BoundedClients,
  type Connector,
  type Undici,
} from '../../../servers/http/bounded-clients.ts'
import { ProxyFault, type ProxyWay, proxyOf } from './proxy.ts'

/** One connection to the gateway, kept between requests, for one request at a time. */
export class Connection {
  readonly #undici: Undici
  readonly #clients: BoundedClients
  readonly #dispatcher: Dispatcher
  #isAtProxy = false

  constructor(
    undici: Undici,
    { config, origin, limits }: { config: WechatWay; origin: string; limits: Client.Options },
  ) {
    this.#undici = undici
    this.#clients = new BoundedClients(undici, limits)
    const proxy = proxyOf(config)
    this.#dispatcher =
      proxy === null
        ? this.#clients.clientOf(origin, undici.buildConnector({}))
        : this.#throughProxy(proxy)
  }

  /** A tunnel was requested from the proxy, and is not open yet. */
  get isAtProxy(): boolean {
    return this.#isAtProxy
  }

  /** Must not be called again before the body of the response has been read. */
  request(options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> {
    this.#clients.begin()
    this.#isAtProxy = false
    return this.#dispatcher.request(options)
  }

  /** Ends a running request with an error. */
  destroy(): void {
    this.#clients.destroy()
    this.#dispatcher.destroy().catch(() => {})
  }

  /** The agent opens tunnels (CONNECT) with one client, and sends requests through them with the other. */
  #throughProxy({ uri, token }: ProxyWay): Dispatcher {
    return new this.#undici.ProxyAgent({
      uri,
      ...(token && { token }),
      clientFactory: (url, options) =>
        this.#tunnelling(this.#clients.clientOf(url, connectorIn(options))),
      factory: (origin, options) => this.#clients.clientOf(origin, connectorIn(options)),
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
      // Any other status is a refusal, which may have a page.
      this.#clients.hold(tunnel.socket as Socket, { refused: tunnel.statusCode === 200 })
      return tunnel
    }
    return Object.assign(client, { connect: openTunnel })
  }
}

/** The part of the configuration that says how the gateway is reached. */
export type WechatWay = Pick<WechatConfig, 'proxyUrl'>

function connectorIn(options: object): Connector {
  return (options as { readonly connect: Connector }).connect
}
