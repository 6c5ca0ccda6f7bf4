import { hash } from 'node:crypto'
import type { ProofKeys } from './keys.ts'
import { type Sealed, type SealFit, sealFits } from './seal.ts'

/** What there is at most one of in a database. */
export interface ProofHead {
  /** How many sequences were opened. */
  readonly sequences: number
  /** How often the head was found missing or changed, and made anew. */
  readonly broken: number
  /** The last order event of before there were proofs; null: what is of before is not sealed yet. */
  readonly eventsTo: string | null
  /** Heads that were written over without the key of their seals, so that they are still to be verified. */
  readonly former: string | null
}

export interface SealedHead extends ProofHead {
  readonly seal: string
}

export function headFacts(head: ProofHead): Sealed {
  return factsOf(flat({ ...head, seal: '' }))
}

/** How the head fits its seal, and each former one that it still has. */
export function headFits(keys: ProofKeys, head: SealedHead): readonly SealFit[] {
  return headsIn(head).map((each) => fitOf(keys, each))
}

/**
 * What a head is continued from. What does not fit counts as broken. What nobody here can verify is kept, so
 * that it is not made true by a new seal.
 */
export function continuedFrom(keys: ProofKeys, head: SealedHead): ProofHead {
  const heads = headsIn(head)
  const fits = heads.map((each) => fitOf(keys, each))
  const unverified = heads.filter((_, nth) => fits[nth] === 'no_key')
  const isWrong = fits.some((fit) => fit === 'wrong' || fit === 'missing')
  const isBroken = isWrong || unverified.length > formerMax
  return {
    ...{ sequences: head.sequences, eventsTo: head.eventsTo },
    broken: isBroken ? brokenOnceMore(head) : head.broken,
    former: unverified.length === 0 ? null : JSON.stringify(unverified.slice(0, formerMax)),
  }
}

/** Who changed the head may have written anything. */
export function brokenOnceMore({ broken }: Pick<ProofHead, 'broken'>): number {
  return Math.min(Math.max(broken, 0), brokenMax) + 1
}

/** Nodes with different keys leave one of each; more than these are no slip. */
const formerMax = 100
const brokenMax = 1_000_000

/** A head with the hash of its former ones in their place. */
type FlatHead = readonly [
  sequences: number,
  broken: number,
  eventsTo: string | null,
  former: string | null,
  seal: string,
]

function flat({ sequences, broken, eventsTo, former, seal }: SealedHead): FlatHead {
  return [sequences, broken, eventsTo, former && hash('sha256', former, 'base64url'), seal]
}

function headsIn(head: SealedHead): readonly FlatHead[] {
  return [flat(head), ...formerIn(head.former)]
}

/** No head at all is one that fits nothing. */
const none: FlatHead = [0, 0, null, null, '']

function formerIn(former: string | null): readonly FlatHead[] {
  if (former === null) return []
  try {
    const heads: unknown = JSON.parse(former)
    return Array.isArray(heads) && heads.every(Array.isArray)
      ? (heads as unknown as FlatHead[])
      : [none]
  } catch {
    return [none]
  }
}

function fitOf(keys: ProofKeys, head: FlatHead): SealFit {
  return sealFits(keys, head[4] ?? null, { kind: 'head', facts: factsOf(head) })
}

function factsOf([sequences, broken, eventsTo, former]: FlatHead): Sealed {
  return [sequences, broken, eventsTo, ...(former === null ? [] : [former])]
}
