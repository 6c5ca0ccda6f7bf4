import { unlessAborted, withDeadline } from '../../deadline.ts'
import type { Emit, GatewayOperation } from '../../domain/event.ts'
import type { UnknownAnswer } from '../../domain/trade.ts'
import type { CallOptions } from '../gateway.ts'
import { unknownAnswer } from '../wechat/unknown.ts'
import type { OldOrderLimit } from './old-order-limit.ts'
import type { Quota, Reservation } from './quota.ts'

export interface Placing {
  readonly quota: Quota
  readonly aged: OldOrderLimit
  readonly timeoutMs: number
  readonly emit: Emit
}

/** A place in the quota, or why there was none: then nobody was asked. */
export async function waitForReservation(
  placing: Placing,
  { operation, attempt }: { operation: GatewayOperation; attempt: string },
  options: CallOptions,
): Promise<Reservation | UnknownAnswer> {
  const { quota, emit } = placing
  const startedAt = performance.now()
  const unplaced = (cause: 'quota' | 'old_order_limit', why: string) => {
    emit({ type: 'query_rate_limited', operation, cause, waitedMs: performance.now() - startedAt })
    return unknownAnswer(cause, `Cannot ${attempt}: ${why}`)
  }
  const admitted = await admittedInTime(placing, options)
  if (admitted instanceof Error) {
    return unplaced('quota', `no place in the quota (${admitted.message})`)
  }
  if (!admitted) {
    return unplaced(
      'old_order_limit',
      'few questions about old orders are answered, and others came first',
    )
  }
  const place = admitted === 'aborted' ? null : await waitForPlace(placing, options)
  if (place === null && options.signal?.aborted) {
    return unknownAnswer('timeout', `Cannot ${attempt}: its caller ended it`)
  }
  const trouble = quota.lastError === null ? '' : ` (${quota.lastError})`
  return place ?? unplaced('quota', `no place in the quota in time${trouble}`)
}

/** Whether an order may be asked about for its age; an error when that cannot be found out. */
async function admittedInTime(
  placing: Placing,
  options: CallOptions,
): Promise<boolean | 'aborted' | Error> {
  try {
    return await withDeadline(placing, options, (signal) =>
      unlessAborted(placing.aged.tryAcquire(options.orderedAt), options.patience ?? signal),
    )
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** Whoever has patience waits as long as it lasts; for the others, somebody waits. */
function waitForPlace(placing: Placing, options: CallOptions): Promise<Reservation | null> {
  const { signal, patience } = options
  if (patience === undefined) {
    return withDeadline(placing, options, (urgent) => placing.quota.take(urgent, { urgent: true }))
  }
  const untilEither = signal === undefined ? patience : AbortSignal.any([signal, patience])
  return placing.quota.take(untilEither, { ahead: options.ahead ?? 0 })
}
