import type { Receipt } from '../backend.ts'
import type { BookedEntry, BookedOrder, BookedTransfer, Books } from './books.ts'

/** What was ordered, as the campaign remembers it. */
export interface ExpectedOrder {
  /** Null if no response arrived; the order is then found by its key. */
  readonly orderNo: string | null
  readonly key: string | null
  readonly userId: string
  readonly amount: number
  readonly acknowledged: boolean
}

/** The state of a trade at the simulator. */
export interface TrueTrade {
  readonly orderNo: string
  readonly state: string
  /** As the gateway answers. */
  readonly amount: number
  readonly currency: string
  readonly transactionIds: readonly string[]
  readonly callbacksAccepted: number
  /** A node placed it, so its order exists. */
  readonly prepaid: boolean
}

export interface Comparison {
  readonly ordered: readonly ExpectedOrder[]
  readonly trades: readonly TrueTrade[]
  readonly books: Books
  /** What the merchant's backend has credited. */
  readonly receipts: readonly Receipt[]
}

/** One order of the books with its trade, transfers, entries and callbacks. */
export interface Case {
  readonly order: BookedOrder
  readonly ordered: ExpectedOrder
  readonly trade: TrueTrade | null
  readonly transfers: readonly BookedTransfer[]
  readonly entries: readonly BookedEntry[]
  readonly callbacks: number
}

export function casesOf({ ordered, trades, books }: Comparison): readonly Case[] {
  const byNo = new Map(ordered.map((each) => [each.orderNo, each]))
  const byKey = new Map(ordered.map((each) => [each.key, each]))
  const tradeOf = new Map(trades.map((trade) => [trade.orderNo, trade]))
  const transfersOf = groupByOrder(books.transfers)
  const entriesOf = groupByOrder(books.entries)
  return books.orders.flatMap((order) => {
    const wanted =
      byNo.get(order.order_no) ?? (order.key === null ? undefined : byKey.get(order.key))
    if (wanted === undefined) return []
    return {
      order,
      ordered: wanted,
      trade: tradeOf.get(order.order_no) ?? null,
      transfers: transfersOf.get(order.order_no) ?? [],
      entries: entriesOf.get(order.order_no) ?? [],
      callbacks: books.callbacks.get(order.order_no) ?? 0,
    }
  })
}

function groupByOrder<T extends { readonly order_no: string }>(
  rows: readonly T[],
): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>()
  for (const row of rows) groups.set(row.order_no, [...(groups.get(row.order_no) ?? []), row])
  return groups
}

export type Paid =
  | 'as_ordered'
  /** Credited before the refund, or not at all. */
  | 'refunded'
  | 'otherwise'
  | 'no'

export function paidOf({ trade, ordered }: Case): Paid {
  if (trade === null || trade.transactionIds.length === 0) return 'no'
  const asOrdered = trade.amount === ordered.amount && trade.currency === 'CNY'
  if (!asOrdered) return 'otherwise'
  if (trade.state === 'SUCCESS') return 'as_ordered'
  return trade.state === 'REFUND' ? 'refunded' : 'no'
}
