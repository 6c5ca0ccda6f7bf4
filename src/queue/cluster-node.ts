import { setTimeout as delay } from 'node:timers/promises'
import pLimit from 'p-limit'
import { type BatchUnderWay, marginMs, type Tick, type Work } from './engine.ts'
import { workOff } from './local.ts'
import type { JobCalls, QueueConnection } from './queue-connection.ts'
import { ReconnectingQueue, type ReconnectingQueueOptions } from './reconnecting-queue.ts'

export interface ClusterNodeOptions extends Pick<ReconnectingQueueOptions, 'emit' | 'heartbeatMs'> {
  open(jobs: JobCalls): Promise<QueueConnection>
  readonly intervalMs: number
}

/**
 * One node of the cluster, from a start to a stop.
 *
 *   a slot begins ─► its tick is handed to one node ─► that node makes the run, plans the next tick,
 *        │                                              and a backlog as batches for all nodes
 *        └─► half an interval later each node that received no tick tries the slot by itself
 *
 * The queue decides which node runs and spreads the work; nothing else depends on it. While it is not
 * available, every node tries each slot when it begins, and one of them gets it.
 */
export class ClusterNode {
  readonly #options: ClusterNodeOptions
  readonly #work: Work
  readonly #signal: AbortSignal
  readonly #queue: ReconnectingQueue
  /** A node begins one job at a time; a batch when half of the batch before has been sent. */
  readonly #inTurn = pLimit(1)
  readonly #underWay = new Set<Promise<unknown>>()
  /** When the next slot begins, by `performance.now()`. */
  #slotAt = 0
  /** This node tries the next slot itself: the queue's tick may have failed. */
  #watchesSlot = false
  #watchDelay = drawWatchDelay()
  /** Batches of this plan and of older ones would find no order. */
  #endedPlan = -1
  #wake: () => void = () => undefined

  constructor(options: ClusterNodeOptions, { work, signal }: { work: Work; signal: AbortSignal }) {
    this.#options = options
    this.#work = work
    this.#signal = signal
    this.#queue = new ReconnectingQueue({
      ...options,
      open: () =>
        options.open({
          tick: () => this.#onTick(),
          batch: (slot) => this.#onBatch(slot),
          concurrency: work.batchesAtOnce,
        }),
      replan: (connection) => this.#planTick(connection),
      onChange: () => this.#wake(),
    })
  }

  get queue(): ReconnectingQueue {
    return this.#queue
  }

  /** Returns when the signal has aborted and the work that had begun has ended. */
  async run(): Promise<void> {
    const queueEnd = new AbortController()
    const keeping = this.#queue.keep(queueEnd.signal)
    const leave = () => {
      this.#queue.pause()
      this.#wake()
    }
    this.#signal.addEventListener('abort', leave, { once: true })
    while (!this.#signal.aborted) {
      await this.#tick()
      await this.#untilWatch()
    }
    // A job of the queue ends first, while its end can still be reported to the queue.
    await this.#inTurn(() => undefined)
    await Promise.all(this.#underWay)
    queueEnd.abort()
    await keeping
  }

  async #onTick(): Promise<void> {
    const tick = await this.#tick()
    // Too early for its slot, by a clock that runs ahead: this node tries the slot itself.
    if (tick?.kind === 'taken' && tick.nextInMs < this.#options.intervalMs / 2) {
      this.#watchesSlot = true
      this.#wake()
    }
  }

  async #onBatch(plan: number): Promise<void> {
    const batch = await this.#inTurn(() => this.#begin(plan))
    if (batch === 'ended') return
    const end = batch && (await batch.ended)
    if (end !== 'more') this.#endedPlan = plan
    if (end === null || end === 'failed' || this.#signal.aborted) {
      throw new Error('This node failed: another may succeed')
    }
  }

  /** Null: this node is about to stop. */
  async #begin(plan: number): Promise<BatchUnderWay | 'ended' | null> {
    if (plan === this.#endedPlan) return 'ended'
    if (this.#signal.aborted) return null
    const batch = this.#work.batch(this.#signal)
    this.#track(batch.ended)
    await batch.halfSent
    return batch
  }

  #track(work: Promise<unknown>): void {
    this.#underWay.add(work)
    void work.then(() => this.#underWay.delete(work))
  }

  async #tick(): Promise<Tick | null> {
    const tick = await this.#inTurn(() =>
      this.#signal.aborted ? null : this.#work.tick(this.#signal),
    )
    if (tick === null) return null
    this.#slotAt = performance.now() + tick.nextInMs
    this.#watchesSlot = tick.kind === 'failed'
    this.#watchDelay = drawWatchDelay()
    this.#wake()
    // Not awaited, because a server that hangs must not delay the next slot.
    void this.#queue.request((connection) => this.#planTick(connection))
    if (tick.batches > 0) await this.#share(tick.batches)
    return tick
  }

  /** Plans the batches for all nodes; without a queue, this node makes them until the next slot. */
  async #share(count: number): Promise<void> {
    const slot = this.#slotNumber()
    const planned = await this.#queue.request(async (connection) => {
      await connection.planBatches({ slot, count })
      return true
    })
    if (planned !== null) return
    const worked = workOff(this.#work, { until: this.#slotAt, signal: this.#signal })
    this.#track(worked)
    await worked
  }

  /**
   * Plans by a delay and not by a point in time, because slots are defined by the database's clock. The
   * name is equal on all nodes whose clocks are less than half an interval apart; otherwise a slot has
   * two ticks, and one of them finds it taken.
   */
  async #planTick(connection: QueueConnection): Promise<void> {
    const delayMs = this.#slotAt - performance.now() + marginMs
    // After a failed tick, or by a clock that was wrong, the time of the next slot is not known exactly.
    if (this.#slotAt === 0 || this.#watchesSlot || delayMs <= 0) return
    await connection.planTick({ name: `tick-${this.#slotNumber()}`, delayMs })
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
    if (this.#watchesSlot || !this.#queue.isUp) return this.#slotAt + marginMs
    return this.#slotAt + this.#watchDelay * intervalMs
  }
}

/** In intervals: after the slowest tick, and at another time than the other nodes. */
function drawWatchDelay(): number {
  return 0.5 + Math.random() / 4
}
