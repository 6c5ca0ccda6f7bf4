import { unreachable } from '../../domain/assert.ts'
import type { Emit } from '../../domain/event.ts'
import { storedReasonText } from '../../i18n/reasons.ts'
import type { Budan } from '../../service.ts'
import type { Command, CommandContext } from '../context.ts'
import { type Drained, type DrainOptions, drainBacklog } from '../drain.ts'
import { keepHeapSmall } from '../small-heap.ts'
import type { Output } from '../terminal/output.ts'
import { createProgress } from '../terminal/progress.ts'
import { stopping } from '../terminal/stop.ts'
import { withService } from '../with-service.ts'

/**
 * Makes runs, one after the other, until nothing is due. Exits with 1 when orders remain that got no
 * answer or could not be settled, for any reason.
 */
export const drain: Command = async (context) => {
  keepHeapSmall()
  const { output } = context
  const startedAt = performance.now()
  const { onEvent, drained: drainWith } = watchedDrain(context)
  const drained = await withService(context, drainWith, { onEvent })
  const durationMs = Math.round(performance.now() - startedAt)
  if (output.asJson) output.json(presentDrained(drained, durationMs))
  else showDrained(output, { drained, durationMs })
  return isDone(drained) ? 0 : 1
}

/** The bar counts queries during a run, and is set to the exact count after it. */
function watchedDrain({ terminal }: CommandContext) {
  const progress = createProgress(terminal)
  /** By merchant; where there is one, it has no name in events. */
  const held = new Map<string | undefined, string>()
  let queriedSoFar = 0
  let isShown = false
  const onEvent: Emit = (event) => {
    const { merchantName } = event
    if (event.type === 'breaker_opened') held.set(merchantName, event.reason)
    if (event.type === 'breaker_closed') held.delete(merchantName)
    if (event.type === 'order_answered' || event.type === 'order_unanswered') {
      queriedSoFar += 1
      progress.progress(queriedSoFar)
    }
  }
  const onCount: DrainOptions['onCount'] = ({ queried, remaining }) => {
    queriedSoFar = queried
    if (!isShown && remaining > 0) progress.stage(`${ordersText(remaining)} due`, remaining)
    isShown = isShown || remaining > 0
    progress.progress(queried, queried + remaining)
  }
  const drained = async (budan: Budan, stopRequested: Promise<void>) => {
    const stop = new AbortController()
    void stopRequested.then(() => {
      progress.note(stopping)
      stop.abort()
      return budan.stop()
    })
    const breakerReason = () => {
      const [reason = null] = held.values()
      return held.size < budan.merchants.length ? null : reason
    }
    const options = { signal: stop.signal, breakerReason, onCount }
    return drainBacklog(budan, options).finally(() => progress.end())
  }
  return { onEvent, drained }
}

function isDone({ end, unanswered }: Drained): boolean {
  return end.kind === 'done' && unanswered.size === 0
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

/** One screen of orders is enough to see the cause; `--json` prints all. */
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
        each.orderNo,
        output.term('outcome', each.outcome),
        storedReasonText(each, output.locale),
      ]),
    )
    const more = failures.length - shown.length
    if (more > 0) output.note(`${more} more without an answer: --json lists all`)
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
        : `nothing is due now, but ${ordersText(unanswered.size)} still without an answer`
    case 'stopped':
      return `stopped by a signal${left}`
    case 'breaker':
      return `stopped, because every query would fail: ${end.reason}${left}`
    case 'failed':
      return `stopped: ${end.error.message}`
    case 'no_progress':
      return `stopped: the last run got no answer to any query${left}`
    case 'not_shrinking':
      return `stopped: every order that was due at the start was queried, and orders come due as fast as they are queried${left}`
    default:
      return unreachable(end)
  }
}

function ordersText(count: number): string {
  return count === 1 ? '1 order is' : `${count} orders are`
}
