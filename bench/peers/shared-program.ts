/**
 * The part that all peers share, written as an application would: tables, the query of one order, and
 * one crediting transaction. The peers differ in which order they query, and when.
 */
import pg from 'pg'
import { emptyPostgresUrl } from '../../test/support/stores.ts'
import { type OrderRange, paidOrders } from '../orders.ts'
import { openOrderQueries, type PeerTrade } from './order-queries.ts'
import type { SystemOptions } from './system.ts'

export interface SharedProgram {
  readonly databaseUrl: string
  readonly pool: pg.Pool
  place(range: OrderRange): Promise<void>
  /** Queries an order and acts on the answer. `open`: it has to be queried again later. */
  check(orderNo: string): Promise<'credited' | 'open' | 'closed'>
  vacuum(): Promise<void>
  countCredited(range: OrderRange): Promise<number>
  close(): Promise<void>
}

/** The default of pg, and twice the number of concurrent queries. */
const connectionsMax = 10

/** Opens it on an empty database of its own. */
export async function openSharedProgram({ gateway, watch }: SystemOptions): Promise<SharedProgram> {
  const databaseUrl = await emptyPostgresUrl()
  const pool = new pg.Pool({ connectionString: databaseUrl, max: connectionsMax })
  pool.on('error', (error) => watch.failed(error))
  await pool.query(schema)
  const queries = openOrderQueries(gateway)
  return {
    databaseUrl,
    pool,
    place: (range) => place(pool, range),
    async check(orderNo) {
      const trade = await queries.send(orderNo)
      const end = await act(pool, trade)
      watch.answered(orderNo, { credited: end === 'credited' })
      return end
    },
    vacuum: async () => void (await pool.query('vacuum (analyze)')),
    countCredited: (range) => countCredited(pool, range),
    async close() {
      queries.close()
      await pool.end()
    },
  }
}

const schema = `
  create table orders (
    order_no text primary key,
    user_id text not null,
    amount bigint not null,
    status text not null default 'pending',
    created_at timestamptz not null default now(),
    transaction_id text unique,
    paid_at timestamptz
  );
  create index on orders (status, created_at);
  create table transfers (
    id bigint generated always as identity primary key,
    order_no text not null unique references orders,
    transaction_id text not null unique,
    amount bigint not null,
    created_at timestamptz not null default now()
  );
  create table entries (
    id bigint generated always as identity primary key,
    transfer_id bigint not null references transfers,
    account text not null,
    amount bigint not null,
    created_at timestamptz not null default now()
  );
  create index on entries (transfer_id);
  create index on entries (account, created_at)`

/** The first is an hour old, and each is a millisecond younger than the one before. */
async function place(pool: pg.Pool, range: OrderRange): Promise<void> {
  const orders = paidOrders(range)
  await pool.query(
    `insert into orders (order_no, user_id, amount, created_at)
     select order_no, 'user-' || i % 500, amount, now() - interval '1 hour' + i * interval '1 ms'
     from unnest($1::text[], $2::bigint[]) with ordinality as placed (order_no, amount, i)`,
    [orders.map(({ orderNo }) => orderNo), orders.map(({ amount }) => amount)],
  )
}

async function act(pool: pg.Pool, trade: PeerTrade): Promise<'credited' | 'open' | 'closed'> {
  switch (trade.trade_state) {
    case 'SUCCESS':
      return (await credit(pool, trade)) ? 'credited' : 'closed'
    case 'CLOSED':
      await pool.query(
        `update orders set status = 'expired' where order_no = $1 and status = 'pending'`,
        [trade.out_trade_no],
      )
      return 'closed'
    default:
      return 'open'
  }
}

/** False when the order is no longer pending. */
async function credit(pool: pg.Pool, trade: PeerTrade): Promise<boolean> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    const credited = await creditIn(client, trade)
    await client.query('commit')
    return credited
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}

async function creditIn(client: pg.PoolClient, trade: PeerTrade): Promise<boolean> {
  const { out_trade_no: orderNo, transaction_id: transactionId, success_time: paidAt } = trade
  const amount = trade.amount.total
  const locked = await client.query<{ user_id: string; amount: string; status: string }>(
    'select user_id, amount, status from orders where order_no = $1 for update',
    [orderNo],
  )
  const order = locked.rows[0]
  if (order?.status !== 'pending') return false
  if (Number(order.amount) !== amount) {
    throw new Error(`Cannot credit "${orderNo}": ${amount} was paid of ${order.amount}`)
  }
  await client.query(
    `update orders set status = 'paid', transaction_id = $2, paid_at = $3 where order_no = $1`,
    [orderNo, transactionId, paidAt],
  )
  const made = await client.query<{ id: string }>(
    'insert into transfers (order_no, transaction_id, amount) values ($1, $2, $3) returning id',
    [orderNo, transactionId, amount],
  )
  await client.query(
    'insert into entries (transfer_id, account, amount) values ($1, $2, $3), ($1, $4, $5)',
    [made.rows[0]?.id, 'gateway', -amount, `user:${order.user_id}`, amount],
  )
  return true
}

/**
 * Whole: the order is paid, with one transfer of its amount and two entries that sum to zero.
 * Torn: the order has ended or has a transfer, but is not whole.
 */
async function countCredited(pool: pg.Pool, range: OrderRange): Promise<number> {
  const { rows } = await pool.query<{ whole: number; torn: number }>(
    `select count(*) filter (where whole and order_no = any($1))::integer as whole,
      count(*) filter (where not whole and touched)::integer as torn
    from orders, lateral (
      select count(distinct t.id) as transfers, count(e.id) as entries,
        coalesce(sum(e.amount), 0) as balance, max(e.amount) as credited
      from transfers t left join entries e on e.transfer_id = t.id
      where t.order_no = orders.order_no
    ) as ledger, lateral (
      select status = 'paid' and transfers = 1 and entries = 2 and balance = 0
          and credited = amount as whole,
        status <> 'pending' or transfers > 0 as touched
    ) as found`,
    [paidOrders(range).map(({ orderNo }) => orderNo)],
  )
  const { whole = 0, torn = 0 } = rows[0] ?? {}
  if (torn > 0) throw new Error(`${torn} orders are not credited exactly once`)
  return whole
}
