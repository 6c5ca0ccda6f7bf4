import type { Alert, AlertType } from './alert.ts'

/** Alerts of one type, of which the last ones are kept. */
export interface Collected {
  readonly type: AlertType
  readonly count: number
  readonly firstAt: Date
  readonly lastAt: Date
  /** The newest last. */
  readonly last: readonly Alert[]
}

/** A person looks at a few, and then at the list of all. */
const keptEach = 5

/**
 * Alerts that were not sent yet, by type. However long a robot is away, it holds no more than a few of each
 * type, and how many there were.
 */
export class Digest {
  readonly #types = new Map<AlertType, Collected>()

  add(alert: Alert): void {
    const { type, at } = alert
    this.#merge({ type, count: 1, firstAt: at, lastAt: at, last: [alert] })
  }

  /** Takes back what could not be sent, which is older than what came meanwhile. */
  addOlder(collected: readonly Collected[]): void {
    const newer = this.collected()
    this.#types.clear()
    for (const each of [...collected, ...newer]) this.#merge(each)
  }

  /** By the time of the first of each type. */
  collected(): readonly Collected[] {
    return [...this.#types.values()]
  }

  get count(): number {
    return this.collected().reduce((sum, { count }) => sum + count, 0)
  }

  /** Removes and returns all. */
  take(): readonly Collected[] {
    const all = this.collected()
    this.#types.clear()
    return all
  }

  #merge(newer: Collected): void {
    const older = this.#types.get(newer.type)
    if (older === undefined) {
      this.#types.set(newer.type, newer)
      return
    }
    this.#types.set(newer.type, {
      ...newer,
      count: older.count + newer.count,
      firstAt: older.firstAt,
      last: [...older.last, ...newer.last].slice(-keptEach),
    })
  }
}
