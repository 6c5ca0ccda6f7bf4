import { createHash } from 'node:crypto'
import type { EngineEvent } from '../domain/event.ts'
import type { Engine, EngineVitals, Work } from './engine.ts'
import type { JobCalls, QueueConnection } from './link.ts'
import { ClusterNode } from './member.ts'

export interface ClusterOptions {
  readonly url: string
  /** What must be the same on all nodes that share the work, and on no others. */
  readonly identity: readonly string[]
  readonly intervalMs: number
  readonly emit: (event: EngineEvent) => void
}

/** Many nodes on one queue, by BullMQ, which is loaded when the first of them runs. */
export class ClusterEngine implements Engine {
  readonly #options: ClusterOptions
  #member: ClusterNode | null = null

  constructor(options: ClusterOptions) {
    this.#options = options
  }

  async run(work: Work, signal: AbortSignal): Promise<void> {
    const { intervalMs, emit } = this.#options
    const beatMs = Math.min(intervalMs / 4, beatMsMax)
    const open = (jobs: JobCalls) => this.#open(jobs)
    const member = new ClusterNode({ open, emit, intervalMs, beatMs }, { work, signal })
    this.#member = member
    await member.run()
    if (this.#member === member) this.#member = null
  }

  vitals(): EngineVitals {
    const link = this.#member?.link
    const name = this.#options.url.startsWith('redis') ? 'Redis' : 'PostgreSQL'
    if (link === undefined) return { state: 'stopped', detail: 'the clock is stopped', jobs: null }
    // As of the last beat: whoever asks must not wait for a server that hangs.
    const jobs = link.counts
    if (jobs !== null) return { state: 'up', detail: `queue on ${name}`, jobs }
    // Anybody may read this; the reason, which may name hosts and users, is in the log.
    const detail = `the queue on ${name} is away: each node keeps the slots by itself`
    return { state: 'away', detail, jobs: null }
  }

  async #open(jobs: JobCalls): Promise<QueueConnection> {
    const { url, identity, intervalMs } = this.#options
    const { openLink } = await import('./bullmq-link.ts')
    return openLink({ url, jobs, queueName: queueName(identity), lockMs: lockMs(intervalMs) })
  }
}

/** Often enough that a queue that was wiped is planned again before anybody misses it. */
const beatMsMax = 5000

/** Two budans on one server must not take each other's jobs: theirs would be done in the wrong database. */
function queueName(identity: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(identity)).digest('hex')
  return `budan-${digest.slice(0, 16)}`
}

/** Renewed every half of it. Shorter than an interval, so that a dead node's chunk is not missed in its plan. */
function lockMs(intervalMs: number): number {
  return Math.min(Math.max(intervalMs / 2, 2000), 15_000)
}
