import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/**
 * `asked`: the words never reach the server. `answer`: the server did what they say, and its answer
 * is lost. Either way the connection is gone.
 */
export type Loss = 'asked' | 'answer'

/**
 * A piece of network between budan and PostgreSQL. It can lose one exchange, which it knows by words
 * of the statement; it can be cut, and it can fall silent.
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

  /** The next statement with these words. Resolves when it has been lost. */
  lose(words: string, loss: Loss): Promise<void> {
    return new Promise((lost) => {
      this.#losing = { words, loss, lost }
    })
  }

  /** Connections are reset, new ones too. */
  cut(): void {
    this.#state = 'cut'
    for (const pair of this.#pairs) reset(pair)
  }

  /** Connections stay, and nothing passes: a lost route. */
  silence(): void {
    this.#state = 'silent'
    for (const [near, far] of this.#pairs) {
      near.pause()
      far.pause()
    }
  }

  /** Connections of before are lost. */
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
    near.on('data', (bytes) => this.#ask(pair, bytes))
    far.on('data', (bytes) => near.write(bytes))
    if (this.#state === 'silent') near.pause()
  }

  #ask(pair: readonly [Socket, Socket], bytes: Buffer): void {
    const [, far] = pair
    const losing = this.#losing
    if (losing === null || !bytes.includes(losing.words)) return void far.write(bytes)
    this.#losing = null
    const lose = () => {
      reset(pair)
      losing.lost()
    }
    if (losing.loss === 'asked') {
      lose()
    } else {
      // The first that comes back is the answer: nothing else is under way on a connection.
      far.removeAllListeners('data').once('data', lose)
      far.write(bytes)
    }
  }
}

function reset(pair: readonly [Socket, Socket]): void {
  for (const socket of pair) socket.destroy()
}
