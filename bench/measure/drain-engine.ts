import type { Engine } from '../../src/queue/engine.ts'
import { localEngine, workOff } from '../../src/queue/local.ts'

/**
 * Works off one batch after the other, as `compensation_drain` does, but begins as soon as it is
 * started instead of at the next slot.
 */
export const drainEngine: Engine = {
  run: (work, signal) => workOff(work, { until: Number.POSITIVE_INFINITY, signal }),
  vitals: localEngine.vitals,
}
