import { isDeepStrictEqual } from 'node:util'
import type { Standing } from '../../domain/order.ts'
import type { DueMerchant } from '../store.ts'

/** Where it was, and when one last looked for it from the very end of the index. */
interface Seen {
  readonly at: Date
  readonly lookedAt: number
  readonly lookMs: number
}

/** What comes to lie before the left end is late by so much at most, where a whole batch is after it. */
const lookEveryMs = 1_000

/** Looking takes at most one twentieth of the claims' time. */
const restPerLook = 19

/**
 * Where the orders begin that are due. Whatever a claim takes leaves its old entry at the left end
 * of `orders_claims` until a vacuum has been there, which takes minutes where the table is large, and
 * waits for the end of every long transaction, a dump or an audit. A claim that begins at the very
 * end walks over all that was taken since; so it begins where the claim before it ended, and looks
 * from the end once in a while, and whenever it does not find a whole batch. Each standing has its
 * own part of the index, and so an end of its own.
 *
 * A hint, in one process: it decides which claim an order comes with, never whether it does.
 */
export class ClaimCursor {
  readonly #seen = new Map<Standing, Seen>()
  #merchant: DueMerchant | null = null

  /** Null: to be looked for. */
  of(merchant: DueMerchant, standing: Standing): Date | null {
    if (!isDeepStrictEqual(this.#merchant, merchant)) this.forget()
    const seen = this.#seen.get(standing)
    if (seen === undefined) return null
    const isOld =
      performance.now() - seen.lookedAt > Math.max(lookEveryMs, seen.lookMs * restPerLook)
    return isOld ? null : seen.at
  }

  found(merchant: DueMerchant, standing: Standing, { at, lookMs }: Pick<Seen, 'at' | 'lookMs'>) {
    this.#merchant = merchant
    this.#seen.set(standing, { at, lookMs, lookedAt: performance.now() })
  }

  movedTo(standing: Standing, at: Date): void {
    const seen = this.#seen.get(standing)
    if (seen !== undefined) this.#seen.set(standing, { ...seen, at })
  }

  forget(): void {
    this.#seen.clear()
  }
}
