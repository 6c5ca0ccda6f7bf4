/** What every system has to do, alone: to ask, and to credit. The rest of its time is its own. */
import { sql } from 'kysely'
import { storeOn } from '../../src/store/assemble.ts'
import { openDatabase } from '../../src/store/open.ts'
import type { TradeAnswer } from '../../src/trade.ts'
import { freshPostgresUrl } from '../../test/support/stores.ts'
import { creditTogether } from '../credit-alone.ts'
import type { PaidOrder } from '../gateway/answers.ts'
import { countPaid, fillPending, paidOrders } from '../orders.ts'
import { queryAlone } from '../query-alone.ts'
import { eachAtOnce } from '../stopwatch.ts'
import type { System, SystemOptions } from './system.ts'

/** Signed and verified questions by budan's client, and nothing else. */
export async function openQuestionsAlone(options: SystemOptions): Promise<System> {
  const { gateway, concurrency, watch } = options
  const query = queryAlone(gateway, { connections: concurrency })
  const line = new Line()
  return {
    ...line.system,
    start: () =>
      line.startOn(watch, (orders) =>
        eachAtOnce(orders, {
          concurrency,
          work: async ({ orderNo }) => {
            await query.ask(orderNo)
            watch.heard(orderNo, { credited: true })
          },
        }),
      ),
    settleDown: async () => {},
    countCredited: async ({ count }) => Math.min(count, watch.asked.size),
    close: () => query.stop(),
  }
}

/** As many as budan takes into one transaction. */
const groupSize = 50

/** Credits in groups, the answers known, one group after the other. */
export async function openCreditsAlone({ gateway, watch }: SystemOptions): Promise<System> {
  const database = await openDatabase(await freshPostgresUrl())
  const store = storeOn(database)
  const line = new Line()
  const sampleOf = async ([first]: readonly PaidOrder[]): Promise<TradeAnswer> => {
    const query = queryAlone(gateway, { connections: 1 })
    return query.ask(first?.orderNo ?? '').finally(() => query.stop())
  }
  return {
    ...line.system,
    async place(range) {
      await line.system.place(range)
      await fillPending(database, { ...range, age: 'an hour ago' })
    },
    start: () =>
      line.startOn(watch, async (orders) => {
        const sample = await sampleOf(orders)
        for (let done = 0; done < orders.length; done += groupSize) {
          const group = orders.slice(done, done + groupSize)
          await creditTogether(store, { orders: group, sample })
          for (const { orderNo } of group) watch.heard(orderNo, { credited: true })
        }
      }),
    settleDown: async () => void (await sql`vacuum (analyze)`.execute(database.patientDb)),
    countCredited: (range) => countPaid(database, range),
    close: () => database.close(),
  }
}

/** Orders placed, that the next start works off. */
class Line {
  #placed: readonly PaidOrder[] = []
  #underWay = Promise.resolve()

  readonly system = {
    place: async (range: Parameters<typeof paidOrders>[0]): Promise<void> => {
      this.#placed = paidOrders(range)
    },
    stop: () => this.#underWay,
  }

  async startOn(
    watch: SystemOptions['watch'],
    work: (orders: readonly PaidOrder[]) => Promise<void>,
  ): Promise<void> {
    this.#underWay = work(this.#placed).catch((error) => watch.failed(error))
  }
}
