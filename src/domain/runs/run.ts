import { unreachable } from '../assert.ts'
import type { Decision } from '../decide.ts'
import type { DueMerchant, MerchantIdentity } from '../merchant.ts'
import type { Reason } from '../reason.ts'
import type { Answer } from '../trade.ts'

/** What became of one order in a run. */
export type Outcome = (typeof outcomes)[number]

export const outcomes = [
  'credited',
  'waiting',
  'expired',
  'review',
  'kept',
  'unknown',
  'error',
] as const

/** What became of one order in a run. */
export interface RunResult {
  readonly orderNo: string
  /** Whose order it is. Null: a program of before recorded it. */
  readonly merchant: MerchantIdentity | null
  readonly tradeState: string | null
  readonly outcome: Outcome
  /** In English. */
  readonly reason: string
  /** What `reason` is the sentence of; null: `reason` is the message of an error. */
  readonly codedReason: Reason | null
  readonly durationMs: number
}

export type RunTrigger = (typeof runTriggers)[number]

export const runTriggers = ['schedule', 'start', 'manual'] as const

/** `failed`: the orders could not be read. `stopped`: cut short by a stop, its deadline or the breaker. */
export type RunStatus = (typeof runStatuses)[number]

export const runStatuses = ['running', 'finished', 'stopped', 'failed'] as const

/** One pass of the compensation job. */
export interface Run {
  readonly id: string
  readonly trigger: RunTrigger
  /** Start of the interval that the run stands for; null for manual runs, which take no slot. */
  readonly slot: Date | null
  readonly startedAt: Date
  readonly finishedAt: Date | null
  readonly durationMs: number | null
  readonly dryRun: boolean
  readonly status: RunStatus
  readonly total: number
  /** Credited. */
  readonly success: number
  /** Could not be queried or settled: unknown and error. */
  readonly failed: number
  /** Had nothing to credit: waiting, expired, review, kept. That is no failure. */
  readonly skipped: number
  readonly outcomes: Readonly<Record<Outcome, number>>
}

/** What a run begins with. */
export interface NewRun {
  readonly trigger: RunTrigger
  /** Width of the slots; null for a run that takes none. */
  readonly intervalMs: number | null
  readonly dryRun: boolean
  readonly node: string
  /** Whose orders the run is for. Slots are taken for each. */
  readonly merchants: readonly DueMerchant[]
  readonly thresholdMs: number
  /** See `Due`. Schedules beyond it are repaired, but not by a dry run. */
  readonly farthestMs: number
}

/** `nextSlotInMs` is by the database's clock, and 0 for a run without slots. */
export type OpenedRun =
  | {
      readonly kind: 'opened'
      readonly run: Run
      /** Those that the run is for: no other run had their slot. */
      readonly merchants: readonly OpenedMerchant[]
      readonly nextSlotInMs: number
    }
  | { readonly kind: 'taken'; readonly nextSlotInMs: number }

/** A merchant of a run. */
export interface OpenedMerchant {
  readonly merchant: DueMerchant
  /** Orders are due. Not looked for where the run is for one merchant: its claim finds out. */
  readonly due: boolean
  /** A late check is due, see `claimLate()`. Found as the run is opened, it costs no further statement. */
  readonly lateCheckDue: boolean
}

/** How a run ended. */
export interface FinishedRun {
  readonly status: RunStatus
  readonly results: readonly RunResult[]
  /** A run that failed before it began gives the slots of these back. */
  readonly merchants?: readonly DueMerchant[]
}

/** The size of the backlog, and when it will be done. */
export interface Estimate {
  /** Orders that are due now; counted up to `countMax` of `job/backlog.ts` only. */
  readonly remaining: number
  readonly perSec: number
  /** Null: it does not shrink. */
  readonly doneInMs: number | null
  /** Where the rate comes from: the cluster's recent rate, or what the configuration allows. */
  readonly basis: 'measured' | 'batch' | 'quota'
}

export type RunCounts = Pick<Run, 'total' | 'success' | 'failed' | 'skipped' | 'outcomes'>

export function countResults(results: readonly RunResult[]): RunCounts {
  const count = { credited: 0, waiting: 0, expired: 0, review: 0, kept: 0, unknown: 0, error: 0 }
  for (const result of results) count[result.outcome] += 1
  return countsOf(count)
}

export function countsOf(outcomes: Run['outcomes']): RunCounts {
  const { credited, waiting, expired, review, kept, unknown, error } = outcomes
  const [success, failed, skipped] = [credited, unknown + error, waiting + expired + review + kept]
  return { total: success + failed + skipped, success, failed, skipped, outcomes }
}

/** A wait for want of an answer is `unknown`; `waiting` is one by an answer that ends nothing yet. */
export function outcomeOf({
  decision,
  answer,
}: {
  readonly decision: Decision
  readonly answer: Answer
}): Outcome {
  switch (decision.kind) {
    case 'pay':
      return 'credited'
    case 'expire':
      return 'expired'
    case 'review':
      return 'review'
    case 'keep':
      return 'kept'
    case 'wait':
    case 'close':
      return answer.kind === 'unknown' ? 'unknown' : 'waiting'
    default:
      return unreachable(decision)
  }
}
