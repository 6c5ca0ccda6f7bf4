import { dayMs, minuteMs } from '../../../../text/time-units.ts'

/** How far back charts and percentiles reach. */
export const historyMs = dayMs

/** A duration falls into a bucket; sixteen of them double it, so a percentile is off by 2.2 % at most. */
const bucketsPerDoubling = 16

/** How often something happened, and how long it took where that is known. Its size has a bound. */
export class Histogram {
  /** Counts by `bucketOf` the duration. */
  readonly #buckets = new Map<number, number>()
  #count = 0
  #timedCount = 0

  get count(): number {
    return this.#count
  }

  get timedCount(): number {
    return this.#timedCount
  }

  /** `durationMs`: null where it is not known. */
  add(durationMs: number | null): void {
    this.#count += 1
    if (durationMs !== null) this.#put(bucketOf(durationMs), 1)
  }

  include(other: Histogram): void {
    this.#count += other.#count
    for (const [bucket, count] of other.#buckets) this.#put(bucket, count)
  }

  /** In milliseconds. Null: none has a duration. */
  percentileMs(percent: number): number | null {
    const rank = Math.ceil((this.#timedCount * percent) / 100)
    let passed = 0
    for (const [bucket, count] of [...this.#buckets].sort(([a], [b]) => a - b)) {
      passed += count
      if (passed >= rank) return middleOf(bucket)
    }
    return null
  }

  #put(bucket: number, count: number): void {
    this.#timedCount += count
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + count)
  }
}

/** 0: up to a millisecond. */
function bucketOf(durationMs: number): number {
  return durationMs <= 1 ? 0 : Math.ceil(Math.log2(durationMs) * bucketsPerDoubling)
}

function middleOf(bucket: number): number {
  return bucket === 0 ? 0 : 2 ** ((bucket - 0.5) / bucketsPerDoubling)
}

/** Since `fromMs`, before `toMs`. */
export interface Span {
  readonly fromMs: number
  readonly toMs: number
}

export type Histograms<Kind extends string> = ReadonlyMap<Kind, Histogram>

/** What happened in each minute of a day, by its kind: enough for a chart and for percentiles of any span. */
export class MinuteHistograms<Kind extends string> {
  readonly #minutes = new Map<number, Map<Kind, Histogram>>()
  #newestMs = 0

  add(atMs: number, { kind, durationMs }: { kind: Kind; durationMs: number | null }): void {
    const minute = minuteOf(atMs)
    if (minute > this.#newestMs) this.#begin(minute)
    const kinds = this.#minutes.get(minute) ?? new Map<Kind, Histogram>()
    this.#minutes.set(minute, kinds)
    histogramOf(kinds, kind).add(durationMs)
  }

  /** Whole minutes, added to `sums`. */
  sum({ fromMs, toMs }: Span, sums = new Map<Kind, Histogram>()): Map<Kind, Histogram> {
    for (let minute = minuteOf(fromMs); minute < toMs; minute += minuteMs) {
      for (const [kind, histogram] of this.#minutes.get(minute) ?? []) {
        histogramOf(sums, kind).include(histogram)
      }
    }
    return sums
  }

  /** Of the last minutes of the span: as few of them as have `countMin`. */
  sumLatest({ fromMs, toMs }: Span, { countMin }: { countMin: number }): Histograms<Kind> {
    for (let minute = minuteOf(toMs - 1); minute > fromMs; minute -= minuteMs) {
      const sums = this.sum({ fromMs: minute, toMs })
      if (totalOf(sums).count >= countMin) return sums
    }
    return this.sum({ fromMs, toMs })
  }

  /** Minutes that no chart reaches any more are forgotten. */
  #begin(newestMs: number): void {
    this.#newestMs = newestMs
    for (const minute of this.#minutes.keys()) {
      if (minute + minuteMs <= newestMs - historyMs) this.#minutes.delete(minute)
    }
  }
}

function minuteOf(atMs: number): number {
  return Math.floor(atMs / minuteMs) * minuteMs
}

function histogramOf<Kind>(kinds: Map<Kind, Histogram>, kind: Kind): Histogram {
  const histogram = kinds.get(kind) ?? new Histogram()
  kinds.set(kind, histogram)
  return histogram
}

/** Of all kinds together. */
export function totalOf(sums: Histograms<string>): Histogram {
  const total = new Histogram()
  for (const histogram of sums.values()) total.include(histogram)
  return total
}
