import type { Verdict } from '../../sim/failure.ts'
import type { DatabaseServer } from '../database.ts'
import { person } from '../node.ts'
import { noticeKey } from '../payments.ts'
import type { Purchase, Stories } from '../stories.ts'
import { entersReview, numberOf } from './facts.ts'

interface ExceptionRow {
  readonly id: bigint
  readonly kind: string
  readonly order_number: string
  readonly about: string
  readonly refund_id: string | null
  readonly amount_at_stake: bigint
  readonly closed_by: string | null
}

interface OrderRow {
  readonly order_no: string
  readonly status: string
  readonly transaction_id: string | null
  readonly is_dismissed: boolean
  /** The events that opened its review, or opened it again. */
  readonly reviews: readonly string[]
}

/**
 * How often there has to be an exception, and whether it is open: until a person closes it. `some`: whether
 * there is one depends on what was seen first, and it has healed.
 */
interface Expected {
  readonly count: 'one' | 'some'
  readonly isOpen: boolean
  readonly amount?: bigint
}

/** Compares the exceptions with what was paid and what went back, which the world alone knows. */
export async function auditExceptions({
  verdict,
  database,
  stories,
}: {
  readonly verdict: Verdict
  readonly database: DatabaseServer
  readonly stories: Stories
}): Promise<void> {
  const rows = await database.rows<ExceptionRow>(`
    select id, kind, order_number, about, refund_id, amount_at_stake, closed_by
    from payment_exceptions order by id`)
  const orders = await ordersIn(database)
  const notices = await noticesIn(database)
  for (const purchase of stories.purchases) {
    const own = rows.filter((row) => row.order_number === purchase.orderNo)
    const order = orders.get(purchase.orderNo) ?? null
    const end = endFault(purchase, order)
    if (end !== null) verdict.fail('each order is as its payments', `${purchase.orderNo}: ${end}`)
    const why = faultOf(own, { purchase, order, closed: stories.closed })
    if (why !== null) verdict.fail('exceptions are as the truth', `${purchase.orderNo}: ${why}`)
    const lost = noticeFault(purchase, { order, notices })
    if (lost !== null) verdict.fail('each notice is kept once', `${purchase.orderNo}: ${lost}`)
  }
  const numbers = new Set(stories.purchases.map(({ orderNo }) => orderNo))
  const other = rows.find(({ order_number }) => !numbers.has(order_number))
  if (other !== undefined) verdict.fail('exceptions are as the truth', `of ${other.order_number}`)
}

interface NoticeRow {
  readonly order_number: string
  readonly refund_key: string
  readonly is_early: boolean
}

/** In timelines, and those that wait for their order. */
function noticesIn(database: DatabaseServer): Promise<readonly NoticeRow[]> {
  return database.rows<NoticeRow>(`
    select split_part(order_no, ':', 1) as order_number, evidence->>'refund_key' as refund_key,
      false as is_early
    from order_events where reason_code = 'refund_notice'
    union all
    select order_number, refund_key, true from early_refund_notices`)
}

/** Of an order that is here, in its timeline once a payment was seen; of a number without one, beside it. */
function noticeFault(
  { orderNo, refunds }: Purchase,
  { order, notices }: { readonly order: OrderRow | null; readonly notices: readonly NoticeRow[] },
): string | null {
  const own = notices.filter(({ order_number }) => order_number === orderNo)
  const early = own.find(({ is_early }) => is_early !== (order === null))
  if (early !== undefined) return `${early.refund_key} is in the wrong place`
  const keys = own.map(({ refund_key }) => refund_key).sort()
  const sent = refunds.map(noticeKey).sort()
  return keys.join() === sent.join() ? null : `${keys.join()}, and sent were ${sent.join()}`
}

/** What a query says of a refund may be seen before the payment is. */
function endFault({ story, refunds }: Purchase, order: OrderRow | null): string | null {
  const status = order?.status ?? 'nowhere'
  const ends = { unpaid: 'expired', other_amount: 'review', unknown: 'nowhere' } as const
  const meant = story in ends ? ends[story as keyof typeof ends] : 'paid'
  if (status === meant || (meant === 'paid' && status === 'review' && refunds.length > 0))
    return null
  return `${story}, and its order is ${status}`
}

interface Truth {
  readonly purchase: Purchase
  readonly order: OrderRow | null
  readonly closed: ReadonlySet<string>
}

function faultOf(rows: readonly ExceptionRow[], truth: Truth): string | null {
  const expected = expectedOf(truth)
  for (const row of rows) {
    const name = nameOf(row, truth.purchase)
    const meant = expected.get(name)
    const isOpen = row.closed_by === null
    const isByPerson = row.closed_by === person.name && truth.closed.has(String(row.id))
    if (meant === undefined) return `${name} is not expected`
    if (isOpen !== meant.isOpen && !isByPerson && row.kind !== 'review') {
      return `${name} is ${isOpen ? 'open' : `closed by ${row.closed_by}`}`
    }
    if (isOpen !== meant.isOpen && row.kind === 'review') return `${name} is not as its order`
    if (meant.amount !== undefined && meant.amount !== row.amount_at_stake) {
      return `${name} is about ${row.amount_at_stake}, not ${meant.amount}`
    }
  }
  const names = rows.map((row) => nameOf(row, truth.purchase))
  const twice = names.find((name, nth) => names.indexOf(name) !== nth)
  if (twice !== undefined) return `${twice} is there twice`
  const missing = [...expected].find(
    ([name, { count }]) => count === 'one' && !names.includes(name),
  )
  if (missing !== undefined) return `${missing[0]} is missing`
  return wholeFault(rows, truth)
}

/** What it is about. Of a refund by its number, whether it was known from the start or not. */
function nameOf({ kind, about, refund_id }: ExceptionRow, { refunds }: Purchase): string {
  if (kind !== 'refunded_after_credit' && kind !== 'partly_refunded') return `${kind} ${about}`
  const refund = refunds.find(({ refundId }) => refundId === about || refundId === refund_id)
  return refund === undefined ? `refund_started ${about}` : `refund ${refund.refundId}`
}

function expectedOf({ purchase, order }: Truth): ReadonlyMap<string, Expected> {
  const expected = new Map<string, Expected>()
  const { payments, refunds } = purchase
  for (const { transactionId, amount } of payments) {
    const wentBack = refunds
      .filter((each) => each.transactionId === transactionId)
      .reduce((sum, { refunded }) => sum + refunded, 0n)
    const isBack = wentBack >= amount
    if (order === null) {
      // One that went back before anybody here saw it is none.
      const count = isBack ? 'some' : 'one'
      expected.set(`unknown_payment ${transactionId}`, { count, isOpen: !isBack, amount })
      continue
    }
    expected.set(`unknown_payment ${transactionId}`, { count: 'some', isOpen: false, amount })
    if (order.status !== 'paid') continue
    if (transactionId !== order.transaction_id) {
      const count = isBack ? 'some' : 'one'
      expected.set(`duplicate_payment ${transactionId}`, { count, isOpen: !isBack, amount })
      continue
    }
    expected.set(`refund_started ${transactionId}`, { count: 'some', isOpen: false })
    for (const { refundId, refunded, ...refund } of refunds) {
      if (refund.transactionId !== transactionId) continue
      expected.set(`refund ${refundId}`, { count: 'one', isOpen: true, amount: refunded })
    }
  }
  const last = order?.reviews.at(-1)
  for (const about of order?.reviews ?? []) {
    const isOpen = about === last && order?.status === 'review' && !order.is_dismissed
    expected.set(`review ${about}`, { count: 'one', isOpen })
  }
  return expected
}

/** Of several refunds, the one that makes up the whole is not partly. */
function wholeFault(rows: readonly ExceptionRow[], { purchase, order }: Truth): string | null {
  if (order?.status !== 'paid') return null
  const own = purchase.refunds.filter((each) => each.transactionId === order.transaction_id)
  const sum = own.reduce((all, { refunded }) => all + refunded, 0n)
  const whole = rows.filter(
    (row) => row.kind === 'refunded_after_credit' && nameOf(row, purchase).startsWith('refund '),
  )
  const wanted = own.length > 0 && sum >= purchase.amount ? 1 : 0
  return whole.length === wanted ? null : `${whole.length} refunds are of the whole, not ${wanted}`
}

async function ordersIn(database: DatabaseServer): Promise<ReadonlyMap<string, OrderRow>> {
  const rows = await database.rows<Omit<OrderRow, 'reviews'>>(`
    select order_no, status, transaction_id, dismissed_at is not null as is_dismissed from orders`)
  const steps = await database.rows<
    Parameters<typeof entersReview>[0] & { readonly id: bigint; readonly order_no: string }
  >('select id, order_no, to_status, decision, state_seq from order_events order by id')
  return new Map(
    rows.map((row) => {
      const own = steps.filter(({ order_no }) => order_no === row.order_no)
      const reviews = own.filter(entersReview).map(({ id }) => String(id))
      return [numberOf(row.order_no), { ...row, reviews }]
    }),
  )
}
