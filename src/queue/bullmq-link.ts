import type { JobsOptions } from 'bullmq'
import { within } from '../deadline.ts'
import { openParts, type Parts } from './bullmq-backends.ts'
import { closeMsMax, type JobCalls, openMsMax, type QueueConnection } from './link.ts'
import { postgresTrouble, troubleInWords } from './trouble.ts'

export interface LinkOptions {
  readonly url: string
  readonly queueName: string
  readonly jobs: JobCalls
  /** A node that does not renew its lock for so long is taken for dead, and its job given to another. */
  readonly lockMs: number
}

/** Opens a queue and a worker on it. Throws when the server cannot be had, and leaves nothing behind. */
export async function openLink(options: LinkOptions): Promise<QueueConnection> {
  return openOn(options).catch((error: unknown) => {
    throw new Error(describedFor(options.url, error), { cause: error })
  })
}

/** What PostgreSQL says means something by its code, which words alone would lose. */
function describedFor(url: string, error: unknown): string {
  if (!url.startsWith('redis')) return troubleInWords(postgresTrouble(error))
  return error instanceof Error ? error.message : String(error)
}

async function openOn(options: LinkOptions): Promise<QueueConnection> {
  const parts = await openParts({
    url: options.url,
    queueName: options.queueName,
    onJob: ({ name, data }) =>
      name === tickJob ? options.jobs.tick() : options.jobs.chunk(Number(data.slot)),
    queue: { streams: { events: { maxLen: eventsKept } } },
    worker: { ...workerOptions(options.lockMs), concurrency: options.jobs.atOnce },
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
  return linkOn(parts, { broken, describe })
}

const tickJob = 'tick'
const chunkJob = 'chunk'

/** Nobody reads the queue's own events; ten thousand of them are BullMQ's default. */
const eventsKept = 100

function workerOptions(lockMs: number) {
  return {
    lockDuration: lockMs,
    stalledInterval: lockMs,
    // A job is lost by nodes that died with it, which is no fault of the job's.
    maxStalledCount: 10,
    // After an error of its connection. The link is replaced by then, as a rule.
    runRetryDelay: 1000,
  }
}

/**
 * Three attempts, as a job may meet a node that is about to stop or to lose its database. Finished
 * jobs are kept for a while, so that a tick that is asked for again is known.
 */
const jobOptions = {
  attempts: 3,
  removeOnComplete: { count: 100 },
  removeOnFail: { count: 100 },
} satisfies JobsOptions

type Describe = (error: unknown) => string

function linkOn(
  parts: Parts,
  { broken, describe }: { broken: Promise<string>; describe: Describe },
): QueueConnection {
  const { queue, worker } = parts
  return {
    async planTick({ name, delayMs }) {
      await queue.add(tickJob, {}, { ...jobOptions, jobId: name, delay: Math.ceil(delayMs) })
    },
    async planChunks({ slot, count }) {
      const { prioritized = 0 } = await queue.getJobCounts('prioritized')
      const jobs = Array.from({ length: Math.max(0, count - prioritized) }, () => ({
        name: chunkJob,
        data: { slot },
        // Anything without a priority goes first: a tick waits for no chunk but those that this node has taken.
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
 * Errors are not told one by one: while a server is away they are many and all alike. What matters
 * is seen when the link is used, and told once.
 */
function breakOf({ listen }: Parts, describe: Describe): Promise<string> {
  return new Promise((resolve) => {
    let last = 'the connection was closed'
    listen({
      error: (error) => {
        last = describe(error) || last
      },
      closed: () => resolve(last),
    })
  })
}

function fail(reason: string): never {
  throw new Error(reason)
}

async function closeParts({ queue, worker, cut }: Parts, gracefully: boolean): Promise<void> {
  const closing = async () => {
    if (gracefully) await worker.close()
    else await worker.close(true)
    await queue.close()
  }
  try {
    await within(gracefully ? closeMsMax : closeMsMax / 4, closing())
  } catch {
    // Half closed, or not at all: by force, and without waiting for what the server says to it.
    await Promise.allSettled([
      within(closeMsMax / 4, worker.close(true)),
      within(closeMsMax / 4, queue.disconnect()),
    ])
  } finally {
    cut()
  }
}
