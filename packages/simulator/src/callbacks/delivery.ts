import type { FaultKind } from '../faults/fault.ts'

/** The documented waits after a failed callback, in seconds: 15 waits, 24 h 4 min in total. */
export const retrySeconds: readonly number[] = [
  15, 15, 30, 180, 600, 1_200, 1_800, 1_800, 1_800, 3_600, 10_800, 10_800, 10_800, 21_600, 21_600,
]

export type DeliveryOutcome =
  | 'accepted' // 200 or 204 in time
  | 'refused' // any other status
  | 'timeout'
  | 'network' // not reachable, or cut off
  | 'dropped' // this attempt was lost
  | 'lost' // the notification was lost, no attempt follows

/** One attempt to deliver a callback. */
export interface Delivery {
  readonly out_trade_no: string
  readonly transaction_id: string
  /** Null if the attempt was lost before it was sent. */
  readonly notification_id: string | null
  /** From 1. A copy has the number of its original. */
  readonly attempt: number
  readonly copy: boolean
  /** RFC 3339, on the simulator's clock. */
  readonly at: string
  readonly outcome: DeliveryOutcome
  readonly status: number | null
  /** Serial number of the key that signed it. */
  readonly wechatpay_serial: string | null
  readonly faults: readonly FaultKind[]
  readonly duration_ms: number
}

/**
 * The callback of one payment:
 *
 *   waiting ──► accepted      a failed attempt is repeated on the schedule
 *      ├──────► gave_up       the schedule ended
 *      ├──────► lost
 *      └──────► cancelled     the simulator was reset
 */
export type CallbackState = 'waiting' | 'accepted' | 'gave_up' | 'lost' | 'cancelled'
