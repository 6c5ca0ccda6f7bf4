import type { Engine } from '../src/engine/engine.ts'
import { localEngine, workOff } from '../src/engine/local.ts'

/**
 * As with `compensation_drain`, one batch after the other, but whenever it is started, instead of at
 * the slots of a clock.
 */
export const drainEngine: Engine = {
  run: (work, signal) => workOff(work, { until: Number.POSITIVE_INFINITY, signal }),
  vitals: localEngine.vitals,
}
