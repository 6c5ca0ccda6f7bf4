import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

export type Cut =
  /** Connections are reset, new ones too. */
  | 'reset'
  /** Connections stay, and nothing passes: what a lost route looks like. */
  | 'silence'

/**
 * A piece of network between two processes, which can be cut and restored.
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

  /** `target` is asked for each connection: it may be another one each time, and a dead one. */
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

  /** Connections of before stay lost: what was on its way is gone. */
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
  // A broken connection is what this is for; both ends are told by its close.
  socket.on('error', () => undefined)
  socket.once('close', () => sockets.delete(socket))
}
