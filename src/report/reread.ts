import type { OrderSource, RereadRows } from '../sources/source.ts'
import type { Finding } from './finding.ts'

/** At most this many numbers in one statement. */
const numbersMax = 500

/** The findings at the end of a report. */
export interface Reread {
  readonly listed: readonly Finding[]
  /** How many were credited since they were found: they are not listed. */
  readonly creditedCount: number
}

/**
 * Which findings are still not credited, with the status of now: while the report was made, the shop's
 * own callbacks may have come. A row that is gone stays in the list: its money was taken.
 */
export async function rereadFindings(
  source: Pick<OrderSource, 'reread'>,
  findings: readonly Finding[],
): Promise<Reread> {
  const listed: Finding[] = []
  for (let at = 0; at < findings.length; at += numbersMax) {
    const part = findings.slice(at, at + numbersMax)
    const numbers = [...new Set(part.flatMap(({ orderNo }) => orderNo ?? []))]
    const rows = await source.reread(numbers)
    listed.push(...part.flatMap((finding) => asOfNow(finding, rows)))
  }
  return { listed, creditedCount: findings.length - listed.length }
}

/**
 * A row that moves while the pages are read may be in two of them. Two rows with one number are another
 * matter: it is not known which of them was paid.
 */
export function withoutRepeats(findings: readonly Finding[]): readonly Finding[] {
  const byNumber = new Map<string | null, Finding[]>()
  for (const finding of findings) {
    const same = byNumber.get(finding.orderNo) ?? []
    const isRepeat = same.some((other) => isSameRow(other, finding))
    if (!isRepeat) byNumber.set(finding.orderNo, [...same, finding])
  }
  return [...byNumber.values()].flatMap((same) =>
    same.length === 1 ? same : same.map(asDuplicate),
  )
}

function isSameRow(one: Finding, other: Finding): boolean {
  return one.userId === other.userId && one.amount === other.amount
}

function asDuplicate(finding: Finding): Finding {
  return { ...finding, problem: 'order_no_duplicate' }
}

function asOfNow(finding: Finding, { orders, credited }: RereadRows): readonly Finding[] {
  const { orderNo, userId } = finding
  const rows = orders.filter((row) => row.orderNo === orderNo)
  const isCredited = credited.some((number) => number === orderNo)
  // Another row has the number, and one of them is credited.
  if (isCredited && rows.length > 0) return [asDuplicate(finding)]
  if (isCredited) return []
  const row = rows.find((each) => each.userId === userId)
  return [row === undefined ? finding : { ...finding, status: row.status }]
}
