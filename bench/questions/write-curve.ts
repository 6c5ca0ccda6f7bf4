/** Writes the table and the plot of docs/schedule.md anew: `npx tsx bench/questions/write-curve.ts`. */
import { readFile, writeFile } from 'node:fs/promises'
import { drawCurve } from './curve.ts'
import { curvePlot } from './curve-plot.ts'
import { curveTable } from './curve-table.ts'

const page = new URL('../../docs/schedule.md', import.meta.url)
const plot = new URL('../../docs/images/schedule.svg', import.meta.url)

const curve = drawCurve()
const text = await readFile(page, 'utf8')
const table = /^\| runs every .*(?:\n\|.*)*/m
if (!table.test(text)) throw new Error(`Cannot find the table in ${page.pathname}`)
await writeFile(
  page,
  text.replace(table, () => curveTable(curve)),
)
await writeFile(plot, curvePlot(curve))
