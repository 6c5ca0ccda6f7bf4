import { assert } from '../../../src/domain/assert.ts'
import {
  countResults,
  type FinishedRun,
  type NewRun,
  type OpenedMerchant,
  type OpenedRun,
  type Run,
} from '../../../src/domain/runs/run.ts'
import { isAnyDue, repairSchedules } from './claims.ts'
import { lateChecksDue } from './late-checks.ts'
import type { DatabaseServer, Statement } from './server.ts'
import { merchantIdOf } from './tables.ts'

/** One run for each slot and merchant: the run is for the merchants whose slots it took. */
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
      const taken = given.merchants.filter(
        (each) => slotMs === null || (tables.slotByMerchant.get(merchantIdOf(each)) ?? 0) < slotMs,
      )
      if (taken.length === 0) return { kind: 'taken', nextSlotInMs }
      const run = newRun(server, { given, slotMs, now })
      session.otherWrites.push(() => {
        tables.runs.set(run.id, run)
        for (const each of taken)
          if (slotMs !== null) tables.slotByMerchant.set(merchantIdOf(each), slotMs)
      })
      const merchants = taken.map((merchant) => workFor(server, { merchant, given }))
      return { kind: 'opened', run, merchants, nextSlotInMs }
    },
  }
}

/** A run for one merchant finds out for itself whether orders are due. */
function workFor(
  server: DatabaseServer,
  { merchant, given }: { merchant: NewRun['merchants'][number]; given: NewRun },
): OpenedMerchant {
  const { thresholdMs, farthestMs, dryRun, merchants } = given
  const due = merchants.length === 1 || isAnyDue(server, { merchant, thresholdMs, farthestMs })
  return { merchant, due, lateCheckDue: !dryRun && lateChecksDue(server, merchant).length > 0 }
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
  end: FinishedRun & { readonly runId: string },
): Statement<Run> {
  return {
    label: 'finish run',
    run: (session) => {
      const { tables } = server
      const { runId, status, results, merchants = [] } = end
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
        for (const each of unbegun ? merchants : []) {
          const id = merchantIdOf(each)
          if (tables.slotByMerchant.get(id) === open.slot?.getTime())
            tables.slotByMerchant.delete(id)
        }
      })
      return finished
    },
  }
}
