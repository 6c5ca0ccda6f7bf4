import { presentAudit } from '../../web/present.ts'
import type { CommandContext } from '../context.ts'
import { readStore } from '../reader.ts'
import type { ExitCode } from '../terminal.ts'

/** Counts what breaks an invariant; 1 unless every count is 0. */
export async function audit({ config, output }: CommandContext): Promise<ExitCode> {
  const { database } = config('database')
  const counts = presentAudit(await readStore(database.url, (store) => store.audit()))
  const broken = Object.values(counts).some((count) => count !== 0)
  if (output.asJson) output.json(counts)
  else {
    const paint = (count: number) =>
      count === 0 ? String(count) : output.colors.red(String(count))
    for (const [name, count] of Object.entries(counts)) output.line(`${name}=${paint(count)}`)
    if (broken)
      output.note('The books do not agree: look at these orders before anything is paid out.')
  }
  return broken ? 1 : 0
}
