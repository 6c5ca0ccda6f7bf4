import { connect, type Socket } from 'node:net'

/**
 * A keep-alive connection that carries one request at a time. It writes the bytes of a request
 * unchanged, and reads only the status of the answer.
 */
export class KeepAliveConnection {
  readonly #socket: Socket
  #received = ''
  #answered: ((status: number) => void) | null = null

  constructor({ hostname, port }: URL) {
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true })
    this.#socket.setEncoding('latin1')
    this.#socket.on('data', (text: string) => this.#read(text))
    // A close resolves the pending request with `noAnswer`.
    this.#socket.on('error', () => this.#socket.destroy())
    this.#socket.on('close', () => this.#resolve(noAnswer))
  }

  /** Resolves with the status of the answer, or with 0 if none came. */
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
