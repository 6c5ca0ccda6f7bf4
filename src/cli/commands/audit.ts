import type { Store } from '../../store/store.ts'
import { presentAudit } from '../../web/api/present.ts'
import type { CommandContext } from '../context.ts'
import type { Output } from '../output.ts'
import { readStore } from '../reader.ts'
import type { ExitCode, Terminal } from '../terminal.ts'

/** Counts what breaks an invariant; 1 unless every count is 0. */
export async function audit({ config, output, terminal }: CommandContext): Promise<ExitCode> {
  const { database } = config('database')
  const { counts, rows } = await readStore(database.url, readAudit)
  const broken = Object.values(counts).some((count) => count !== 0)
  if (output.asJson) output.json(counts)
  else {
    show(counts, { output, terminal })
    if (rows.length > 0) output.table(['invariant', 'order_no'], rows)
    if (broken)
      output.note('The books do not agree: look at these orders before anything is paid out.')
  }
  return broken ? 1 : 0
}

type Counts = ReturnType<typeof presentAudit>

/** Of one count; where there are more, they have one cause. */
const rowsMax = 100

/** The counts, and the orders behind those that are not 0. */
async function readAudit(
  store: Store,
): Promise<{ counts: Counts; rows: readonly (readonly [string, string])[] }> {
  const counts = presentAudit(await store.audit())
  const rows: (readonly [string, string])[] = []
  for (const [name, count] of Object.entries(counts) as [keyof Counts, number][]) {
    if (count === 0) continue
    const orderNos = await store.auditRows(name, { limit: rowsMax })
    rows.push(...orderNos.map((orderNo) => [name, orderNo] as const))
  }
  return { counts, rows }
}

/** By the names that the API gives them. */
const counted: Readonly<Record<keyof Counts, string>> = {
  paid_not_credited: 'orders that are paid, without their credit',
  credited_not_paid: 'orders with a credit whose state is not paid',
  credited_twice: 'orders and payments that were credited twice',
  unbalanced: 'transfers without two entries that sum to zero',
  mismatched: 'credits that are not what was ordered, or not to its user',
  unexplained: 'orders whose timeline does not explain their state',
}

function show(
  counts: Counts,
  { output, terminal }: { readonly output: Output; readonly terminal: Terminal },
): void {
  const rows = Object.entries(counts) as [keyof Counts, number][]
  // One a line, name and number alone, for whoever reads them with a program that knows no JSON.
  if (!terminal.isInteractive) for (const [name, count] of rows) output.line(`${name}=${count}`)
  else {
    const head = ['invariant', 'count', 'what it counts']
    output.table(
      head,
      rows.map(([name, count]) => [name, count, counted[name]]),
    )
  }
}
