import { type Brought, type Settlement, type Settling, settle, settleTogether } from './settle.ts'

/**
 * Settles what comes in while the last group was being committed, together: under load a commit is
 * shared by many orders, and an answer that comes alone waits for nobody. There is no timer.
 *
 * A group that fails is taken apart, and each of its answers settled alone: one order's failure
 * leaves the others alone.
 */
export class SettleGroups {
  readonly #settling: Settling
  readonly #groupMax: number
  #waiting: Waiting[] = []
  #busy = false

  constructor(settling: Settling) {
    this.#settling = settling
    // An embedder's own work may take its time, and would hold every row of the group meanwhile.
    this.#groupMax = settling.onPaid === undefined ? groupMax : 1
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
      const group = this.#waiting.slice(0, this.#groupMax)
      this.#waiting = this.#waiting.slice(this.#groupMax)
      await this.#settleGroup(group)
    }
    this.#busy = false
  }

  /** Never rejects: what fails is told to whoever waits for it. */
  async #settleGroup(group: readonly Waiting[]): Promise<void> {
    if (group.length > 1 && (await this.#settledTogether(group))) return
    for (const { brought, resolve, reject } of group) {
      await settle(this.#settling, brought).then(resolve, reject)
    }
  }

  async #settledTogether(group: readonly Waiting[]): Promise<boolean> {
    try {
      const answers = group.map(({ brought }) => brought)
      const settlements = await settleTogether(this.#settling, answers)
      for (const { brought, resolve } of group) resolve(settlements.get(brought) ?? null)
      return true
    } catch {
      return false // Whose fault it was shows when each is settled alone.
    }
  }
}

/** Rows are locked until the group's commit, and a callback for one of them waits that long: some tens of milliseconds. */
const groupMax = 25

interface Waiting {
  readonly brought: Brought
  readonly resolve: (settlement: Settlement | null) => void
  readonly reject: (error: unknown) => void
}
