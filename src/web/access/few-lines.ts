/** Between two lines of the same kind. */
const restMs = 60_000
/** Lines within that time; all others are summed up in one more. */
const linesMax = 20
/** Kinds that are counted separately within that time. */
const kindsMax = 1_000

interface Kind<T> {
  /** The last one of its kind. */
  last: T
  /** Since its last line. */
  unreported: number
}

/** Null: there were too many kinds to count them separately. */
export type Report<T> = (last: T | null, count: number) => void

/**
 * Limits the log lines that strangers can cause: the first of a kind is reported at once, and those
 * that follow once a minute, as a count.
 */
export class FewLines<T> {
  readonly #report: Report<T>
  readonly #kinds = new Map<string, Kind<T>>()
  #lines = 0
  #others = 0
  #timer: NodeJS.Timeout | null = null

  constructor(report: Report<T>) {
    this.#report = report
  }

  note(kind: string, what: T): void {
    this.#timer ??= setTimeout(() => this.#nextMinute(), restMs).unref()
    const known = this.#kinds.get(kind)
    if (known !== undefined) {
      known.last = what
      known.unreported += 1
    } else if (this.#kinds.size < kindsMax) {
      const isReported = this.#lines < linesMax
      this.#kinds.set(kind, { last: what, unreported: isReported ? 0 : 1 })
      if (isReported) this.#line(what, 1)
    } else this.#others += 1
  }

  /** Reports the counts that are not reported yet. */
  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#reportRest()
  }

  #nextMinute(): void {
    this.#timer = null
    this.#lines = 0
    this.#reportRest()
    // A kind that repeats is reported at the end of the minute.
    if (this.#kinds.size > 0) {
      this.#timer = setTimeout(() => this.#nextMinute(), restMs).unref()
    }
  }

  #reportRest(): void {
    for (const [kind, known] of this.#kinds) {
      const { last, unreported } = known
      if (unreported === 0) this.#kinds.delete(kind)
      else if (this.#lines < linesMax) this.#line(last, unreported)
      else this.#others += unreported
      known.unreported = 0
    }
    if (this.#others > 0) this.#line(null, this.#others)
    this.#others = 0
  }

  #line(last: T | null, count: number): void {
    this.#lines += 1
    this.#report(last, count)
  }
}
