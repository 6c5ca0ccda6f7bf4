import { describe, expect, it } from 'vitest'
import { type Books, compare } from '../../proof/upgrade/compare.ts'

const [first, second] = ['1900000001', '1900000002'] as const
type Order = Books['orders'][number]
type Transfer = Books['transfers'][number]

const order = (change: Partial<Order> = {}): Order => ({
  ...{ key: 'N1', number: 'N1', mchid: first, user_id: 'u1', amount: 100 },
  ...{ status: 'paid', credited_by: 'callback' },
  ...change,
})
const transfer = (change: Partial<Transfer> = {}): Transfer => ({
  ...{ key: 'N1', transaction_id: 't1', amount: 100, deposited: 100 },
  ...change,
})
const ordered = { party: { mchid: first }, orderNo: 'N1', userId: 'u1', amount: 100 }
const payment = (id: string) => ({ transaction_id: id, paid_at: '' })
const trades = new Map([
  [`${first} N1`, { payments: [payment('t1')] }],
  [`${second} N1`, { payments: [payment('t2')] }],
])

function findings(orders: readonly Order[], transfers: readonly Transfer[]): readonly string[] {
  const purchases = [{ ...ordered, acknowledged: true }]
  return compare({ orders, transfers }, { trades, purchases }).findings
}

const ofSecond = order({ key: 'N1:1', mchid: second, user_id: 'u2' })

describe('compare() of the upgrade', () => {
  it('finds nothing where two merchants have one number, and each its own credit', () => {
    const other = transfer({ key: 'N1:1', transaction_id: 't2' })
    expect(findings([order(), ofSecond], [transfer(), other])).toEqual([])
  })

  it('takes an order that is paid and left to a person for no fault', () => {
    expect(findings([order({ status: 'review', credited_by: null })], [])).toEqual([])
  })

  it.each<[what: string, orders: Order[], transfers: Transfer[], finding: RegExp]>([
    ['a second credit', [order()], [transfer(), transfer({ transaction_id: 't9' })], /2 times/],
    ['a credit that was never paid', [order({ number: 'N2' })], [transfer()], /never paid/],
    ['a credit by another’s payment', [order()], [transfer({ transaction_id: 't2' })], /its own/],
    ['a credit of another amount', [order()], [transfer({ amount: 99 })], /another amount/],
    ['a deposit for another user', [order()], [transfer({ deposited: 0 })], /another amount/],
    ['a payment that was not credited', [order({ status: 'expired' })], [], /paid, and expired/],
    ['an order without its end', [order({ status: 'pending' })], [], /pending still/],
    ['a credit of an order in review', [order({ status: 'review' })], [transfer()], /and review/],
    ['an order that is gone', [], [], /here 0 times/],
    ['an order that is there twice', [order(), order({ key: 'N1:0' })], [transfer()], /2 times/],
    ['another user', [order({ user_id: 'u9' })], [transfer()], /otherwise/],
    ['a transfer of no order', [order()], [transfer(), transfer({ key: 'N7' })], /stranger/],
  ])('finds %s', (_what, orders, transfers, finding) => {
    expect(findings(orders, transfers).join('\n')).toMatch(finding)
  })
})
