import { orderNoPattern } from '../domain/fact-rules.ts'
import { Refusal } from './errors.ts'

/**
 * What `read` returns for an order; 404 where it returns null. A text that cannot be an order number
 * never gets to the database, which may not even be able to store it.
 */
export async function ofOrder<T>(
  orderNo: string,
  read: (orderNo: string) => Promise<T | null>,
): Promise<T> {
  const found = orderNoPattern.test(orderNo) ? await read(orderNo) : null
  if (found !== null) return found
  const message = `Cannot find order ${JSON.stringify(orderNo.slice(0, 64))}`
  throw new Refusal(404, { code: 'order_not_found', message })
}
