import { resolve } from 'node:path'
import { ConfigError } from '../../config/fault.ts'
import { BillError } from '../../gateway/wechat/bills/bill-error.ts'
import { emptyMap, readMap } from '../../reconcile/export/map.ts'
import { layoutOf, readHeader } from '../../reconcile/export/read-export.ts'
import { type Reconciliation, reconcile, type Verdict } from '../../reconcile/reconcile.ts'
import type { CommandContext, CommandInput } from '../context.ts'
import { completeLayout } from '../reconcile/complete-layout.ts'
import { showReconciliation } from '../reconcile/show.ts'
import { writeCsv, writeJson } from '../reconcile/write.ts'
import { createProgress } from '../terminal/progress.ts'
import type { ExitCode } from '../terminal/terminal.ts'

/** The options after the program's parsers. */
interface ReconcileCommandOptions {
  readonly bill: readonly string[]
  readonly orders: string
  readonly map?: string
  readonly csv?: string
}

const exitCodes: Readonly<Record<Verdict, ExitCode>> = { agree: 0, differ: 3, cannot_judge: 2 }

/**
 * Compares downloaded bills with an export of the orders. Reads these files alone: no configuration, no
 * key, no database, no network.
 */
export async function reconcileFiles(
  context: CommandContext,
  { options }: CommandInput,
): Promise<ExitCode> {
  const given = options as unknown as ReconcileCommandOptions
  rejectOverwriting(given)
  const result = await compared(context, given).catch((error: unknown) => {
    throw error instanceof BillError ? new ConfigError([error.message]) : error
  })
  if (given.csv !== undefined) writeCsv(given.csv, { result, locale: context.locale })
  if (context.output.asJson) writeJson(context.terminal, result)
  else showReconciliation(context.output, result, given.csv ?? null)
  return exitCodes[result.verdict]
}

async function compared(
  context: CommandContext,
  { bill, orders, map, csv: _ }: ReconcileCommandOptions,
): Promise<Reconciliation> {
  const read = layoutOf(await readHeader(orders), map === undefined ? emptyMap : readMap(map))
  const layout = await completeLayout(context, { file: orders, layout: read })
  const progress = createProgress(context.terminal)
  let current = ''
  try {
    return await reconcile({
      ...{ bills: bill, orders, layout },
      onRead: (file, rows) => {
        if (file !== current) progress.stage(`Reading ${file}`, 0)
        current = file
        progress.progress(rows, rows)
      },
    })
  } finally {
    progress.end()
  }
}

function rejectOverwriting({ bill, orders, map, csv }: ReconcileCommandOptions): void {
  const inputs = [...bill, orders, ...(map === undefined ? [] : [map])].map((file) => resolve(file))
  if (csv !== undefined && inputs.includes(resolve(csv))) {
    throw new ConfigError([`--csv: ${JSON.stringify(csv)} is one of the files to read`])
  }
}
