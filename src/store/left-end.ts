import type { Merchant } from '../order.ts'

/** Where it was, and when one last looked for it from the very end of the index. */
interface Seen {
  readonly merchant: Merchant
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
 * of `orders_due` until a vacuum has been there, which takes minutes where the table is large, and
 * waits for the end of every long transaction, a dump or an audit. A claim that begins at the very
 * end walks over all that was taken since; so it begins where the claim before it ended, and looks
 * from the end once in a while, and whenever it does not find a whole batch.
 *
 * A hint, in one process: it decides which claim an order comes with, never whether it does.
 */
export class LeftEnd {
  #seen: Seen | null = null

  /** Null: to be looked for. */
  of({ gateway, mchid, appid }: Merchant): Date | null {
    if (this.#seen === null) return null
    const { merchant, at, lookedAt, lookMs } = this.#seen
    const isTheirs =
      merchant.gateway === gateway && merchant.mchid === mchid && merchant.appid === appid
    const isOld = performance.now() - lookedAt > Math.max(lookEveryMs, lookMs * restPerLook)
    return isTheirs && !isOld ? at : null
  }

  found(seen: { merchant: Merchant; at: Date; lookMs: number }): void {
    this.#seen = { ...seen, lookedAt: performance.now() }
  }

  movedTo(at: Date): void {
    if (this.#seen !== null) this.#seen = { ...this.#seen, at }
  }

  forget(): void {
    this.#seen = null
  }
}
