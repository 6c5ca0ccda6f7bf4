/** Compares a bill with an export by the built program, and reads both files barely. */
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { billText, type MadeRow, yuan } from '../../test/support/bill-file.ts'
import { type Figure, figure } from '../figure.ts'
import { firstRepetition, type Part, type Size } from '../part.ts'
import { openWorkplace, startProgram } from '../program.ts'

const rowsOf: Readonly<Record<Size, number>> = { full: 1_000_000, quick: 100_000, tiny: 1000 }

/** A bill has at most this many rows here: the text of a larger one would not fit into one string. */
const billRowsMax = 200_000

const shareMin = 0.5
const megabytesMax = 300

export const reconcile: Part = {
  name: 'reconcile',
  target: 14,
  about: 'bills compared with an export, of bare reading and splitting; and the memory',
  async bench({ closing, repetitions, size }) {
    const rows = rowsOf[size]
    const { path } = closing.add(await openWorkplace(), ({ remove }) => remove())
    const bills = await writeFiles(path, rows)
    const measured: Measured[] = []
    const first = firstRepetition({ size })
    for (let repetition = first; repetition <= repetitions; repetition += 1) {
      const bare = await bareSeconds(path, bills)
      const compared = await compare(path, { bills, rows })
      if (repetition > 0) measured.push({ bare, ...compared })
    }
    return figuresOf(rows, measured)
  },
}

interface Measured {
  readonly bare: number
  readonly seconds: number
  readonly megabytes: number
}

function figuresOf(rows: number, measured: readonly Measured[]): readonly Figure[] {
  const of = (value: (one: Measured) => number) => measured.map(value)
  return [
    figure(`${rows} rows of bills against ${rows} of an export, of bare reading and splitting`, {
      ...{ unit: 'ratio', values: of(({ bare, seconds }) => bare / seconds) },
      goal: { kind: 'at least', value: shareMin },
    }),
    figure('its peak memory', {
      ...{ unit: 'MB', values: of(({ megabytes }) => megabytes) },
      goal: { kind: 'at most', value: megabytesMax },
    }),
    figure('the comparison, with the start of the program', {
      ...{ unit: 's', values: of(({ seconds }) => seconds) },
    }),
    figure('bare reading and splitting', { unit: 's', values: of(({ bare }) => bare) }),
  ]
}

/** Bills of one day, and an export that agrees with them. */
async function writeFiles(path: string, rows: number): Promise<readonly string[]> {
  const bills: string[] = []
  const lines: string[] = []
  for (let first = 0; first < rows; first += billRowsMax) {
    const count = Math.min(billRowsMax, rows - first)
    const made = Array.from({ length: count }, (_, nth) => rowAt(first + nth))
    const file = join(path, `bill-${bills.length}.csv`)
    await writeFile(file, billText({ rows: made }))
    bills.push(file)
    for (const { orderNo, amount } of made) {
      lines.push(`${orderNo},user-7,${yuan(amount)},paid,2026-01-24 10:00:00,2026-01-24 10:00:30`)
    }
  }
  const header = 'order_no,user_id,amount,status,created_at,paid_at'
  await writeFile(join(path, 'orders.csv'), `${header}\n${lines.join('\n')}\n`)
  return bills
}

/** In no order, as the rows of a bill are. */
function rowAt(nth: number): MadeRow {
  const number = String((nth * 7_919) % 1_000_003).padStart(12, '0')
  return {
    orderNo: `RECH20260124${number}ABCDEF`,
    transactionId: `4200002601202601${number}`,
    amount: BigInt(1 + (nth % 50_000)),
    at: new Date(Date.parse('2026-01-24T00:00:00+08:00') + (nth % 86_400) * 1000),
  }
}

const bareScript = fileURLToPath(new URL('./bare-split.mjs', import.meta.url))

async function bareSeconds(path: string, bills: readonly string[]): Promise<number> {
  const files = [...bills.flatMap((bill) => [bill, ',`']), join(path, 'orders.csv'), ',']
  const startedAt = performance.now()
  await promisify(execFile)(process.execPath, [bareScript, ...files])
  return (performance.now() - startedAt) / 1000
}

const hook = fileURLToPath(new URL('./peak-memory.mjs', import.meta.url))

async function compare(
  path: string,
  { bills, rows }: { bills: readonly string[]; rows: number },
): Promise<{ seconds: number; megabytes: number }> {
  const peakFile = join(path, 'peak')
  const startedAt = performance.now()
  const output = await startProgram(
    ['reconcile', '--json', '--bill', ...bills, '--orders', 'orders.csv'],
    { cwd: path, env: { BENCH_PEAK_FILE: peakFile }, nodeArgs: ['--import', hook] },
  ).ended
  const seconds = (performance.now() - startedAt) / 1000
  const { verdict, orders } = JSON.parse(output)
  if (verdict !== 'agree' || orders.in_both !== rows) throw new Error(`It found ${verdict}`)
  return { seconds, megabytes: Number(await readFile(peakFile, 'utf8')) / 1e6 }
}
