import type { Socket } from 'node:net'
import type { FastifyRequest } from 'fastify'

/** Each is a connection and a timer. Nobody mistypes this many tokens at once. */
const waitingMax = 1_000

/**
 * Answers that come late, to whoever guesses. One at a time on a connection: what is sent ahead of
 * the answer, to guess side by side, costs the connection.
 */
export class LateAnswers {
  readonly #waiting = new Map<Socket, () => void>()
  #hasEnded = false

  /**
   * Resolves when the time is over, the client has gone, or the server stops. False, and at once:
   * there is no room, and the connection is to be closed without an answer.
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

  /** A server that stops waits for nobody who guesses. */
  end(): void {
    this.#hasEnded = true
    for (const goOn of this.#waiting.values()) goOn()
  }
}
