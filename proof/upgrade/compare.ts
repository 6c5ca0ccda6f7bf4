import pg from 'pg'
import type { Trade } from '../campaign/load/gateway.ts'
import type { Party } from './settings.ts'
import type { Purchase } from './traffic.ts'

interface BookedOrder {
  readonly key: string
  readonly number: string
  readonly mchid: string
  readonly user_id: string
  readonly amount: number
  readonly status: string
  readonly credited_by: string | null
}

interface BookedTransfer {
  readonly key: string
  readonly transaction_id: string
  readonly amount: number
  /** What the order's user got. */
  readonly deposited: number
}

export interface Books {
  readonly orders: readonly BookedOrder[]
  readonly transfers: readonly BookedTransfer[]
  readonly steps: readonly string[]
}

/** With SQL of its own. */
export async function readBooks(databaseUrl: string): Promise<Books> {
  const client = new pg.Client({ connectionString: databaseUrl, options: '-c search_path=budan' })
  await client.connect()
  try {
    const rows = async <T extends object>(statement: string) =>
      (await client.query(statement)).rows as T[]
    return {
      orders: await rows<BookedOrder>(`
        select order_no as key, split_part(order_no, ':', 1) as number, mchid, user_id,
          amount::float8 as amount, status, credited_by
        from orders`),
      transfers: await rows<BookedTransfer>(`
        select t.order_no as key, t.transaction_id, t.amount::float8 as amount,
          coalesce(sum(e.amount) filter (where e.account = 'user:' || o.user_id), 0)::float8 as deposited
        from transfers t join orders o using (order_no) left join entries e using (order_no)
        group by t.order_no, t.transaction_id, t.amount`),
      steps: (await rows<{ name: string }>('select name from budan_migrations')).map(
        ({ name }) => name,
      ),
    }
  } finally {
    await client.end()
  }
}

interface OrderedBy extends Omit<Purchase, 'party' | 'key'> {
  readonly party: Pick<Party, 'mchid'>
}

export interface Compared {
  readonly findings: readonly string[]
  readonly orders: number
  readonly paid: number
  readonly credited: number
  /** Left to a person. */
  readonly inReview: number
  readonly creditedBy: Readonly<Record<string, number>>
}

/** By merchant number and order number. */
export type Trades = ReadonlyMap<string, Pick<Trade, 'payments'>>

export async function readTrades(parties: readonly Party[]): Promise<Trades> {
  const trades = new Map<string, Trade>()
  for (const { gateway, mchid } of parties) {
    for (const trade of await gateway.trades()) trades.set(`${mchid} ${trade.out_trade_no}`, trade)
  }
  return trades
}

/** The gateways' truth and what nodes answered, against the books. */
export function compare(
  { orders, transfers }: Pick<Books, 'orders' | 'transfers'>,
  { trades, purchases }: { trades: Trades; purchases: readonly OrderedBy[] },
): Compared {
  const findings: string[] = []
  const creditedBy: Record<string, number> = {}
  const ended = { paid: 0, credited: 0, inReview: 0 }
  for (const order of orders) {
    const name = `${order.mchid} ${order.number}`
    const own = transfers.filter(({ key }) => key === order.key)
    const trade = trades.get(name)
    const isPaid = (trade?.payments.length ?? 0) > 0
    if (isPaid) ended.paid += 1
    if (order.status === 'review') ended.inReview += 1
    if (own.length > 0) ended.credited += 1
    if (order.credited_by !== null) {
      creditedBy[order.credited_by] = (creditedBy[order.credited_by] ?? 0) + 1
    }
    const wrong = wrongOf(order, { own, trade })
    if (wrong !== null) findings.push(`${name}: ${wrong}`)
  }
  const known = new Set(orders.map(({ key }) => key))
  for (const { key } of transfers)
    if (!known.has(key)) findings.push(`${key}: a stranger's transfer`)
  for (const purchase of purchases) findings.push(...lost(purchase, orders))
  return { findings, orders: orders.length, ...ended, creditedBy }
}

/** Null: the order is as it ought to be. One that a person has to look at is not credited. */
function wrongOf(
  { status, amount }: BookedOrder,
  { own, trade }: { own: readonly BookedTransfer[]; trade: Pick<Trade, 'payments'> | undefined },
): string | null {
  const payments = trade?.payments ?? []
  if (own.length > 1) return `credited ${own.length} times`
  const [transfer] = own
  if (transfer === undefined) {
    if (status === 'pending') return 'is pending still'
    return payments.length > 0 && status !== 'review' ? `paid, and ${status} here` : null
  }
  if (payments.length === 0) return 'credited and never paid'
  if (!payments.some(({ transaction_id: id }) => id === transfer.transaction_id)) {
    return 'credited by a payment that is not its own'
  }
  if (transfer.amount !== amount || transfer.deposited !== amount) return 'credited another amount'
  return status === 'paid' ? null : `credited, and ${status} here`
}

function lost(
  { party, orderNo, userId, amount, acknowledged }: OrderedBy,
  orders: readonly BookedOrder[],
): readonly string[] {
  if (!acknowledged) return []
  const found = orders.filter(({ mchid, number }) => mchid === party.mchid && number === orderNo)
  const isAsOrdered = found.every((each) => each.user_id === userId && each.amount === amount)
  if (found.length === 1 && isAsOrdered) return []
  return [`${party.mchid} ${orderNo}: acknowledged, and here ${found.length} times, or otherwise`]
}
