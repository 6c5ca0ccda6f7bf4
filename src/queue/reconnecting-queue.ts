import { setTimeout as delay } from 'node:timers/promises'
import { within } from '../deadline.ts'
import type { EngineEvent } from '../domain/event.ts'
import type { JobCounts } from './engine.ts'
import { answerMsMax, type QueueConnection } from './queue-connection.ts'

export interface ReconnectingQueueOptions {
  open(): Promise<QueueConnection>
  /** Plans the next tick at each heartbeat, as the server may have lost its data. */
  replan(connection: QueueConnection): Promise<void>
  /** Called when the connection was opened or lost. */
  onChange(): void
  readonly emit: (event: EngineEvent) => void
  readonly heartbeatMs: number
}

/** The first retry comes after about this long, later ones after up to `retryMsMax`: the server may be busy. */
const retryMsMin = 500
const retryMsMax = 10_000

/** The connection to the engine's server: opened again when it is lost, and not used meanwhile. */
export class ReconnectingQueue {
  readonly #options: ReconnectingQueueOptions
  #connection: QueueConnection | null = null
  #counts: JobCounts | null = null
  /** When it was lost, or could not be opened at the start; null while it is open. */
  #awaySince: number | null = null
  #onBreak: (reason: string) => void = () => undefined
  #wake: () => void = () => undefined

  constructor(options: ReconnectingQueueOptions) {
    this.#options = options
  }

  get isUp(): boolean {
    return this.#connection !== null
  }

  /** As of the last heartbeat. */
  get counts(): JobCounts | null {
    return this.#counts
  }

  /** Keeps a connection open until the signal aborts; then closes it. */
  async keep(signal: AbortSignal): Promise<void> {
    let retryMs = retryMsMin
    while (!signal.aborted) {
      const opened = await this.#options
        .open()
        .catch((error: unknown) => this.#recordLoss(text(error)))
      if (opened) {
        retryMs = (await this.#attend(opened, signal)) ? retryMsMin : retryMs
        await opened.close({ gracefully: signal.aborted })
      }
      // Nodes that lost the server at the same time need not come back at the same time.
      const jittered = retryMs * (0.5 + Math.random())
      await delay(jittered, undefined, { signal }).catch(() => undefined)
      retryMs = Math.min(2 * retryMs, retryMsMax)
    }
  }

  pause(): void {
    this.#connection?.pause()
  }

  /** The result; null when there is no connection, or no answer: then the connection counts as lost. */
  async request<T>(send: (connection: QueueConnection) => Promise<T>): Promise<T | null> {
    const connection = this.#connection
    if (connection === null) return null
    try {
      return await within(answerMsMax, send(connection))
    } catch (error) {
      if (this.#connection === connection) this.#onBreak(text(error))
      return null
    }
  }

  /** From the first answer to the loss of the connection. False: it never answered. */
  async #attend(connection: QueueConnection, signal: AbortSignal): Promise<boolean> {
    let broken: string | null = null
    this.#onBreak = (reason) => {
      broken ??= reason
      this.#wake()
    }
    void connection.broken.then(this.#onBreak)
    let answered = false
    while (!signal.aborted) {
      broken ??= await this.#heartbeat(connection)
      if (broken === null && !answered) this.#recordReturn(connection)
      if (broken === null) await this.#sleep(this.#options.heartbeatMs, signal)
      if (broken !== null) {
        this.#lose(broken)
        return answered
      }
      answered = true
    }
    this.#connection = null
    return true
  }

  /** Why the connection counts as lost; null: the server answered. */
  #heartbeat(connection: QueueConnection): Promise<string | null> {
    const work = async () => {
      this.#counts = await connection.counts()
      await this.#options.replan(connection)
      return null
    }
    return within(answerMsMax, work()).catch(text)
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    const sleep = new AbortController()
    this.#wake = () => sleep.abort()
    signal.addEventListener('abort', this.#wake, { once: true })
    await delay(ms, undefined, { signal: sleep.signal }).catch(() => undefined)
    signal.removeEventListener('abort', this.#wake)
  }

  #lose(reason: string): void {
    this.#connection = null
    this.#counts = null
    this.#recordLoss(reason)
    this.#options.onChange()
  }

  /** Emitted once, however often opening it fails. */
  #recordLoss(reason: string): null {
    if (this.#awaySince !== null) return null
    this.#awaySince = performance.now()
    this.#options.emit({ type: 'engine_lost', reason })
    return null
  }

  #recordReturn(connection: QueueConnection): void {
    this.#connection = connection
    const since = this.#awaySince
    this.#awaySince = null
    this.#options.onChange()
    if (since === null) return
    this.#options.emit({ type: 'engine_back', awayMs: performance.now() - since })
  }
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
