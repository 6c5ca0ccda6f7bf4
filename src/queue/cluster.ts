import { createHash } from 'node:crypto'
import type { EngineEvent } from '../domain/event.ts'
import { ClusterNode } from './cluster-node.ts'
import type { Engine, EngineVitals, Work } from './engine.ts'
import type { JobCalls, QueueConnection } from './queue-connection.ts'

export interface ClusterOptions {
  readonly url: string
  /** Equal on all nodes that share the work, and on no others. */
  readonly identity: readonly string[]
  readonly intervalMs: number
  readonly emit: (event: EngineEvent) => void
}

/** Many nodes on one queue, by BullMQ, which is loaded when the engine runs. */
export class ClusterEngine implements Engine {
  readonly #options: ClusterOptions
  #node: ClusterNode | null = null

  constructor(options: ClusterOptions) {
    this.#options = options
  }

  async run(work: Work, signal: AbortSignal): Promise<void> {
    const { intervalMs, emit } = this.#options
    const heartbeatMs = Math.min(intervalMs / 4, heartbeatMsMax)
    const open = (jobs: JobCalls) => this.#open(jobs)
    const node = new ClusterNode({ open, emit, intervalMs, heartbeatMs }, { work, signal })
    this.#node = node
    await node.run()
    if (this.#node === node) this.#node = null
  }

  vitals(): EngineVitals {
    const queue = this.#node?.queue
    const name = this.#options.url.startsWith('redis') ? 'Redis' : 'PostgreSQL'
    if (queue === undefined) return { state: 'stopped', detail: 'the clock is stopped', jobs: null }
    // As of the last heartbeat: a caller must not wait for a server that hangs.
    const jobs = queue.counts
    if (jobs !== null) return { state: 'up', detail: `queue on ${name}`, jobs }
    // /readyz shows this to anybody. The reason may name hosts and users; it is in the log alone.
    const detail = `the queue on ${name} is away: each node keeps the slots by itself`
    return { state: 'away', detail, jobs: null }
  }

  async #open(jobs: JobCalls): Promise<QueueConnection> {
    const { url, identity, intervalMs } = this.#options
    const { openConnection } = await import('./bullmq-connection.ts')
    return openConnection({ url, jobs, queueName: queueName(identity), lockMs: lockMs(intervalMs) })
  }
}

/** Often enough that a queue whose server lost its data is planned again before a slot is missed. */
const heartbeatMsMax = 5000

/** Two installations on one server must not take each other's jobs: they would run on the wrong database. */
function queueName(identity: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(identity)).digest('hex')
  return `budan-${digest.slice(0, 16)}`
}

/** A lock is renewed after half of it. Shorter than an interval, so that a dead node's batch is given to another node in time. */
function lockMs(intervalMs: number): number {
  return Math.min(Math.max(intervalMs / 2, 2000), 15_000)
}
