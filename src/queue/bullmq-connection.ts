import type { JobsOptions } from 'bullmq'
import { within } from '../deadline.ts'
import { openParts, type QueueParts } from './bullmq-backends.ts'
import { closeMsMax, type JobCalls, openMsMax, type QueueConnection } from './queue-connection.ts'
import { faultText, postgresFault } from './server-fault.ts'

export interface ConnectionOptions {
  readonly url: string
  readonly queueName: string
  readonly jobs: JobCalls
  /** A node that does not renew its lock for this long counts as dead, and its job goes to another node. */
  readonly lockMs: number
}

/** Opens a queue and a worker on it. Throws when the server is not available, and leaves nothing open. */
export async function openConnection(options: ConnectionOptions): Promise<QueueConnection> {
  return openOn(options).catch((error: unknown) => {
    throw new Error(describedFor(options.url, error), { cause: error })
  })
}

/** PostgreSQL's errors are described by their code, not only by their message. */
function describedFor(url: string, error: unknown): string {
  if (!url.startsWith('redis')) return faultText(postgresFault(error))
  return error instanceof Error ? error.message : String(error)
}

async function openOn(options: ConnectionOptions): Promise<QueueConnection> {
  const parts = await openParts({
    url: options.url,
    queueName: options.queueName,
    onJob: ({ name, data }) =>
      name === tickName ? options.jobs.tick() : options.jobs.batch(Number(data.slot)),
    queue: { streams: { events: { maxLen: eventsKept } } },
    worker: { ...workerOptions(options.lockMs), concurrency: options.jobs.concurrency },
  })
  const describe = (error: unknown) => describedFor(options.url, error)
  const broken = breakOf(parts, describe)
  try {
    const ready = Promise.all([parts.queue.waitUntilReady(), parts.worker.waitUntilReady()])
    await within(openMsMax, Promise.race([ready, broken.then(fail)]))
  } catch (error) {
    await closeParts(parts, false)
    throw error
  }
  return connectionOn(parts, { broken, describe })
}

const tickName = 'tick'
const batchName = 'batch'

/** Nothing reads the queue's own events; BullMQ keeps ten thousand of them by default. */
const eventsKept = 100

function workerOptions(lockMs: number) {
  return {
    lockDuration: lockMs,
    stalledInterval: lockMs,
    // A job stalls when its node dies, and can be repeated.
    maxStalledCount: 10,
    // An error of its connection ended it. Usually the connection has been replaced by then.
    runRetryDelay: 1000,
  }
}

/**
 * Three attempts, as a job may go to a node that is about to stop or to lose its database. Finished
 * jobs are kept for a while, so that a tick that is planned again is recognised.
 */
const jobOptions = {
  attempts: 3,
  removeOnComplete: { count: 100 },
  removeOnFail: { count: 100 },
} satisfies JobsOptions

type Describe = (error: unknown) => string

function connectionOn(
  parts: QueueParts,
  { broken, describe }: { broken: Promise<string>; describe: Describe },
): QueueConnection {
  const { queue, worker } = parts
  return {
    async planTick({ name, delayMs }) {
      await queue.add(tickName, {}, { ...jobOptions, jobId: name, delay: Math.ceil(delayMs) })
    },
    async planBatches({ slot, count }) {
      const { prioritized = 0 } = await queue.getJobCounts('prioritized')
      const jobs = Array.from({ length: Math.max(0, count - prioritized) }, () => ({
        name: batchName,
        data: { slot },
        // Jobs without a priority come first: a tick waits only for batches that this node has taken.
        opts: { ...jobOptions, priority: 1 },
      }))
      if (jobs.length > 0) await queue.addBulk(jobs)
    },
    async counts() {
      const states = ['waiting', 'prioritized', 'active', 'failed'] as const
      const counted = await queue.getJobCounts(...states).catch((error: unknown) => {
        throw new Error(describe(error), { cause: error })
      })
      const { waiting = 0, prioritized = 0, active = 0, failed = 0 } = counted
      return { waiting: waiting + prioritized, active, failed }
    },
    pause: () => void worker.pause(true).catch(() => undefined),
    broken,
    close: ({ gracefully }) => closeParts(parts, gracefully),
  }
}

/**
 * Errors are not logged one by one: while a server is not available they are many and alike. The loss
 * shows when the connection is used, and is logged once.
 */
function breakOf({ queue, worker }: QueueParts, describe: Describe): Promise<string> {
  return new Promise((resolve) => {
    let last = 'the connection was closed'
    for (const part of [queue, worker]) {
      part.on('error', (error) => {
        last = describe(error) || last
      })
      part.on('ioredis:close', () => resolve(last))
    }
  })
}

function fail(reason: string): never {
  throw new Error(reason)
}

async function closeParts({ queue, worker, cut }: QueueParts, gracefully: boolean): Promise<void> {
  const closing = async () => {
    if (gracefully) await worker.close()
    else await worker.close(true)
    await queue.close()
  }
  try {
    await within(gracefully ? closeMsMax : closeMsMax / 4, closing())
  } catch {
    // Not closed, or only half: closed by force, without waiting for the server.
    await Promise.allSettled([
      within(closeMsMax / 4, worker.close(true)),
      within(closeMsMax / 4, queue.disconnect()),
    ])
  } finally {
    cut()
  }
}
