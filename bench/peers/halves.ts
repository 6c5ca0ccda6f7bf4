/** The work that every system has to do, and nothing else: only queries, only credits, and both. */
import { sql } from 'kysely'
import type { TradeAnswer } from '../../src/domain/trade.ts'
import { storeOn } from '../../src/store/assemble.ts'
import { openDatabase } from '../../src/store/open.ts'
import { freshPostgresUrl } from '../../test/support/stores.ts'
import type { PaidOrder } from '../gateway/answers.ts'
import { creditTogether } from '../measure/credit-alone.ts'
import { queryAlone } from '../measure/query-alone.ts'
import { eachAtOnce } from '../measure/stopwatch.ts'
import { countPaid, fillPending, type OrderRange, paidOrders } from '../orders.ts'
import type { System, SystemOptions } from './system.ts'

/** Only signed and verified queries, by budan's client. */
export async function openQueriesAlone(options: SystemOptions): Promise<System> {
  const { gateway, concurrency, watch } = options
  const query = queryAlone(gateway, { connections: concurrency })
  const backlog = new Backlog()
  return {
    ...backlog.system,
    start: () =>
      backlog.startOn(watch, (orders) =>
        eachAtOnce(orders, {
          concurrency,
          work: async ({ orderNo }) => {
            await query.send(orderNo)
            watch.answered(orderNo, { credited: true })
          },
        }),
      ),
    vacuum: async () => {},
    countCredited: async ({ count }) => Math.min(count, watch.queried.size),
    close: () => query.stop(),
  }
}

/** Only credits, in groups, one group after the other. The answers are already known. */
export async function openCreditsAlone(options: SystemOptions): Promise<System> {
  const ledger = await openLedger(options)
  return {
    ...ledger.system,
    start: () =>
      ledger.backlog.startOn(options.watch, async (orders) => {
        for (let done = 0; done < orders.length; done += groupSize) {
          await ledger.credit(orders.slice(done, done + groupSize))
        }
      }),
  }
}

/**
 * Only queries and credits: the orders answered during the commit of one group form the next group.
 * It claims, decides and records nothing, so a system that does these things cannot be faster.
 */
export async function openBothAlone(options: SystemOptions): Promise<System> {
  const { gateway, concurrency, watch } = options
  const ledger = await openLedger(options)
  const query = queryAlone(gateway, { connections: concurrency })
  const work = async (orders: readonly PaidOrder[]) => {
    const answered: PaidOrder[] = []
    let crediting: Promise<void> | null = null
    const creditAnswered = async () => {
      while (answered.length > 0) await ledger.credit(answered.splice(0, groupSize))
      crediting = null
    }
    await eachAtOnce(orders, {
      concurrency,
      work: async (order) => {
        await query.send(order.orderNo)
        answered.push(order)
        crediting ??= creditAnswered().catch((error) => watch.failed(error))
      },
    })
    await crediting
  }
  return {
    ...ledger.system,
    start: () => ledger.backlog.startOn(watch, work),
    async close() {
      await query.stop()
      await ledger.system.close()
    },
  }
}

/** The size of budan's groups. */
const groupSize = 50

/** Budan's tables and its groups of credits, with the same answer for all orders. */
async function openLedger({ gateway, watch }: SystemOptions) {
  const database = await openDatabase(await freshPostgresUrl())
  const store = storeOn(database)
  const backlog = new Backlog()
  let sample: TradeAnswer | null = null
  const sampleOf = async ([first]: readonly PaidOrder[]): Promise<TradeAnswer> => {
    const query = queryAlone(gateway, { connections: 1 })
    return query.send(first?.orderNo ?? '').finally(() => query.stop())
  }
  return {
    backlog,
    async credit(orders: readonly PaidOrder[]): Promise<void> {
      sample ??= await sampleOf(orders)
      await creditTogether(store, { orders, sample })
      for (const { orderNo } of orders) watch.answered(orderNo, { credited: true })
    },
    system: {
      ...backlog.system,
      async place(range: OrderRange) {
        await backlog.system.place(range)
        await fillPending(database, { ...range, age: 'an hour ago' })
      },
      vacuum: async () => void (await sql`vacuum (analyze)`.execute(database.patientDb)),
      countCredited: (range: OrderRange) => countPaid(database, range),
      close: () => database.close(),
    },
  }
}

/** The placed orders, which the next start works off. */
class Backlog {
  #placed: readonly PaidOrder[] = []
  #underWay = Promise.resolve()

  readonly system = {
    place: async (range: OrderRange): Promise<void> => {
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
