import type { PartResult } from './part.ts'

/** One fact per line, for people. */
export function tableOf(part: PartResult): string {
  const { orders, paid, credited, inReview, proofs } = part
  const facts: readonly (readonly [string, string])[] = [
    ...part.phases.map(
      ({ phase, answers, slowestMs }) =>
        [`  ${phase}`, `${listed(answers)}; slowest ${slowestMs} ms`] as const,
    ),
    ['orders', `${orders}, paid ${paid}, credited ${credited}, in review ${inReview}`],
    ['credited by', listed(part.creditedBy)],
    ['callbacks', listed(part.callbacks)],
    ['credited by version', listed(proofs.creditedBy)],
    ['proofs', listed({ ...proofs.endOfOld })],
    ['sealed again', listed(proofs.sealed)],
    ['proofs afterwards', listed({ ...proofs.sealedAgain })],
    ['published by version', listed(part.published)],
    ['errors logged, before', listed(part.errors.before)],
    ['errors logged, now', listed(part.errors.now)],
    ['wrong', String(part.findings.length)],
  ]
  const width = Math.max(...facts.map(([name]) => name.length))
  const lines = facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
  return [`${part.name}:`, ...lines].join('\n')
}

function listed(counts: Readonly<Record<string, number>>): string {
  const all = Object.entries(counts).map(([name, count]) => `${name}: ${count}`)
  return all.length === 0 ? 'none' : all.join(', ')
}
