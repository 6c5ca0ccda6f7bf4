import { unreachable } from '../assert.ts'
import type { Clock } from '../clock.ts'
import type { Emit } from '../event.ts'

/**
 * Clocks that are further apart disagree. WeChat Pay refuses requests that are 300 s off, so the alarm
 * comes well before; a clock kept by NTP is never a second off. An order that is closed a minute early
 * costs its payer another try; orders that are closed hours early cost many payers.
 */
export const clocksDisagreeMs = 60_000

/** How far another clock is ahead of ours. It is a range, because the reading took time to arrive. */
export interface ClockOffset {
  readonly leastMs: number
  readonly mostMs: number
  /** Our clock minus the process's monotonic clock. A change means that our clock was set. */
  readonly settingMs: number
}

/** From another clock's reading that has just arrived, and the time of the request by our clock. */
export function offsetNow(
  clock: Clock,
  { time, requestedAt, coarseMs = 0 }: { time: Date; requestedAt: Date; coarseMs?: number },
): ClockOffset {
  const now = +clock()
  return {
    leastMs: +time - now,
    // A time in whole seconds may be later by up to a second.
    mostMs: +time + coarseMs - +requestedAt,
    settingMs: now - performance.now(),
  }
}

/** By how much the first of two clocks is ahead at least; negative: behind. */
export interface ClockSkew {
  readonly pair: 'database_node' | 'gateway_node' | 'database_gateway'
  readonly aheadMs: number
}

export interface ClockParts {
  readonly clock: Clock
  /** By the gateway's last answer; null: no answer had a time yet. */
  readonly gatewayOffset: () => ClockOffset | null
  readonly emit: Emit
}

/**
 * The clocks of the database, of this node and of the gateway, as far as they are known. It is not known
 * which of them is right. Decisions use the database's. While any two disagree, no order is closed, and
 * none expires because of its age.
 */
export class Clocks {
  readonly #parts: ClockParts
  #database: ClockOffset | null = null
  #disagreed = false

  constructor(parts: ClockParts) {
    this.#parts = parts
  }

  now(): Date {
    return this.#parts.clock()
  }

  /** Takes the database's time as it was just read. True: all the clocks that are known agree. */
  agree(reading: { readonly time: Date; readonly requestedAt: Date }): boolean {
    this.#database = offsetNow(this.#parts.clock, reading)
    const detail = this.disagreement
    if ((detail !== null) !== this.#disagreed) {
      this.#disagreed = detail !== null
      this.#parts.emit(
        detail === null ? { type: 'clocks_agree' } : { type: 'clocks_disagree', detail },
      )
    }
    return detail === null
  }

  /** The database's time is not available now. */
  forgetDatabase(): void {
    this.#database = null
  }

  /** Of the clocks that are known. */
  get skews(): readonly ClockSkew[] {
    const database = this.#standing(this.#database)
    const gateway = this.#standing(this.#parts.gatewayOffset())
    return [
      ...skewOf('database_node', database),
      ...skewOf('gateway_node', gateway),
      ...skewOf('database_gateway', database && gateway && between(database, gateway)),
    ]
  }

  /** Which clocks disagree, and by how much; null: none do. */
  get disagreement(): string | null {
    const apart = this.skews.filter(({ aheadMs }) => Math.abs(aheadMs) > clocksDisagreeMs)
    return apart.length === 0 ? null : apart.map(describeSkew).join('; ')
  }

  /** Null also if our clock was set since: an offset from before is worth nothing then. */
  #standing(offset: ClockOffset | null): ClockOffset | null {
    if (offset === null) return null
    const settingMs = +this.now() - performance.now()
    return Math.abs(settingMs - offset.settingMs) > clocksDisagreeMs / 2 ? null : offset
  }
}

type Range = Pick<ClockOffset, 'leastMs' | 'mostMs'>

function between(one: Range, other: Range): Range {
  return { leastMs: one.leastMs - other.mostMs, mostMs: one.mostMs - other.leastMs }
}

/** The smallest skew that fits the range: the rest may be delay. */
function skewOf(pair: ClockSkew['pair'], range: Range | null): readonly ClockSkew[] {
  if (range === null) return []
  return [{ pair, aheadMs: Math.max(0, range.leastMs) + Math.min(0, range.mostMs) }]
}

/** "the database's clock is 10800 s ahead of this node's" */
export function describeSkew({ pair, aheadMs }: ClockSkew): string {
  const by = `${Math.round(Math.abs(aheadMs) / 1000)} s ${aheadMs < 0 ? 'behind' : 'ahead of'}`
  switch (pair) {
    case 'database_node':
      return `the database's clock is ${by} this node's`
    case 'gateway_node':
      return `the gateway's clock is ${by} this node's`
    case 'database_gateway':
      return `the database's clock is ${by} the gateway's`
    default:
      return unreachable(pair)
  }
}
