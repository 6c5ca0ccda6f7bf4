import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

export type Cut =
  /** Connections are reset, also new ones. */
  | 'reset'
  /** Connections stay open and carry nothing, as on a lost route. */
  | 'silence'

/**
 * A network link between two processes, which can be cut and restored.
 *
 *   whole ──cut──► reset | silence ──restore──► whole
 */
export class NetworkLink {
  readonly port: number
  readonly #server: Server
  readonly #sockets: Set<Socket>
  readonly #state: LinkState

  private constructor(server: Server, port: number, inner: LinkParts) {
    this.port = port
    this.#server = server
    this.#sockets = inner.sockets
    this.#state = inner.state
  }

  /** `target` is called for each connection: it may return another port each time, also a dead one. */
  static async open(target: () => number): Promise<NetworkLink> {
    const inner: LinkParts = { sockets: new Set(), state: { cut: null } }
    const server = createServer({ allowHalfOpen: true }, (near) => join(near, target, inner))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('Cannot open a link')
    return new NetworkLink(server, address.port, inner)
  }

  cut(how: Cut): void {
    this.#state.cut = how
    for (const socket of this.#sockets) {
      if (how === 'reset') socket.resetAndDestroy()
      else socket.unpipe().pause()
    }
  }

  /** Destroys the old connections: the bytes in flight are lost. */
  restore(): void {
    this.#state.cut = null
    for (const socket of this.#sockets) socket.destroy()
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

interface LinkState {
  cut: Cut | null
}

interface LinkParts {
  readonly sockets: Set<Socket>
  readonly state: LinkState
}

function join(near: Socket, target: () => number, { sockets, state }: LinkParts): void {
  follow(near, sockets)
  if (state.cut === 'reset') return void near.resetAndDestroy()
  if (state.cut === 'silence') return void near.pause()
  const far = connect({ port: target(), host: '127.0.0.1', allowHalfOpen: true })
  follow(far, sockets)
  near.pipe(far)
  far.pipe(near)
  near.once('close', () => far.destroy())
  far.once('close', () => near.destroy())
}

function follow(socket: Socket, sockets: Set<Socket>): void {
  sockets.add(socket)
  socket.setNoDelay(true)
  // Broken connections are expected here; both ends see the close.
  socket.on('error', () => undefined)
  socket.once('close', () => sockets.delete(socket))
}
