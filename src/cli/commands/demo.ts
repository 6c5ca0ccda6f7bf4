import { type DemoOrder, type DemoReport, runDemo } from '../../demo/demo.ts'
import { formatFen } from '../../domain/money.ts'
import type { Locale } from '../../i18n/locale.ts'
import { translatePart } from '../../i18n/translate.ts'
import { presentOrder } from '../../web/api/shapes/present.ts'
import type { Command, CommandContext } from '../context.ts'
import type { Output } from '../terminal/output.ts'
import { createProgress } from '../terminal/progress.ts'

/** Plays the demo. Exits with 0 only if every order ended as expected and the audit finds nothing. */
export const demo: Command = async (context, { options }) => {
  const { output, terminal, version } = context
  const progress = createProgress(terminal)
  const port = options.port as number
  // From here on a signal ends the demo, which then removes its files.
  const stopRequested = terminal.stopRequested()
  const played = await runDemo({
    version,
    port,
    listener: progress,
    stopRequested,
  }).finally(() => progress.end())
  try {
    const { report, url, simulatorUrl } = played
    if (output.asJson) output.json(presentReport(report))
    else showReport(context, report)
    if (options.serve === true) {
      if (output.asJson) output.json({ url, control_url: `${simulatorUrl}/_sim` })
      else output.line(`budan is ready at ${url}`)
      output.note(`The simulator's control interface is ${simulatorUrl}/_sim. Ctrl+C ends both.`)
      await stopRequested
    }
    return report.ok ? 0 : 1
  } finally {
    await played.close()
  }
}

function presentReport(report: DemoReport): object {
  return {
    ok: report.ok,
    orders: report.orders.map(({ scenario, order, asExpected }) => ({
      ...presentOrder(order),
      scenario: scenario.title,
      expected: scenario.expected,
      as_expected: asExpected,
    })),
    runs: report.runs,
    taken: report.taken,
    credited: report.credited,
    shop: report.shop,
    audit: report.audit,
    duration_ms: Math.round(report.durationMs),
  }
}

/**
 * A terminal shows the totals and the orders that did not end as expected; a file or pipe, every order.
 */
export function showReport(
  { output, terminal }: Pick<CommandContext, 'output' | 'terminal'>,
  report: DemoReport,
): void {
  const shown = report.orders.filter(({ asExpected }) => !terminal.isInteractive || !asExpected)
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
    orders.map(({ scenario, order, asExpected }) => [
      order.orderNo,
      scenarioText(scenario, output.locale),
      output.term('status', order.status),
      order.creditedBy && output.term('source', order.creditedBy),
      output.say(asExpected ? 'as expected' : `WRONG: expected ${scenario.expected}`),
    ]),
  )
}

function scenarioText({ title }: DemoOrder['scenario'], locale: Locale): string {
  return translatePart(title, { set: 'scenario', locale })
}

function totals(output: Output, orders: readonly DemoOrder[]) {
  const scenarios = [...new Set(orders.map(({ scenario }) => scenario))]
  return scenarios.map((scenario) => {
    const own = orders.filter((order) => order.scenario === scenario)
    return [
      scenarioText(scenario, output.locale),
      output.term('status', scenario.expected),
      own.length,
      own.filter((order) => order.asExpected).length,
    ]
  })
}

function showTotals({ line, colors }: Output, report: DemoReport): void {
  const { orders, runs, taken, credited, durationMs, ok } = report
  const right = orders.filter((order) => order.asExpected).length
  const audit = Object.entries(report.audit).map(([name, count]) => `${name}=${count}`)
  line(`orders: ${orders.length}, ended as expected: ${right}, in ${runs} runs`)
  line(`taken for them ${formatFen(taken)}, credited ${formatFen(credited)}`)
  line(`audit: ${audit.join(' ')}`)
  const { shop } = report
  const events = Object.entries(shop.events).map(([type, count]) => `${type}=${count}`)
  line(`the shop's backend received: ${events.join(' ')}; ${shop.repeated} again`)
  line(`it credited ${shop.orders} orders once each, ${formatFen(shop.credited)}`)
  const seconds = (durationMs / 1000).toFixed(1)
  if (ok) line(`all is well, after ${seconds} s`, colors.green)
  else line(`NOT ALL IS WELL, after ${seconds} s`, colors.red)
}
