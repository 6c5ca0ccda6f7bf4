import type { Run } from '../../src/domain/runs/run.ts'

export function sampleRun(changes: Partial<Run> = {}): Run {
  return {
    id: '1',
    trigger: 'manual',
    slot: null,
    startedAt: new Date('2026-01-24T12:00:00Z'),
    finishedAt: new Date('2026-01-24T12:00:01Z'),
    durationMs: 1000,
    dryRun: false,
    status: 'finished',
    total: 0,
    success: 0,
    failed: 0,
    skipped: 0,
    outcomes: { credited: 0, waiting: 0, expired: 0, review: 0, kept: 0, unknown: 0, error: 0 },
    ...changes,
  }
}
