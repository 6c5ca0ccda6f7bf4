import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { outcomes, type RunResult } from '../../src/run.ts'
import type { NewRun, OpenedRun } from '../../src/store/store.ts'
import { type MakeSubject, readAll, type Subject } from './store-fixtures.ts'

const intervalMs = 300_000

export function runsContract(make: MakeSubject): void {
  describe('runs', () => {
    let subject: Subject
    let nowMs = Date.UTC(2026, 0, 24, 7)
    beforeAll(async () => {
      subject = await make({ clock: () => new Date(nowMs) })
    })
    // An embedded database holds some 300 MB.
    afterAll(() => subject.store.close())
    beforeEach(() => {
      nowMs = (Math.floor(nowMs / intervalMs) + 1) * intervalMs + 61_234
    })

    const scheduled: NewRun = { trigger: 'schedule', intervalMs, dryRun: false, node: 'n1' }
    const manual: NewRun = { trigger: 'manual', intervalMs: null, dryRun: true, node: 'n1' }
    const open = async (run: NewRun) => {
      const opened: OpenedRun = await subject.store.openRun(run)
      if (opened.kind !== 'opened') throw new Error('The slot is taken')
      return opened
    }
    const resultOf = (index: number): RunResult => ({
      orderNo: `order-${index}`,
      tradeState: index % 2 === 0 ? 'NOTPAY' : null,
      outcome: outcomes[index % outcomes.length] ?? 'error',
      reason: `reason ${index} '";\u0000\ud800`,
      durationMs: index + 0.25,
    })

    it('openRun() takes the slot of the interval that holds the present', async () => {
      const opened = await open(scheduled)
      expect(opened.nextSlotInMs).toBe(intervalMs - 61_234)
      expect(opened.run).toEqual({
        id: expect.stringMatching(/^\d+$/),
        trigger: 'schedule',
        slot: new Date(nowMs - 61_234),
        startedAt: new Date(nowMs),
        finishedAt: null,
        durationMs: null,
        dryRun: false,
        status: 'running',
        ...{ total: 0, success: 0, failed: 0, skipped: 0 },
        outcomes: Object.fromEntries(outcomes.map((outcome) => [outcome, 0])),
      })
    })

    it('openRun() lets one of eight have the slot', async () => {
      const opened = await Promise.all(
        Array.from({ length: 8 }, () => subject.store.openRun(scheduled)),
      )
      expect(opened.filter(({ kind }) => kind === 'opened')).toHaveLength(1)
      expect(new Set(opened.map(({ nextSlotInMs }) => nextSlotInMs))).toEqual(
        new Set([intervalMs - 61_234]),
      )
    })

    it('openRun() opens the next slot as soon as it begins', async () => {
      const { nextSlotInMs } = await open(scheduled)
      nowMs += nextSlotInMs - 1
      expect(await subject.store.openRun(scheduled)).toEqual({ kind: 'taken', nextSlotInMs: 1 })
      nowMs += 1
      expect((await open(scheduled)).nextSlotInMs).toBe(intervalMs)
    })

    it('openRun() without an interval takes no slot, however often', async () => {
      await open(scheduled)
      const [first, second] = [await open(manual), await open(manual)]
      expect(first).toMatchObject({ nextSlotInMs: 0, run: { slot: null, dryRun: true } })
      expect(first.run.id).not.toBe(second.run.id)
    })

    it('finishRun() stores the end, the counts and each result in its order', async () => {
      const { run } = await open(scheduled)
      nowMs += 4_321
      const results = Array.from({ length: 14 }, (_, index) => resultOf(index))
      const finished = await subject.store.finishRun(run.id, { status: 'finished', results })
      expect(finished).toEqual({
        ...run,
        finishedAt: new Date(nowMs),
        durationMs: 4_321,
        status: 'finished',
        ...{ total: 14, success: 2, failed: 4, skipped: 8 },
        outcomes: Object.fromEntries(outcomes.map((outcome) => [outcome, 2])),
      })
      expect(await subject.store.findRun(run.id)).toEqual({
        run: finished,
        results: results.map((result, index) => ({
          ...result,
          reason: `reason ${index} '";\ufffd\ufffd`,
        })),
      })
    })

    it('finishRun() takes no results, and thousands', async () => {
      for (const count of [0, 5_000]) {
        const { run } = await open(manual)
        const results = Array.from({ length: count }, (_, index) => resultOf(index))
        const { total } = await subject.store.finishRun(run.id, { status: 'stopped', results })
        expect(total).toBe(count)
        expect((await subject.store.findRun(run.id))?.results).toHaveLength(count)
      }
    })

    it('finishRun() refuses a run that is finished or unknown', async () => {
      const { run } = await open(manual)
      const end = { status: 'finished', results: [] } as const
      await subject.store.finishRun(run.id, end)
      await expect(subject.store.finishRun(run.id, end)).rejects.toThrow(/it is not open/)
      await expect(subject.store.finishRun('999999999', end)).rejects.toThrow(/it is not open/)
    })

    it('listRuns() tells them newest first, in pages', async () => {
      for (let i = 0; i < 5; i += 1) await open(manual)
      const runs = await readAll((cursor) => subject.store.listRuns({ limit: 2, cursor }))
      const ids = runs.map(({ id }) => Number(id))
      expect(ids).toEqual([...ids].sort((a, b) => b - a))
      expect(new Set(ids).size).toBe(ids.length)
    })

    it.each(['', 'x', '-1', '1e3', '999999999', '99999999999999999999', '1; select 1'])(
      'findRun() finds nothing for %j',
      async (id) => {
        expect(await subject.store.findRun(id)).toBeNull()
      },
    )

    it('openRun() tells runs whose process died a day ago as stopped', async () => {
      const { run } = await open(manual)
      nowMs += 86_400_000 + 1
      const next = await open(manual)
      expect((await subject.store.findRun(run.id))?.run).toEqual({ ...run, status: 'stopped' })
      expect((await subject.store.findRun(next.run.id))?.run.status).toBe('running')
    })
  })
}
