import { setTimeout as delay } from 'node:timers/promises'
import pLimit from 'p-limit'
import { beginChunk, type Chunk } from './chunk.ts'
import { marginMs, type Tick, type Work } from './engine.ts'
import { type KeptLinkOptions, ReconnectingQueue } from './kept-link.ts'
import type { JobCalls, QueueConnection } from './link.ts'
import { workOff } from './local.ts'

export interface MemberOptions extends Pick<KeptLinkOptions, 'emit' | 'beatMs'> {
  open(jobs: JobCalls): Promise<QueueConnection>
  readonly intervalMs: number
}

/**
 * One node of the cluster, from a start to a stop.
 *
 *   a slot begins ─► its tick is handed to one node ─► that node makes the run, plans the next tick,
 *        │                                              and a backlog as chunks for all
 *        └─► half the interval later each node that heard of no tick tries the slot by itself
 *
 * So the queue decides who runs and spreads the work, and nothing but that depends on it. While the
 * queue is away, every node tries each slot as it begins, and one gets it.
 */
export class ClusterNode {
  readonly #options: MemberOptions
  readonly #work: Work
  readonly #signal: AbortSignal
  readonly #link: ReconnectingQueue
  /** A node begins one thing at a time; a chunk, when half of the one before is being asked about. */
  readonly #inTurn = pLimit(1)
  readonly #underWay = new Set<Promise<unknown>>()
  /** When the next slot begins, by `performance.now()`. */
  #slotAt = 0
  /** The watch does not wait for a tick of the queue: it may have come to nothing. */
  #prompt = false
  #patience = drawPatience()
  /** Chunks of this plan, or an older one, are not worth a try any more. */
  #endedPlan = -1
  #wake: () => void = () => undefined

  constructor(options: MemberOptions, { work, signal }: { work: Work; signal: AbortSignal }) {
    this.#options = options
    this.#work = work
    this.#signal = signal
    this.#link = new ReconnectingQueue({
      ...options,
      open: () =>
        options.open({
          tick: () => this.#onTick(),
          chunk: (slot) => this.#onChunk(slot),
          atOnce: work.chunksAtOnce,
        }),
      replan: (link) => this.#planTick(link),
      changed: () => this.#wake(),
    })
  }

  get link(): ReconnectingQueue {
    return this.#link
  }

  /** Until the signal aborts, and what was under way has ended. */
  async run(): Promise<void> {
    const linkEnd = new AbortController()
    const keeping = this.#link.keep(linkEnd.signal)
    const leave = () => {
      this.#link.pause()
      this.#wake()
    }
    this.#signal.addEventListener('abort', leave, { once: true })
    while (!this.#signal.aborted) {
      await this.#tick()
      await this.#untilWatch()
    }
    // Whatever a job of the queue is doing here comes first; then it can still be told that it is done.
    await this.#inTurn(() => undefined)
    await Promise.all(this.#underWay)
    linkEnd.abort()
    await keeping
  }

  async #onTick(): Promise<void> {
    const tick = await this.#tick()
    // Too early for its own slot, by a clock that runs ahead: then this node looks after it.
    if (tick?.kind === 'taken' && tick.nextInMs < this.#options.intervalMs / 2) {
      this.#prompt = true
      this.#wake()
    }
  }

  async #onChunk(plan: number): Promise<void> {
    const chunk = await this.#inTurn(() => this.#begin(plan))
    if (chunk === 'ended') return
    const end = chunk && (await chunk.ended)
    if (end !== 'more') this.#endedPlan = plan
    if (end === null || end === 'failed' || this.#signal.aborted) {
      throw new Error('This node could not: another may')
    }
  }

  /** Null: this node is about to stop. */
  async #begin(plan: number): Promise<Chunk | 'ended' | null> {
    if (plan === this.#endedPlan) return 'ended'
    if (this.#signal.aborted) return null
    const chunk = beginChunk(this.#work, this.#signal)
    this.#watch(chunk.ended)
    await chunk.halfAsked
    return chunk
  }

  #watch(work: Promise<unknown>): void {
    this.#underWay.add(work)
    void work.then(() => this.#underWay.delete(work))
  }

  async #tick(): Promise<Tick | null> {
    const tick = await this.#inTurn(() =>
      this.#signal.aborted ? null : this.#work.tick(this.#signal),
    )
    if (tick === null) return null
    this.#slotAt = performance.now() + tick.nextInMs
    this.#prompt = tick.kind === 'failed'
    this.#patience = drawPatience()
    this.#wake()
    // Not waited for: a server that hangs must not hold up the watch.
    void this.#link.ask((link) => this.#planTick(link))
    if (tick.chunks > 0) await this.#share(tick.chunks)
    return tick
  }

  /** To all nodes; without a queue, this one works it off as far as it comes until the next slot. */
  async #share(count: number): Promise<void> {
    const slot = this.#slotNumber()
    const planned = await this.#link.ask(async (link) => {
      await link.planChunks({ slot, count })
      return true
    })
    if (planned !== null) return
    const worked = workOff(this.#work, { until: this.#slotAt, signal: this.#signal })
    this.#watch(worked)
    await worked
  }

  /**
   * By its delay, not its hour: the delay is by the database's clock, whose slots they are. The name
   * is the same on all nodes whose clocks are less than half an interval apart; else a slot has two
   * ticks, and one of them finds it taken.
   */
  async #planTick(link: QueueConnection): Promise<void> {
    const delayMs = this.#slotAt - performance.now() + marginMs
    // After a tick that failed, or a clock that misled, the next slot is not known well enough.
    if (this.#slotAt === 0 || this.#prompt || delayMs <= 0) return
    await link.planTick({ name: `tick-${this.#slotNumber()}`, delayMs })
  }

  #slotNumber(): number {
    const slotAt = Date.now() + this.#slotAt - performance.now()
    return Math.round(slotAt / this.#options.intervalMs)
  }

  async #untilWatch(): Promise<void> {
    while (!this.#signal.aborted) {
      const waitMs = this.#watchAt() - performance.now()
      if (waitMs <= 0) return
      const sleep = new AbortController()
      this.#wake = () => sleep.abort()
      await delay(waitMs, undefined, { signal: sleep.signal }).catch(() => undefined)
    }
  }

  #watchAt(): number {
    const { intervalMs } = this.#options
    if (this.#prompt || !this.#link.isUp) return this.#slotAt + marginMs
    return this.#slotAt + this.#patience * intervalMs
  }
}

/** Of the interval: past the slowest of ticks, and not in step with the other nodes. */
function drawPatience(): number {
  return 0.5 + Math.random() / 4
}
