interface Mark {
  readonly done: number
  readonly at: number
}

/** Long enough to be steady, short enough to follow a gateway that slows down. */
const windowMs = 60_000

/** More marks than this say nothing more: a fast stretch would make thousands. */
const apartMs = 500

/** Before that, a rate is a guess from one or two steps. */
const knownAfterMs = 1_000

/** How fast work goes, over the last minute: what came before may have been slower or faster. */
export class Pace {
  #marks: readonly Mark[]

  /** Times are in ms, by any clock that does not go back. */
  constructor(at: number) {
    this.#marks = [{ done: 0, at }]
  }

  note(done: number, at: number): void {
    const [last, before] = [this.#marks.at(-1), this.#marks.at(-2)]
    const isClose = before !== undefined && last !== undefined && last.at - before.at < apartMs
    const kept = isClose ? this.#marks.slice(0, -1) : this.#marks
    const firstInside = kept.findIndex((mark) => mark.at > at - windowMs)
    // One from before the window stays, so that a rate is always over a whole one.
    const from = firstInside === -1 ? kept.length - 1 : Math.max(0, firstInside - 1)
    this.#marks = [...kept.slice(from), { done, at }]
  }

  /** Null while it is too early to tell. */
  perSec(at: number): number | null {
    const [first, last] = [this.#marks[0], this.#marks.at(-1)]
    if (first === undefined || last === undefined || at - first.at < knownAfterMs) return null
    return Math.max(0, ((last.done - first.done) * 1000) / (at - first.at))
  }

  /** Null while nobody knows: too early, or nothing gets done. */
  leftMs(toDo: number, at: number): number | null {
    const perSec = this.perSec(at)
    return perSec === null || perSec === 0 ? null : (toDo / perSec) * 1000
  }
}
