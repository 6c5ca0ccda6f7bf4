import { orderNoPattern } from '../domain/fact-rules.ts'
import { notFound } from './errors.ts'

/**
 * What `read` returns for an order; 404 where it returns null. A text that cannot be an order number
 * never gets to the database, which may not even be able to store it.
 */
export async function ofOrder<T>(
  orderNo: string,
  read: (orderNo: string) => Promise<T | null>,
): Promise<T> {
  const found = orderNoPattern.test(orderNo) ? await read(orderNo) : null
  if (found === null) throw notFound('order', orderNo)
  return found
}
