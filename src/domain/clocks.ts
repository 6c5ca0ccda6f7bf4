import { unreachable } from './assert.ts'
import type { Clock } from './clock.ts'
import type { Emit } from './event.ts'

/**
 * Clocks that are further apart disagree. WeChat Pay refuses what is 300 s off, so the alarm comes well
 * before; a clock that NTP keeps is never a second off. An order that is closed a minute early costs its
 * payer another try; hours early, many payers.
 */
export const clocksDisagreeMs = 60_000

/** How far another clock is ahead of ours: somewhere between, for its answer was on its way for a while. */
export interface ClockOffset {
  readonly leastMs: number
  readonly mostMs: number
  /** Of our clock against the process's own, which nobody sets: another one means that ours was set. */
  readonly settingMs: number
}

/** What a clock showed that has just been heard, and when it was asked by ours. */
export function offsetNow(
  clock: Clock,
  { time, askedAt, coarseMs = 0 }: { time: Date; askedAt: Date; coarseMs?: number },
): ClockOffset {
  const now = +clock()
  return {
    leastMs: +time - now,
    // Told in whole seconds, it may be later by as much.
    mostMs: +time + coarseMs - +askedAt,
    settingMs: now - performance.now(),
  }
}

/** Of two clocks, the first is ahead by so much at least; negative: behind. */
export interface ClockSkew {
  readonly pair: 'database_node' | 'gateway_node' | 'database_gateway'
  readonly aheadMs: number
}

export interface ClockParts {
  readonly clock: Clock
  /** As the gateway's last answer told; null: it has told none. */
  readonly gatewayOffset: () => ClockOffset | null
  readonly emit: Emit
}

/**
 * The clocks of the database, of this node and of the gateway, as far as they are known. Which of them
 * is right nobody can tell. Decisions go by the database's: while any two disagree, no order is closed,
 * and none expires for its age.
 */
export class Clocks {
  readonly #parts: ClockParts
  #database: ClockOffset | null = null
  #disagreed = false

  constructor(parts: ClockParts) {
    this.#parts = parts
  }

  /** This node's time. */
  now(): Date {
    return this.#parts.clock()
  }

  /** The database's time as it was just read, and ours before. True: all that are known agree. */
  agree(told: { readonly time: Date; readonly askedAt: Date }): boolean {
    this.#database = offsetNow(this.#parts.clock, told)
    const detail = this.disagreement
    if ((detail !== null) !== this.#disagreed) {
      this.#disagreed = detail !== null
      this.#parts.emit(
        detail === null ? { type: 'clocks_agree' } : { type: 'clocks_disagree', detail },
      )
    }
    return detail === null
  }

  /** The database does not tell its time now. */
  forgetDatabase(): void {
    this.#database = null
  }

  /** Of those that are known. */
  get skews(): readonly ClockSkew[] {
    const database = this.#standing(this.#database)
    const gateway = this.#standing(this.#parts.gatewayOffset())
    return [
      ...skewOf('database_node', database),
      ...skewOf('gateway_node', gateway),
      ...skewOf('database_gateway', database && gateway && between(database, gateway)),
    ]
  }

  /** Which disagree, and by how much; null: none do. */
  get disagreement(): string | null {
    const apart = this.skews.filter(({ aheadMs }) => Math.abs(aheadMs) > clocksDisagreeMs)
    return apart.length === 0 ? null : apart.map(describeSkew).join('; ')
  }

  /** Null, too, where our clock was set since: what was compared with it before says nothing. */
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

/** The least that it can be: what may be mere delay is no skew. */
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
