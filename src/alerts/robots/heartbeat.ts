import type { Emit } from '../../domain/event.ts'
import type { RobotAnswer, RobotRequest } from './robot.ts'

interface HeartbeatParts {
  readonly name: string
  readonly url: string
  readonly emit: Emit
  readonly send: (request: RobotRequest, signal: AbortSignal) => Promise<RobotAnswer>
}

/**
 * Calls a watchdog outside: if no call comes for too long, it raises the alarm, because a node that is dead
 * cannot. One call at a time; runs that finish meanwhile share the next one. A call that fails is not
 * repeated: the next run makes another.
 */
export class Heartbeat {
  readonly #parts: HeartbeatParts
  #calls: Promise<void> | null = null
  #isDue = false
  #isFailing = false
  #isOpen = true
  #sending = new AbortController()

  constructor(parts: HeartbeatParts) {
    this.#parts = parts
  }

  /** Returns at once. */
  call(): void {
    if (!this.#isOpen) return
    this.#isDue = true
    this.#calls ??= this.#callWhileDue()
  }

  begin(): void {
    this.#isOpen = true
  }

  /** Waits for the call under way. Nothing is called after it resolves. */
  async end(graceMs: number): Promise<void> {
    this.#isOpen = false
    this.#isDue = false
    const timer = setTimeout(() => this.#sending.abort(), graceMs)
    await this.#calls
    clearTimeout(timer)
    this.#sending = new AbortController()
  }

  async #callWhileDue(): Promise<void> {
    while (this.#isDue && !this.#sending.signal.aborted) {
      this.#isDue = false
      await this.#callOnce()
    }
    this.#calls = null
  }

  async #callOnce(): Promise<void> {
    const { name: robot, emit } = this.#parts
    const fault = await this.#fault()
    emit({ type: fault === null ? 'alert_sent' : 'alert_unsent', robot })
    if (fault !== null && !this.#isFailing) emit({ type: 'robot_failing', robot, reason: fault })
    if (fault === null && this.#isFailing) emit({ type: 'robot_recovered', robot })
    this.#isFailing = fault !== null
  }

  async #fault(): Promise<string | null> {
    const { url, send } = this.#parts
    try {
      const { status } = await send(heartbeatRequest(url), this.#sending.signal)
      return status >= 200 && status < 300 ? null : `HTTP ${status}`
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }
}

export function heartbeatRequest(url: string): RobotRequest {
  return { method: 'GET', url, headers: {}, body: '' }
}
