import { connect, type Socket } from 'node:net'

/**
 * A connection that is kept open, and one request on it at a time: written as it is, and of its
 * answer nothing is read but the status.
 */
export class KeepAliveConnection {
  readonly #socket: Socket
  #received = ''
  #answered: ((status: number) => void) | null = null

  constructor({ hostname, port }: URL) {
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true })
    this.#socket.setEncoding('latin1')
    this.#socket.on('data', (text: string) => this.#read(text))
    // Whoever waits is told that there was no answer.
    this.#socket.on('error', () => this.#socket.destroy())
    this.#socket.on('close', () => this.#resolve(noAnswer))
  }

  /** The status of its answer; 0 when there is none. */
  post(request: Buffer): Promise<number> {
    if (this.#socket.destroyed) return Promise.resolve(noAnswer)
    return new Promise((resolve) => {
      this.#answered = resolve
      this.#socket.write(request)
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(text: string): void {
    this.#received += text
    const end = this.#received.indexOf('\r\n\r\n')
    if (end < 0) return
    const length = /\r\ncontent-length: (\d+)\r\n/i.exec(this.#received.slice(0, end + 2))?.[1]
    if (this.#received.length < end + 4 + Number(length ?? 0)) return
    const status = Number(this.#received.slice('HTTP/1.1 '.length).slice(0, 3))
    this.#received = ''
    this.#resolve(status)
  }

  #resolve(status: number): void {
    const answered = this.#answered
    this.#answered = null
    answered?.(status)
  }
}

const noAnswer = 0
