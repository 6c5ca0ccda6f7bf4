import { describe, expect, it } from 'vitest'
import { type Books, compare } from '../../proof/upgrade/compare.ts'
import { compareProofs, type ProvedCredit } from '../../proof/upgrade/proofs.ts'
import { comparePublished } from '../../proof/upgrade/published.ts'

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

describe('compareProofs()', () => {
  const credits: readonly ProvedCredit[] = [
    { number: 'N1', mchid: first, proof: 'old', unsealed: false },
    { number: 'N2', mchid: first, proof: 'none', unsealed: false },
    { number: 'N3', mchid: first, proof: 'proven', unsealed: true },
    { number: 'N1', mchid: second, proof: 'proven', unsealed: false },
  ]
  const counts = {
    endOfOld: { unproven: 2, unverifiable: 0, unproven_old: 1 },
    sealed: { orders: 1, credits: 1 },
    sealedAgain: { unproven: 0, unverifiable: 0, unproven_old: 2 },
  }
  const names = new Map([
    [first, 'default'],
    [second, 'second'],
  ])
  const by = { before: ['default N1', 'default N2'], now: ['default N3', 'second N1'] }
  type Counts = typeof counts
  type By = typeof by

  it('finds nothing where each version has left what it can', () => {
    expect(compareProofs(counts, { credits, by, names })).toEqual([])
  })

  it.each<[what: string, changed: Partial<Counts>, versions: Partial<By>, finding: RegExp]>([
    [
      'a credit that the audit takes for proven',
      { endOfOld: { ...counts.endOfOld, unproven: 1 } },
      {},
      /^unproven: 1/,
    ],
    [
      'a missing key',
      { endOfOld: { ...counts.endOfOld, unverifiable: 1 } },
      {},
      /^unverifiable: 1/,
    ],
    ['a credit that was not sealed', { sealed: { orders: 0, credits: 0 } }, {}, /^credits sealed/],
    [
      'what is unproven still',
      { sealedAgain: { ...counts.sealedAgain, unproven: 1 } },
      {},
      /^unproven, sealed again: 1/,
    ],
    [
      'too few old ones',
      { sealedAgain: { ...counts.sealedAgain, unproven_old: 1 } },
      {},
      /^unproven_old, sealed again: 1/,
    ],
    [
      'a node of now that proves nothing',
      {},
      { before: ['default N1'], now: ['default N2', 'default N3', 'second N1'] },
      /default N2: a node of now left it none/,
    ],
    [
      'a proof by a node of before',
      {},
      { before: ['default N1', 'default N2', 'default N3'], now: ['second N1'] },
      /default N3: proven, by/,
    ],
    ['a credit that nobody logged', {}, { before: ['default N1'] }, /N2: not credited by one/],
    ['a credit of both', {}, { now: [...by.now, 'default N2'] }, /N2: not credited by one/],
  ])('finds %s', (_what, changed, versions, finding) => {
    const found = compareProofs(
      { ...counts, ...changed },
      { credits, by: { ...by, ...versions }, names },
    )
    expect(found.join('\n')).toMatch(finding)
  })
})

describe('comparePublished()', () => {
  const since = new Date('2026-01-24T12:00:00Z')
  const at = (secs: number) => new Date(+since + secs * 1000)
  const credits = [
    { name: 'm N1', creditedAt: at(-60), events: 0 },
    { name: 'm N2', creditedAt: at(60), events: 1 },
    { name: 'm N3', creditedAt: at(-1), events: 1 },
    { name: 'm N4', creditedAt: at(90), events: 1 },
  ]
  const byBefore = new Set(['m N1', 'm N2'])
  const found = (changed: object) =>
    comparePublished({
      credits: [...credits.slice(1), { ...credits[0], ...changed } as never],
      since,
      byBefore,
    }).findings

  it('finds nothing where each credit since the step has one event, whichever version credited', () => {
    expect(comparePublished({ credits, since, byBefore })).toEqual({
      ...{ figures: { before: 1, now: 2 }, findings: [] },
    })
  })

  it.each([
    ['a credit without an event', { creditedAt: at(10), events: 0 }, /N1: order.paid was not/],
    ['a credit with two', { creditedAt: at(10), events: 2 }, /N1: order.paid was published 2/],
    ['an event of before the step', { events: 1 }, /N1: published before the step/],
  ])('finds %s', (_what, changed, finding) => {
    expect(found(changed).join()).toMatch(finding)
  })
})
