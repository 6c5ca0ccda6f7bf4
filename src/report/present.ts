import type { Finding } from './finding.ts'
import type { Report } from './report.ts'

/** A report as JSON. With several sources, each order names its own. */
export function presentReport({ findings, sum, ...counts }: Report, { isOfSeveral = false } = {}) {
  const { rows, queried, unanswered, skipped } = counts
  const orders = findings.map((finding) => ({
    ...(isOfSeveral && { source: finding.source }),
    ...presentFinding(finding),
  }))
  return { orders, sum, rows, queried, unanswered, skipped }
}

function presentFinding(finding: Finding) {
  const { orderNo, userId, amount, transactionId, paidAt, status, problem, fault } = finding
  return {
    order_no: orderNo,
    user_id: userId,
    amount,
    transaction_id: transactionId,
    paid_at: paidAt?.toISOString() ?? null,
    ...{ status, problem },
    // Where the row is, for its number may be what is wrong.
    ...(fault !== null && { row: fault }),
  }
}
