/** Measures `budan report` over a long table: its peak memory, and the share of the quota that it uses. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { openDatabase } from '../../src/store/open.ts'
import { type Figure, figure } from '../figure.ts'
import { numberPrefix } from '../numbered.ts'
import type { Part, Size, Stage } from '../part.ts'
import { configure, openWorkplace, startProgram } from '../program.ts'

interface Setting {
  readonly rows: number
  /** Queries a second. */
  readonly qps: number
}

const sizes: Readonly<Record<Size, Setting>> = {
  full: { rows: 200_000, qps: 1_000 },
  quick: { rows: 6_000, qps: 500 },
  tiny: { rows: 300, qps: 300 },
}

const shareMin = 0.95
const megabytesMax = 200

export const report: Part = {
  name: 'report',
  target: 13,
  about: 'memory of `report` over a long table, and the share of the quota that it uses',
  async bench(stage) {
    const setting = sizes[stage.size]
    const { megabytes, shares } = await benchReport(stage, setting)
    const name = (what: string) => `postgres: ${what}, ${setting.rows} rows`
    return figuresOf(name, { megabytes, shares })
  },
}

async function benchReport(
  stage: Stage,
  { rows, qps }: Setting,
): Promise<{ megabytes: number; shares: readonly number[] }> {
  const gateway = await stage.gateway()
  // None of them is paid: the first row has the index 1.
  await gateway.signOnDemand({ paidEvery: rows + 1 })
  const databaseUrl = await stage.freshPostgresUrl()
  await fillTable(databaseUrl, rows)
  const { path } = stage.closing.add(await openWorkplace(), ({ remove }) => remove())
  const recharge = { compensation_max_qps: qps, compensation_concurrency: 20 }
  const sections = { sources: [source(databaseUrl)] }
  const workplace = { path, remove: async () => {} }
  await configure(workplace, { gateway, databaseUrl, recharge, sections })
  await gateway.arrivals()
  const peakFile = join(path, 'peak')
  const program = startProgram(['report', '--json'], {
    cwd: path,
    env: { BENCH_PEAK_FILE: peakFile },
    nodeArgs: ['--import', hook],
  })
  const { queried } = JSON.parse(await program.ended) as { queried: number }
  if (queried !== rows) throw new Error(`Queried ${queried} of ${rows} rows`)
  const shares = sharesOf(await gateway.arrivals(), { count: stage.repetitions, qps })
  return { megabytes: Number(await readFile(peakFile, 'utf8')) / 1e6, shares }
}

const hook = fileURLToPath(new URL('./peak-memory.mjs', import.meta.url))

async function fillTable(databaseUrl: string, rows: number): Promise<void> {
  const database = await openDatabase(databaseUrl)
  try {
    await sql`create table public.recharge_orders (
      id bigint primary key, order_no text not null unique, user_id bigint not null,
      amount bigint not null, status text not null, created_at timestamptz not null)`.execute(
      database.db,
    )
    await sql`insert into public.recharge_orders
      select i, ${numberPrefix}::text || lpad(i::text, 10, '0'), i % 500, 100 + i % 1000, 'pending',
        now() - interval '1 hour' - i * interval '1 second'
      from generate_series(1, ${rows}::integer) as i`.execute(database.db)
    await sql`create index on public.recharge_orders (status, created_at, id)`.execute(database.db)
  } finally {
    await database.close()
  }
}

function source(url: string): object {
  return {
    ...{ name: 'bench', url, table: 'public.recharge_orders' },
    columns: {
      ...{ order_no: 'order_no', user_id: 'user_id' },
      amount: { column: 'amount', unit: 'fen' },
      created_at: { column: 'created_at' },
    },
    status: { column: 'status', pending: ['pending'], paid: 'paid' },
  }
}

/** Of the run in equal parts. */
function sharesOf(
  times: readonly number[],
  { count, qps }: { count: number; qps: number },
): readonly number[] {
  const sorted = [...times].sort((one, other) => one - other)
  const size = Math.floor((sorted.length - 1) / count)
  return Array.from({ length: count }, (_, nth) => {
    const [from = 0, to = 0] = [sorted[nth * size], sorted[(nth + 1) * size]]
    return (size * 1_000) / ((to - from) * qps)
  })
}

function figuresOf(
  name: (what: string) => string,
  { megabytes, shares }: { megabytes: number; shares: readonly number[] },
): readonly Figure[] {
  return [
    figure(name('peak memory of a report'), {
      ...{ unit: 'MB', values: [megabytes] },
      goal: { kind: 'at most', value: megabytesMax },
    }),
    figure(name('share of the quota used by a report'), {
      ...{ unit: 'ratio', values: shares },
      goal: { kind: 'at least', value: shareMin },
    }),
  ]
}
