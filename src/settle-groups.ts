import { setTimeout as delay } from 'node:timers/promises'
import pLimit from 'p-limit'
import { type Brought, type Settlement, type Settling, settle, settleTogether } from './settle.ts'
import { UnknownOutcomeError } from './store/errors.ts'

/** Together while there are many; an embedder's own work may take its time, so there each alone. */
export function settlingOf(
  settling: Settling & { readonly concurrency: number },
): (brought: Brought) => Promise<Settlement | null> {
  if (settling.onPaid === undefined) {
    const groups = new SettleGroups(settling)
    return (brought) => groups.settle(brought)
  }
  const alone = pLimit(settling.concurrency)
  return (brought) => alone(() => settle(settling, brought))
}

/**
 * Settles what comes in while the last group was being committed, together: under load a commit is
 * shared by many orders, and an answer that comes alone waits for nobody. There is no timer.
 *
 * A group that was rolled back is taken apart, and each of its answers settled alone: one order's
 * failure leaves the others alone.
 */
export class SettleGroups {
  readonly #settling: Settling
  #waiting: Waiting[] = []
  #busy = false

  constructor(settling: Settling) {
    this.#settling = settling
  }

  /** As `settle`, for answers about different orders. */
  settle(brought: Brought): Promise<Settlement | null> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ brought, resolve, reject })
      void this.#settleWaiting()
    })
  }

  async #settleWaiting(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    while (this.#waiting.length > 0) {
      const group = this.#waiting.slice(0, groupMax)
      this.#waiting = this.#waiting.slice(groupMax)
      await this.#settleGroup(group)
    }
    this.#busy = false
  }

  /** Never rejects: what fails is told to whoever waits for it. */
  async #settleGroup(group: readonly Waiting[]): Promise<void> {
    if (group.length > 1 && (await this.#settledTogether(group))) return
    const alone = group.map(({ brought, resolve, reject }) =>
      settle(this.#settling, brought).then(resolve, reject),
    )
    await Promise.race([Promise.all(alone), delay(aloneMs, undefined, { ref: false })])
  }

  async #settledTogether(group: readonly Waiting[]): Promise<boolean> {
    try {
      const answers = group.map(({ brought }) => brought)
      const settlements = await settleTogether(this.#settling, answers)
      for (const { brought, resolve } of group) resolve(settlements.get(brought) ?? null)
      return true
    } catch (error) {
      // Whose fault it was shows when each is settled alone.
      if (!(error instanceof UnknownOutcomeError)) return false
      // They may be settled: an answer must not count twice. A later run asks about what is open.
      for (const { reject } of group) reject(error)
      return true
    }
  }
}

/** Rows are locked until the group's commit, and a callback for one of them waits that long: commonly some tens of milliseconds. */
const groupMax = 25

/** A row that somebody holds may take ten seconds: it delays its own order, and none that comes after. */
const aloneMs = 250

interface Waiting {
  readonly brought: Brought
  readonly resolve: (settlement: Settlement | null) => void
  readonly reject: (error: unknown) => void
}
