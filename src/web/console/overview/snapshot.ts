import type { Run } from '../../../domain/runs/run.ts'
import type { Readiness } from '../../../health/readiness.ts'
import type { Vitals } from '../../../store/store.ts'
import type { AuditState } from '../latest-audit.ts'
import type { Backlog, MerchantState } from '../merchants/merchant-state.ts'

/** What is known at a moment. Null: the database did not answer. */
export interface Snapshot {
  readonly vitals: Vitals | null
  readonly readiness: Readiness | null
  /** The last ones, newest first. */
  readonly runs: readonly Run[] | null
  readonly audit: AuditState
  /** As this node counted it after a run of its own. Null: not lately, or there is none. */
  readonly backlog: Backlog | null
  /** Each of several merchants. Empty where there is one. */
  readonly merchants: readonly MerchantState[]
}
