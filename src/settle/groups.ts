import { setTimeout as delay } from 'node:timers/promises'
import pLimit from 'p-limit'
import { UnknownOutcomeError } from '../store/errors.ts'
import { type AnswerFor, type Settlement, type Settling, settle, settleTogether } from './settle.ts'

/** Settles an answer, alone or with others. As `settle`. */
export type Settle = (brought: AnswerFor) => Promise<Settlement | null>

/** How a process settles what comes in. */
export interface ProcessSettlers {
  /** What a run was answered. */
  readonly answer: Settle
  readonly callback: Settle
}

/**
 * Together while there are many. An embedder's own work may take its time, so there each is settled
 * alone, of a run's answers at most `atOnce`, and callbacks do not stand in line behind them.
 */
export function settlersOf(settling: Settling, { atOnce }: { atOnce: number }): ProcessSettlers {
  if (settling.onPaid === undefined) {
    const groups = new SettleGroups(settling)
    const together: Settle = (brought) => groups.settle(brought)
    return { answer: together, callback: together }
  }
  const limited = pLimit(atOnce)
  const alone: Settle = (brought) => settle(settling, brought)
  return { answer: (brought) => limited(() => alone(brought)), callback: alone }
}

/**
 * Settles what comes in while the last group was being committed, together, whoever brought it:
 * under load a commit is shared by many orders, and an answer that comes alone waits for nobody.
 * There is no timer.
 *
 * A group that was rolled back is taken apart, and each of its answers settled alone: one order's
 * failure leaves the others alone. So is an order that somebody else holds. A group whose connection
 * hangs, or whose orders are held, delays no other for long: the next one does not wait for its end.
 */
class SettleGroups {
  readonly #settling: Settling
  #waiting: Waiting[] = []
  #busy = false

  constructor(settling: Settling) {
    this.#settling = settling
  }

  settle(brought: AnswerFor): Promise<Settlement | null> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ brought, resolve, reject })
      void this.#settleWaiting()
    })
  }

  async #settleWaiting(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    while (this.#waiting.length > 0) {
      const settled = this.#settleGroup(this.#nextGroup())
      await Promise.race([settled, delay(patienceMs, undefined, { ref: false })])
    }
    this.#busy = false
  }

  /** One answer of each order: a second one, by its callback, comes after. */
  #nextGroup(): readonly Waiting[] {
    const group = new Map<string, Waiting>()
    const later: Waiting[] = []
    for (const each of this.#inTurn()) {
      const { orderNo } = each.brought
      if (group.size < groupMax && !group.has(orderNo)) group.set(orderNo, each)
      else later.push(each)
    }
    this.#waiting = later
    return [...group.values()]
  }

  /** Somebody waits for the answer to a callback; for a run, its end is soon enough. */
  #inTurn(): readonly Waiting[] {
    const callbacks = this.#waiting.filter(({ brought }) => brought.source === 'callback')
    if (callbacks.length === 0) return this.#waiting
    const answers = this.#waiting.filter(({ brought }) => brought.source !== 'callback')
    return [...callbacks.slice(0, callbacksFirst), ...answers, ...callbacks.slice(callbacksFirst)]
  }

  /** Never rejects: what fails is told to whoever waits for it. */
  async #settleGroup(group: readonly Waiting[]): Promise<void> {
    const left = group.length > 1 ? await this.#settleTogether(group) : group
    if (left.length === 0) return
    const alone = left.map(({ brought, resolve, reject }) =>
      settle(this.#settling, brought).then(resolve, reject),
    )
    await Promise.all(alone)
  }

  /** Returns those that are to be settled alone. */
  async #settleTogether(group: readonly Waiting[]): Promise<readonly Waiting[]> {
    try {
      const answers = group.map(({ brought }) => brought)
      const settlements = await settleTogether(this.#settling, answers)
      return group.filter(({ brought, resolve }) => {
        const settlement = settlements.get(brought)
        if (settlement !== undefined) resolve(settlement)
        return settlement === undefined
      })
    } catch (error) {
      // Whose fault it was shows when each is settled alone.
      if (!(error instanceof UnknownOutcomeError)) return group
      // They may be settled: an answer must not count twice. A later run asks about what is open.
      for (const { reject } of group) reject(error)
      return []
    }
  }
}

/**
 * Rows are locked until the group's commit, and a group of so many takes some milliseconds. More
 * together would save next to nothing.
 */
const groupMax = 50

/** A flood of callbacks leaves the runs a fifth of each group. */
const callbacksFirst = 40

/** A row that somebody holds may take ten seconds, a connection that was lost half a minute. */
const patienceMs = 250

interface Waiting {
  readonly brought: AnswerFor
  readonly resolve: (settlement: Settlement | null) => void
  readonly reject: (error: unknown) => void
}
