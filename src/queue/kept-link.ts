import { setTimeout as delay } from 'node:timers/promises'
import { within } from '../deadline.ts'
import type { EngineEvent } from '../domain/event.ts'
import type { JobCounts } from './engine.ts'
import { answerMsMax, type QueueConnection } from './link.ts'

export interface KeptLinkOptions {
  open(): Promise<QueueConnection>
  /** What the queue ought to hold by now: planned again at each beat, as the server may have been wiped. */
  replan(link: QueueConnection): Promise<void>
  /** The link is up, or is not any more. */
  changed(): void
  readonly emit: (event: EngineEvent) => void
  readonly beatMs: number
}

/** At first after about this long, then after up to `pauseMsMax`: nobody else's server is to be stormed. */
const pauseMsMin = 500
const pauseMsMax = 10_000

/** The link to the engine's server: opened again whenever it is lost, and asked for nothing meanwhile. */
export class ReconnectingQueue {
  readonly #options: KeptLinkOptions
  #link: QueueConnection | null = null
  #counts: JobCounts | null = null
  /** When it was lost, or could not be had to begin with; null while it is up. */
  #awaySince: number | null = null
  #broke: (reason: string) => void = () => undefined
  #endPause: () => void = () => undefined

  constructor(options: KeptLinkOptions) {
    this.#options = options
  }

  get isUp(): boolean {
    return this.#link !== null
  }

  /** As of the last beat. */
  get counts(): JobCounts | null {
    return this.#counts
  }

  /** Until the signal aborts; then closes what is open. */
  async keep(signal: AbortSignal): Promise<void> {
    let pauseMs = pauseMsMin
    while (!signal.aborted) {
      const link = await this.#options.open().catch((error: unknown) => this.#noteLoss(text(error)))
      if (link) {
        pauseMs = (await this.#attend(link, signal)) ? pauseMsMin : pauseMs
        await link.close({ gracefully: signal.aborted })
      }
      // Nodes that lost it together need not come back together.
      const jittered = pauseMs * (0.5 + Math.random())
      await delay(jittered, undefined, { signal }).catch(() => undefined)
      pauseMs = Math.min(2 * pauseMs, pauseMsMax)
    }
  }

  pause(): void {
    this.#link?.pause()
  }

  /** What the link says; null when it is away, or does not answer: then it is away from now on. */
  async ask<T>(question: (link: QueueConnection) => Promise<T>): Promise<T | null> {
    const link = this.#link
    if (link === null) return null
    try {
      return await within(answerMsMax, question(link))
    } catch (error) {
      if (this.#link === link) this.#broke(text(error))
      return null
    }
  }

  /** From the link's first answer to its break. False: it never answered. */
  async #attend(link: QueueConnection, signal: AbortSignal): Promise<boolean> {
    let broken: string | null = null
    this.#broke = (reason) => {
      broken ??= reason
      this.#endPause()
    }
    void link.broken.then(this.#broke)
    let answered = false
    while (!signal.aborted) {
      broken ??= await this.#beat(link)
      if (broken === null && !answered) this.#noteReturn(link)
      if (broken === null) await this.#pauseFor(this.#options.beatMs, signal)
      if (broken !== null) {
        this.#lose(broken)
        return answered
      }
      answered = true
    }
    this.#link = null
    return true
  }

  /** Null: the server does what it should. */
  #beat(link: QueueConnection): Promise<string | null> {
    const asking = async () => {
      this.#counts = await link.counts()
      await this.#options.replan(link)
      return null
    }
    return within(answerMsMax, asking()).catch(text)
  }

  async #pauseFor(ms: number, signal: AbortSignal): Promise<void> {
    const pause = new AbortController()
    this.#endPause = () => pause.abort()
    signal.addEventListener('abort', this.#endPause, { once: true })
    await delay(ms, undefined, { signal: pause.signal }).catch(() => undefined)
    signal.removeEventListener('abort', this.#endPause)
  }

  #lose(reason: string): void {
    this.#link = null
    this.#counts = null
    this.#noteLoss(reason)
    this.#options.changed()
  }

  /** Told once, however often it is tried again. */
  #noteLoss(reason: string): null {
    if (this.#awaySince !== null) return null
    this.#awaySince = performance.now()
    this.#options.emit({ type: 'engine_lost', reason })
    return null
  }

  #noteReturn(link: QueueConnection): void {
    this.#link = link
    const since = this.#awaySince
    this.#awaySince = null
    this.#options.changed()
    if (since === null) return
    this.#options.emit({ type: 'engine_back', awayMs: performance.now() - since })
  }
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
