import type { WordReaders } from '../gateway/gateway.ts'
import type { ProofKeys } from '../proof/keys.ts'
import type { AuditedOrder, CreditToVerify, ProofStore } from '../store/proofs/proof-store.ts'
import { Places } from './count-places.ts'
import { type Verdict, verifyCredit } from './verify-credit.ts'

/** Every credit against the gateway's signature and the seals. */
export interface Verified {
  readonly credits: number
  /** Without a proof, or not as the proof has it; and credits that are gone. */
  readonly unproven: number
  /** A key is missing. */
  readonly unverifiable: number
  /** Of before there were proofs, and as they were then. */
  readonly unprovenOld: number
  /** Whose they are; at most `ordersMax` of each. */
  readonly orders: Readonly<Record<'unproven' | 'unverifiable', readonly AuditedOrder[]>>
}

export interface VerifyOptions {
  readonly keys: ProofKeys
  readonly readWords: WordReaders
  /** Is called after each page, with how many credits were verified. */
  readonly onProgress?: (verified: number) => void
  readonly signal?: AbortSignal
}

type Reading = Pick<ProofStore, 'proofCounts' | 'creditsToVerify' | 'proofsWithoutCredit'>

const pageSize = 200
/** They take some milliseconds; then requests that came meanwhile have their turn. */
const atOnce = 50
const ordersMax = 20

/** Reads all credits, page by page: memory stays as it is however many there are. */
export async function verifyCredits(store: Reading, options: VerifyOptions): Promise<Verified> {
  const { keys, readWords, onProgress, signal } = options
  // Read first: a credit that comes later has a later place.
  const counts = await store.proofCounts()
  const places = new Places(counts)
  const eventsTo = counts.head?.eventsTo ?? null
  const verifying = { keys, readWords, eventsTo: eventsTo === null ? null : BigInt(eventsTo) }
  const found = new Verdicts()
  for await (const page of pagesOf(store)) {
    signal?.throwIfAborted()
    for (const [nth, credit] of page.entries()) {
      if (nth % atOnce === 0) await otherWork()
      places.see(credit)
      found.add(credit, verifyCredit(verifying, credit))
    }
    onProgress?.(found.credits)
  }
  const { wrong, unverifiable } = places.faults(keys)
  // A credit without a proof has no place; the place that it had is missed, and is not counted twice.
  const deleted = Math.max(0, places.missing - found.withoutProof)
  const gone = places.missing > 0 ? await store.proofsWithoutCredit({ limit: ordersMax }) : []
  const { credits, verdicts, orders } = found
  return {
    credits,
    // Who changes a count may make it larger than a number can be.
    unproven: Math.min(verdicts.unproven + deleted + wrong, Number.MAX_SAFE_INTEGER),
    unverifiable: verdicts.unverifiable + unverifiable,
    unprovenOld: verdicts.old,
    orders: { ...orders, unproven: [...orders.unproven, ...gone].slice(0, ordersMax) },
  }
}

/** The next page is read while this one is verified. */
async function* pagesOf(store: Reading): AsyncGenerator<readonly CreditToVerify[]> {
  let next = store.creditsToVerify({ after: null, limit: pageSize })
  for (;;) {
    const page = await next
    const last = page.at(-1)
    if (last === undefined) return
    const isLast = page.length < pageSize
    if (!isLast) {
      next = store.creditsToVerify({ after: last.key, limit: pageSize })
      // It is awaited in the next round, unless the reader ends before.
      next.catch(() => undefined)
    }
    yield page
    if (isLast) return
  }
}

function otherWork(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

class Verdicts {
  credits = 0
  withoutProof = 0
  readonly verdicts: Record<Verdict, number> = { proven: 0, old: 0, unverifiable: 0, unproven: 0 }
  readonly orders = { unproven: [] as AuditedOrder[], unverifiable: [] as AuditedOrder[] }

  add({ orderNo, transfer, proof }: CreditToVerify, verdict: Verdict): void {
    this.credits += 1
    this.verdicts[verdict] += 1
    if (proof === null) this.withoutProof += 1
    if (verdict !== 'unproven' && verdict !== 'unverifiable') return
    const { gateway, mchid } = transfer
    const listed = this.orders[verdict]
    if (listed.length < ordersMax) listed.push({ orderNo, merchant: { gateway, mchid } })
  }
}
