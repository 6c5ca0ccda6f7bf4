import PgBoss from 'pg-boss'
import { eachAtOnce } from '../measure/stopwatch.ts'
import { paidOrders } from '../orders.ts'
import { openSharedProgram } from './shared-program.ts'
import { recheckMins, type System, type SystemOptions } from './system.ts'

interface CheckJob {
  readonly orderNo: string
}

const name = 'check-order'

/**
 * Jobs of one fetch, and of one completion. Smaller batches credit fewer orders a second (measured).
 * With a batch, one order that fails causes a retry of all of them.
 */
const batchSize = 50

/** The shortest interval that pg-boss allows; its default is two seconds. */
const pollingIntervalSeconds = 0.5

/**
 * Places one job for each order on pg-boss, in the database of the orders. The delay is already
 * over.
 */
export async function openPgBoss(options: SystemOptions): Promise<System> {
  const { concurrency, watch } = options
  const shared = await openSharedProgram(options)
  const boss = new PgBoss({ connectionString: shared.databaseUrl, max: 10 })
  boss.on('error', (error) => watch.failed(error))
  await boss.start()
  await boss.createQueue(name, { name, retryLimit: 5, retryBackoff: true })
  let underWay = Promise.resolve()

  const check = async (jobs: readonly PgBoss.Job<CheckJob>[]) => {
    const open: CheckJob[] = []
    await eachAtOnce(jobs, {
      concurrency,
      work: async ({ data }) => {
        if ((await shared.check(data.orderNo)) === 'open') open.push(data)
      },
    })
    const startAfter = new Date(Date.now() + recheckMins * 60_000)
    if (open.length > 0) await boss.insert(open.map((data) => ({ name, data, startAfter })))
  }
  return {
    async place(range) {
      await shared.place(range)
      await boss.insert(paidOrders(range).map(({ orderNo }) => ({ name, data: { orderNo } })))
    },
    vacuum: shared.vacuum,
    async start() {
      const polling = { batchSize, pollingIntervalSeconds }
      const worker = await boss.work<CheckJob>(name, polling, async (jobs) => {
        // After a full batch there may be more jobs, which need not wait for the next poll.
        if (jobs.length === batchSize) boss.notifyWorker(worker)
        const checked = check(jobs)
        underWay = checked.catch((error) => watch.failed(error))
        await checked
      })
    },
    async stop() {
      await boss.offWork(name)
      await underWay
    },
    countCredited: shared.countCredited,
    async close() {
      await boss.stop({ graceful: false })
      await shared.close()
    },
  }
}
