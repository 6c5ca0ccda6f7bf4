import type { Config } from '../config/config.ts'
import type { Clock } from '../domain/clock.ts'
import type { Emit } from '../domain/event.ts'
import type { SchedulePolicy } from '../domain/runs/schedule.ts'
import type { DatabaseWatch } from '../health/database-state.ts'
import { valueIn } from '../health/single-flight.ts'
import type { Alerts } from './alerts.ts'
import type { ReadLastRun } from './run-watch.ts'

interface Opening {
  readonly emit: Emit
  readonly clock: Clock
  readonly policy: SchedulePolicy
  readonly database: Pick<DatabaseWatch, 'read'>
}

/** Null: none are configured. The texts, in both languages, are loaded only where some are. */
export async function openAlerts(
  { alerts: configs = [], recharge }: Pick<Config, 'alerts' | 'recharge'>,
  { emit, clock, policy, database }: Opening,
): Promise<Alerts | null> {
  if (configs.length === 0) return null
  const alerts = await import('./alerts.ts')
  const watching = { policy, lastRun: lastRunIn(database, policy) }
  const isWatched = recharge.compensationEnabled
  return new alerts.Alerts({ configs, emit, clock, ...(isWatched && { watching }) })
}

function lastRunIn(database: Opening['database'], { intervalMs }: SchedulePolicy): ReadLastRun {
  return async () => {
    const vitals = valueIn((await database.read()).vitals)
    const at = vitals?.lastFinishedRunAt ?? null
    if (vitals === null || at === null) return null
    const ageMs = +vitals.now - +at
    // A time in the future was read before the clock was set back.
    return ageMs < -intervalMs ? null : { at, ageMs }
  }
}
