import type { Receipt } from '../backend.ts'
import type { BookedTransfer } from './books.ts'
import {
  type Case,
  type Comparison,
  casesOf,
  type ExpectedOrder,
  type Paid,
  paidOf,
} from './cases.ts'
import type { Finding, FindingKind } from './finding.ts'
import { compareBalances, compareSums } from './totals.ts'

/** Compares each order with the simulator's truth and the callers' orders, without any code of src/. */
export function compare(comparison: Comparison): readonly Finding[] {
  const cases = casesOf(comparison)
  return [
    ...comparison.ordered.flatMap((ordered) => lostOrder(ordered, cases)),
    ...strangers(comparison, cases),
    ...orphans(comparison),
    ...cases.flatMap(compareCase),
    ...sharedTransactions(comparison.books.transfers),
    ...compareReceipts(comparison),
    ...compareBalances(cases, comparison.books),
    ...compareSums(cases, comparison.books),
  ]
}

function lostOrder(ordered: ExpectedOrder, cases: readonly Case[]): readonly Finding[] {
  if (!ordered.acknowledged) return []
  const here = cases.filter((each) => each.ordered === ordered)
  if (here.length === 1 && here[0]?.order.order_no === ordered.orderNo) return []
  const about = ordered.orderNo ?? ordered.key ?? ''
  return [{ kind: 'order_lost', about, detail: `acknowledged, and here ${here.length} times` }]
}

function strangers({ books }: Comparison, cases: readonly Case[]): readonly Finding[] {
  const known = new Set(cases.map(({ order }) => order.order_no))
  const rows = [...books.orders, ...books.transfers, ...books.entries]
  const unknown = new Set(rows.map((row) => row.order_no).filter((orderNo) => !known.has(orderNo)))
  return [...unknown].map((about) => ({ kind: 'stranger', about, detail: 'nobody ordered it' }))
}

/** Money paid for a trade without an order would never be credited. */
function orphans({ trades, books }: Comparison): readonly Finding[] {
  const here = new Set(books.orders.map((order) => order.order_no))
  return trades
    .filter(({ prepaid, orderNo }) => prepaid && !here.has(orderNo))
    .map(({ orderNo }) => ({ kind: 'order_lost', about: orderNo, detail: 'placed, and not here' }))
}

function compareCase(each: Case): readonly Finding[] {
  return [
    ...compareFacts(each),
    ...compareCredit(each),
    ...compareState(each),
    ...compareCallbacks(each),
  ]
}

function compareFacts({ order, ordered }: Case): readonly Finding[] {
  if (order.user_id === ordered.userId && order.amount === ordered.amount) return []
  const detail = `is ${order.amount} for ${order.user_id}, was ordered ${ordered.amount} for ${ordered.userId}`
  return [{ kind: 'credited_wrongly', about: order.order_no, detail }]
}

function compareCredit(each: Case): readonly Finding[] {
  const { order, transfers, entries } = each
  const found = (kind: FindingKind, detail: string) => [{ kind, about: order.order_no, detail }]
  const paid = paidOf(each)
  const deposits = entries.filter(({ account }) => account.startsWith('user:')).length
  const credits = Math.max(transfers.length, deposits)
  if (credits > 1) return found('credited_twice', `${credits} credits`)
  if (credits === 0) {
    return paid === 'as_ordered' ? found('credit_lost', `paid, and here ${order.status}`) : []
  }
  if (paid === 'no' || paid === 'otherwise') {
    return found('credited_wrongly', `${paid === 'no' ? 'not paid' : 'not paid as ordered'}`)
  }
  const wrong = wrongTransfer(each)
  return wrong === null ? [] : found('credited_wrongly', wrong)
}

/** What is wrong with the only credit; null if nothing is. */
function wrongTransfer({ ordered, trade, transfers, entries }: Case): string | null {
  const [transfer] = transfers
  if (transfer === undefined) return 'entries without a transfer'
  if (transfer.amount !== ordered.amount) return `transfer of ${transfer.amount}`
  if (transfer.currency !== 'CNY') return `transfer in ${transfer.currency}`
  if (!trade?.transactionIds.includes(transfer.transaction_id)) {
    return `transaction ${transfer.transaction_id} is none of its own`
  }
  const deposit = entries.find(({ account }) => account === `user:${ordered.userId}`)
  if (deposit?.amount !== ordered.amount) return `the user got ${deposit?.amount ?? 'nothing'}`
  const other = entries.find(({ account }) => account.startsWith('gateway:'))
  return entries.length === 2 && other?.amount === -ordered.amount ? null : 'entries do not balance'
}

function compareState(each: Case): readonly Finding[] {
  const { order, trade, transfers } = each
  const found = (kind: FindingKind, detail: string) => [{ kind, about: order.order_no, detail }]
  if (order.status === 'pending')
    return found('unsettled', `the trade is ${trade?.state ?? 'absent'}`)
  const wanted = expectedStatus(paidOf(each), transfers.length > 0)
  if (order.status !== wanted)
    return found('wrong_state', `is ${order.status}, ought to be ${wanted}`)
  const payable = order.status === 'expired' && trade !== null && trade.state === 'NOTPAY'
  return payable ? found('expired_while_payable', 'the trade was never closed') : []
}

/** The status that the decision table leads to. */
function expectedStatus(paid: Paid, credited: boolean): string {
  switch (paid) {
    case 'as_ordered':
      return 'paid'
    case 'refunded':
      return credited ? 'paid' : 'review'
    case 'otherwise':
      return 'review'
    case 'no':
      return 'expired'
  }
}

/** Each callback is committed with its own event before it is acknowledged (I6). */
function compareCallbacks({ order, trade, callbacks }: Case): readonly Finding[] {
  const accepted = trade?.callbacksAccepted ?? 0
  if (callbacks >= accepted) return []
  const detail = `${accepted} acknowledged, ${callbacks} in its timeline`
  return [{ kind: 'callback_lost', about: order.order_no, detail }]
}

/** The backend gets credits by webhooks alone. */
function compareReceipts({ books, receipts }: Comparison): readonly Finding[] {
  const described = (rows: readonly (BookedTransfer | Receipt)[]) =>
    rows.map((row) => `${row.order_no} ${row.amount} ${row.transaction_id}`)
  const credited = described(books.transfers)
  const received = described(receipts)
  const found = (about: string, detail: string): Finding => ({
    ...{ kind: 'backend_wrong', about, detail },
  })
  return [
    ...without(credited, received).map((each) => found(each, 'the backend has not credited it')),
    ...without(received, credited).map((each) => found(each, 'the backend has credited it')),
  ]
}

/** Each as often as it is more often there. */
function without(all: readonly string[], others: readonly string[]): readonly string[] {
  const counts = new Map<string, number>()
  for (const other of others) counts.set(other, (counts.get(other) ?? 0) + 1)
  return all.filter((each) => {
    const left = counts.get(each) ?? 0
    counts.set(each, left - 1)
    return left <= 0
  })
}

function sharedTransactions(transfers: readonly BookedTransfer[]): readonly Finding[] {
  const orders = new Map<string, number>()
  for (const { transaction_id: id } of transfers) orders.set(id, (orders.get(id) ?? 0) + 1)
  return [...orders]
    .filter(([, count]) => count > 1)
    .map(([about, count]) => ({ kind: 'credited_twice', about, detail: `credits ${count} orders` }))
}
