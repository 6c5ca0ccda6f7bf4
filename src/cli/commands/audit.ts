import type { Store } from '../../store/store.ts'
import { presentAudit } from '../../web/api/present.ts'
import type { Command, CommandContext } from '../context.ts'
import { readStore } from '../reader.ts'
import { commandWords } from '../words.ts'

/** Counts violations of each invariant. Exits with 1 unless every count is 0. */
export const audit: Command = async (context) => {
  const { output } = context
  const { counts, rows } = await readStore(context, readAudit)
  const isBroken = Object.values(counts).some((count) => count !== 0)
  if (output.asJson) output.json(counts)
  else {
    show(context, counts)
    if (rows.length > 0) output.table(['invariant', 'order_no'], rows)
    if (isBroken)
      output.note('The books do not agree: look at these orders before anything is paid out.')
  }
  return isBroken ? 1 : 0
}

type Counts = ReturnType<typeof presentAudit>
type CountName = keyof Counts

/** At most this many orders are shown of one count. When there are more, they have the same cause. */
const rowsMax = 100

async function readAudit(
  store: Store,
): Promise<{ counts: Counts; rows: readonly (readonly [string, string])[] }> {
  const counts = presentAudit(await store.audit())
  const rows: (readonly [string, string])[] = []
  for (const [name, count] of Object.entries(counts) as [CountName, number][]) {
    if (count === 0) continue
    const orderNos = await store.auditRows(name, { limit: rowsMax })
    rows.push(...orderNos.map((orderNo) => [name, orderNo] as const))
  }
  return { counts, rows }
}

function show({ output, terminal, locale }: CommandContext, counts: Counts): void {
  const rows = Object.entries(counts) as [CountName, number][]
  // One name and count on each line, for scripts that do not read JSON.
  if (!terminal.isInteractive) for (const [name, count] of rows) output.line(`${name}=${count}`)
  else {
    output.table(
      ['invariant', 'count', 'meaning'],
      rows.map(([name, count]) => [
        name,
        { text: String(count), tone: count === 0 ? 'green' : 'red' },
        commandWords(locale).counted[name],
      ]),
    )
  }
}
