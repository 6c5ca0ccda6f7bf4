import type { Books } from './books.ts'
import { type Case, type Comparison, casesOf, paidOf } from './cases.ts'
import type { Finding } from './finding.ts'

/** Each user's expected balance: orders paid as ordered, and orders credited before a refund. */
export function compareBalances(cases: readonly Case[], { entries }: Books): readonly Finding[] {
  const balances = new Map<string, number>()
  const add = (account: string, amount: number) =>
    balances.set(account, (balances.get(account) ?? 0) + amount)
  for (const { account, amount } of entries) if (account.startsWith('user:')) add(account, amount)
  for (const each of cases) {
    if (shouldBeCredited(each)) add(`user:${each.ordered.userId}`, -each.ordered.amount)
  }
  return [...balances]
    .filter(([, difference]) => difference !== 0)
    .map(([about, difference]) => ({
      kind: 'balance_wrong',
      about,
      detail: `off by ${difference}`,
    }))
}

export function compareSums(cases: readonly Case[], books: Books): readonly Finding[] {
  const { owed, credited } = sumsOf(cases, books)
  if (owed === credited) return []
  return [{ kind: 'sum_wrong', about: 'all', detail: `owed ${owed}, credited ${credited}` }]
}

function sumsOf(cases: readonly Case[], { transfers }: Books): { owed: number; credited: number } {
  const owed = cases.filter(shouldBeCredited).reduce((sum, each) => sum + each.ordered.amount, 0)
  return { owed, credited: transfers.reduce((sum, { amount }) => sum + amount, 0) }
}

function shouldBeCredited(each: Case): boolean {
  const paid = paidOf(each)
  return paid === 'as_ordered' || (paid === 'refunded' && each.transfers.length > 0)
}

/** For the report: both sides of the money identity. */
export function sums(comparison: Comparison): { owed: number; credited: number } {
  return sumsOf(casesOf(comparison), comparison.books)
}
