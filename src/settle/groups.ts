import { setTimeout as delay } from 'node:timers/promises'
import pLimit from 'p-limit'
import type { OrderKey } from '../domain/order.ts'
import { UnknownOutcomeError } from '../store/errors.ts'
import {
  type AnswerFor,
  type Settleable,
  type Settlement,
  type Settling,
  settle,
  settleTogether,
} from './settle.ts'

/** Settles an answer, alone or in a group. As `settle`. */
export type Settle = (answer: AnswerFor) => Promise<Settlement | null>

/** How a process settles the answers that it gets. */
export interface ProcessSettlers {
  /** For the answers of runs. */
  readonly answer: Settle
  readonly callback: Settle
}

/**
 * In groups, under load. With an embedder's own work, which may take its time, each answer is settled
 * alone: at most `atOnce` answers of runs at a time, so that callbacks do not wait behind them.
 */
export function settlersOf(
  settling: Settling,
  { atOnce, groups }: { atOnce: number; groups: SettleGroups },
): ProcessSettlers {
  if (settling.onPaid === undefined) {
    const together: Settle = (answer) => groups.settle({ settling, answer })
    return { answer: together, callback: together }
  }
  const limited = pLimit(atOnce)
  const alone: Settle = (answer) => settle(settling, answer)
  return { answer: (answer) => limited(() => alone(answer)), callback: alone }
}

/**
 * Settles together what came in while the last group was being committed, callbacks and answers of
 * runs alike, of all merchants of a process: under load many orders share a commit, and an answer that
 * comes alone does not wait. Merchants take turns.
 *
 * Nobody waits for a single answer of a run. So after a large group, the next one waits a moment for
 * more answers: until it is whole, or has an answer that somebody waits for, or no query is under way
 * that could bring another.
 *
 * When a group is rolled back, each of its answers is settled alone, so that one order's failure does
 * not stop the others. So is an answer whose row another transaction holds. The next group does not
 * wait for the end of one whose connection hangs or whose rows are held.
 */
export class SettleGroups {
  readonly #gatherMs: number
  #waiting: Waiting[] = []
  #busy = false
  /** Queries of runs. */
  #underWay = 0
  #endGathering = () => {}

  /** `gatherMs`: the longest wait for answers of runs that may yet join a large group; 0: none. */
  constructor({ gatherMs = 0 }: { readonly gatherMs?: number } = {}) {
    this.#gatherMs = gatherMs
  }

  settle(settleable: Settleable): Promise<Settlement | null> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...settleable, resolve, reject })
      if (this.#waiting.length >= groupMax || isAwaited(settleable)) this.#endGathering()
      void this.#settleWaiting()
    })
  }

  /** Sends a query of a run: until it is answered, a group may wait for its answer. */
  async expecting<T>(query: () => Promise<T>): Promise<T> {
    this.#underWay += 1
    try {
      return await query()
    } finally {
      this.#underWay -= 1
      // Not at once: the answer itself is given to `settle` by the code that waits for it.
      if (this.#underWay === 0) setImmediate(() => this.#underWay === 0 && this.#endGathering())
    }
  }

  async #settleWaiting(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    let isUnderLoad = false
    while (this.#waiting.length > 0) {
      if (isUnderLoad) await this.#gather()
      const group = this.#nextGroup()
      isUnderLoad = this.#gatherMs > 0 && group.length >= largeGroup
      const settled = this.#settleGroup(group)
      await Promise.race([settled, delay(groupWaitMs, undefined, { ref: false })])
    }
    this.#busy = false
  }

  async #gather(): Promise<void> {
    if (this.#waiting.length >= groupMax || this.#waiting.some(isAwaited)) return
    if (this.#underWay === 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#gatherMs)
      this.#endGathering = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** One answer of each order: a second one, for example by its callback, comes after. */
  #nextGroup(): readonly Waiting[] {
    const group = new Map<OrderKey, Waiting>()
    const later: Waiting[] = []
    for (const each of this.#byPriority()) {
      const { key } = each.answer
      if (group.size < groupMax && !group.has(key)) group.set(key, each)
      else later.push(each)
    }
    this.#waiting = later
    return [...group.values()]
  }

  /** The gateway waits for the reply to a callback; a run needs its answers settled only by its end. */
  #byPriority(): readonly Waiting[] {
    const waiting = inTurn(this.#waiting)
    const callbacks = waiting.filter(({ answer }) => answer.by.source === 'callback')
    if (callbacks.length === 0) return waiting
    const others = waiting.filter(({ answer }) => answer.by.source !== 'callback')
    return [...callbacks.slice(0, callbacksFirst), ...others, ...callbacks.slice(callbacksFirst)]
  }

  /** Never rejects: each caller gets its own error. */
  async #settleGroup(group: readonly Waiting[]): Promise<void> {
    const left = group.length > 1 ? await this.#settleTogether(group) : group
    await Promise.all(
      left.map(({ settling, answer, resolve, reject }) =>
        settle(settling, answer).then(resolve, reject),
      ),
    )
  }

  /** Returns those that are to be settled alone. */
  async #settleTogether(group: readonly Waiting[]): Promise<readonly Waiting[]> {
    const [first] = group
    if (first === undefined) return []
    try {
      const settlements = await settleTogether(first.settling.store, group)
      return group.filter(({ answer, resolve }) => {
        const settlement = settlements.get(answer)
        if (settlement !== undefined) resolve(settlement)
        return settlement === undefined
      })
    } catch (error) {
      // Which answer was at fault shows when each is settled alone.
      if (!(error instanceof UnknownOutcomeError)) return group
      // They may be settled: an answer must not count twice. A later run queries the orders still open.
      for (const { reject } of group) reject(error)
      return []
    }
  }
}

/**
 * Rows are locked until the group's commit, and a group of this size takes some milliseconds. A larger
 * one would save next to nothing.
 */
const groupMax = 50

/** After a group of this size, answers come fast enough for a wait to be worth it. */
const largeGroup = 8

/** A flood of callbacks leaves the runs a fifth of each group. */
const callbacksFirst = 40

/** A held row may take ten seconds, a lost connection half a minute: the next group does not wait for them. */
const groupWaitMs = 250

/** The gateway waits for the reply to a callback, and a person for a check. */
function isAwaited({ answer }: Settleable): boolean {
  return answer.by.source !== 'compensation'
}

interface Waiting extends Settleable {
  readonly resolve: (settlement: Settlement | null) => void
  readonly reject: (error: unknown) => void
}

/** The first of each merchant, then the second of each: a flood of one holds up no other. */
function inTurn(waiting: readonly Waiting[]): readonly Waiting[] {
  const counts = new Map<Settling, number>()
  const placed = waiting.map((each) => {
    const place = counts.get(each.settling) ?? 0
    counts.set(each.settling, place + 1)
    return { each, place }
  })
  if (counts.size === 1) return waiting
  return placed.sort((one, other) => one.place - other.place).map(({ each }) => each)
}
