import type { Run, RunResult } from '../../run.ts'
import { openService } from '../../service.ts'
import { presentRunDetail } from '../../web/present.ts'
import type { CommandContext } from '../context.ts'
import type { Output } from '../output.ts'
import type { Given } from '../program.ts'
import type { ExitCode } from '../terminal.ts'

/**
 * One run. 1 when it was cut short, or when not one of its orders could be asked and settled: then
 * something is wrong with all of them. One order's failure is asked again by the next run.
 */
export async function run(context: CommandContext, { options }: Given): Promise<ExitCode> {
  const stopAsked = context.terminal.stopAsked()
  const budan = await openService(context.config('gateway'))
  try {
    const running = budan.run({ dryRun: options.dryRun === true })
    void stopAsked.then(() => budan.stop())
    const made = await running
    if (context.output.asJson) context.output.json(presentRunDetail(made))
    else showRun(context.output, made)
    return isFailure(made.run) ? 1 : 0
  } finally {
    await budan.close()
  }
}

function isFailure(run: Run): boolean {
  return run.status !== 'finished' || (run.total > 0 && run.failed === run.total)
}

function showRun(
  output: Output,
  { run, results }: { run: Run; results: readonly RunResult[] },
): void {
  if (results.length > 0) {
    output.table(
      ['order_no', 'trade_state', 'outcome', 'ms', 'reason'],
      results.map((each) => [
        each.orderNo,
        each.tradeState,
        each.outcome,
        Math.round(each.durationMs),
        each.reason,
      ]),
    )
  }
  const counts = `total=${run.total} success=${run.success} failed=${run.failed} skipped=${run.skipped}`
  const dry = run.dryRun ? ' (dry run: nothing was changed)' : ''
  output.line(`run ${run.id} ${run.status}: ${counts} duration_ms=${run.durationMs ?? 0}${dry}`)
}
