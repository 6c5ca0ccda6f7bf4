import { randomUUID } from 'node:crypto'
import { DelayedError, Queue, Worker } from 'bullmq'
import { paidOrders } from '../orders.ts'
import { openSharedProgram } from './shared-program.ts'
import { recheckMins, type System, type SystemOptions } from './system.ts'

interface CheckJob {
  readonly orderNo: string
}

/** Places one delayed job for each order on BullMQ. All jobs are due before the worker starts. */
export async function openBullmq(
  options: SystemOptions & { readonly redisUrl: string },
): Promise<System> {
  const { concurrency, watch, redisUrl } = options
  const shared = await openSharedProgram(options)
  const connection = { url: redisUrl, maxRetriesPerRequest: null }
  const name = `orders-${randomUUID()}`
  const queue = new Queue<CheckJob>(name, {
    connection,
    defaultJobOptions: {
      attempts: 5,
      backoff: { type: 'exponential', delay: 1000 },
      removeOnComplete: true,
    },
  })
  const worker = new Worker<CheckJob>(
    name,
    async (job, token) => {
      const end = await shared.check(job.data.orderNo)
      if (end !== 'open') return
      await job.moveToDelayed(Date.now() + recheckMins * 60_000, token)
      throw new DelayedError()
    },
    { connection, concurrency, autorun: false },
  )
  worker.on('failed', (_, error) => watch.failed(error))
  worker.on('error', (error) => watch.failed(error))
  await worker.waitUntilReady()

  return {
    async place(range) {
      await shared.place(range)
      const jobs = paidOrders(range).map(({ orderNo }) => ({
        name: 'check',
        data: { orderNo },
        opts: { jobId: orderNo, delay: 1 },
      }))
      await queue.addBulk(jobs)
    },
    vacuum: shared.vacuum,
    start: () => worker.resume(),
    stop: () => worker.pause(),
    countCredited: shared.countCredited,
    async close() {
      await worker.close()
      await queue.close()
      await shared.close()
    },
  }
}
