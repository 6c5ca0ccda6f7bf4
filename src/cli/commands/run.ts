import type { Config } from '../../config/config.ts'
import type { Emit } from '../../domain/event.ts'
import type { Estimate, Run, RunResult } from '../../domain/runs/run.ts'
import { countdownText } from '../../i18n/durations.ts'
import { storedReasonText } from '../../i18n/reasons.ts'
import { presentRunDetail } from '../../web/api/shapes/present.ts'
import { localActor } from '../actor.ts'
import type { Command } from '../context.ts'
import { namesIn } from '../reader.ts'
import type { Output } from '../terminal/output.ts'
import { createProgress, type Progress } from '../terminal/progress.ts'
import { stopping } from '../terminal/stop.ts'
import { withService } from '../with-service.ts'

/**
 * Makes one run. Exits with 1 when it was cut short, or when none of its orders got an answer and was
 * settled, because the orders then share one cause. A single failure is left to the next run.
 */
export const run: Command = async (context, { options }) => {
  const { output } = context
  const progress = createProgress(context.terminal)
  const recharge = context.config('gateway').recharge
  const made = await withService(
    context,
    async (budan, stopRequested) => {
      const running = budan.run({ dryRun: options.dryRun === true, actor: localActor() })
      void stopRequested.then(() => {
        progress.note(stopping)
        return budan.stop()
      })
      const made = await running.finally(() => progress.end())
      // The run was made: its results are printed even if the backlog cannot be counted.
      return { ...made, backlog: await budan.backlog().catch(() => null) }
    },
    { onEvent: runProgress(progress) },
  )
  const { backlog } = made
  if (output.asJson) {
    output.json({
      ...presentRunDetail(made, namesIn(context)),
      backlog: backlog && presentBacklog(backlog),
    })
  } else {
    showRun(output, made)
    if (backlog !== null) showBacklog(output, { ...backlog, recharge })
  }
  return isFailure(made.run) ? 1 : 0
}

/** Each step is an order with an answer, or without one. */
function runProgress(progress: Progress): Emit {
  let queried = 0
  let found = 0
  return (event) => {
    // A run that postpones old orders claims others instead, and reports them as found.
    if (event.type === 'scan_found') {
      found += event.count
      const orders = found === 1 ? '1 order' : `${found} orders`
      if (found === event.count) progress.stage(`Querying ${orders}`, found)
      else progress.progress(queried, found)
    }
    if (event.type === 'order_answered' || event.type === 'order_unanswered') {
      queried += 1
      progress.progress(queried)
    }
  }
}

function presentBacklog({ remaining, doneInMs }: Estimate): object {
  return { remaining, done_in_s: doneInMs === null ? null : Math.ceil(doneInMs / 1000) }
}

function showBacklog(
  output: Output,
  { remaining, doneInMs, basis, recharge }: Estimate & Pick<Config, 'recharge'>,
): void {
  if (remaining === 0) return
  const { compensationBatchSize, compensationIntervalMins, compensationMaxQps } = recharge
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
        output.term('outcome', each.outcome),
        Math.round(each.durationMs),
        storedReasonText(each, output.locale),
      ]),
    )
  }
  const counts = `total=${run.total} success=${run.success} failed=${run.failed} skipped=${run.skipped}`
  const dry = run.dryRun ? ' (dry run: nothing was changed)' : ''
  output.line(`run ${run.id} ${run.status}: ${counts} duration_ms=${run.durationMs ?? 0}${dry}`)
}
