import { type DemoOrder, type DemoReport, runDemo } from '../../demo/demo.ts'
import { formatFen } from '../../domain/money.ts'
import type { Locale } from '../../i18n/locale.ts'
import { translatePart } from '../../i18n/translate.ts'
import { presentAudit, presentOrder } from '../../web/api/present.ts'
import type { CommandContext } from '../context.ts'
import type { Output } from '../output.ts'
import type { Given } from '../program.ts'
import { createProgress } from '../progress.ts'
import type { ExitCode } from '../terminal.ts'

/** Plays the demo; 0 only if every order ended as expected and the audit finds nothing. */
export async function demo(context: CommandContext, { options }: Given): Promise<ExitCode> {
  const { output, terminal, version } = context
  const progress = createProgress(terminal)
  const port = options.port as number
  // From here on a signal ends the demo, and its files on disk are removed.
  const stopAsked = terminal.stopAsked()
  const played = await runDemo({ version, port, listener: progress, stopAsked }).finally(() =>
    progress.end(),
  )
  try {
    const { report, url, simulatorUrl } = played
    if (output.asJson) output.json(presentReport(report))
    else showReport(context, report)
    if (options.serve === true) {
      if (output.asJson) output.json({ url, control_url: `${simulatorUrl}/_sim` })
      else output.line(`budan is ready at ${url}`)
      output.note(`The simulator's control interface is ${simulatorUrl}/_sim. Ctrl+C ends both.`)
      await stopAsked
    }
    return report.ok ? 0 : 1
  } finally {
    await played.close()
  }
}

function presentReport(report: DemoReport): object {
  return {
    ok: report.ok,
    orders: report.orders.map(({ fate, order, asItMust }) => ({
      ...presentOrder(order),
      fate: fate.title,
      must_end: fate.ends,
      as_it_must: asItMust,
    })),
    runs: report.runs,
    taken: report.taken,
    credited: report.credited,
    audit: presentAudit(report.audit),
    duration_ms: Math.round(report.durationMs),
  }
}

/** On a terminal only the totals, and the orders that ended wrong; in a file or pipe each order. */
export function showReport(
  { output, terminal }: Pick<CommandContext, 'output' | 'terminal'>,
  report: DemoReport,
): void {
  const shown = report.orders.filter(({ asItMust }) => !terminal.isInteractive || !asItMust)
  if (shown.length > 0) {
    showOrders(output, shown)
    output.line('')
  }
  output.table(['scenario', 'expected', 'orders', 'as_expected'], totals(output, report.orders))
  output.line('')
  showTotals(output, report)
}

function showOrders(output: Output, orders: readonly DemoOrder[]): void {
  output.table(
    ['order_no', 'scenario', 'status', 'credited_by', 'remark'],
    orders.map(({ fate, order, asItMust }) => [
      order.orderNo,
      scenarioText(fate, output.locale),
      output.term('status', order.status),
      order.creditedBy && output.term('source', order.creditedBy),
      output.say(asItMust ? 'as expected' : `WRONG: expected ${fate.ends}`),
    ]),
  )
}

function scenarioText({ title }: DemoOrder['fate'], locale: Locale): string {
  return translatePart(title, { set: 'fate', locale })
}

function totals(output: Output, orders: readonly DemoOrder[]) {
  const fates = [...new Set(orders.map(({ fate }) => fate))]
  return fates.map((fate) => {
    const own = orders.filter((order) => order.fate === fate)
    return [
      scenarioText(fate, output.locale),
      output.term('status', fate.ends),
      own.length,
      own.filter((order) => order.asItMust).length,
    ]
  })
}

function showTotals({ line, colors }: Output, report: DemoReport): void {
  const { orders, runs, taken, credited, durationMs, ok } = report
  const right = orders.filter((order) => order.asItMust).length
  const audit = Object.entries(presentAudit(report.audit)).map(
    ([name, count]) => `${name}=${count}`,
  )
  line(`orders: ${orders.length}, ended as expected: ${right}, in ${runs} runs`)
  line(`taken for them ${formatFen(taken)}, credited ${formatFen(credited)}`)
  line(`audit: ${audit.join(' ')}`)
  const seconds = (durationMs / 1000).toFixed(1)
  if (ok) line(`all is well, after ${seconds} s`, colors.green)
  else line(`NOT ALL IS WELL, after ${seconds} s`, colors.red)
}
