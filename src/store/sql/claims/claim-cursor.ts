import type { DueMerchant } from '../../../domain/merchant.ts'
import { type Standing, standings } from '../../../domain/order.ts'

/** Where it was, and when a claim last looked for it from the start of the index. */
interface Position {
  readonly at: Date
  readonly lookedAt: number
  readonly lookMs: number
}

/** How late an order may be that becomes due before the cursor while a whole batch lies behind it. */
const lookEveryMs = 1_000

/** Looking from the start takes at most a twentieth of the claims' time. */
const restPerLook = 19

/**
 * Where the due orders begin in the index. Each claimed order leaves its old entry at the start of
 * `orders_claims` until the next vacuum, which takes minutes where the table is large, and waits for
 * the end of every long transaction, a dump or an audit. A claim from the start of the index reads all
 * those dead entries; so it begins where the claim before it ended, and from the start once in a
 * while, and whenever it does not find a whole batch. Each standing of a
 * merchant has its own part of the index, and so a cursor of its own.
 *
 * A hint, in one process: it decides which claim takes an order, never whether one does.
 */
export class ClaimCursor {
  readonly #positions = new Map<string, Position>()

  /** Null: begin at the start. */
  of(merchant: DueMerchant, standing: Standing): Date | null {
    const position = this.#positions.get(placeOf(merchant, standing))
    if (position === undefined) return null
    const isOld =
      performance.now() - position.lookedAt > Math.max(lookEveryMs, position.lookMs * restPerLook)
    return isOld ? null : position.at
  }

  found(
    merchant: DueMerchant,
    standing: Standing,
    { at, lookMs }: Pick<Position, 'at' | 'lookMs'>,
  ) {
    this.#positions.set(placeOf(merchant, standing), { at, lookMs, lookedAt: performance.now() })
  }

  movedTo(merchant: DueMerchant, standing: Standing, at: Date): void {
    const place = placeOf(merchant, standing)
    const position = this.#positions.get(place)
    if (position !== undefined) this.#positions.set(place, { ...position, at })
  }

  forget(merchant: Pick<DueMerchant, 'gateway' | 'mchid'>): void {
    for (const standing of standings) this.#positions.delete(placeOf(merchant, standing))
  }
}

/** Under whichever of its app ids: it is a hint. */
function placeOf(
  { gateway, mchid }: Pick<DueMerchant, 'gateway' | 'mchid'>,
  standing: Standing,
): string {
  return `${gateway} ${mchid} ${standing}`
}
