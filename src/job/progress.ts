import { unreachable } from '../domain/assert.ts'
import type { OrderKey } from '../domain/order.ts'
import type { RunResult } from '../domain/runs/run.ts'
import type { SchedulePolicy } from '../domain/runs/schedule.ts'
import type { ClaimedOrder } from '../store/store.ts'

/**
 * See the diagram of `Pass`. Orders in any state but `claimed` and `settled` are released at the end
 * of the pass.
 */
export type OrderState = 'claimed' | 'not_sent' | 'deferred' | 'refused' | 'failed' | 'settled'

interface Entry {
  readonly state: OrderState
  /** Null for a settled order, which the pass need not keep. */
  readonly claimed: ClaimedOrder | null
  readonly result: RunResult | null
}

/** What became of each order that a pass has claimed. */
export class Progress {
  readonly #entries = new Map<OrderKey, Entry>()
  readonly #policy: SchedulePolicy
  readonly #waitFrom: Date

  constructor(policy: SchedulePolicy, { waitFrom }: { readonly waitFrom: Date }) {
    this.#policy = policy
    this.#waitFrom = waitFrom
  }

  get claimedCount(): number {
    return this.#entries.size
  }

  /** Of the orders that were settled or failed, in the order in which they were claimed. */
  get results(): readonly RunResult[] {
    return [...this.#entries.values()].flatMap(({ result }) => result ?? [])
  }

  count(state: OrderState): number {
    return [...this.#entries.values()].filter((entry) => entry.state === state).length
  }

  /** Returns null, for callers whose order has no answer to settle now. */
  note(claimed: ClaimedOrder, state: OrderState, result: RunResult | null = null): null {
    const kept = state === 'settled' ? null : claimed
    this.#entries.set(claimed.order.key, { state, claimed: kept, result })
    return null
  }

  /** The claims that were not settled, each with the time when its order is due. */
  toRelease(pass: { readonly hadTrade: boolean }): readonly ClaimedOrder[] {
    return [...this.#entries.values()].flatMap((entry) => this.#claimOf(entry, pass) ?? [])
  }

  /** Null: the order was settled, and its answer determines when it is due. */
  #claimOf({ claimed, state }: Entry, { hadTrade }: { hadTrade: boolean }): ClaimedOrder | null {
    if (claimed === null) return null
    const { recheckMs } = this.#policy
    const shortestMs = Math.min(...recheckMs)
    switch (state) {
      case 'claimed':
      case 'settled':
        return null
      case 'not_sent':
        return claimed
      case 'refused':
        // If others were answered, the cause is the order's own. A few such orders at the head of the queue
        // would open the breaker in every run before any other order is queried.
        return hadTrade ? this.#dueIn(claimed, shortestMs) : claimed
      case 'failed':
        return this.#dueIn(claimed, shortestMs)
      case 'deferred':
        // After the younger orders, but before the old orders that were queried meanwhile.
        return this.#dueIn(claimed, Math.max(...recheckMs) - shortestMs / 2)
      default:
        return unreachable(state)
    }
  }

  /** At least half the wait passes after the claim, because a run may take longer than its slot. */
  #dueIn({ order }: ClaimedOrder, waitMs: number): ClaimedOrder {
    const claimedAt = +order.nextCheckAt - this.#policy.leaseMs
    const dueAt = Math.max(+this.#waitFrom + waitMs, claimedAt + waitMs / 2)
    return { order, dueAt: new Date(dueAt) }
  }
}
