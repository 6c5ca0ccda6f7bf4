import type { Clock } from '../../domain/clock.ts'
import type { Audit, Store } from '../../store/store.ts'

/** What the audit counted, and what that cost. */
export interface AuditReading {
  readonly counts: Audit
  /** When it was done. */
  readonly at: Date
  readonly durationMs: number
}

/** How often the audit may be made without anybody asking for it: it takes one hundredth of the time. */
const timesItsCost = 100
const distanceMsMin = 60_000

/**
 * More orders than these are not audited unasked on the embedded database: there a statement holds
 * up everything else, callbacks included, and reading these takes some tenths of a second.
 */
const embeddedOrdersMax = 10_000

/**
 * The last audit of this process, for all who look. An audit reads whole tables, so no page makes
 * one while somebody waits for it: pages show the last one, with its time.
 */
export class LatestAudit {
  readonly #store: Pick<Store, 'kind' | 'audit'>
  readonly #clock: Clock
  readonly #now: () => number
  #latest: AuditReading | null = null
  #failed = false
  #underWay: Promise<AuditReading> | null = null
  #nextAt = 0

  /** `now` in milliseconds, of a clock that is never set back. */
  constructor(
    store: Pick<Store, 'kind' | 'audit'>,
    { clock, now = () => performance.now() }: { clock: Clock; now?: () => number },
  ) {
    this.#store = store
    this.#clock = clock
    this.#now = now
  }

  /** Null: none has been made since the start of this process. */
  latest(): AuditReading | null {
    return this.#latest
  }

  get isUnderWay(): boolean {
    return this.#underWay !== null
  }

  /** The last attempt failed: what `latest` tells is from before it. */
  get hasFailed(): boolean {
    return this.#failed
  }

  /** Audits now; who asks while one is under way gets that one. Throws `StoreError`. */
  refresh(): Promise<AuditReading> {
    this.#underWay ??= this.#audit().finally(() => {
      this.#underWay = null
    })
    return this.#underWay
  }

  /** Begins one in the background if the last is old enough for what it cost. Never throws. */
  refreshIfDue({ orderCount }: { readonly orderCount: number }): void {
    if (this.#now() < this.#nextAt || !this.isAutomatic(orderCount)) return
    // Remembered as failed; the log tells of a database that is away wherever it is needed.
    this.refresh().catch(() => {})
  }

  /** Whether it is made unasked. */
  isAutomatic(orderCount: number): boolean {
    return this.#store.kind !== 'pglite' || orderCount <= embeddedOrdersMax
  }

  async #audit(): Promise<AuditReading> {
    const beganAt = this.#now()
    this.#nextAt = Number.POSITIVE_INFINITY
    try {
      const counts = await this.#store.audit()
      const durationMs = this.#now() - beganAt
      this.#latest = { counts, at: this.#clock(), durationMs }
      this.#failed = false
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
