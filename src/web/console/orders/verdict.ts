import { type ConfiguredMerchant, isOf } from '../../../domain/merchant.ts'
import type { Order, OrderEvent } from '../../../domain/order.ts'
import type { Reason } from '../../../domain/reason.ts'
import type { SchedulePolicy } from '../../../domain/schedule.ts'

/** What became of an order, as somebody is told who paid and has no credit. */
export type Verdict =
  /** `since`: what the gateway said later, where it was something else. */
  | {
      readonly kind: 'credited'
      readonly operator: string | null
      readonly since: OrderEvent | null
    }
  /** `last`: the last thing that the gateway said, or failed to say; null: it was not asked yet. */
  | {
      readonly kind: 'open'
      readonly last: OrderEvent | null
      /** The last trade that it told of, where that was before `last`. */
      readonly known: OrderEvent | null
      /** Null: in the next run. */
      readonly nextAt: Date | null
      /** Runs are made by the clock, not by hand alone. */
      readonly isScheduled: boolean
    }
  /** Another merchant's: nobody asks about it here. */
  | { readonly kind: 'foreign' }
  /**
   * `entered`: what brought it there; `dismissed`: what took it out of the queue. Null: it is not
   * among the latest events, or was not taken out.
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

export function verdictOf(known: Known): Verdict {
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

/** A refund, another payment, a state that cannot be: what somebody has to be told of a paid order. */
function sinceOf(latest: readonly OrderEvent[], credit: OrderEvent | null): OrderEvent | null {
  const later = credit === null ? latest : latest.slice(0, latest.indexOf(credit))
  const differs = ({ alarm, tradeState }: OrderEvent) =>
    alarm || (tradeState !== null && credit !== null && tradeState !== credit.tradeState)
  return later.find(differs) ?? null
}

function openVerdict({ order, latest, policy, isScheduled, now }: Known): Verdict {
  const isWord = ({ kind }: OrderEvent) => kind === 'answered' || kind === 'unplaced'
  const last = latest.find(isWord) ?? null
  const known = latest.find((event) => event.kind === 'answered' && event.tradeState !== null)
  // A claim asks about none that is younger than the threshold.
  const nextMs = Math.max(+order.nextCheckAt, +order.createdAt + policy.thresholdMs)
  return {
    kind: 'open',
    last,
    known: known === undefined || known === last ? null : known,
    nextAt: nextMs > +now ? new Date(nextMs) : null,
    isScheduled,
  }
}

/** The gateway knows none of its number, which is no silence. */
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
