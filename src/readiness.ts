import type { Breaker } from './breaker.ts'
import { merchantOf } from './check.ts'
import type { EngineVitals } from './engine/engine.ts'
import type { Gateway } from './gateway/gateway.ts'
import type { SchedulePolicy } from './schedule.ts'
import { shanghaiTime } from './shanghai-time.ts'
import type { Store, Vitals } from './store/store.ts'

/** Is budan able to keep its promise? */
export interface Readiness {
  readonly ready: boolean
  readonly checks: readonly ReadinessCheck[]
  /** What the checks were made of, so that nobody reads it twice; null while the database is away. */
  readonly vitals: Vitals | null
}

export interface ReadinessCheck {
  readonly name: 'database' | 'schema' | 'gateway' | 'engine' | 'schedule'
  readonly ok: boolean
  readonly detail: string
}

export interface Examined {
  readonly store: Store
  readonly gateway: Gateway
  readonly breaker: Breaker
  readonly policy: SchedulePolicy
  /** Whether runs are budan's own; else somebody asks for each. */
  readonly enabled: boolean
  /** How long the clock has been going; null: it is stopped. */
  readonly runningMs: number | null
  readonly engine: EngineVitals
}

export async function readinessOf(examined: Examined): Promise<Readiness> {
  const merchant = merchantOf(examined.gateway)
  const vitals = await examined.store.vitals(merchant).catch(() => null)
  const checks =
    vitals === null
      ? [
          failing('database', 'it does not answer: see the log'),
          gatewayCheck(examined.breaker),
          engineCheck(examined.engine),
        ]
      : [
          databaseCheck(examined.store, vitals),
          await schemaCheck(examined.store),
          gatewayCheck(examined.breaker),
          engineCheck(examined.engine),
          scheduleCheck(examined, vitals),
        ]
  return { ready: checks.every((check) => check.ok), checks, vitals }
}

/** A database that can only be read answers, and credits nobody. */
function databaseCheck(store: Store, { writeFault }: Vitals): ReadinessCheck {
  if (writeFault?.kind === 'read-only') {
    return failing('database', 'it is read-only: nothing can be credited')
  }
  if (writeFault?.kind === 'full') {
    return failing('database', 'it has no room left: nothing can be credited')
  }
  if (writeFault) return failing('database', `it takes no writes: ${writeFault.message}`)
  return store.kind === 'pglite'
    ? passing('database', 'embedded: survives a crash of the process, not a power cut')
    : passing('database', 'PostgreSQL')
}

async function schemaCheck(store: Store): Promise<ReadinessCheck> {
  const { pending, unknown, breaking } = await store.schema()
  if (breaking.length > 0) {
    const by = breaking.join(', ')
    return failing('schema', `a newer budan changed it (${by}): upgrade this one`)
  }
  if (pending.length > 0) return failing('schema', `behind: ${pending.join(', ')}`)
  return passing(
    'schema',
    unknown.length === 0
      ? 'up to date'
      : `newer than this budan, which can live with it: ${unknown.join(', ')}`,
  )
}

function gatewayCheck({ reason }: Breaker): ReadinessCheck {
  return reason === null
    ? passing('gateway', 'questions go through')
    : failing('gateway', `runs are held back: ${reason}`)
}

/** Begins what an engine says whose server is away. */
export const engineWarning = 'warning: '

/**
 * Ok also while the engine's server is away: the nodes keep the slots by themselves, so the promise
 * is kept, and to take them all out of service for it would break more than it mends. If runs do not
 * finish, whatever the cause, the schedule says so.
 */
function engineCheck({ state, detail, jobs }: EngineVitals): ReadinessCheck {
  if (jobs === null) return passing('engine', state === 'away' ? engineWarning + detail : detail)
  const { waiting, active, failed } = jobs
  return passing('engine', `${detail}: ${waiting} waiting, ${active} active, ${failed} failed`)
}

/** What the schedule says where there is none. */
export const scheduleDetails = {
  byHand: 'compensation_enabled is off: runs are made by hand',
  stopped: 'the clock is stopped',
} as const

/** Two slots missed in a row are no jitter. */
const slotsMissedMax = 3

function scheduleCheck(examined: Examined, vitals: Vitals): ReadinessCheck {
  const { policy, enabled, runningMs } = examined
  if (!enabled) return passing('schedule', scheduleDetails.byHand)
  if (runningMs === null) return failing('schedule', scheduleDetails.stopped)
  const last = vitals.lastFinishedRunAt
  // A time to come is not of this clock: it has been set back since.
  const known = last !== null && +last <= +vitals.now + policy.intervalMs
  const sinceLastMs = known ? +vitals.now - +last : runningMs
  // A run that another process finished long ago says nothing while we have only just begun.
  const lateMs = Math.min(sinceLastMs, runningMs)
  const lastRun = last === null ? 'no run has finished yet' : `last run ${shanghaiTime(last)}`
  return lateMs > slotsMissedMax * policy.intervalMs + policy.leaseMs
    ? failing('schedule', `${lastRun}: runs do not finish`)
    : passing('schedule', lastRun)
}

function passing(name: ReadinessCheck['name'], detail: string): ReadinessCheck {
  return { name, ok: true, detail }
}

function failing(name: ReadinessCheck['name'], detail: string): ReadinessCheck {
  return { name, ok: false, detail }
}
