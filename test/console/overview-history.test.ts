import { describe, expect, it } from 'vitest'
import type { Source } from '../../src/domain/order-states.ts'
import type { Credited } from '../../src/store/store.ts'
import { CreditHistory } from '../../src/web/console/overview/history/credit-history.ts'
import {
  Histogram,
  historyMs,
  MinuteHistograms,
  totalOf,
} from '../../src/web/console/overview/history/histogram.ts'

const minuteMs = 60_000
const start = Date.UTC(2026, 0, 24, 7)

/** Credits as a store has them: in pages by their ids, from the newest. */
class Credits {
  readonly rows: Credited[] = []
  pagesRead = 0

  add(
    atMs: number,
    { source = 'callback' as Source, latencyMs = 2000 as number | null } = {},
  ): void {
    const paidAt = latencyMs === null ? null : new Date(atMs - latencyMs)
    this.rows.unshift({ id: String(this.rows.length + 1), at: new Date(atMs), source, paidAt })
  }

  readonly list = async ({ beforeId, limit }: { beforeId: string | null; limit: number }) => {
    this.pagesRead += 1
    const older = this.rows.filter(({ id }) => beforeId === null || Number(id) < Number(beforeId))
    return older.slice(0, limit)
  }
}

const day = (nowMs: number) => ({ fromMs: nowMs - historyMs, toMs: nowMs + 1 })

async function readAll(history: CreditHistory, nowMs: number): Promise<void> {
  await history.readNew(new Date(nowMs))
  let end = await history.readOlder(new Date(nowMs))
  for (let pages = 0; end === 'more' && pages < 200; pages += 1) {
    end = await history.readOlder(new Date(nowMs))
  }
  expect(end).toBe('done')
}

describe('the history of credits', () => {
  it('is read page by page, the newest first, back to a day ago and no further', async () => {
    const credits = new Credits()
    for (let minute = 0; minute < 2000; minute += 1) {
      for (let each = 0; each < 3; each += 1) credits.add(start + minute * minuteMs + each)
    }
    const now = start + 2000 * minuteMs
    const history = new CreditHistory(credits.list)
    await history.readNew(new Date(now))
    expect(history.fromMs).toBe(+(credits.rows[999]?.at ?? 0))
    expect(totalOf(history.sum(day(now))).count).toBe(1000)
    await readAll(history, now)
    expect(history.fromMs).toBe(now - historyMs)
    expect(totalOf(history.sum(day(now))).count).toBe(1440 * 3)
    // Five for the day, and the newest one once more for what is new.
    expect(credits.pagesRead).toBe(6)
  })

  it('then reads what is new alone, and counts nothing twice', async () => {
    const credits = new Credits()
    for (let minute = 0; minute < 1440; minute += 1) {
      for (let each = 0; each < 3; each += 1) credits.add(start + minute * minuteMs + each)
    }
    let now = start + 1440 * minuteMs
    const history = new CreditHistory(credits.list)
    await readAll(history, now)
    const before = credits.pagesRead
    for (let second = 0; second < 300; second += 1) {
      now += 1000
      credits.add(now - 500, { source: 'compensation', latencyMs: 300_000 })
      await history.readNew(new Date(now))
    }
    expect(credits.pagesRead - before).toBe(300)
    const sums = history.sum({ fromMs: now - 5 * minuteMs, toMs: now + 1 })
    expect(sums.get('compensation')?.count).toBe(300)
    expect(sums.get('callback')).toBe(undefined)
  })

  it('finds a credit that was committed after others with higher ids', async () => {
    const credits = new Credits()
    credits.add(start)
    credits.add(start + 20_000)
    const late = credits.rows.splice(1, 1)
    const history = new CreditHistory(credits.list)
    await readAll(history, start + 21_000)
    expect(totalOf(history.sum(day(start + 21_000))).count).toBe(1)
    credits.rows.push(...late)
    await readAll(history, start + 40_000)
    expect(totalOf(history.sum(day(start + 40_000))).count).toBe(2)
  })

  it('catches up with what nobody watched, and begins anew where that is more work than reading', async () => {
    const credits = new Credits()
    credits.add(start)
    const history = new CreditHistory(credits.list)
    await readAll(history, start + 1000)
    for (let each = 0; each < 5000; each += 1) credits.add(start + 2000 + each * 10)
    const soon = start + 60 * minuteMs
    await readAll(history, soon)
    expect(totalOf(history.sum(day(soon))).count).toBe(5001)

    for (let each = 0; each < 60_000; each += 1) credits.add(soon + each * 10)
    const later = soon + 60 * minuteMs
    await history.readNew(new Date(later))
    expect(totalOf(history.sum(day(later))).count).toBe(50_000)
    expect(history.fromMs).toBe(+(credits.rows[49_999]?.at ?? 0))
    await readAll(history, later)
    expect(totalOf(history.sum(day(later))).count).toBe(65_001)
  })

  it('counts new credits when the clock was set back', async () => {
    const credits = new Credits()
    credits.add(start + 3 * 3_600_000)
    const history = new CreditHistory(credits.list)
    await readAll(history, start + 4 * 3_600_000)
    credits.add(start + 1000)
    await readAll(history, start + 2000)
    const sums = history.sum({ fromMs: start, toMs: start + minuteMs })
    expect(totalOf(sums).count).toBe(1)
  })

  it('drops what is older than a day', async () => {
    const credits = new Credits()
    credits.add(start)
    const history = new CreditHistory(credits.list)
    await readAll(history, start + 1000)
    const tomorrow = start + historyMs + 2 * minuteMs
    credits.add(tomorrow)
    await readAll(history, tomorrow + 2 * minuteMs)
    const sums = history.sum({ fromMs: start - minuteMs, toMs: tomorrow + 1 })
    expect(totalOf(sums).count).toBe(1)
  })

  it('continues after the database was away', async () => {
    const credits = new Credits()
    credits.add(start)
    const away = { isAway: true }
    const history = new CreditHistory((request) =>
      away.isAway ? Promise.reject(new Error('away')) : credits.list(request),
    )
    await expect(history.readNew(new Date(start + 1000))).rejects.toThrow('away')
    expect(history.fromMs).toBe(null)
    away.isAway = false
    await readAll(history, start + 2000)
    expect(totalOf(history.sum(day(start + 2000))).count).toBe(1)
  })
})

describe('Histogram', () => {
  it('knows percentiles within 3 %, over ten powers of ten', () => {
    for (const unit of [1, 10, 1000, 1_000_000]) {
      const histogram = new Histogram()
      for (let each = 1; each <= 1000; each += 1) histogram.add(each * unit)
      for (const percent of [50, 90, 99]) {
        const exact = percent * 10 * unit
        const approximate = histogram.percentileMs(percent) ?? 0
        expect(Math.abs(approximate - exact) / exact).toBeLessThan(0.03)
      }
    }
  })

  it('takes percentiles of those whose time is known', () => {
    const histogram = new Histogram()
    histogram.add(null)
    expect([histogram.count, histogram.timedCount, histogram.percentileMs(50)]).toEqual([
      1,
      0,
      null,
    ])
    histogram.add(0)
    expect([histogram.count, histogram.timedCount, histogram.percentileMs(99)]).toEqual([2, 1, 0])
  })

  it('is the same whether put together or counted at once', () => {
    const [whole, ...parts] = [new Histogram(), new Histogram(), new Histogram()]
    for (let each = 0; each < 100; each += 1) {
      whole.add(each * 37)
      parts[each % 2]?.add(each * 37)
    }
    const together = new Histogram()
    for (const part of parts) together.include(part)
    for (const percent of [1, 50, 99]) {
      expect(together.percentileMs(percent)).toBe(whole.percentileMs(percent))
    }
  })
})

describe('MinuteHistograms', () => {
  it('sum what began within a span', () => {
    const minutes = new MinuteHistograms<'a' | 'b'>()
    minutes.add(start, { kind: 'a', durationMs: null })
    minutes.add(start + 59_999, { kind: 'b', durationMs: null })
    minutes.add(start + 60_000, { kind: 'a', durationMs: null })
    const count = (fromMs: number, toMs: number) => totalOf(minutes.sum({ fromMs, toMs })).count
    expect(count(start, start + minuteMs)).toBe(2)
    expect(count(start, start + minuteMs + 1)).toBe(3)
    expect(count(start + minuteMs, start + 2 * minuteMs)).toBe(1)
  })
})
