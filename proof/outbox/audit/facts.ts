import type { DatabaseServer } from '../database.ts'

/** What has happened, as the tables of orders, credits and exceptions have it: what has to be published, once. */
export async function factsIn(database: DatabaseServer): Promise<readonly string[]> {
  const credits = await database.rows<{ order_no: string; transaction_id: string; amount: bigint }>(
    'select order_no, transaction_id, amount from transfers',
  )
  const steps = await database.rows<Step>(`
    select order_no, at, kind, to_status, decision, state_seq, operator, reason_code
    from order_events order by order_no, id`)
  const exceptions = await database.rows<ExceptionRow>(
    'select id, opened_at, closed_at from payment_exceptions',
  )
  return [
    ...credits.map(({ order_no, transaction_id, amount }) =>
      fact('order.paid', numberOf(order_no), transaction_id, amount),
    ),
    ...[...new Set(steps.map(({ order_no }) => order_no))].flatMap((key) =>
      factsOfOrder(steps.filter(({ order_no }) => order_no === key)),
    ),
    ...exceptions.flatMap(({ id, opened_at, closed_at }) => [
      fact('exception.opened', id, opened_at),
      ...(closed_at === null ? [] : [fact('exception.closed', id, closed_at)]),
    ]),
  ]
}

/** The same of what was published. */
export function factOf({ type, at, data }: PublishedRow): string {
  switch (type) {
    case 'order.paid':
      return fact(type, data.order_no, data.transaction_id, data.amount)
    case 'exception.opened':
    case 'exception.closed':
      return fact(type, data.exception_id, at)
    default:
      return fact(type, data.order_no, at)
  }
}

export interface PublishedRow {
  readonly position: bigint
  readonly id: string
  readonly type: string
  readonly at: Date
  readonly data: Readonly<Record<string, unknown>>
}

interface ExceptionRow {
  readonly id: bigint
  readonly opened_at: Date
  readonly closed_at: Date | null
}

interface Step {
  readonly order_no: string
  readonly at: Date
  readonly kind: string
  readonly to_status: string | null
  readonly decision: string | null
  readonly state_seq: number | null
  readonly operator: string | null
  readonly reason_code: string | null
}

/** Walks through a timeline. The trigger looks at one row at a time, and this at what was before. */
function factsOfOrder(steps: readonly Step[]): readonly string[] {
  const facts: string[] = []
  let [isInQueue, isRefundKnown] = [false, false]
  for (const step of steps) {
    const number = numberOf(step.order_no)
    const add = (type: string) => facts.push(fact(type, number, step.at))
    if (entersReview(step)) {
      isInQueue = true
      add('order.review_opened')
    }
    const isEnd = step.to_status === 'paid' || step.to_status === 'expired'
    if (isInQueue && (step.kind === 'dismissed' || isEnd)) {
      isInQueue = false
      add('order.review_closed')
    }
    if (step.to_status === 'expired') add('order.expired')
    const isNotice = step.reason_code === 'refund_notice'
    const isSeen = step.reason_code === 'refund_started_after_credit'
    if (isNotice || (isSeen && !isRefundKnown)) add('order.refunded')
    isRefundKnown ||= isNotice || isSeen
  }
  return facts
}

/** The order number in the key of an order. */
export function numberOf(key: string): string {
  return key.split(':')[0] ?? key
}

/** Also from the outside of the queue, by another payment. */
export function entersReview({
  to_status,
  decision,
  state_seq,
}: Pick<Step, 'to_status' | 'decision' | 'state_seq'>): boolean {
  return to_status === 'review' || (decision === 'review' && state_seq === null)
}

function fact(type: string, ...parts: readonly unknown[]): string {
  const texts = parts.map((part) => (part instanceof Date ? part.toISOString() : String(part)))
  return `${type} ${texts.join(' ')}`
}
