import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import pg from 'pg'
import { type RunningCommand, startBudan } from '../cli/budan.ts'
import { type MariadbServer, startMariadb } from '../support/mariadb.ts'
import { emptyPostgresUrl } from '../support/stores.ts'

/** A shop with a table of orders of its own, and the gateway that it uses. */
export interface Shop {
  readonly kind: 'MariaDB' | 'PostgreSQL'
  /** As the shop's own program, which may write. */
  query(sql: string): Promise<void>
  /** As a user with all rights. */
  readonly adminUrl: string
  /** As a user with the right to read the table, and no other. */
  readonly readerUrl: string
  /** Ends the connections of that user, as a restart of the server does. */
  endConnections(): Promise<void>
  close(): Promise<void>
}

const tables = {
  MariaDB: `create table recharge_orders (
    id bigint primary key auto_increment, order_no varchar(32) not null unique, user_id bigint not null,
    pay_amount decimal(10,2) not null, status varchar(16) not null, created_at datetime not null,
    index (status, created_at, id))`,
  PostgreSQL: `create table recharge_orders (
    id bigint primary key generated always as identity, order_no varchar(32) not null unique,
    user_id bigint not null, pay_amount decimal(10,2) not null, status text not null,
    created_at timestamp not null);
    create index on recharge_orders (status, created_at, id)`,
} as const

export async function openShop(kind: Shop['kind']): Promise<Shop> {
  const opened = kind === 'MariaDB' ? await openMariadbShop() : await openPostgresShop()
  await opened.query(tables[kind])
  await opened.allow()
  return { kind, ...opened }
}

async function openMariadbShop() {
  const server: MariadbServer = await startMariadb()
  const connection = await createConnection(server.url)
  const query = async (sql: string) => void (await connection.query(sql))
  return {
    query,
    allow: async () => {
      await query("create user budan@'127.0.0.1' identified by 'read-only'")
      await query("grant select on shop.recharge_orders to budan@'127.0.0.1'")
    },
    endConnections: async () => {
      const [rows] = await connection.query(
        "select id from information_schema.processlist where user = 'budan'",
      )
      // One that has ended meanwhile cannot be ended.
      for (const { id } of rows as { id: number }[]) await query(`kill ${id}`).catch(() => {})
    },
    adminUrl: server.url,
    readerUrl: server.url.replace('root@', 'budan:read-only@'),
    close: async () => {
      await connection.end()
      await server.stop()
    },
  }
}

async function openPostgresShop() {
  const url = await emptyPostgresUrl()
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const query = async (sql: string) => void (await client.query(sql))
  // Roles are the server's, and other tests may use it at the same time.
  const role = `reader_${process.pid}_${Date.now()}`
  const readerUrl = new URL(url)
  readerUrl.username = role
  readerUrl.password = 'read-only'
  return {
    query,
    allow: async () => {
      await query(`create role ${role} login password 'read-only'`)
      await query(`grant select on recharge_orders to ${role}`)
    },
    endConnections: () =>
      query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${role}'`),
    adminUrl: url,
    readerUrl: String(readerUrl),
    close: async () => {
      await query(`drop owned by ${role}`)
      await query(`drop role ${role}`)
      await client.end()
    },
  }
}

export const orderNoOf = (n: number) => `PAY2026${String(n).padStart(8, '0')}`

/** Every fifteenth is credited, every seventh of the others has expired. */
export function statusOf(n: number): 'paid' | 'expired' | 'pending' {
  if (n % 15 === 0) return 'paid'
  return n % 7 === 0 ? 'expired' : 'pending'
}

/** In the local time of Shanghai, without a zone: number `end` an hour ago, one each ten minutes. */
function createdAt(n: number, end: number): string {
  const at = Date.now() - 3_600_000 - (end - n) * 600_000
  return new Date(at + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')
}

/** Adds the rows from number `first` to the one before `end`. */
export async function fill(shop: Shop, end: number, { first = 0 } = {}): Promise<void> {
  const rows = Array.from({ length: end - first }, (_, nth) => {
    const n = first + nth
    const yuan = `${Math.floor((100 + n) / 100)}.${String((100 + n) % 100).padStart(2, '0')}`
    return `('${orderNoOf(n)}', ${n % 50}, ${yuan}, '${statusOf(n)}', '${createdAt(n, end)}')`
  })
  await shop.query(
    `insert into recharge_orders (order_no, user_id, pay_amount, status, created_at) values ${rows.join(',')}`,
  )
}

/** A simulator of the gateway as a process of its own, as a person starts it. */
export interface GatewayProcess {
  readonly url: string
  post(path: string, body: object): Promise<void>
  clearFaults(): Promise<void>
  /** How many queries have arrived. */
  queryCount(): Promise<number>
  stop(): Promise<void>
}

export async function startGateway(cwd: string): Promise<GatewayProcess> {
  const running: RunningCommand = startBudan(['simulator', '--port', '0', '--json'], { cwd })
  const [line] = await running.printed(/^\{.*\}$/m)
  const { url } = JSON.parse(line) as { url: string }
  return {
    url,
    post: async (path, body) => {
      const headers = { 'content-type': 'application/json' }
      const reply = await fetch(`${url}/_sim${path}`, {
        ...{ method: 'POST', headers, body: JSON.stringify(body) },
      })
      if (!reply.ok) throw new Error(`POST ${path}: ${reply.status} ${await reply.text()}`)
    },
    clearFaults: async () => void (await fetch(`${url}/_sim/faults`, { method: 'DELETE' })),
    queryCount: async () => {
      const reply = await fetch(`${url}/_sim/requests?operation=query`)
      return ((await reply.json()) as { requests: unknown[] }).requests.length
    },
    stop: async () => {
      running.child.kill('SIGTERM')
      await running.ended
    },
  }
}

/** Places all orders, and pays some; no callback is ever sent. */
export async function placeAll(
  gateway: GatewayProcess,
  { count, paid }: { count: number; paid: readonly number[] },
): Promise<void> {
  const numbers = Array.from({ length: count }, (_, n) => n)
  for (let at = 0; at < count; at += 50) {
    await Promise.all(
      numbers.slice(at, at + 50).map(async (n) => {
        await gateway.post('/orders', { out_trade_no: orderNoOf(n), total: 100 + n })
        const isPaid = paid.includes(n) || statusOf(n) === 'paid'
        if (isPaid) await gateway.post(`/orders/${orderNoOf(n)}/pay`, { callback: false })
      }),
    )
  }
}

/** The simulator's own configuration, with the shop's table. Returns its path. */
export function configure(cwd: string, { kind, readerUrl }: Shop): string {
  const folder = join(cwd, 'budan-simulator')
  const path = join(folder, `${kind}.yaml`)
  copyFileSync(join(folder, 'budan.yaml'), path)
  writeFileSync(path, `${readFileSync(path, 'utf8')}\n${sourcesYaml(readerUrl)}`)
  return path
}

function sourcesYaml(url: string): string {
  return `sources:
  - name: shop
    url: "${url}"
    table: recharge_orders
    columns:
      order_no: order_no
      user_id: user_id
      amount: { column: pay_amount, unit: yuan }
      created_at: { column: created_at, zone: Asia/Shanghai }
    status: { column: status, pending: [pending], revive: [expired], paid: paid }
`
}
