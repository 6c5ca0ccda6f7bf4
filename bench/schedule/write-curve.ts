/** Updates the tables and the plot of docs/schedule.md: `npm run curve`. */
import { readFile, writeFile } from 'node:fs/promises'
import { drawCurve } from './curve.ts'
import { curvePlot } from './curve-plot.ts'
import { curveTable, ratioTable } from './curve-table.ts'

const page = new URL('../../docs/schedule.md', import.meta.url)
const plot = new URL('../../docs/images/schedule.svg', import.meta.url)

const curve = drawCurve()
const text = await readFile(page, 'utf8')
const tables = [
  { found: /^\| runs every .*(?:\n\|.*)*/m, table: curveTable(curve) },
  { found: /^\| p99, of the story's .*(?:\n\|.*)*/m, table: ratioTable(curve) },
]
const written = tables.reduce((sofar, { found, table }) => {
  if (!found.test(sofar)) throw new Error(`Cannot find ${found} in docs/schedule.md`)
  return sofar.replace(found, () => table)
}, text)
await writeFile(page, written)
await writeFile(plot, curvePlot(curve))
