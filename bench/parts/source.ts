/** How long a page of a source takes to read, in a long table and in a short one. */
import { createConnection } from 'mysql2/promise'
import pg from 'pg'
import type { SourceConfig } from '../../src/config/sources/source-config.ts'
import { openSource } from '../../src/sources/open.ts'
import type { OrderSource } from '../../src/sources/source.ts'
import { startMariadb, withoutMariadb } from '../../test/support/mariadb.ts'
import { type Figure, figure, percentile } from '../figure.ts'
import type { Part, Size, Stage } from '../part.ts'

interface Setting {
  readonly long: number
  readonly short: number
}

const sizes: Readonly<Record<Size, Setting>> = {
  full: { long: 10_000_000, short: 10_000 },
  quick: { long: 300_000, short: 10_000 },
  tiny: { long: 2_000, short: 1_000 },
}

/** Pages of each repetition; each is read once before, so that both tables are in memory. */
const pagesMax = 20
const ratioMax = 1.2

export const source: Part = {
  name: 'source',
  target: 12,
  about: 'a page of a source, in a long table and in a short one',
  async bench(stage) {
    const figures: Figure[] = []
    for (const host of await openHosts(stage)) {
      figures.push(...(await benchHost(host, { setting: sizes[stage.size], stage })))
    }
    return figures
  },
}

interface Host {
  readonly name: string
  readonly url: string
  /** Runs statements as the owner of the table. */
  run(statements: readonly string[]): Promise<void>
  /** Statements that make a table of `rows` rows. */
  fill(table: string, rows: number): readonly string[]
}

async function openHosts(stage: Stage): Promise<readonly Host[]> {
  const hosts = [postgresHost(await stage.freshPostgresUrl())]
  if (withoutMariadb()) return hosts
  const server = stage.closing.add(await startMariadb(), ({ stop }) => stop())
  return [...hosts, mariadbHost(server.url)]
}

const columns = `id bigint primary key, order_no varchar(32) not null unique, user_id bigint not null,
  pay_amount decimal(10,2) not null, status varchar(16) not null`
const values = (nth: string) => `${nth}, concat('PAID2026', ${nth}), ${nth} % 500, 12.34,
  case when ${nth} % 10 = 0 then 'paid' when ${nth} % 3 = 0 then 'expired' else 'pending' end`

function postgresHost(url: string): Host {
  return {
    ...{ name: 'postgres', url },
    run: async (statements) => {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      for (const statement of statements) await client.query(statement)
      await client.end()
    },
    fill: (table, rows) => [
      `create table public.${table} (${columns}, created_at timestamptz not null)`,
      `insert into public.${table} select ${values('i')}, now() - interval '1 day' - i * interval '0.1 second'
        from generate_series(1, ${rows}) as i`,
      `create index on public.${table} (status, created_at, id)`,
      `vacuum analyze public.${table}`,
    ],
  }
}

function mariadbHost(url: string): Host {
  return {
    ...{ name: 'mariadb', url },
    run: async (statements) => {
      const connection = await createConnection(url)
      for (const statement of statements) await connection.query(statement)
      await connection.end()
    },
    fill: (table, rows) => [
      `create table ${table} (${columns}, created_at datetime(3) not null)`,
      `insert into ${table} select ${values('seq')}, utc_timestamp(3) - interval 1 day - interval seq * 100000 microsecond
        from seq_1_to_${rows}`,
      `create index scan on ${table} (status, created_at, id)`,
      `analyze table ${table}`,
    ],
  }
}

async function benchHost(
  host: Host,
  { setting, stage }: { setting: Setting; stage: Stage },
): Promise<readonly Figure[]> {
  await host.run([
    ...host.fill('long_table', setting.long),
    ...host.fill('short_table', setting.short),
  ])
  const long = await openSource(configOf(host, 'long_table'))
  const short = await openSource(configOf(host, 'short_table'))
  const ratios: number[] = []
  const milliseconds: number[] = []
  try {
    await Promise.all([medianMs(long), medianMs(short)])
    for (let nth = 0; nth < stage.repetitions; nth += 1) {
      const [inLong, inShort] = [await medianMs(long), await medianMs(short)]
      ratios.push(inLong / inShort)
      milliseconds.push(inLong)
    }
  } finally {
    await Promise.all([long.close(), short.close()])
  }
  const rows = `of ${setting.long} rows`
  return [
    figure(`${host.name}: a page ${rows}, of a page of ${setting.short}`, {
      ...{ unit: 'ratio', values: ratios },
      goal: { kind: 'at most', value: ratioMax },
    }),
    figure(`${host.name}: a page ${rows}`, { unit: 'ms', values: milliseconds }),
  ]
}

/** Reads from the oldest row of the window, as a report begins. */
async function medianMs(source: OrderSource): Promise<number> {
  const now = Date.now()
  const window = { from: new Date(now - 16 * 86_400_000), to: new Date(now) }
  const times: number[] = []
  let after: string | null = null
  for (let nth = 0; nth < pagesMax; nth += 1) {
    const startedAt = performance.now()
    const { next } = await source.page(after, window)
    times.push(performance.now() - startedAt)
    if (next === null) break
    after = next
  }
  return percentile(times, 0.5)
}

function configOf({ name, url }: Host, table: string): SourceConfig {
  const zone = name === 'mariadb' ? 'UTC' : null
  return {
    ...{ name: 'bench', url, table, only: {}, days: 16, credit: 'report' },
    columns: {
      ...{ orderNo: 'order_no', userId: 'user_id' },
      amount: { columns: ['pay_amount'], unit: 'yuan' },
      createdAt: { column: 'created_at', zone, unix: null },
      ...{ expiresAt: null, transactionId: null, paidAt: null },
    },
    status: {
      ...{ column: 'status', pending: ['pending'], revive: ['expired'] },
      ...{ paid: 'paid', done: [], expired: 'expired' },
    },
  }
}
