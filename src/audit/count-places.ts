import { addedTo, type DayTotal, dayFacts, sequenceFacts } from '../proof/facts.ts'
import { headFits } from '../proof/head.ts'
import type { ProofKeys } from '../proof/keys.ts'
import { numberOfSeal, type SealFit, sealFits } from '../proof/seal.ts'
import type { CreditToVerify, ProofCounts } from '../store/proofs/proof-store.ts'

/**
 * Compares the credits that are there with the sealed counts: how many places each sequence has, and the totals
 * of each merchant's day. A credit that was proved after the counts were read has a later place, and is left
 * out.
 */
export class Places {
  readonly #counts: ProofCounts
  readonly #credits: ReadonlyMap<number, number>
  readonly #seen = new Map<number, number>()
  readonly #totals = new Map<string, Total>()

  constructor(counts: ProofCounts) {
    this.#counts = counts
    this.#credits = new Map(counts.sequences.map(({ sequence, credits }) => [sequence, credits]))
  }

  see({ transfer, proof }: CreditToVerify): void {
    if (proof === null) return
    const { sequence, place, day, seal } = proof
    // A sequence whose row is gone: each of its credits counts, so that the sequence is missed once.
    if (place > (this.#credits.get(sequence) ?? 0)) return
    this.#seen.set(sequence, (this.#seen.get(sequence) ?? 0) + 1)
    const { gateway, mchid, amount } = transfer
    const total = this.#totalOf(keyOf({ sequence, day, gateway, mchid }))
    total.credits += 1
    total.amount += amount
    total.sum = addedTo(total.sum, numberOfSeal(seal))
  }

  /** How many places have no credit any more. */
  get missing(): number {
    let missing = 0
    for (const [sequence, credits] of this.#credits) {
      missing += Math.max(0, credits - (this.#seen.get(sequence) ?? 0))
    }
    return missing
  }

  /** How many of the counts themselves were changed, deleted, or do not fit the credits that are there. */
  faults(keys: ProofKeys): { readonly wrong: number; readonly unverifiable: number } {
    const fits = [...this.#headFits(keys), ...this.#sequenceFits(keys), ...this.#dayFits(keys)]
    const wrong = fits.filter((fit) => fit === 'wrong' || fit === 'missing').length
    return {
      wrong: wrong + this.#missedSequences(),
      unverifiable: fits.filter((fit) => fit === 'no_key').length,
    }
  }

  #totalOf(key: string): Total {
    const known = this.#totals.get(key)
    if (known !== undefined) return known
    const total = { credits: 0, amount: 0n, sum: 0n }
    this.#totals.set(key, total)
    return total
  }

  #headFits(keys: ProofKeys): readonly SealFit[] {
    const { head, sequences } = this.#counts
    if (head === null) return sequences.length > 0 ? ['missing'] : []
    return [...headFits(keys, head), ...(head.broken === 0 ? [] : (['wrong'] as const))]
  }

  #missedSequences(): number {
    const { head, sequences } = this.#counts
    return Math.abs((head?.sequences ?? 0) - sequences.length)
  }

  #sequenceFits(keys: ProofKeys): readonly SealFit[] {
    return this.#counts.sequences.map((sequence) =>
      sealFits(keys, sequence.seal, { kind: 'sequence', facts: sequenceFacts(sequence) }),
    )
  }

  #dayFits(keys: ProofKeys): readonly SealFit[] {
    const { days, sequences } = this.#counts
    const ofSequence = new Map<number, number>()
    const fits = days.map((day): SealFit => {
      ofSequence.set(day.sequence, (ofSequence.get(day.sequence) ?? 0) + day.credits)
      const fit = sealFits(keys, day.seal, { kind: 'day', facts: dayFacts(day) })
      return fit === 'fits' && !isSameTotal(day, this.#totals.get(keyOf(day))) ? 'wrong' : fit
    })
    const uneven = sequences.filter(
      ({ sequence, credits }) => (ofSequence.get(sequence) ?? 0) !== credits,
    )
    return [...fits, ...uneven.map(() => 'wrong' as const)]
  }
}

/** Of one merchant's credits of one day in one sequence. */
type Total = { -readonly [Name in 'credits' | 'amount' | 'sum']: DayTotal[Name] }

function keyOf({
  sequence,
  day,
  gateway,
  mchid,
}: Pick<DayTotal, 'sequence' | 'day' | 'gateway' | 'mchid'>) {
  return `${sequence} ${day} ${gateway} ${mchid}`
}

function isSameTotal(one: Total, other: Total | undefined): boolean {
  return (
    other !== undefined &&
    one.credits === other.credits &&
    one.amount === other.amount &&
    one.sum === other.sum
  )
}
