import { unlessAborted, withDeadline } from '../../deadline.ts'
import type { Emit, GatewayOperation } from '../../domain/event.ts'
import type { UnknownAnswer } from '../../domain/trade.ts'
import type { CallOptions } from '../gateway.ts'
import { unknownAnswer } from '../unknown.ts'
import type { OldOrderLimit } from './old-order-limit.ts'
import type { Quota, Reservation } from './quota.ts'

export interface RateLimits {
  readonly quota: Quota
  readonly oldOrders: OldOrderLimit
  readonly timeoutMs: number
  readonly emit: Emit
}

/** A reservation in the quota, or why there is none. Without one, nothing was sent. */
export async function waitForReservation(
  limits: RateLimits,
  { operation, attempt }: { operation: GatewayOperation; attempt: string },
  options: CallOptions,
): Promise<Reservation | UnknownAnswer> {
  const startedAt = performance.now()
  const limited = (cause: 'quota' | 'old_order_limit', why: string) => {
    const waitedMs = performance.now() - startedAt
    limits.emit({ type: 'query_rate_limited', operation, cause, waitedMs })
    return unknownAnswer(cause, `Cannot ${attempt}: ${why}`)
  }
  const acquired = await tryAcquire(limits, options)
  if (acquired instanceof Error)
    return limited('quota', `the rate limiter failed (${acquired.message})`)
  if (!acquired) {
    return limited('old_order_limit', 'rate limit for old orders: no slot now')
  }
  const reservation = acquired === 'aborted' ? null : await reserve(limits, options)
  if (reservation === null && options.signal?.aborted) {
    return unknownAnswer('timeout', `Cannot ${attempt}: its caller ended it`)
  }
  if (reservation !== null) return reservation
  const { lastError } = limits.quota
  const detail = lastError === null ? '' : ` (${lastError})`
  return limited('quota', `rate limit: no slot before the deadline${detail}`)
}

/** Whether the age of the order allows a query now; an error when the limiter cannot be reached. */
async function tryAcquire(
  limits: RateLimits,
  options: CallOptions,
): Promise<boolean | 'aborted' | Error> {
  try {
    return await withDeadline(limits, options, (signal) =>
      unlessAborted(limits.oldOrders.tryAcquire(options.orderedAt), options.patience ?? signal),
    )
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** A caller with patience waits until that aborts. Otherwise a person waits, at most `timeoutMs`. */
function reserve(limits: RateLimits, options: CallOptions): Promise<Reservation | null> {
  const { signal, patience } = options
  if (patience === undefined) {
    return withDeadline(limits, options, (urgent) => limits.quota.take(urgent, { urgent: true }))
  }
  const untilEither = signal === undefined ? patience : AbortSignal.any([signal, patience])
  return limits.quota.take(untilEither, { ahead: options.ahead ?? 0 })
}
