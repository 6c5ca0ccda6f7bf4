import { minuteMs } from '../../../text/time-units.ts'

/** A duration falls between two steps; sixteen of them double it, so a percentile is off by 2.2 % at most. */
const stepsPerDoubling = 16

/** How often something happened, and how long it took where that is known: in a few numbers, however often. */
export class Tally {
  /** Durations by their step: see `stepOf`. */
  readonly #steps = new Map<number, number>()
  #count = 0
  #timedCount = 0

  get count(): number {
    return this.#count
  }

  /** How many of them have a duration. */
  get timedCount(): number {
    return this.#timedCount
  }

  /** `durationMs`: null where it is not known. */
  add(durationMs: number | null): void {
    this.#count += 1
    if (durationMs !== null) this.#put(stepOf(durationMs), 1)
  }

  include(other: Tally): void {
    this.#count += other.#count
    for (const [step, count] of other.#steps) this.#put(step, count)
  }

  /** In milliseconds. Null: none has a duration. */
  percentileMs(percent: number): number | null {
    const rank = Math.ceil((this.#timedCount * percent) / 100)
    let passed = 0
    for (const [step, count] of [...this.#steps].sort(([a], [b]) => a - b)) {
      passed += count
      if (passed >= rank) return middleOf(step)
    }
    return null
  }

  #put(step: number, count: number): void {
    this.#timedCount += count
    this.#steps.set(step, (this.#steps.get(step) ?? 0) + count)
  }
}

/** 0: up to a millisecond. */
function stepOf(durationMs: number): number {
  return durationMs <= 1 ? 0 : Math.ceil(Math.log2(durationMs) * stepsPerDoubling)
}

function middleOf(step: number): number {
  return step === 0 ? 0 : 2 ** ((step - 0.5) / stepsPerDoubling)
}

/** Since `fromMs`, before `toMs`. */
export interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/** What happened in each minute, by its kind: enough for a chart and for percentiles of any span. */
export class Minutes<Kind extends string> {
  readonly #minutes = new Map<number, Map<Kind, Tally>>()

  add(atMs: number, { kind, durationMs }: { kind: Kind; durationMs: number | null }): void {
    const minute = minuteOf(atMs)
    const kinds = this.#minutes.get(minute) ?? new Map<Kind, Tally>()
    this.#minutes.set(minute, kinds)
    tallyOf(kinds, kind).add(durationMs)
  }

  /** Whole minutes. */
  sum({ fromMs, toMs }: Span): ReadonlyMap<Kind, Tally> {
    const sums = new Map<Kind, Tally>()
    for (let minute = minuteOf(fromMs); minute < toMs; minute += minuteMs) {
      for (const [kind, tally] of this.#minutes.get(minute) ?? []) {
        tallyOf(sums, kind).include(tally)
      }
    }
    return sums
  }

  /** Of the last minutes of the span: no more of them than it takes to count `countMin`. */
  sumLatest({ fromMs, toMs }: Span, { countMin }: { countMin: number }): ReadonlyMap<Kind, Tally> {
    for (let minute = minuteOf(toMs - 1); minute > fromMs; minute -= minuteMs) {
      const sums = this.sum({ fromMs: minute, toMs })
      if (totalOf(sums).count >= countMin) return sums
    }
    return this.sum({ fromMs, toMs })
  }

  /** Puts what `other` has from then on in the place of what was here. `fromMs` begins a minute. */
  replaceFrom(fromMs: number, other: Minutes<Kind>): void {
    for (const minute of this.#minutes.keys()) if (minute >= fromMs) this.#minutes.delete(minute)
    for (const [minute, kinds] of other.#minutes) {
      if (minute >= fromMs) this.#minutes.set(minute, kinds)
    }
  }

  forgetBefore(atMs: number): void {
    for (const minute of this.#minutes.keys()) {
      if (minute + minuteMs <= atMs) this.#minutes.delete(minute)
    }
  }
}

/** Where a minute began. */
export function minuteOf(atMs: number): number {
  return Math.floor(atMs / minuteMs) * minuteMs
}

function tallyOf<Kind>(kinds: Map<Kind, Tally>, kind: Kind): Tally {
  const tally = kinds.get(kind) ?? new Tally()
  kinds.set(kind, tally)
  return tally
}

/** Of all kinds together. */
export function totalOf(sums: ReadonlyMap<string, Tally>): Tally {
  const total = new Tally()
  for (const tally of sums.values()) total.include(tally)
  return total
}
