import type { PublishedType } from './published-event.ts'

/**
 * One event for one endpoint.
 *
 *   pending ──► delivered     the endpoint answered 2xx
 *      │ ▲
 *      ▼ └──── replay         by a person, also of what was delivered
 *    failed                   three days of attempts, or its endpoint was taken out of the configuration
 */
export const deliveryStates = ['pending', 'delivered', 'failed'] as const
export type DeliveryState = (typeof deliveryStates)[number]

/** What became of an attempt. */
export const attemptOutcomes = [
  'delivered',
  'redirected',
  'throttled',
  'rejected',
  'server_error',
  'timeout',
  'unreachable',
  'forbidden', // it leads to an address that nothing is sent to
] as const
export type AttemptOutcome = (typeof attemptOutcomes)[number]

export interface Attempt {
  readonly outcome: AttemptOutcome
  /** Null: there was no answer. */
  readonly status: number | null
  /** In words; null: it was delivered. */
  readonly error: string | null
  /** The beginning of the answer's body. */
  readonly answer: string | null
  readonly durationMs: number
  /** The wait that the receiver named. */
  readonly retryAfterMs: number | null
}

export interface Delivery {
  readonly id: bigint
  readonly endpoint: string
  /** `evt_…`, which is sent as `webhook-id`. */
  readonly eventId: string
  readonly type: PublishedType
  /** Null: the event is about no order. */
  readonly orderNo: string | null
  readonly state: DeliveryState
  /** So far, those before a replay included. */
  readonly attempts: number
  readonly createdAt: Date
  /** Null unless pending. */
  readonly nextAt: Date | null
  /** Null while pending. */
  readonly finishedAt: Date | null
  /** Of the last attempt. */
  readonly lastStatus: number | null
  readonly lastError: string | null
}

export interface LoggedAttempt extends Omit<Attempt, 'retryAfterMs'> {
  readonly attempt: number
  readonly at: Date
}

const prefix = 'dlv_'

export function deliveryName(id: bigint): string {
  return `${prefix}${id}`
}

/** Null: no delivery has such a name. */
export function readDeliveryName(name: string): bigint | null {
  const digits = name.startsWith(prefix) ? name.slice(prefix.length) : ''
  return /^[1-9]\d{0,17}$/.test(digits) ? BigInt(digits) : null
}
