import PgBoss from 'pg-boss'
import { paidOrders } from '../orders.ts'
import { openShop } from './shop.ts'
import { recheckMins, type System, type SystemOptions } from './system.ts'

interface Question {
  readonly orderNo: string
}

const name = 'check-order'

/** pg-boss' shortest; its default is two seconds. */
const pollingIntervalSeconds = 0.5

/** Taken at a time: one job after the other, a fetch for each, it would be half as fast. */
const batchSize = 20

/** One delayed job for each order on pg-boss, in the shop's own database. Its delay is over here. */
export async function openPgBoss(options: SystemOptions): Promise<System> {
  const { concurrency, watch } = options
  const shop = await openShop(options)
  const boss = new PgBoss({ connectionString: shop.databaseUrl, max: 10 })
  boss.on('error', (error) => watch.failed(error))
  await boss.start()
  await boss.createQueue(name, { name, retryLimit: 5, retryBackoff: true })
  const underWay = new Set<Promise<void>>()

  const checkAll = async (jobs: readonly PgBoss.Job<Question>[]) => {
    const open: PgBoss.JobInsert<Question>[] = []
    const startAfter = new Date(Date.now() + recheckMins * 60_000)
    for (const { data } of jobs) {
      if ((await shop.check(data.orderNo)) === 'open') open.push({ name, data, startAfter })
    }
    if (open.length > 0) await boss.insert(open)
  }
  const work = async () => {
    const worker = await boss.work<Question>(
      name,
      { batchSize, pollingIntervalSeconds },
      async (jobs) => {
        // A full batch: there may be more, and it need not wait to be polled.
        if (jobs.length === batchSize) boss.notifyWorker(worker)
        const checked = checkAll(jobs)
        underWay.add(checked)
        try {
          await checked
        } catch (error) {
          watch.failed(error)
          throw error
        } finally {
          underWay.delete(checked)
        }
      },
    )
  }
  return {
    async place(range) {
      await shop.place(range)
      await boss.insert(paidOrders(range).map(({ orderNo }) => ({ name, data: { orderNo } })))
    },
    settleDown: shop.settleDown,
    async start() {
      await Promise.all(Array.from({ length: concurrency }, work))
    },
    async stop() {
      await boss.offWork(name)
      await Promise.all(underWay)
    },
    countCredited: shop.countCredited,
    async close() {
      await boss.stop({ graceful: false })
      await shop.close()
    },
  }
}
