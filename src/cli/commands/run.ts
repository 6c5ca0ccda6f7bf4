import type { Config } from '../../config/config.ts'
import type { Emit } from '../../domain/event.ts'
import type { Estimate, Run, RunResult } from '../../domain/run.ts'
import { countdownText } from '../../i18n/durations.ts'
import { storedReasonText } from '../../i18n/reasons.ts'
import { openService } from '../../service.ts'
import { presentRunDetail } from '../../web/api/present.ts'
import type { CommandContext } from '../context.ts'
import { type Output, saidAsIs } from '../output.ts'
import type { Given } from '../program.ts'
import { createProgress, type Progress, quietLog, screenOf } from '../progress.ts'
import { stopping } from '../stop.ts'
import type { ExitCode } from '../terminal.ts'

/**
 * One run. 1 when it was cut short, or when not one of its orders could be asked and settled: then
 * something is wrong with all of them. One order's failure is asked again by the next run.
 */
export async function run(context: CommandContext, { options }: Given): Promise<ExitCode> {
  const stopAsked = context.terminal.stopAsked()
  const config = context.config('gateway')
  const progress = createProgress(context.terminal)
  const budan = await openService(quietLog(config, screenOf(context.terminal.env)), {
    onEvent: runProgress(progress),
  })
  try {
    const running = budan.run({ dryRun: options.dryRun === true })
    void stopAsked.then(() => {
      progress.note(stopping)
      return budan.stop()
    })
    const made = await running.finally(() => progress.end())
    // The run was made: what it did is told even if nothing can be counted after it.
    const backlog = await budan.backlog().catch(() => null)
    if (context.output.asJson) {
      const backlogJson = backlog && presentBacklog(backlog)
      context.output.json({ ...presentRunDetail(made), backlog: backlogJson })
    } else {
      showRun(context.output, made)
      if (backlog !== null) showBacklog(context.output, { ...backlog, config })
    }
    return isFailure(made.run) ? 1 : 0
  } finally {
    await budan.close()
  }
}

/** A step is an answer, or that there was none. */
function runProgress(progress: Progress): Emit {
  let asked = 0
  let found = 0
  return (event) => {
    // A run that puts old orders off takes others in their places.
    if (event.type === 'scan_found') {
      found += event.count
      const orders = found === 1 ? '1 order' : `${found} orders`
      if (found === event.count) progress.stage(`Asking about ${orders}`, found)
      else progress.progress(asked, found)
    }
    if (event.type === 'order_answered' || event.type === 'order_unanswered') {
      asked += 1
      progress.progress(asked)
    }
  }
}

function presentBacklog({ remaining, doneInMs }: Estimate): object {
  return { remaining, done_in_s: doneInMs === null ? null : Math.ceil(doneInMs / 1000) }
}

/** When there is nothing left, nothing is said. */
function showBacklog(
  output: Output,
  { remaining, doneInMs, basis, config }: Estimate & { config: Config },
): void {
  if (remaining === 0) return
  const { compensationBatchSize, compensationIntervalMins, compensationMaxQps } = config.recharge
  const pace =
    basis === 'batch'
      ? `${compensationBatchSize} every ${compensationIntervalMins} min`
      : `${compensationMaxQps} a second`
  const orders = remaining === 1 ? '1 order is' : `${remaining} orders are`
  const when =
    doneInMs === null ? '' : `; at ${pace} they are done in ${countdownText(doneInMs, 'en')}`
  output.line(`${orders} still due${when}`)
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
        saidAsIs(storedReasonText(each, output.locale)),
      ]),
    )
  }
  const counts = `total=${run.total} success=${run.success} failed=${run.failed} skipped=${run.skipped}`
  const dry = run.dryRun ? ' (dry run: nothing was changed)' : ''
  output.line(`run ${run.id} ${run.status}: ${counts} duration_ms=${run.durationMs ?? 0}${dry}`)
}
