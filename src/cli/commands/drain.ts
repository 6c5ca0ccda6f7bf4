import { unreachable } from '../../domain/assert.ts'
import { storedReasonText } from '../../i18n/reasons.ts'
import { openService } from '../../service.ts'
import type { CommandContext } from '../context.ts'
import { BreakerWatch, type Drained, drainBacklog } from '../drain.ts'
import { type Output, saidAsIs } from '../output.ts'
import { createProgress, type Progress, quietLog, screenOf } from '../progress.ts'
import { keepHeapSmall } from '../small-heap.ts'
import { stopping } from '../stop.ts'
import type { ExitCode } from '../terminal.ts'

/**
 * Runs, one after the other, until nothing is due. 1 when orders are left that could not be asked
 * and settled, whatever the reason.
 */
export async function drain(context: CommandContext): Promise<ExitCode> {
  keepHeapSmall()
  const { output, terminal } = context
  const startedAt = performance.now()
  const stopAsked = terminal.stopAsked()
  const config = context.config('gateway')
  const progress = createProgress(terminal)
  const breaker = new BreakerWatch()
  const bar = new Bar(progress)
  const budan = await openService(quietLog(config, screenOf(terminal.env)), {
    onEvent: (event) => {
      breaker.hear(event)
      if (event.type === 'order_answered' || event.type === 'order_unanswered') bar.step()
    },
  })
  try {
    const stop = new AbortController()
    void stopAsked.then(() => {
      progress.note(stopping)
      stop.abort()
      return budan.stop()
    })
    const drained = await drainBacklog(budan, {
      signal: stop.signal,
      breakerReason: () => breaker.reason,
      told: (state) => bar.told(state),
    }).finally(() => progress.end())
    const durationMs = Math.round(performance.now() - startedAt)
    if (output.asJson) output.json(presentDrained(drained, durationMs))
    else showDrained(output, { drained, durationMs })
    return isDone(drained) ? 0 : 1
  } finally {
    await budan.close()
  }
}

function isDone({ end, unanswered }: Drained): boolean {
  return end.kind === 'done' && unanswered.size === 0
}

/** The backlog as a bar: what was asked, of that and what is due still. */
class Bar {
  readonly #progress: Progress
  #asked = 0
  #total: number | null = null

  constructor(progress: Progress) {
    this.#progress = progress
  }

  /** A question was answered, or not. */
  step(): void {
    this.#asked += 1
    this.#progress.progress(this.#asked)
  }

  /** As counted between runs. */
  told({ asked, remaining }: { readonly asked: number; readonly remaining: number }): void {
    this.#asked = asked
    if (this.#total === null && remaining > 0) {
      this.#progress.stage(`${ordersText(remaining)} due`, remaining)
    }
    this.#total = asked + remaining
    this.#progress.progress(asked, this.#total)
  }
}

function presentDrained(drained: Drained, durationMs: number): object {
  const { end, runs, counts, remaining, unanswered } = drained
  return {
    done: isDone(drained),
    ended: end.kind,
    reason: endText(drained),
    runs,
    ...counts,
    remaining,
    unanswered: [...unanswered.values()].map(({ orderNo, reason, codedReason }) => ({
      order_no: orderNo,
      reason,
      reason_code: codedReason?.code ?? null,
    })),
    duration_ms: durationMs,
  }
}

/** A screen of them shows what is wrong; `--json` has all. */
const unansweredShownMax = 20

function showDrained(
  output: Output,
  { drained, durationMs }: { readonly drained: Drained; readonly durationMs: number },
): void {
  const { runs, counts, unanswered } = drained
  const failures = [...unanswered.values()]
  if (failures.length > 0) {
    const shown = failures.slice(0, unansweredShownMax)
    output.table(
      ['order_no', 'outcome', 'reason'],
      shown.map((each) => [
        ...[each.orderNo, each.outcome],
        saidAsIs(storedReasonText(each, output.locale)),
      ]),
    )
    const more = failures.length - shown.length
    if (more > 0) output.note(`${more} more could not be asked: --json lists all`)
  }
  if (runs > 0) {
    const { total, success, failed, skipped } = counts
    const sums = `total=${total} success=${success} failed=${failed} skipped=${skipped}`
    output.line(`${runs === 1 ? '1 run' : `${runs} runs`}: ${sums} duration_ms=${durationMs}`)
  }
  output.line(endText(drained))
}

function endText({ end, remaining, unanswered }: Drained): string {
  const left = remaining === null ? '' : `; ${ordersText(remaining)} still due`
  switch (end.kind) {
    case 'done':
      return unanswered.size === 0
        ? 'nothing is due any more'
        : `nothing is due now, but ${ordersText(unanswered.size)} yet to be asked again`
    case 'stop_asked':
      return `stopped as you asked${left}`
    case 'breaker':
      return `stopped, because every question would fail: ${end.reason}${left}`
    case 'failed':
      return `stopped: ${end.error.message}`
    case 'no_progress':
      return `stopped: the last run got no answer to any question${left}`
    case 'not_shrinking':
      return `stopped: all that was due at the start was asked, and orders come due as fast as they are asked${left}`
    default:
      return unreachable(end)
  }
}

function ordersText(count: number): string {
  return count === 1 ? '1 order is' : `${count} orders are`
}
