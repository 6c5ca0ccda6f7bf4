import type { Breaker } from './breaker.ts'
import { merchantOf } from './check.ts'
import type { Gateway } from './gateway/gateway.ts'
import type { SchedulePolicy } from './schedule.ts'
import type { Store, Vitals } from './store/store.ts'

/** Is budan able to keep its promise? */
export interface Readiness {
  readonly ready: boolean
  readonly checks: readonly ReadinessCheck[]
}

export interface ReadinessCheck {
  readonly name: 'database' | 'schema' | 'gateway' | 'schedule'
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
}

export async function readinessOf(examined: Examined): Promise<Readiness> {
  const merchant = merchantOf(examined.gateway)
  const vitals = await examined.store.vitals(merchant).catch((error: Error) => error)
  const checks =
    vitals instanceof Error
      ? [failing('database', 'it does not answer: see the log'), gatewayCheck(examined.breaker)]
      : [
          databaseCheck(examined.store),
          await schemaCheck(examined.store),
          gatewayCheck(examined.breaker),
          scheduleCheck(examined, vitals),
        ]
  return { ready: checks.every((check) => check.ok), checks }
}

function databaseCheck(store: Store): ReadinessCheck {
  return store.kind === 'pglite'
    ? passing('database', 'embedded: survives a crash of the process, not a power cut')
    : passing('database', 'PostgreSQL')
}

async function schemaCheck(store: Store): Promise<ReadinessCheck> {
  const { pending, unknown } = await store.schema()
  if (pending.length > 0) return failing('schema', `behind: ${pending.join(', ')}`)
  if (unknown.length > 0) return failing('schema', `newer than this budan: ${unknown.join(', ')}`)
  return passing('schema', 'up to date')
}

function gatewayCheck({ reason }: Breaker): ReadinessCheck {
  return reason === null
    ? passing('gateway', 'questions go through')
    : failing('gateway', `runs are held back: ${reason}`)
}

/** Two slots missed in a row are no jitter. */
const slotsMissedMax = 3

function scheduleCheck(examined: Examined, vitals: Vitals): ReadinessCheck {
  const { policy, enabled, runningMs } = examined
  if (!enabled) return passing('schedule', 'compensation_enabled is off: runs are made by hand')
  if (runningMs === null) return failing('schedule', 'the clock is stopped')
  const last = vitals.lastFinishedRunAt
  const sinceLastMs = last === null ? runningMs : +vitals.now - +last
  // A run that another process finished long ago says nothing while we have only just begun.
  const lateMs = Math.min(sinceLastMs, runningMs)
  const lastRun = last === null ? 'no run has finished yet' : `last run ${last.toISOString()}`
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
