import { z } from 'zod'
import {
  attemptOutcomes,
  type Delivery,
  deliveryName,
  deliveryStates,
  type LoggedAttempt,
} from '../../../domain/webhooks/delivery.ts'
import { publishedTypes } from '../../../domain/webhooks/published-event.ts'
import type { Endpoint, Tested } from '../../../outbox/webhooks/webhook-desk.ts'
import { presenterOf } from '../../presenter.ts'
import { count, documented, named, pageOf, time } from '../../schema.ts'

/** Endpoints and deliveries in JSON. */

const status = documented(
  z.int().nullable(),
  'What it answered last; null: nothing, or nothing was sent yet.',
)
const error = documented(
  z.string().nullable(),
  'Why the last attempt failed, in words; null: it did not, or there was none.',
)

export const webhookShape = named('Webhook', {
  name: z.string(),
  url: documented(z.string(), 'Without its query, which may hold a token.'),
  types: documented(z.array(z.enum(publishedTypes)).nullable(), 'What it gets; null: everything.'),
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

export const webhookPageShape = pageOf('WebhookPage', { webhooks: z.array(webhookShape) })

const outcome = documented(
  z.enum(attemptOutcomes),
  '`redirected`: 3xx, which is not followed. `throttled`: 429. `rejected`: any other 4xx. `forbidden`: its address is one that nothing is sent to.',
)
const answer = documented(
  z.string().nullable(),
  'The beginning of the body of the answer, at most 1 kB.',
)

export const testedShape = named('WebhookTest', {
  event_id: z.string(),
  delivered: z.boolean(),
  ...{ outcome, status, error, answer, duration_ms: z.number() },
})

export const replayedShape = named('WebhookReplay', {
  replayed: documented(
    count,
    'Deliveries that are due again. Those that were pending anyway do not count.',
  ),
  next_cursor: documented(
    z.string().nullable(),
    'There are more events in the span: send it as `cursor`. Null: the span is done.',
  ),
})

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

export const deliveryShape = named('Delivery', deliveryFields)

export const deliveryPageShape = pageOf('DeliveryPage', { deliveries: z.array(deliveryShape) })

const attemptShape = z.object({
  ...{ attempt: count, at: time, duration_ms: z.number() },
  ...{ outcome, status, error, answer },
})

export const deliveryDetailShape = named('DeliveryDetail', {
  ...deliveryFields,
  log: z.array(attemptShape),
})

const endpointJson = presenterOf(webhookShape)

export function presentEndpoint(endpoint: Endpoint): z.output<typeof webhookShape> {
  const { oldestPendingMs, isFailing: failing } = endpoint
  const oldestPendingSeconds = oldestPendingMs === null ? null : Math.round(oldestPendingMs) / 1000
  return endpointJson({ ...endpoint, oldestPendingSeconds, failing })
}

const testedJson = presenterOf(testedShape)

export function presentTested({ eventId, attempt }: Tested): z.output<typeof testedShape> {
  return testedJson({ ...attempt, eventId, delivered: attempt.outcome === 'delivered' })
}

const deliveryJson = presenterOf(deliveryShape)

export function presentDelivery(delivery: Delivery): z.output<typeof deliveryShape> {
  return deliveryJson({ ...delivery, id: deliveryName(delivery.id) })
}

const attemptJson = presenterOf(attemptShape)

export function presentDeliveryDetail({
  delivery,
  attempts,
}: {
  readonly delivery: Delivery
  readonly attempts: readonly LoggedAttempt[]
}): z.output<typeof deliveryDetailShape> {
  return { ...presentDelivery(delivery), log: attempts.map(attemptJson) }
}
