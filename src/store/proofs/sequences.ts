import { sql } from 'kysely'
import {
  addedTo,
  type DayTotal,
  dayFacts,
  type ProofPlace,
  sequenceFacts,
} from '../../proof/facts.ts'
import type { DerivedKey, ProofKeys } from '../../proof/keys.ts'
import { numberOfSeal, sealOf } from '../../proof/seal.ts'
import type { Connection } from '../database.ts'
import { changeHead } from './head.ts'

/** What was counted in a sequence so far: as its rows have it. */
interface SequenceState {
  readonly sequence: number
  readonly credits: number
  readonly day: string
  /** Of `day`, by merchant: those of former days are never written again. */
  readonly totals: ReadonlyMap<string, DayTotal>
}

/** While a transaction counts in it. */
interface CountingState {
  readonly sequence: number
  credits: number
  day: string
  readonly totals: Map<string, DayTotal>
}

/**
 * The sequences that this process counts its credits in. Each credit has a place in a sequence, and the sealed row
 * of the sequence says how many places there are, so that none can be deleted. A transaction has a sequence for
 * itself until it ends: no credit waits for the count of another's.
 */
export class Sequences {
  readonly #keys: ProofKeys
  readonly #idle: SequenceState[] = []

  constructor(keys: ProofKeys) {
    this.#keys = keys
  }

  /** Null: there is no key to prove with. */
  use(): SequenceUse | null {
    const { current } = this.#keys
    return current && new SequenceUse({ keys: this.#keys, key: current, idle: this.#idle })
  }
}

interface SequenceUseParts {
  readonly keys: ProofKeys
  readonly key: DerivedKey
  readonly idle: SequenceState[]
}

/** One transaction's use of a sequence, which it takes with its first credit. */
export class SequenceUse {
  readonly #parts: SequenceUseParts
  /** As it was when the transaction took it. */
  #before: SequenceState | null = null
  #state: CountingState | null = null

  constructor(parts: SequenceUseParts) {
    this.#parts = parts
  }

  get keys(): ProofKeys {
    return this.#parts.keys
  }

  get key(): DerivedKey {
    return this.#parts.key
  }

  /** Takes an idle sequence. False: all are in use, and `open` has to come first. */
  take(): boolean {
    if (this.#state !== null) return true
    this.#before = this.#parts.idle.pop() ?? null
    this.#state = this.#before && { ...this.#before, totals: new Map(this.#before.totals) }
    return this.#state !== null
  }

  /**
   * Opens a further sequence, which is idle then. In a transaction of its own: it holds the head's row, and
   * credits must not wait for the work of others.
   */
  async open(db: Connection): Promise<() => void> {
    const { sequences } = await changeHead(db, this.#parts, (head) => ({
      ...head,
      sequences: head.sequences + 1,
    }))
    const opened = newSequence(sequences)
    const facts = sequenceFacts(opened)
    await sql`
      insert into proof_sequences (sequence, credits, seal)
      values (${opened.sequence}, 0, ${sealOf(this.key, 'sequence', facts)})`.execute(db)
    return () => void this.#parts.idle.push(opened)
  }

  /** The next place. The day never goes back: a row of a former day is not known here any more. */
  placeOn(today: string): ProofPlace {
    const { sequence, credits, day } = this.#held
    return { sequence, place: credits + 1, day: today > day ? today : day }
  }

  /** Counts a credit at the place that `placeOn` gave. */
  count(place: ProofPlace, credit: Counted): void {
    const state = this.#held
    const { sequence, day } = place
    const { gateway, mchid } = credit
    if (day !== state.day) state.totals.clear()
    state.credits = place.place
    state.day = day
    const merchant = `${gateway} ${mchid}`
    const before = state.totals.get(merchant) ?? { credits: 0, amount: 0n, sum: 0n }
    state.totals.set(merchant, {
      ...{ sequence, day, gateway, mchid, credits: before.credits + 1 },
      amount: before.amount + credit.amount,
      sum: addedTo(before.sum, numberOfSeal(credit.seal)),
    })
  }

  /** The rows as they have to be after this transaction. */
  records(): { readonly sequence: object; readonly days: readonly object[] } {
    const { sequence, credits, totals } = this.#held
    return {
      sequence: {
        sequence,
        credits,
        seal: sealOf(this.key, 'sequence', sequenceFacts({ sequence, credits })),
      },
      days: [...totals.values()].map((total) => ({
        ...{ ...total, amount: String(total.amount), sum: String(total.sum) },
        seal: sealOf(this.key, 'day', dayFacts(total)),
      })),
    }
  }

  /** Where it is not known whether the transaction was committed, nobody uses the sequence again. */
  end(outcome: 'committed' | 'rolled_back' | 'unknown'): void {
    const next = outcome === 'committed' ? this.#state : this.#before
    if (outcome !== 'unknown' && next !== null) this.#parts.idle.push(next)
    this.#state = null
    this.#before = null
  }

  get #held(): CountingState {
    if (this.#state === null) throw new TypeError('A sequence is used before it was taken')
    return this.#state
  }
}

interface Counted {
  readonly gateway: string
  readonly mchid: string
  readonly amount: bigint
  readonly seal: string
}

function newSequence(sequence: number): SequenceState {
  return { sequence, credits: 0, day: '', totals: new Map() }
}
