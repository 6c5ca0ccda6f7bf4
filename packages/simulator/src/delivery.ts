import type { FaultKind } from './fault.ts'

/** Documented waits after a failed callback, in seconds: 15 of them, 24 h 4 min in all. */
export const retrySeconds: readonly number[] = [
  15, 15, 30, 180, 600, 1_200, 1_800, 1_800, 1_800, 3_600, 10_800, 10_800, 10_800, 21_600, 21_600,
]

export type DeliveryOutcome =
  | 'accepted' // 200 or 204 in time
  | 'refused' // any other status
  | 'timeout'
  | 'network' // not reached, or cut off
  | 'dropped' // lost on the way, this once
  | 'lost' // lost for good

/** One attempt to tell the merchant. */
export interface Delivery {
  readonly out_trade_no: string
  readonly transaction_id: string
  /** Null where it was lost before it was sent. */
  readonly notification_id: string | null
  /** 1 for the first; copies have the number of the one that they copy. */
  readonly attempt: number
  readonly copy: boolean
  /** RFC 3339, on the simulator's clock. */
  readonly at: string
  readonly outcome: DeliveryOutcome
  readonly status: number | null
  /** The key that signed it. */
  readonly wechatpay_serial: string | null
  readonly faults: readonly FaultKind[]
  readonly duration_ms: number
}

/**
 * One payment's callback:
 *
 *   waiting ──► accepted      a failed attempt is tried again on the schedule,
 *      ├──────► gave_up       and after its end no more
 *      ├──────► lost
 *      └──────► cancelled     the simulator was reset
 */
export type CallbackState = 'waiting' | 'accepted' | 'gave_up' | 'lost' | 'cancelled'
