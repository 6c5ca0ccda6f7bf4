/** The most memory that `run` holds while it credits a batch on PostgreSQL. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { openDatabase } from '../src/store/open.ts'
import type { Closing } from './closing.ts'
import { type Figure, figure } from './figure.ts'
import type { InstantGateway } from './gateway/start.ts'
import { fillPending, paidOrders, settleDown } from './orders.ts'
import type { Part, Size } from './part.ts'
import { configure, openWorkplace, startProgram, stopProgram, type Workplace } from './program.ts'

const ordersOf: Readonly<Record<Size, number>> = { full: 500, quick: 500, tiny: 8 }

export const memory: Part = {
  name: 'memory',
  target: 6,
  about: 'the most memory that `run` holds',
  bench: async (stage) =>
    benchMemory({
      gateway: await stage.gateway(),
      closing: stage.closing,
      databaseUrl: await stage.freshPostgresUrl(),
      orders: ordersOf[stage.size],
      repetitions: stage.repetitions,
    }),
}

interface MemoryOptions {
  readonly gateway: InstantGateway
  readonly closing: Closing
  /** Of an empty, migrated PostgreSQL database. */
  readonly databaseUrl: string
  /** Of each run's batch, all of them paid. */
  readonly orders: number
  readonly repetitions: number
}

const megabytesMax = 200
const hook = fileURLToPath(new URL('./peak-memory.mjs', import.meta.url))

async function benchMemory(options: MemoryOptions): Promise<readonly Figure[]> {
  const { gateway, closing, databaseUrl, orders, repetitions } = options
  const workplace = closing.add(await openWorkplace(), ({ remove }) => remove())
  await configure(workplace, {
    ...{ gateway, databaseUrl },
    recharge: { compensation_batch_size: orders, compensation_max_qps: 10_000 },
  })
  const megabytes: number[] = []
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    await fillBatch(options, repetition * orders)
    megabytes.push(await runOnce(workplace, options))
  }
  return [
    figure(`postgres: peak memory of run with a batch of ${orders} paid orders`, {
      unit: 'MB',
      values: megabytes,
      goal: { kind: 'at most', value: megabytesMax },
    }),
  ]
}

async function fillBatch(
  { databaseUrl, gateway, orders }: MemoryOptions,
  first: number,
): Promise<void> {
  const database = await openDatabase(databaseUrl)
  try {
    const { mchid, appid } = gateway.merchant
    const range = { first, count: orders, mchid, appid }
    await fillPending(database, { ...range, age: 'an hour ago' })
    await settleDown(database)
    await gateway.sign(paidOrders(range))
  } finally {
    await database.close()
  }
}

const made = z.object({ success: z.number() })

async function runOnce({ path }: Workplace, { closing, orders }: MemoryOptions): Promise<number> {
  const peakFile = join(path, 'peak')
  const program = startProgram(['run', '--json'], {
    cwd: path,
    env: { BENCH_PEAK_FILE: peakFile },
    nodeArgs: ['--import', hook],
  })
  closing.add(program, stopProgram)
  const { success } = made.parse(JSON.parse(await program.ended))
  if (success !== orders) throw new Error(`run credited ${success} of ${orders} orders`)
  return Number(await readFile(peakFile, 'utf8')) / 1e6
}
