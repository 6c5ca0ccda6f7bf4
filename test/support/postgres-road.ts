import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/**
 * `request`: the statement never reaches the server. `answer`: the server executes it, and its answer
 * is lost. In both cases the connection is closed.
 */
export type Loss = 'request' | 'answer'

/**
 * A TCP proxy between budan and PostgreSQL. It can lose one exchange, found by a text in the statement;
 * it can reset connections, and it can stop passing bytes.
 */
export class PostgresRoad {
  readonly url: string
  readonly #server: Server
  readonly #far: { readonly host: string; readonly port: number }
  readonly #pairs = new Set<readonly [near: Socket, far: Socket]>()
  #losing: { readonly words: string; readonly loss: Loss; lost: () => void } | null = null
  #state: 'whole' | 'cut' | 'silent' = 'whole'

  private constructor(server: Server, target: URL) {
    this.#server = server
    this.#far = { host: target.hostname, port: Number(target.port) }
    const near = new URL(target)
    near.port = String((server.address() as AddressInfo).port)
    this.url = near.href
    server.on('connection', (socket) => this.#join(socket))
  }

  static async to(url: string): Promise<PostgresRoad> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new PostgresRoad(server, new URL(url))
  }

  /**
   * Loses the next statement that contains `words`, not as a part of a longer word: a new session is set
   * to "read committed". Resolves when it has been lost.
   */
  lose(words: string, loss: Loss): Promise<void> {
    return new Promise((lost) => {
      this.#losing = { words, loss, lost }
    })
  }

  /** Resets all connections, new ones too. */
  cut(): void {
    this.#state = 'cut'
    for (const pair of this.#pairs) reset(pair)
  }

  /** Keeps connections open and passes nothing, as when a route is lost. */
  silence(): void {
    this.#state = 'silent'
    for (const [near, far] of this.#pairs) {
      near.pause()
      far.pause()
    }
  }

  /** Works again, for new connections; the old ones are reset. */
  mend(): void {
    this.#state = 'whole'
    for (const pair of this.#pairs) reset(pair)
  }

  async close(): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(near: Socket): void {
    const far = connect(this.#far)
    const pair = [near, far] as const
    this.#pairs.add(pair)
    for (const socket of pair) {
      socket.on('error', () => undefined)
      socket.on('close', () => {
        this.#pairs.delete(pair)
        reset(pair)
      })
    }
    if (this.#state === 'cut') reset(pair)
    near.on('data', (bytes) => this.#forward(pair, bytes))
    far.on('data', (bytes) => near.write(bytes))
    if (this.#state === 'silent') near.pause()
  }

  #forward(pair: readonly [Socket, Socket], bytes: Buffer): void {
    const [, far] = pair
    const losing = this.#losing
    if (losing === null || !holds(bytes, losing.words)) return void far.write(bytes)
    this.#losing = null
    const lose = () => {
      reset(pair)
      losing.lost()
    }
    if (losing.loss === 'request') {
      lose()
    } else {
      // The next bytes from the server are the answer: a connection carries one exchange at a time.
      far.removeAllListeners('data').once('data', lose)
      far.write(bytes)
    }
  }
}

function holds(bytes: Buffer, words: string): boolean {
  return new RegExp(`\\b${words}\\b`).test(bytes.toString('latin1'))
}

function reset(pair: readonly [Socket, Socket]): void {
  for (const socket of pair) socket.destroy()
}
