import type { Clock } from '../../domain/clock.ts'
import type { Emit } from '../../domain/event.ts'
import { type Audited, auditWithOrders } from '../../store/audited.ts'
import type { Store } from '../../store/store.ts'

/** What an audit found, and what that cost. */
export interface AuditResult extends Audited {
  /** When it was done. */
  readonly at: Date
  readonly durationMs: number
}

export interface AuditState {
  /** Null: none has been made since the start of this process. */
  readonly latest: AuditResult | null
  readonly isUnderWay: boolean
  /** The last attempt failed: `latest` is from before it. */
  readonly hasFailed: boolean
  /** It is made by itself while somebody looks. */
  readonly isAutomatic: boolean
}

/** An audit that nobody requested takes at most one hundredth of the time. */
const timesItsCost = 100
const distanceMsMin = 60_000

/**
 * An embedded database with more orders is audited on request alone: there a statement holds up
 * everything else, callbacks included, and reading this many takes some tenths of a second.
 */
const embeddedOrdersMax = 10_000

/**
 * The last audit of this process, for all viewers. An audit reads whole tables, so no page waits for
 * one: pages show the last one, with its time.
 */
export class LatestAudit {
  readonly #store: Pick<Store, 'kind' | 'audit' | 'auditRows'>
  readonly #clock: Clock
  readonly #emit: Emit
  readonly #now: () => number
  #latest: AuditResult | null = null
  #failed = false
  #underWay: Promise<AuditResult> | null = null
  #nextAt = 0

  /** `now` in milliseconds, of a monotonic clock. */
  constructor(
    store: Pick<Store, 'kind' | 'audit' | 'auditRows'>,
    {
      clock,
      emit,
      now = () => performance.now(),
    }: { clock: Clock; emit: Emit; now?: () => number },
  ) {
    this.#store = store
    this.#clock = clock
    this.#emit = emit
    this.#now = now
  }

  state({ orderCount = 0 } = {}): AuditState {
    return {
      latest: this.#latest,
      isUnderWay: this.#underWay !== null,
      hasFailed: this.#failed,
      isAutomatic: this.#isAutomatic(orderCount),
    }
  }

  /** Audits now, or waits for the audit that is under way. Throws `StoreError`. */
  refresh(): Promise<AuditResult> {
    this.#underWay ??= this.#audit().finally(() => {
      this.#underWay = null
    })
    return this.#underWay
  }

  /** Begins one in the background if the last is old enough for what it cost. Never throws. */
  refreshIfDue({ orderCount }: { readonly orderCount: number }): void {
    if (this.#now() < this.#nextAt || !this.#isAutomatic(orderCount)) return
    // Kept as failed. The log reports a database that is away wherever it is needed.
    this.refresh().catch(() => {})
  }

  #isAutomatic(orderCount: number): boolean {
    return this.#store.kind !== 'pglite' || orderCount <= embeddedOrdersMax
  }

  async #audit(): Promise<AuditResult> {
    const beganAt = this.#now()
    this.#nextAt = Number.POSITIVE_INFINITY
    try {
      const audited = await auditWithOrders(this.#store)
      const durationMs = this.#now() - beganAt
      this.#latest = { ...audited, at: this.#clock(), durationMs }
      this.#failed = false
      this.#emit({ type: 'audit_made', counts: { ...audited.counts } })
      return this.#latest
    } catch (error) {
      this.#failed = true
      throw error
    } finally {
      const costMs = this.#now() - beganAt
      this.#nextAt = this.#now() + Math.max(distanceMsMin, costMs * timesItsCost)
    }
  }
}
