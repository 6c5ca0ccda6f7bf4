import type { Source } from '../../../domain/order-states.ts'
import type { Credited } from '../../../store/store.ts'
import { Minutes, minuteOf, type Span, type Tally } from './tallies.ts'

/** How far back charts and percentiles reach. */
export const historyMs = 24 * 3_600_000

/** One question of some milliseconds. */
const pageRows = 1000

/**
 * Read again each time: a credit takes its id before its transaction ends, so it may show up after
 * others with higher ids. A transaction of ours is over within half of this.
 */
const overlapMs = 60_000

/** Ids are given in about the order of time: a row that is older than this is past, so are all before it. */
const disorderMs = 30_000

/** If there are more new credits than in so many pages, reading anew is no more work than catching up. */
const catchUpPagesMax = 50

export type ListCredits = (request: {
  readonly beforeId: string | null
  readonly limit: number
}) => Promise<readonly Credited[]>

/** From the newest credit backwards. */
interface Pass {
  readonly nowMs: number
  readonly minutes: Minutes<Source>
  pages: number
  beforeId: string | null
  /** The oldest credit that was read. */
  reachedMs: number
}

/**
 * The credits of the last day, over all nodes, as the database has them: counted by minute and
 * source, with the time from payment to credit. Read page by page, each asked for by `step`, the
 * newest first; so it costs nothing while nobody looks, and a restart forgets nothing.
 */
export class CreditHistory {
  readonly #list: ListCredits
  /** Complete from `#fromMs` to `#toMs`. */
  readonly #minutes = new Minutes<Source>()
  #fromMs: number | null = null
  #toMs = 0
  /** Where reading backwards goes on; null: the day is whole. */
  #olderId: string | null = null
  #newer: Pass | null = null
  #underWay: Promise<'more' | 'done'> | null = null

  constructor(list: ListCredits) {
    this.#list = list
  }

  /** Since when it is complete; null: nothing has been read. */
  get fromMs(): number | null {
    return this.#fromMs
  }

  /** The day has been read to its beginning. */
  get isWhole(): boolean {
    return this.#fromMs !== null && this.#olderId === null
  }

  sum(span: Span): ReadonlyMap<Source, Tally> {
    return this.#minutes.sum(span)
  }

  /**
   * Reads one page: of what is new at `now`, the database's time, or of the `rest`: what is older than
   * anything read so far. `more`: there is a rest. Throws `StoreError`.
   */
  step(now: Date, part: 'new' | 'rest'): Promise<'more' | 'done'> {
    this.#underWay ??= this.#step(+now, part).finally(() => {
      this.#underWay = null
    })
    return this.#underWay
  }

  async #step(nowMs: number, part: 'new' | 'rest'): Promise<'more' | 'done'> {
    // A clock that was set back: what is known has times to come.
    if (nowMs < this.#toMs - overlapMs) this.#forget()
    if (this.#newer !== null || part === 'new') await this.#stepNewer(nowMs)
    else if (this.#olderId !== null) await this.#stepOlder(nowMs)
    this.#minutes.forgetBefore(nowMs - historyMs)
    if (this.#fromMs !== null) this.#fromMs = Math.max(this.#fromMs, nowMs - historyMs)
    return this.#newer === null && this.#olderId === null ? 'done' : 'more'
  }

  async #stepNewer(nowMs: number): Promise<void> {
    this.#newer ??= { nowMs, minutes: new Minutes(), pages: 0, beforeId: null, reachedMs: nowMs }
    const pass = this.#newer
    const rows = await this.#read(pass.minutes, pass.beforeId)
    pass.pages += 1
    const last = rows.at(-1)
    if (last !== undefined) {
      pass.beforeId = last.id
      pass.reachedMs = +last.at
    }
    const isEnd = rows.length < pageRows
    const fromMs = minuteOf(this.#toMs - overlapMs)
    const isJoined = isEnd || pass.reachedMs < fromMs - disorderMs
    if (this.#fromMs !== null && isJoined) this.#join(pass, fromMs)
    else if (this.#fromMs === null || pass.pages >= catchUpPagesMax) this.#begin(pass, { isEnd })
  }

  #join(pass: Pass, fromMs: number): void {
    this.#minutes.replaceFrom(fromMs, pass.minutes)
    this.#toMs = pass.nowMs
    this.#newer = null
  }

  /** What has been read is all that is known. */
  #begin(pass: Pass, { isEnd }: { isEnd: boolean }): void {
    this.#minutes.replaceFrom(0, pass.minutes)
    this.#toMs = pass.nowMs
    this.#newer = null
    this.#reach(pass, { isEnd, nowMs: pass.nowMs })
  }

  async #stepOlder(nowMs: number): Promise<void> {
    const rows = await this.#read(this.#minutes, this.#olderId)
    const last = rows.at(-1)
    const isEnd = rows.length < pageRows
    const reached = last && { beforeId: last.id, reachedMs: +last.at }
    this.#reach(reached ?? { beforeId: null, reachedMs: 0 }, { isEnd, nowMs })
  }

  #reach(
    { beforeId, reachedMs }: Pick<Pass, 'beforeId' | 'reachedMs'>,
    { isEnd, nowMs }: { isEnd: boolean; nowMs: number },
  ): void {
    const startMs = nowMs - historyMs
    const isWhole = isEnd || reachedMs < startMs - disorderMs
    this.#fromMs = isWhole ? startMs : reachedMs
    this.#olderId = isWhole ? null : beforeId
  }

  async #read(minutes: Minutes<Source>, beforeId: string | null): Promise<readonly Credited[]> {
    const rows = await this.#list({ beforeId, limit: pageRows })
    for (const { at, source, paidAt } of rows) {
      // The gateway dates payments in whole seconds by its own clock: a credit may seem to come before.
      const durationMs = paidAt === null ? null : Math.max(0, +at - +paidAt)
      minutes.add(+at, { kind: source, durationMs })
    }
    return rows
  }

  #forget(): void {
    this.#minutes.replaceFrom(0, new Minutes())
    this.#fromMs = null
    this.#toMs = 0
    this.#olderId = null
    this.#newer = null
  }
}
