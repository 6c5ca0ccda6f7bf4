import type { Purchase } from '../load/load.ts'
import type { NodeCounts } from '../node.ts'
import type { CampaignOptions } from '../options.ts'
import type { OutageCounts } from '../outages.ts'
import { intervalMs } from '../settings.ts'
import type { Books } from './books.ts'
import type { Comparison } from './cases.ts'
import type { Finding, FindingKind } from './finding.ts'
import type { LogFacts } from './log-search.ts'
import { sums } from './totals.ts'

export interface CampaignResult {
  readonly options: CampaignOptions
  readonly startedAt: Date
  readonly seconds: number
  /** From the end of the faults until everything was settled; null if it never was. */
  readonly settledMs: number | null
  /** Orders that were open when the faults ended. */
  readonly openAtFirst: number
  readonly purchases: readonly Purchase[]
  readonly comparison: Comparison
  readonly findings: readonly Finding[]
  readonly audit: Readonly<Record<string, unknown>> | null
  readonly nodeCounts: NodeCounts
  readonly backendKills: number
  readonly outages: OutageCounts
  readonly logs: LogFacts
  readonly statuses: ReadonlyMap<string, number>
}

export type Report = ReturnType<typeof reportOf>

/** What `--json` writes and the table shows. */
export function reportOf(result: CampaignResult) {
  const { options, comparison, purchases, nodeCounts, findings, logs } = result
  const { books } = comparison
  const count = (...kinds: FindingKind[]) =>
    findings.filter(({ kind }) => kinds.includes(kind)).length
  const paid = comparison.trades.filter(({ transactionIds }) => transactionIds.length > 0).length
  const wrong = wrongThings(result)
  return {
    ok: wrong.length === 0,
    wrong,
    seed: options.seed,
    kind: options.kind,
    engine: options.engine,
    size: options.size.name,
    started_at: result.startedAt.toISOString(),
    seconds: result.seconds,
    settled_ms: result.settledMs,
    settled_intervals: result.settledMs === null ? null : Math.ceil(result.settledMs / intervalMs),
    open_after_faults: result.openAtFirst,
    orders: books.orders.length,
    orders_acknowledged: purchases.filter(({ acknowledged }) => acknowledged).length,
    orders_by_status: countBy(books.orders, ({ status }) => status),
    paid_at_gateway: paid,
    credited: books.transfers.length,
    credited_by: countBy(
      books.orders.filter(({ status }) => status === 'paid'),
      (order) => order.credited_by ?? 'nobody',
    ),
    sums: sums(comparison),
    credits_lost: count('credit_lost'),
    credited_twice: count('credited_twice'),
    credited_wrongly: count('credited_wrongly'),
    balances_wrong: count('balance_wrong', 'sum_wrong'),
    backend_credited: comparison.receipts.length,
    backend_wrong: count('backend_wrong'),
    backend_killed: result.backendKills,
    orders_lost: count('order_lost'),
    callbacks_lost: count('callback_lost'),
    callbacks_acknowledged: comparison.trades.reduce((sum, one) => sum + one.callbacksAccepted, 0),
    payment_to_credit_ms: latencies(purchases, books),
    nodes: { ...nodeCounts },
    outages: result.outages,
    audit: result.audit,
    logs,
    api_answers: Object.fromEntries([...result.statuses].sort()),
    findings,
  }
}

/** Every failed expectation, as text. */
function wrongThings({
  findings,
  audit,
  settledMs,
  nodeCounts,
  logs,
  purchases,
}: CampaignResult): string[] {
  const unsound = Object.entries(audit ?? { audit: 'no answer' }).filter(([, count]) => count !== 0)
  const forgotten = purchases.filter((purchase) => purchase.forgotten)
  return [
    ...findings.map(({ kind, about, detail }) => `${kind} ${about}: ${detail}`),
    ...unsound.map(([name, count]) => `audit: ${name} is ${String(count)}`),
    ...(settledMs === null ? ['not everything was settled in time'] : []),
    ...nodeCounts.misbehaved,
    ...forgotten.map(({ orderNo }) => `order ${orderNo} was acknowledged, and unknown later`),
    ...logs.unexpected.slice(0, 20).map((line) => `log: ${line}`),
    ...(logs.secrets > 0 ? [`${logs.secrets} secrets in the logs`] : []),
  ]
}

function countBy<T>(items: readonly T[], key: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1
  return counts
}

/** Latencies of the payments that the campaign made. Payments after expiry are counted apart. */
function latencies(purchases: readonly Purchase[], { orders }: Books) {
  const creditedAt = new Map(orders.map((order) => [order.order_no, order.credited_ms]))
  const measured = purchases.flatMap(({ orderNo, paidAtMs, plan }) => {
    const at = creditedAt.get(orderNo ?? '') ?? null
    return at === null || paidAtMs === null ? [] : { plan, ms: Math.max(0, at - paidAtMs) }
  })
  const of = (list: typeof measured) => quantiles(list.map(({ ms }) => ms))
  const inTime = measured.filter(({ plan }) => plan.kind !== 'late')
  return {
    all: of(inTime),
    callback_sent: of(inTime.filter(({ plan }) => !plan.callbackLost)),
    callback_lost: of(inTime.filter(({ plan }) => plan.callbackLost)),
    paid_after_expiry: of(measured.filter(({ plan }) => plan.kind === 'late')),
  }
}

function quantiles(values: readonly number[]) {
  const sorted = [...values].sort((one, other) => one - other)
  const at = (part: number) =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0)
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) }
}

/** One fact per line, for people. */
export function tableOf(report: Report): string {
  const { nodes, payment_to_credit_ms: latency, logs } = report
  const spread = ({ count, p50, p99, max }: (typeof latency)['all']) =>
    `p50 ${seconds(p50)}, p99 ${seconds(p99)}, max ${seconds(max)} (${count})`
  const facts: readonly (readonly [string, string | number])[] = [
    ['campaign', `${report.kind}, engine ${report.engine}, ${report.size}, seed ${report.seed}`],
    ['duration', `${report.seconds} s`],
    ['orders', `${report.orders} (${listed(report.orders_by_status)})`],
    ['paid at the gateway', report.paid_at_gateway],
    ['credited', `${report.credited} (${listed(report.credited_by)})`],
    ['owed = credited', `${report.sums.owed} = ${report.sums.credited} fen`],
    ['credits lost', report.credits_lost],
    ['credited twice', report.credited_twice],
    ['credited wrongly', report.credited_wrongly],
    ['balances wrong', report.balances_wrong],
    ['credited by the backend', `${report.backend_credited}, wrongly ${report.backend_wrong}`],
    ['backend killed', report.backend_killed],
    ['acknowledged orders lost', report.orders_lost],
    ['acknowledged callbacks lost', `${report.callbacks_lost} of ${report.callbacks_acknowledged}`],
    ['nodes killed', `${nodes.killed}, of them ${nodes.killed_while_starting} while starting`],
    ['nodes frozen, stopped', `${nodes.frozen}, ${nodes.stopped}`],
    ['node starts', `${nodes.starts}, of them ${nodes.gave_up_starting} without a database`],
    ['outages', listed(report.outages)],
    ['payment to credit', spread(latency.all)],
    ['  callback sent', spread(latency.callback_sent)],
    ['  callback lost', spread(latency.callback_lost)],
    ['  paid after expiry', spread(latency.paid_after_expiry)],
    ['settled after the faults', settledText(report)],
    ['audit', listed(report.audit ?? {})],
    ['log lines', `${logs.lines}; secrets in them: ${logs.secrets}`],
    ...Object.entries(logs.errors).map(([message, count]) => [`  ${message}`, count] as const),
  ]
  const width = Math.max(...facts.map(([name]) => name.length))
  return facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n')
}

function settledText({ settled_ms, settled_intervals, open_after_faults }: Report): string {
  if (settled_ms === null) return `never, of ${open_after_faults} open orders`
  return `${seconds(settled_ms)}, ${settled_intervals} intervals, ${open_after_faults} open orders`
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`
}

function listed(counts: Readonly<Record<string, unknown>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${String(count)}`)
    .join(', ')
}
