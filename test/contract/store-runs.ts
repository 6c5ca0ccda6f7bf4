import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Reason, sentenceOf } from '../../src/domain/reason.ts'
import type { NewRun, OpenedRun } from '../../src/domain/runs/run.ts'
import { outcomes, type RunResult } from '../../src/domain/runs/run.ts'
import {
  run as execute,
  type MakeSubject,
  readAll,
  runOfMerchant,
  type Subject,
} from './store-fixtures.ts'

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

    const scheduled: NewRun = { ...runOfMerchant, trigger: 'schedule', intervalMs }
    const manual: NewRun = {
      ...{ ...runOfMerchant, trigger: 'manual', intervalMs: null, dryRun: true },
    }
    const open = async (run: NewRun) => {
      const opened: OpenedRun = await subject.store.openRun(run)
      if (opened.kind !== 'opened') throw new Error('The slot is taken')
      return opened
    }
    const codedOf = (index: number): Reason | null =>
      index % 3 === 0 ? { code: 'absent_past_end', answers: index } : null
    const reasonOf = (index: number, plain: string) => {
      const coded = codedOf(index)
      return coded === null ? plain : sentenceOf(coded)
    }
    const resultOf = (index: number): RunResult => ({
      orderNo: `order-${index}`,
      merchant: index % 4 === 0 ? null : { gateway: 'wechatpay', mchid: `1900${index % 5}` },
      tradeState: index % 2 === 0 ? 'NOTPAY' : null,
      outcome: outcomes[index % outcomes.length] ?? 'error',
      reason: reasonOf(index, `reason ${index} '";\u0000\ud800`),
      codedReason: codedOf(index),
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
        node: 'n1',
        results: results.map((result, index) => ({
          ...result,
          reason: reasonOf(index, `reason ${index} '";\ufffd\ufffd`),
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

    it('finishRun() with the same end again answers the same, and changes nothing', async () => {
      for (const status of ['finished', 'failed', 'stopped'] as const) {
        for (const results of [[], [resultOf(0), resultOf(1)]]) {
          nowMs += intervalMs
          const { run } = await open(scheduled)
          const finished = await subject.store.finishRun(run.id, { status, results })
          nowMs += 1_000
          expect(await subject.store.finishRun(run.id, { status, results })).toEqual(finished)
          expect((await subject.store.findRun(run.id))?.results).toHaveLength(results.length)
        }
      }
    })

    it('finishRun() refuses a run that ended otherwise or is unknown', async () => {
      const { run } = await open(manual)
      const end = { status: 'finished', results: [resultOf(0)] } as const
      await subject.store.finishRun(run.id, end)
      const others = [
        { ...end, status: 'stopped' as const },
        { ...end, results: [] },
        { ...end, results: [{ ...resultOf(0), tradeState: 'SUCCESS' }] },
        { ...end, results: [{ ...resultOf(0), durationMs: 1 }] },
      ]
      for (const other of others) {
        await expect(subject.store.finishRun(run.id, other)).rejects.toThrow(/it is not open/)
      }
      await expect(subject.store.finishRun('999999999', end)).rejects.toThrow(/it is not open/)
    })

    it.each([
      ['nothing', '[null, 7, {}, "text", {"order_no": "A"}, {"outcome": "kept"}]', []],
      ['no list', '{"order_no": "A", "outcome": "kept"}', []],
      ['an outcome of its own', '[{"order_no": "A", "outcome": "constructor"}]', []],
      ['bare results', '[{"order_no": "A", "outcome": "kept"}]', [{ orderNo: 'A', reason: '' }]],
      [
        'a code without what its sentence names',
        `[{"order_no": "A", "outcome": "kept", "reason": "r", "reason_code": "not_as_ordered",
          "reason_params": [], "trade_state": {}, "duration_ms": "x"}]`,
        [{ reason: 'r', codedReason: null, tradeState: null, durationMs: 0 }],
      ],
    ])(
      'findRun() reads what it can of results that somebody changed to %s',
      async (_, stored, read) => {
        const { run } = await open(manual)
        const results = [resultOf(0)]
        await subject.store.finishRun(run.id, { status: 'finished', results })
        await execute(subject, `update runs set results = '${stored}' where id = ${run.id}`)
        expect((await subject.store.findRun(run.id))?.results).toMatchObject(read)
      },
    )

    it('openRun() of a clock that was set back gives each slot out once more', async () => {
      const taken = [await open(scheduled)]
      for (let slots = 0; slots < 4; slots += 1) {
        nowMs += intervalMs
        taken.push(await open(scheduled))
      }
      nowMs -= 3 * intervalMs // in the middle of the second slot, whose run began then and there
      const again = await open(scheduled)
      expect(again.run.slot).toEqual(taken[1]?.run.slot)
      expect(await subject.store.openRun(scheduled)).toMatchObject({ kind: 'taken' })
      // The run that had it is still found.
      expect((await subject.store.findRun(taken[1]?.run.id ?? ''))?.run.id).toBe(taken[1]?.run.id)
      nowMs += intervalMs
      expect((await open(scheduled)).run.slot).toEqual(taken[2]?.run.slot)
      nowMs += intervalMs
      const both = await Promise.all([1, 2].map(() => subject.store.openRun(scheduled)))
      expect(both.map(({ kind }) => kind).sort()).toEqual(['opened', 'taken'])
      // From here on the slots are new again.
      nowMs += 2 * intervalMs
      expect((await open(scheduled)).run.slot).not.toEqual(taken[4]?.run.slot)
    })

    it('openRun() of a clock that is merely corrected makes no second run', async () => {
      const first = await open(scheduled)
      nowMs += intervalMs
      const second = await open(scheduled)
      for (const backMs of [1, 61_234, 88_000]) {
        nowMs -= backMs
        expect(await subject.store.openRun(scheduled)).toMatchObject({ kind: 'taken' })
      }
      for (const { run } of [first, second]) {
        expect((await subject.store.findRun(run.id))?.run.slot).toEqual(run.slot)
      }
    })

    it('openRun() marks runs that a clock of another year left open as stopped', async () => {
      nowMs += 366 * 86_400_000
      const { run } = await open(manual)
      nowMs -= 366 * 86_400_000
      await open(manual)
      expect((await subject.store.findRun(run.id))?.run).toEqual({ ...run, status: 'stopped' })
      // So that the tests that follow have a clock that never was ahead.
      nowMs += 367 * 86_400_000
    })

    it('listRuns() returns them newest first, in pages', async () => {
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

    it('openRun() marks runs whose process died a day ago as stopped', async () => {
      const { run } = await open(manual)
      nowMs += 86_400_000 + 1
      const next = await open(manual)
      expect((await subject.store.findRun(run.id))?.run).toEqual({ ...run, status: 'stopped' })
      expect((await subject.store.findRun(next.run.id))?.run.status).toBe('running')
    })
  })
}
