import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/**
 * A proxy between budan and PostgreSQL that forwards everything and records each executed
 * statement.
 */
export class StatementCounter {
  readonly url: string
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #seen: string[] = []

  private constructor(server: Server, target: URL) {
    this.#server = server
    const near = new URL(target)
    near.port = String((server.address() as AddressInfo).port)
    this.url = near.href
    server.on('connection', (socket) => this.#join(socket, target))
  }

  static async to(url: string): Promise<StatementCounter> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new StatementCounter(server, new URL(url))
  }

  /** The texts of the statements executed since the last call. */
  take(): readonly string[] {
    const seen = this.#seen
    this.#seen = []
    return seen
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(near: Socket, { hostname, port }: URL): void {
    const far = connect({ host: hostname, port: Number(port) })
    const reader = new MessageReader((text) => this.#seen.push(text))
    for (const socket of [near, far]) {
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.on('data', (bytes) => {
      reader.read(bytes)
      far.write(bytes)
    })
    far.on('data', (bytes) => near.write(bytes))
  }
}

/**
 * Reads the messages of a PostgreSQL client (its manual, "Message Formats"). The first message has no
 * type, all others have one, and each contains its length. Parse names a text, Bind selects one,
 * Execute executes it; Query does all three.
 */
class MessageReader {
  readonly #emit: (text: string) => void
  readonly #texts = new Map<string, string>()
  #rest = Buffer.alloc(0)
  #started = false
  #bound = ''

  constructor(emit: (text: string) => void) {
    this.#emit = emit
  }

  read(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes])
    for (;;) {
      const typeLength = this.#started ? 1 : 0
      if (this.#rest.length < typeLength + 4) return
      const length = typeLength + this.#rest.readInt32BE(typeLength)
      if (this.#rest.length < length) return
      if (this.#started)
        this.#receive(this.#rest.toString('latin1', 0, 1), this.#rest.subarray(5, length))
      this.#started = true
      this.#rest = this.#rest.subarray(length)
    }
  }

  #receive(type: string, body: Buffer): void {
    const [first = '', second = ''] = body.toString('utf8').split('\0', 2)
    if (type === 'P') this.#texts.set(first, second)
    if (type === 'B') this.#bound = this.#texts.get(second) ?? ''
    if (type === 'E') this.#emit(this.#bound)
    if (type === 'Q') this.#emit(first)
  }
}
