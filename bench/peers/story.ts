import { eachAtOnce } from '../measure/stopwatch.ts'
import { openSharedProgram } from './shared-program.ts'
import type { System, SystemOptions } from './system.ts'

/**
 * The story's algorithm, literally: it takes a batch of the oldest pending orders, queries each, and
 * credits it if it is paid. An unpaid order keeps its position at the head of the queue.
 *
 * The story makes one run every five minutes; here the runs follow each other without a pause.
 */
export async function openStory(options: SystemOptions): Promise<System> {
  const { concurrency, batchSize, watch } = options
  const shared = await openSharedProgram(options)
  let stopped = true
  let loop = Promise.resolve()

  const run = async () => {
    const { rows } = await shared.pool.query<{ order_no: string }>(
      `select order_no from orders
       where status = 'pending' and created_at < now() - interval '5 minutes'
       order by created_at limit $1`,
      [batchSize],
    )
    await eachAtOnce(rows, {
      concurrency,
      work: async ({ order_no: orderNo }) => {
        // One order's failure leaves the others alone.
        await shared.check(orderNo).catch((error) => watch.failed(error))
      },
    })
  }
  const runUntilStopped = async () => {
    while (!stopped) await run()
  }
  return {
    place: shared.place,
    vacuum: shared.vacuum,
    async start() {
      stopped = false
      loop = runUntilStopped().catch((error) => watch.failed(error))
    },
    async stop() {
      stopped = true
      await loop
    },
    countCredited: shared.countCredited,
    close: shared.close,
  }
}
