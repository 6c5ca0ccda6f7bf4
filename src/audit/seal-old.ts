import { setTimeout as delay } from 'node:timers/promises'
import type { Emit } from '../domain/event.ts'
import type { ProofStore } from '../store/proofs/proof-store.ts'

export interface SealingOld {
  readonly store: Pick<ProofStore, 'sealOld' | 'isOldSealed'>
  readonly emit: Emit
  readonly signal: AbortSignal
}

/** A portion takes a tenth of a second, unless somebody else holds one of its rows. */
const firstMsMax = 2_000

/** How much of what was there before was sealed; null: there is no key, or it was cut short. */
export type OldSealed = { readonly orders: number; readonly credits: number } | null

/**
 * Once a database: at the first start with a key. Cut short, it goes on at the next. Resolves when the first
 * portion is sealed, with the rest: it holds its orders' rows, and a run that began meanwhile would leave
 * them out, which may be all that are due.
 */
export async function beginSealing(sealing: SealingOld): Promise<{ readonly rest: Promise<void> }> {
  let portionSealed = () => {}
  const first = new Promise<void>((resolve) => {
    portionSealed = resolve
  })
  const rest = sealOldOnce(sealing, portionSealed)
  await Promise.race([first, rest, delay(firstMsMax, undefined, { ref: false })])
  return { rest }
}

async function sealOldOnce(sealing: SealingOld, onPortion: () => void): Promise<void> {
  const { store, emit } = sealing
  try {
    if (await store.isOldSealed()) return
    const sealed = await sealOld(sealing, onPortion)
    // Of a new database there is nothing to say.
    if (sealed !== null && sealed.orders + sealed.credits > 0) {
      emit({ type: 'proofs_begun', ...sealed })
    }
  } catch (error) {
    emit({ type: 'sealing_failed', error })
  }
}

/**
 * Seals orders and credits that have no seal, as they are found, portion by portion. Everybody who changed
 * one before is believed by it.
 */
export async function sealOld(
  { store, signal }: Omit<SealingOld, 'emit'>,
  onPortion: () => void = () => {},
): Promise<OldSealed> {
  let [orders, credits] = [0, 0]
  let portion = await store.sealOld(null)
  while (portion !== null) {
    orders += portion.orders
    credits += portion.credits
    onPortion()
    if (portion.next === null) return { orders, credits }
    if (signal.aborted) return null
    portion = await store.sealOld(portion.next)
  }
  return null
}
