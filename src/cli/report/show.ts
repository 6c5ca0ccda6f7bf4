import { formatFen } from '../../domain/money.ts'
import { reasonText } from '../../i18n/reasons.ts'
import type { Unanswered } from '../../report/compare.ts'
import { type Finding, isPaid } from '../../report/finding.ts'
import { exitCodeOf, type Report } from '../../report/report.ts'
import type { StopReason } from '../../report/stopper.ts'
import type { SourceTrap } from '../../sources/source.ts'
import { shanghaiTime } from '../../text/shanghai-time.ts'
import type { Output } from '../terminal/output.ts'
import { reportWordsOf } from './words.ts'

/** Before the list: what may make it useless that all of it is credited. With --json they are messages. */
export function showTraps(output: Output, source: string, traps: readonly SourceTrap[]): void {
  const words = reportWordsOf(output.locale)
  const show = output.asJson ? output.note : output.line
  for (const { kind, where, remedy } of traps) {
    show(words.trap({ source, where, what: words.traps[kind] }), output.colors.yellow)
    if (remedy !== null) show(words.remedy(remedy))
  }
}

/** What a person reads beside the problem. */
export function detailOf(finding: Finding, { locale }: Pick<Output, 'locale'>): string {
  const { problem, difference, fault } = finding
  const words = reportWordsOf(locale)
  if (difference !== null) return reasonText({ code: 'not_as_ordered', difference }, locale)
  const named: Readonly<Record<string, string>> = { ...words.problems, ...words.rowProblems }
  return [named[problem], fault && words.row(fault)]
    .filter(Boolean)
    .join(locale === 'zh' ? '，' : '; ')
}

export interface Shown {
  readonly report: Report
  readonly isOfSeveral: boolean
  /** The last answer that said nothing about its row. */
  readonly lastUnanswered: Unanswered | null
  /** What a person types to go on; null: nothing is left to do. */
  readonly resume: string | null
}

/** The list and its summary. */
export function showReport(output: Output, shown: Shown): void {
  const { report, isOfSeveral } = shown
  if (report.findings.length > 0) {
    output.table(
      [
        ...(isOfSeveral ? (['source'] as const) : []),
        ...(['order_no', 'user_id', 'amount', 'transaction_id', 'paid_at'] as const),
        ...(['status', 'problem'] as const),
      ],
      report.findings.map((finding) => [
        ...(isOfSeveral ? [finding.source] : []),
        ...[finding.orderNo, finding.userId, amountText(finding)],
        ...[finding.transactionId, finding.paidAt, finding.status],
        detailOf(finding, output),
      ]),
    )
  }
  const { rows, queried, unanswered, skipped } = report
  output.line(`rows=${rows} queried=${queried} unanswered=${unanswered} skipped=${skipped}`)
  showVerdict(output, report)
}

function amountText({ amount }: Finding): string | null {
  return amount === null ? null : formatFen(amount)
}

function showVerdict(output: Output, report: Report): void {
  const { green, red } = output.colors
  const words = reportWordsOf(output.locale)
  const paid = report.findings.filter(isPaid)
  const sum = paid.reduce((total, { amount }) => total + (amount ?? 0n), 0n)
  const isClear = exitCodeOf(report) === 0
  if (paid.length > 0) output.line(words.found(paid.length, formatFen(sum)), red)
  else if (report.rows === 0) output.line(words.noRows)
  else output.line(isClear ? words.nothing : words.nothingSoFar, isClear ? green : red)
  if (report.creditedMeanwhile > 0) output.line(words.creditedMeanwhile(report.creditedMeanwhile))
}

/** What the list lacks, and why. With --json, too: as messages, not as part of the result. */
export function showGaps(output: Output, { report, lastUnanswered, resume }: Shown): void {
  const words = reportWordsOf(output.locale)
  const { red } = output.colors
  const { doubtful, stopped, unanswered, unread, skipped, findings, resumedFrom } = report
  if (resumedFrom !== null) output.note(words.resumed(shanghaiTime(resumedFrom)))
  for (const source of doubtful) output.note(words.doubtful(source), red)
  if (stopped !== null) output.note(stopText(output, stopped), red)
  if (skipped > 0) {
    const listed = findings.filter((finding) => !isPaid(finding)).length
    output.note(words.skipped(skipped, listed), red)
  }
  if (unanswered > 0) {
    output.note(words.unanswered(unanswered) + (unread > 0 ? words.unread(unread) : ''), red)
    if (lastUnanswered !== null) {
      output.note(words.lastAnswer(reasonText(lastUnanswered.reason, output.locale)))
    }
  }
  if (resume !== null) output.note(words.resume(resume))
}

function stopText(output: Output, reason: StopReason): string {
  const { stopped } = reportWordsOf(output.locale)
  switch (reason.kind) {
    case 'signal':
      return stopped.signal
    case 'gateway':
      return stopped.gateway(output.say(reason.message))
    case 'source':
      return stopped.source(reason.source, output.say(reason.message))
  }
}
