import { type ConfiguredMerchant, isOf } from '../../../domain/merchant.ts'
import type { Order, OrderEvent } from '../../../domain/order.ts'
import type { Reason } from '../../../domain/reason.ts'
import type { SchedulePolicy } from '../../../domain/schedule.ts'

/** The result of an order, for somebody who paid and has no credit. */
export type OrderVerdict =
  /** `since`: a later answer of the gateway that differs. */
  | {
      readonly kind: 'credited'
      readonly operator: string | null
      readonly since: OrderEvent | null
    }
  /** `last`: the last answer of the gateway, or failure to answer; null: it was not queried yet. */
  | {
      readonly kind: 'open'
      readonly last: OrderEvent | null
      /** The last answer with a trade, where that was before `last`. */
      readonly known: OrderEvent | null
      /** Null: in the next run. */
      readonly nextAt: Date | null
      /** Runs start by the timer, not only by hand. */
      readonly isScheduled: boolean
    }
  /** Another merchant's order: this budan does not query it. */
  | { readonly kind: 'foreign' }
  /**
   * `entered`: the event that put it into review; `dismissed`: the one that dismissed it. Null: it is not
   * among the latest events, or there is none.
   */
  | {
      readonly kind: 'review'
      readonly entered: OrderEvent | null
      readonly dismissed: OrderEvent | null
    }
  | { readonly kind: 'expired'; readonly by: OrderEvent | null }

export interface Known {
  readonly order: Order
  /** Newest first. */
  readonly latest: readonly OrderEvent[]
  readonly merchant: ConfiguredMerchant
  readonly policy: Pick<SchedulePolicy, 'thresholdMs'>
  readonly isScheduled: boolean
  readonly now: Date
}

export function orderVerdictOf(known: Known): OrderVerdict {
  const { order, latest } = known
  switch (order.status) {
    case 'paid': {
      const credit = latest.find((event) => event.toStatus === 'paid') ?? null
      return {
        kind: 'credited',
        operator: credit?.operator ?? null,
        since: sinceOf(latest, credit),
      }
    }
    case 'pending':
      return !isOf(known.merchant, order) ? { kind: 'foreign' } : openVerdict(known)
    case 'review': {
      const entered = latest.find(
        ({ toStatus, decision, stateSeq }) =>
          toStatus === 'review' || (decision === 'review' && stateSeq === null),
      )
      const dismissed = order.dismissed && latest.find(({ kind }) => kind === 'dismissed')
      return { kind: 'review', entered: entered ?? null, dismissed: dismissed ?? null }
    }
    case 'expired':
      return { kind: 'expired', by: latest.find((event) => event.toStatus === 'expired') ?? null }
  }
}

/** A refund, another payment, an impossible state: what a reader has to know of a paid order. */
function sinceOf(latest: readonly OrderEvent[], credit: OrderEvent | null): OrderEvent | null {
  const later = credit === null ? latest : latest.slice(0, latest.indexOf(credit))
  const differs = ({ alarm, tradeState }: OrderEvent) =>
    alarm || (tradeState !== null && credit !== null && tradeState !== credit.tradeState)
  return later.find(differs) ?? null
}

function openVerdict({ order, latest, policy, isScheduled, now }: Known): OrderVerdict {
  const isAnswer = ({ kind }: OrderEvent) => kind === 'answered' || kind === 'unplaced'
  const last = latest.find(isAnswer) ?? null
  const known = latest.find((event) => event.kind === 'answered' && event.tradeState !== null)
  // A claim takes no order that is younger than the threshold.
  const nextMs = Math.max(+order.nextCheckAt, +order.createdAt + policy.thresholdMs)
  return {
    kind: 'open',
    last,
    known: known === undefined || known === last ? null : known,
    nextAt: nextMs > +now ? new Date(nextMs) : null,
    isScheduled,
  }
}

/** The gateway answered that it has no order with this number, which differs from no answer. */
export function isAbsence({ codedReason }: { readonly codedReason: Reason | null }): boolean {
  switch (codedReason?.code) {
    case 'absent':
    case 'absent_not_credible':
    case 'absent_too_seldom':
      return true
    case 'clocks_disagree':
      return codedReason.seen === 'absent'
    default:
      return false
  }
}
