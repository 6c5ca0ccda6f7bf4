import { assert } from '../../../src/domain/assert.ts'
import type { NewRun, OpenedRun } from '../../../src/domain/run.ts'
import { countResults, type Run, type RunResult, type RunStatus } from '../../../src/domain/run.ts'
import { repairSchedules } from './claims.ts'
import type { DatabaseServer, Statement } from './server.ts'

/** One run for each slot, as the unique key on the slot enforces. */
export function openRun(server: DatabaseServer, given: NewRun): Statement<OpenedRun> {
  return {
    label: 'open run',
    run: (session) => {
      const { tables } = server
      const now = server.now()
      const { intervalMs } = given
      const slotMs = intervalMs === null ? null : Math.floor(+now / intervalMs) * intervalMs
      const nextSlotInMs = slotMs === null ? 0 : slotMs + (intervalMs ?? 0) - +now
      if (!given.dryRun) {
        for (const merchant of given.merchants) {
          repairSchedules(server, session, { merchant, farthestMs: given.farthestMs })
        }
      }
      if (slotMs !== null && tables.runIdBySlot.has(slotMs)) return { kind: 'taken', nextSlotInMs }
      const run = newRun(server, { given, slotMs, now })
      session.otherWrites.push(() => {
        tables.runs.set(run.id, run)
        if (slotMs !== null) tables.runIdBySlot.set(slotMs, run.id)
      })
      // Whether there is anything to do, the run finds out for itself.
      const todo = { due: true, lateCheckDue: !given.dryRun }
      const merchants = given.merchants.map((merchant) => ({ merchant, ...todo }))
      return { kind: 'opened', run, merchants, nextSlotInMs }
    },
  }
}

function newRun(
  server: DatabaseServer,
  { given, slotMs, now }: { given: NewRun; slotMs: number | null; now: Date },
): Run {
  return {
    id: String(server.tables.runs.size + 1),
    trigger: given.trigger,
    slot: slotMs === null ? null : new Date(slotMs),
    startedAt: now,
    finishedAt: null,
    durationMs: null,
    dryRun: given.dryRun,
    status: 'running',
    ...countResults([]),
  }
}

export function finishRun(
  server: DatabaseServer,
  end: { runId: string; status: RunStatus; results: readonly RunResult[] },
): Statement<Run> {
  return {
    label: 'finish run',
    run: (session) => {
      const { tables } = server
      const { runId, status, results } = end
      const open = tables.runs.get(runId)
      // The answer to the first try may have been lost: the same end again is not an error.
      if (open !== undefined && open.finishedAt !== null && open.status === status) return open
      assert(open?.finishedAt === null, `Cannot finish run "${runId}": it is not open`)
      const unbegun = status === 'failed' && results.length === 0
      const finishedAt = server.now()
      const durationMs = +finishedAt - +open.startedAt
      const finished: Run = {
        ...{ ...open, status, finishedAt, durationMs, ...countResults(results) },
        slot: unbegun ? null : open.slot,
      }
      session.otherWrites.push(() => {
        tables.runs.set(runId, finished)
        if (unbegun && open.slot !== null) tables.runIdBySlot.delete(+open.slot)
      })
      return finished
    },
  }
}
