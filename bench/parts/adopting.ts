/** Adopts the orders of a CSV file by the built program, as an operator does. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Figure, figure } from '../figure.ts'
import { paidOrder } from '../numbered.ts'
import { firstRepetition, type Part, type Size, type Stage } from '../part.ts'
import { configure, openWorkplace, startProgram } from '../program.ts'

const rowsOf: Readonly<Record<Size, number>> = { full: 100_000, quick: 20_000, tiny: 600 }

const perSecMin = 3000

export const adopting: Part = {
  name: 'adopting',
  target: 15,
  about: 'orders of a CSV file adopted a second, on PostgreSQL',
  async bench(stage) {
    const rows = rowsOf[stage.size]
    const values: number[] = []
    for (
      let repetition = firstRepetition(stage);
      repetition <= stage.repetitions;
      repetition += 1
    ) {
      const perSec = await adoptedPerSec(stage, rows)
      if (repetition > 0) values.push(perSec)
    }
    return figuresOf(rows, values)
  },
}

async function adoptedPerSec(stage: Stage, rows: number): Promise<number> {
  const { closing, gateway } = stage
  const { path } = closing.add(await openWorkplace(), ({ remove }) => remove())
  const databaseUrl = await stage.freshPostgresUrl()
  await configure(
    { path, remove: async () => {} },
    { gateway: await gateway(), databaseUrl, recharge: {} },
  )
  await writeFile(join(path, 'orders.csv'), csvOf(rows))
  const startedAt = performance.now()
  const output = await startProgram(['adopt', 'orders.csv', '--json'], { cwd: path }).ended
  const seconds = (performance.now() - startedAt) / 1000
  const { adopted } = JSON.parse(output)
  if (adopted !== rows) throw new Error(`Adopted ${adopted} of ${rows} orders`)
  return rows / seconds
}

function csvOf(rows: number): string {
  const lines = Array.from({ length: rows }, (_, index) => {
    const { orderNo, amount } = paidOrder(index)
    return `${orderNo},user-${index % 1000},${amount},2026-01-24T12:00:00+08:00`
  })
  return `order_no,user_id,amount_fen,created_at\n${lines.join('\n')}\n`
}

function figuresOf(rows: number, values: readonly number[]): readonly Figure[] {
  return [
    figure(`postgres: orders of a CSV of ${rows} rows adopted, with the start of the program`, {
      ...{ unit: '1/s', values: [...values] },
      goal: { kind: 'at least', value: perSecMin },
    }),
  ]
}
