import { type ExaminedSource, examineSource } from '../../sources/examine.ts'
import { helperTable } from '../../sources/helper-table.ts'
import type { Command } from '../context.ts'
import { describeFailure } from '../failure.ts'
import { chosenSources } from '../sources/chosen.ts'
import { presentSource } from '../sources/present.ts'
import { showSource } from '../sources/show.ts'
import type { ExitCode } from '../terminal/terminal.ts'

interface SourcesOptions {
  readonly source?: string
  readonly sql?: boolean
}

/**
 * Shows how each table of a shop is understood, and what reading it costs. Exits with 1 when one of them
 * cannot be read; with `--sql` it connects to none.
 */
export const showSources: Command = async (context, { options }) => {
  const { source, sql = false } = options as SourcesOptions
  const chosen = chosenSources(context, context.config('database'), source)
  const { output, terminal } = context
  if (sql) {
    for (const config of chosen) terminal.out(helperTable(config))
    return 0
  }
  const examined: ExaminedSource[] = []
  let code: ExitCode = 0
  for (const config of chosen) {
    try {
      const one = await examineSource(config, new Date())
      if (!output.asJson) showSource(output, one)
      examined.push(one)
    } catch (error) {
      const failure = describeFailure(error)
      for (const line of failure.lines) output.note(terminal.redact(line), output.colors.red)
      code = code === 2 ? 2 : failure.code
    }
  }
  if (output.asJson) output.json({ sources: examined.map(presentSource) })
  return code
}
