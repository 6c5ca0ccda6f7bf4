import { createConnection } from 'mysql2/promise'
import pg from 'pg'
import type { SourceConfig } from '../../src/config/sources/source-config.ts'
import { openSource } from '../../src/sources/open.ts'
import type { OrderSource, ReadWindow, RowFault, SourceOrder } from '../../src/sources/source.ts'

/** Runs statements one after the other; `rows` returns the last one's rows. */
export interface Sql {
  run(...statements: readonly string[]): Promise<void>
  close(): Promise<void>
}

export async function mysqlAt(url: string): Promise<Sql> {
  const connection = await createConnection(url)
  // As old applications have it: also days that are none.
  await connection.query("set session sql_mode = '', time_zone = '+00:00'")
  return {
    run: async (...statements) => {
      for (const statement of statements) await connection.query(statement)
    },
    close: () => connection.end(),
  }
}

export async function postgresAt(url: string): Promise<Sql> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query("set time zone 'UTC'")
  return {
    run: async (...statements) => {
      for (const statement of statements) await client.query(statement)
    },
    close: () => client.end(),
  }
}

export const now = new Date('2026-05-20T08:00:00Z')

export const window: ReadWindow = { from: new Date(+now - 16 * 86_400_000), to: now }

/** A mapping of the table that most tests have, with other parts. */
export function sourceConfig(parts: Partial<SourceConfig> = {}): SourceConfig {
  return {
    name: 'shop',
    url: 'mysql://nowhere/shop',
    table: 'orders',
    columns: {
      orderNo: 'order_no',
      userId: 'user_id',
      amount: { columns: ['amount'], unit: 'yuan' },
      createdAt: { column: 'created_at', zone: 'Asia/Shanghai', unix: null },
      expiresAt: null,
      transactionId: null,
      paidAt: null,
    },
    status: {
      column: 'status',
      pending: ['pending'],
      revive: ['expired', 'cancelled'],
      paid: 'paid',
      done: ['completed'],
      expired: 'expired',
    },
    only: {},
    days: 16,
    credit: 'report',
    ...parts,
  }
}

export interface WholeRead {
  readonly orders: readonly SourceOrder[]
  readonly faults: readonly RowFault[]
  readonly pages: number
}

/** Every page; `between` is called after each. */
export async function readAll(
  source: OrderSource,
  { within = window, between }: { within?: ReadWindow; between?: () => Promise<void> } = {},
): Promise<WholeRead> {
  const orders: SourceOrder[] = []
  const faults: RowFault[] = []
  let [after, pages] = [null as string | null, 0]
  do {
    const page = await source.page(after, within)
    orders.push(...page.orders)
    faults.push(...page.faults)
    after = page.next
    pages += 1
    await between?.()
  } while (after !== null)
  return { orders, faults, pages }
}

export async function readTable(config: SourceConfig): Promise<WholeRead> {
  const source = await openSource(config)
  try {
    return await readAll(source)
  } finally {
    await source.close()
  }
}
