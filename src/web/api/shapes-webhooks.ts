import { z } from 'zod'
import { publishedTypes } from '../../domain/published-event.ts'
import {
  attemptOutcomes,
  type Delivery,
  deliveryName,
  deliveryStates,
  type LoggedAttempt,
} from '../../domain/webhooks/delivery.ts'
import type { Endpoint, Tested } from '../../outbox/webhooks/webhook-desk.ts'
import { apiSchemas, count, documented, nextCursor, time } from '../schema.ts'

/** Endpoints and deliveries in JSON. */

const status = documented(
  z.int().nullable(),
  'What it answered last; null: nothing, or nothing was sent yet.',
)
const error = documented(
  z.string().nullable(),
  'Why the last attempt failed, in words; null: it did not, or there was none.',
)

export const webhookShape = z
  .object({
    name: z.string(),
    url: documented(z.string(), 'Without its query, which may hold a token.'),
    types: documented(
      z.array(z.enum(publishedTypes)).nullable(),
      'What it gets; null: everything.',
    ),
    pending: documented(count, 'Deliveries that are not taken yet, up to 10,000.'),
    failed: documented(count, 'Deliveries that were given up, up to 10,000.'),
    oldest_pending_seconds: documented(
      z.number().nullable(),
      'Age of the oldest event among the pending ones; null: there is none.',
    ),
    failing: documented(
      z.boolean(),
      'Whether it has failed for a minute and more: then one delivery is tried at times.',
    ),
    failing_since: documented(time.nullable(), 'Since when nothing was taken; null: the last was.'),
    last_at: documented(time.nullable(), 'When it was tried last.'),
    last_status: status,
    last_error: error,
  })
  .register(apiSchemas, { id: 'Webhook' })

export const webhookPageShape = z
  .object({ webhooks: z.array(webhookShape), next_cursor: nextCursor })
  .register(apiSchemas, { id: 'WebhookPage' })

const outcome = documented(
  z.enum(attemptOutcomes),
  '`redirected`: 3xx, which is not followed. `throttled`: 429. `rejected`: any other 4xx. `forbidden`: its address is one that nothing is sent to.',
)
const answer = documented(
  z.string().nullable(),
  'The beginning of the body of the answer, at most 1 kB.',
)

export const testedShape = z
  .object({
    event_id: z.string(),
    delivered: z.boolean(),
    ...{ outcome, status, error, answer, duration_ms: z.number() },
  })
  .register(apiSchemas, { id: 'WebhookTest' })

export const replayedShape = z
  .object({
    replayed: documented(
      count,
      'Deliveries that are due again. Those that were pending anyway do not count.',
    ),
    next_cursor: documented(
      z.string().nullable(),
      'There are more events in the span: send it as `cursor`. Null: the span is done.',
    ),
  })
  .register(apiSchemas, { id: 'WebhookReplay' })

const deliveryFields = {
  id: z.string(),
  endpoint: z.string(),
  event_id: documented(z.string(), 'The same in `webhook-id`, and in the feed.'),
  type: z.enum(publishedTypes),
  order_no: z.string().nullable(),
  state: documented(
    z.enum(deliveryStates),
    '`failed` was given up after three days of attempts. It can be replayed.',
  ),
  attempts: documented(count, 'So far, those before a replay included.'),
  created_at: time,
  next_at: documented(time.nullable(), 'When it is due; null unless pending.'),
  finished_at: documented(time.nullable(), 'Null while pending.'),
  ...{ last_status: status, last_error: error },
}

export const deliveryShape = z.object(deliveryFields).register(apiSchemas, { id: 'Delivery' })

export const deliveryPageShape = z
  .object({ deliveries: z.array(deliveryShape), next_cursor: nextCursor })
  .register(apiSchemas, { id: 'DeliveryPage' })

export const deliveryDetailShape = z
  .object({
    ...deliveryFields,
    log: z.array(
      z.object({
        ...{ attempt: count, at: time, duration_ms: z.number() },
        ...{ outcome, status, error, answer },
      }),
    ),
  })
  .register(apiSchemas, { id: 'DeliveryDetail' })

export function presentEndpoint(endpoint: Endpoint): z.output<typeof webhookShape> {
  const { name, url, types, pending, failed, oldestPendingMs } = endpoint
  return {
    ...{ name, url, types: types && [...types], pending, failed },
    oldest_pending_seconds: oldestPendingMs === null ? null : Math.round(oldestPendingMs) / 1000,
    failing: endpoint.isFailing,
    failing_since: endpoint.failingSince?.toISOString() ?? null,
    last_at: endpoint.lastAt?.toISOString() ?? null,
    ...{ last_status: endpoint.lastStatus, last_error: endpoint.lastError },
  }
}

export function presentTested({ eventId, attempt }: Tested): z.output<typeof testedShape> {
  const { outcome, status, error, answer, durationMs } = attempt
  return {
    ...{ event_id: eventId, delivered: outcome === 'delivered' },
    ...{ outcome, status, error, answer, duration_ms: durationMs },
  }
}

export function presentDelivery(delivery: Delivery): z.output<typeof deliveryShape> {
  const { id, endpoint, eventId, type, orderNo, state, attempts, createdAt } = delivery
  return {
    ...{ id: deliveryName(id), endpoint, event_id: eventId, type, order_no: orderNo },
    ...{ state, attempts, created_at: createdAt.toISOString() },
    next_at: delivery.nextAt?.toISOString() ?? null,
    finished_at: delivery.finishedAt?.toISOString() ?? null,
    ...{ last_status: delivery.lastStatus, last_error: delivery.lastError },
  }
}

export function presentDeliveryDetail({
  delivery,
  attempts,
}: {
  readonly delivery: Delivery
  readonly attempts: readonly LoggedAttempt[]
}): z.output<typeof deliveryDetailShape> {
  return {
    ...presentDelivery(delivery),
    log: attempts.map(({ attempt, at, durationMs, ...made }) => ({
      ...{ attempt, at: at.toISOString(), duration_ms: durationMs },
      ...made,
    })),
  }
}
