import type { Engine } from '../src/queue/engine.ts'
import { localEngine, workOff } from '../src/queue/local.ts'

/**
 * As with `compensation_drain`, one batch after the other, but whenever it is started, instead of at
 * the slots of a clock.
 */
export const drainEngine: Engine = {
  run: (work, signal) => workOff(work, { until: Number.POSITIVE_INFINITY, signal }),
  vitals: localEngine.vitals,
}
