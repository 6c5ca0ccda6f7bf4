/** What every system has to do, and nothing else: to ask, to credit, and both. */
import { sql } from 'kysely'
import type { TradeAnswer } from '../../src/domain/trade.ts'
import { storeOn } from '../../src/store/assemble.ts'
import { openDatabase } from '../../src/store/open.ts'
import { freshPostgresUrl } from '../../test/support/stores.ts'
import { creditTogether } from '../credit-alone.ts'
import type { PaidOrder } from '../gateway/answers.ts'
import { countPaid, fillPending, type OrderRange, paidOrders } from '../orders.ts'
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

/** Credits in groups, the answers known, one group after the other. */
export async function openCreditsAlone(options: SystemOptions): Promise<System> {
  const shop = await openShop(options)
  return {
    ...shop.system,
    start: () =>
      shop.line.startOn(options.watch, async (orders) => {
        for (let done = 0; done < orders.length; done += groupSize) {
          await shop.credit(orders.slice(done, done + groupSize))
        }
      }),
  }
}

/**
 * Both, and nothing else: whatever was answered while the last group was being committed is credited
 * together. It claims, decides and records nothing, so no system that does can be faster.
 */
export async function openBothAlone(options: SystemOptions): Promise<System> {
  const { gateway, concurrency, watch } = options
  const shop = await openShop(options)
  const query = queryAlone(gateway, { connections: concurrency })
  const work = async (orders: readonly PaidOrder[]) => {
    const answered: PaidOrder[] = []
    let crediting: Promise<void> | null = null
    const creditAnswered = async () => {
      while (answered.length > 0) await shop.credit(answered.splice(0, groupSize))
      crediting = null
    }
    await eachAtOnce(orders, {
      concurrency,
      work: async (order) => {
        await query.ask(order.orderNo)
        answered.push(order)
        crediting ??= creditAnswered().catch((error) => watch.failed(error))
      },
    })
    await crediting
  }
  return {
    ...shop.system,
    start: () => shop.line.startOn(watch, work),
    async close() {
      await query.stop()
      await shop.system.close()
    },
  }
}

/** As many as budan takes into one transaction. */
const groupSize = 50

/** Budan's tables, and its groups of credits, with one answer for all orders. */
async function openShop({ gateway, watch }: SystemOptions) {
  const database = await openDatabase(await freshPostgresUrl())
  const store = storeOn(database)
  const line = new Line()
  let sample: TradeAnswer | null = null
  const sampleOf = async ([first]: readonly PaidOrder[]): Promise<TradeAnswer> => {
    const query = queryAlone(gateway, { connections: 1 })
    return query.ask(first?.orderNo ?? '').finally(() => query.stop())
  }
  return {
    line,
    async credit(orders: readonly PaidOrder[]): Promise<void> {
      sample ??= await sampleOf(orders)
      await creditTogether(store, { orders, sample })
      for (const { orderNo } of orders) watch.heard(orderNo, { credited: true })
    },
    system: {
      ...line.system,
      async place(range: OrderRange) {
        await line.system.place(range)
        await fillPending(database, { ...range, age: 'an hour ago' })
      },
      settleDown: async () => void (await sql`vacuum (analyze)`.execute(database.patientDb)),
      countCredited: (range: OrderRange) => countPaid(database, range),
      close: () => database.close(),
    },
  }
}

/** Orders placed, that the next start works off. */
class Line {
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
