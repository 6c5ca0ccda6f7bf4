import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'

/** The rows at the end, read with the campaign's own SQL. */
export interface Books {
  readonly orders: readonly BookedOrder[]
  readonly transfers: readonly BookedTransfer[]
  readonly entries: readonly BookedEntry[]
  /** Callbacks whose settlement was committed, by order. */
  readonly callbacks: ReadonlyMap<string, number>
}

export interface BookedOrder {
  readonly order_no: string
  readonly user_id: string
  readonly amount: number
  readonly status: string
  readonly key: string | null
  readonly credited_by: string | null
  /** Since 1970. */
  readonly credited_ms: number | null
}

export interface BookedTransfer {
  readonly order_no: string
  readonly transaction_id: string
  readonly amount: number
  readonly currency: string
}

export interface BookedEntry {
  readonly order_no: string
  readonly account: string
  readonly amount: number
}

type Query = (sql: string) => Promise<readonly object[]>

/** No other process may have the directory open. */
export async function readBooks(databaseUrl: string): Promise<Books> {
  return databaseUrl.startsWith('pglite:')
    ? readEmbedded(databaseUrl.slice('pglite:'.length))
    : readPostgres(databaseUrl)
}

async function readEmbedded(directory: string): Promise<Books> {
  const database = await PGlite.create(directory)
  try {
    await database.exec('set search_path = budan, public')
    return await booksBy(async (sql) => (await database.query<object>(sql)).rows)
  } finally {
    await database.close()
  }
}

async function readPostgres(url: string): Promise<Books> {
  const client = new pg.Client({ connectionString: url, options: '-c search_path=budan,public' })
  await client.connect()
  try {
    return await booksBy(async (sql) => (await client.query<object>(sql)).rows)
  } finally {
    await client.end()
  }
}

/** Amounts are double precision, because both drivers return it as a number; it is exact up to 2^53. */
async function booksBy(query: Query): Promise<Books> {
  const orders = await query(`
    select order_no, user_id, amount::float8 as amount, status, idempotency_key as key, credited_by,
      (extract(epoch from credited_at) * 1000)::float8 as credited_ms
    from orders order by order_no`)
  const transfers = await query(`
    select order_no, transaction_id, amount::float8 as amount, currency
    from transfers order by order_no`)
  const entries = await query(`
    select order_no, account, amount::float8 as amount from entries order by order_no, leg`)
  const callbacks = await query(`
    select order_no, count(*)::float8 as count from order_events
    where source = 'callback' and kind = 'answered' group by order_no`)
  return {
    orders: orders as readonly BookedOrder[],
    transfers: transfers as readonly BookedTransfer[],
    entries: entries as readonly BookedEntry[],
    callbacks: new Map(
      (callbacks as readonly { order_no: string; count: number }[]).map((row) => [
        row.order_no,
        row.count,
      ]),
    ),
  }
}
