import { auditWithOrders } from '../../store/audited.ts'
import type { Audit } from '../../store/store.ts'
import type { Command, CommandContext } from '../context.ts'
import { readStore } from '../reader.ts'
import { commandWords } from '../words.ts'

/** Counts violations of each invariant. Exits with 1 unless every count is 0. */
export const audit: Command = async (context) => {
  const { output } = context
  const { counts, orders } = await readStore(context, auditWithOrders)
  const isBroken = Object.values(counts).some((count) => count !== 0)
  if (output.asJson) output.json(counts)
  else {
    show(context, counts)
    const rows = Object.entries(orders).flatMap(([name, all]) =>
      all.map(({ orderNo, merchant }) => [name, orderNo, merchant?.mchid ?? null]),
    )
    if (rows.length > 0) output.table(['invariant', 'order_no', 'mchid'], rows)
    if (isBroken)
      output.note('The books do not agree: look at these orders before anything is paid out.')
  }
  return isBroken ? 1 : 0
}

function show({ output, terminal, locale }: CommandContext, counts: Audit): void {
  const rows = Object.entries(counts) as [keyof Audit, number][]
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
