import type { Socket } from 'node:net'
import type { FastifyRequest } from 'fastify'

/** Each is a connection and a timer. People do not mistype this many tokens at once. */
const waitingMax = 1_000

/**
 * Delays the answers to wrong tokens, one at a time on each connection: a client that sends more
 * requests before the answer, to guess in parallel, loses the connection.
 */
export class LateAnswers {
  readonly #waiting = new Map<Socket, () => void>()
  #hasEnded = false

  /**
   * Resolves when the time is over, the client has disconnected, or the server stops. False, at once:
   * there are too many, and the connection is to be closed without an answer.
   */
  async wait({ raw: { socket } }: FastifyRequest, ms: number): Promise<boolean> {
    if (ms <= 0 || this.#hasEnded) return true
    if (this.#waiting.size >= waitingMax || this.#waiting.has(socket)) return false
    await new Promise<void>((resolve) => {
      const goOn = () => {
        clearTimeout(timer)
        socket.removeListener('close', goOn)
        this.#waiting.delete(socket)
        resolve()
      }
      const timer = setTimeout(goOn, ms)
      this.#waiting.set(socket, goOn)
      socket.once('close', goOn)
    })
    return true
  }

  /** A server that stops does not wait for delayed answers. */
  end(): void {
    this.#hasEnded = true
    for (const goOn of this.#waiting.values()) goOn()
  }
}
