import { setTimeout as delay } from 'node:timers/promises'
import pLimit from 'p-limit'
import type { Order } from '../../domain/order.ts'
import type { Store } from '../store.ts'

/** Statements at a time. With more of them, each would have fewer numbers. */
const atOnce = 2

/** A lost connection may take half a minute: the next statement does not wait for it. */
const statementWaitMs = 250

/** So that no statement takes long. */
const numbersMax = 100

interface Waiting {
  readonly orderNo: string
  resolve(orders: readonly Order[]): void
  reject(error: unknown): void
}

/**
 * Looks up numbers together that come in while statements are under way. Each callback looks up its order,
 * and a statement costs far more than one more number in it. A number that comes alone does not wait.
 *
 * `findOrdersOf`: the orders that have one of these numbers. When it throws, all of its numbers fail.
 */
export function joinedLookups(
  findOrdersOf: (numbers: readonly string[]) => Promise<readonly Order[]>,
): Store['findOrders'] {
  const limit = pLimit(atOnce)
  const waiting: Waiting[] = []

  const sendWaiting = async (): Promise<void> => {
    const together = waiting.splice(0, numbersMax)
    if (together.length === 0) return
    try {
      const numbers = new Set(together.map(({ orderNo }) => orderNo))
      const orders = await findOrdersOf([...numbers])
      for (const { orderNo, resolve } of together)
        resolve(orders.filter((order) => order.orderNo === orderNo))
    } catch (error) {
      for (const { reject } of together) reject(error)
    }
  }

  return (orderNo) =>
    new Promise((resolve, reject) => {
      waiting.push({ orderNo, resolve, reject })
      void limit(() => Promise.race([sendWaiting(), delay(statementWaitMs, null, { ref: false })]))
    })
}
