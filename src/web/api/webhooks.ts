import { z } from 'zod'
import { type PublishedType, publishedTypes } from '../../domain/published-event.ts'
import { deliveryStates, readDeliveryName } from '../../domain/webhooks/delivery.ts'
import type { WebhookDesk } from '../../outbox/webhooks/webhook-desk.ts'
import type { Store } from '../../store/store.ts'
import { readTime } from '../../text/rfc3339.ts'
import { Refusal } from '../errors.ts'
import { bodyFaults, documented, fault, guardedAnswers, pageAnswers, pageQuery } from '../schema.ts'
import type { WebApp } from '../web-app.ts'
import {
  deliveryDetailShape,
  deliveryPageShape,
  deliveryShape,
  presentDelivery,
  presentDeliveryDetail,
  presentEndpoint,
  presentTested,
  replayedShape,
  testedShape,
  webhookPageShape,
} from './shapes-webhooks.ts'

export interface WebhookRouteParts {
  readonly store: Pick<Store, 'listDeliveries' | 'findDelivery'>
  readonly webhooks: WebhookDesk
}

const endpointPath = z.object({ name: z.string() })
const deliveryPath = z.object({ id: z.string() })

const deliveryQuery = pageQuery.extend({
  endpoint: documented(z.string().optional(), 'Only of this endpoint.'),
  state: documented(
    z.enum(deliveryStates, { error: `must be one of ${deliveryStates.join(', ')}` }).optional(),
    'Only in this state.',
  ),
  order_no: documented(z.string().optional(), 'Only of events about this order.'),
})

const timeError = 'must be an RFC 3339 time with an offset, of the years 2000 to 2099'

const replayRequest = z.strictObject(
  {
    since: documented(
      z
        .string({ error: timeError })
        .refine((text) => readTime(text) !== null, { error: timeError }),
      'Of events that happened from then on.',
    ),
    types: documented(
      z
        .array(z.enum(publishedTypes, { error: `must be of ${publishedTypes.join(', ')}` }), {
          error: 'must be a list of types',
        })
        .min(1, { error: 'must have at least one type, or be left out' })
        .optional(),
      'Only of these types.',
    ),
    cursor: documented(
      z.string({ error: 'must be a next_cursor of a replay' }).optional(),
      '`next_cursor` of the portion before; `since` and `types` as before.',
    ),
  },
  {
    error: (issue) =>
      issue.code === 'invalid_type' ? 'the body must be a JSON object' : undefined,
  },
)

const unknownEndpoint = [fault, '`endpoint_not_found`'] as const

/** Endpoints of webhooks, and deliveries to them. */
export function addWebhookRoutes(app: WebApp, parts: WebhookRouteParts): void {
  addEndpoints(app, parts)
  addReplay(app, parts)
  addDeliveries(app, parts)
}

function addEndpoints(app: WebApp, { webhooks }: WebhookRouteParts): void {
  app.get(
    '/v1/webhooks',
    {
      config: { scope: 'events:read' },
      schema: {
        operationId: 'listWebhooks',
        tags: ['webhooks'],
        summary: 'The configured endpoints, and how they are',
        response: guardedAnswers({ 200: [webhookPageShape, 'All of them.'] }),
      },
    },
    async () => ({
      webhooks: (await webhooks.endpoints()).map(presentEndpoint),
      next_cursor: null,
    }),
  )

  app.post(
    '/v1/webhooks/:name/test',
    {
      config: { scope: 'webhooks:write' },
      schema: {
        operationId: 'testWebhook',
        tags: ['webhooks'],
        summary: 'Send a `budan.test` event now, and say what became of it',
        params: endpointPath,
        response: guardedAnswers({
          200: [testedShape, 'What the endpoint answered, whatever that is.'],
          404: unknownEndpoint,
        }),
      },
    },
    async ({ params: { name } }) => presentTested((await webhooks.test(name)) ?? notFound(name)),
  )
}

function addReplay(app: WebApp, { webhooks }: WebhookRouteParts): void {
  app.post(
    '/v1/webhooks/:name/replay',
    {
      config: { scope: 'webhooks:write' },
      schema: {
        operationId: 'replayWebhook',
        tags: ['webhooks'],
        summary: 'Send the events of a span again, in portions of at most 10,000',
        params: endpointPath,
        body: replayRequest,
        response: guardedAnswers({
          200: [
            replayedShape,
            'One portion is due now. Repeat with `next_cursor` until it is null.',
          ],
          ...bodyFaults,
          400: [fault, '`request_invalid`, `json_malformed`, `cursor_invalid`'],
          404: unknownEndpoint,
        }),
      },
    },
    async ({ params: { name }, body: { since, types, cursor } }) => {
      const span = { since: readTime(since) ?? new Date(0), types: ofTypes(types), cursor }
      const made = (await webhooks.replay(name, span)) ?? notFound(name)
      return { replayed: made.replayed, next_cursor: made.nextCursor }
    },
  )
}

function ofTypes(types: readonly PublishedType[] | undefined): readonly PublishedType[] | null {
  return types ?? null
}

function addDeliveries(app: WebApp, { store, webhooks }: WebhookRouteParts): void {
  app.get(
    '/v1/deliveries',
    {
      config: { scope: 'events:read' },
      schema: {
        operationId: 'listDeliveries',
        tags: ['webhooks'],
        summary: 'Deliveries of events to endpoints, newest first',
        querystring: deliveryQuery,
        response: pageAnswers(deliveryPageShape),
      },
    },
    async ({ query }) => {
      const { endpoint = null, state = null, order_no: orderNo = null, limit } = query
      const { cursor = null } = query
      const page = await store.listDeliveries({ endpoint, state, orderNo, limit, cursor })
      return { deliveries: page.items.map(presentDelivery), next_cursor: page.nextCursor }
    },
  )

  app.get(
    '/v1/deliveries/:id',
    {
      config: { scope: 'events:read' },
      schema: {
        operationId: 'getDelivery',
        tags: ['webhooks'],
        summary: 'One delivery with its attempts',
        params: deliveryPath,
        response: guardedAnswers({
          200: [deliveryDetailShape, 'The delivery.'],
          404: [fault, '`delivery_not_found`'],
        }),
      },
    },
    async ({ params: { id } }) => {
      const number = readDeliveryName(id)
      const found = number === null ? null : await store.findDelivery(number)
      return presentDeliveryDetail(found ?? noDelivery(id))
    },
  )

  app.post(
    '/v1/deliveries/:id/replay',
    {
      config: { scope: 'webhooks:write' },
      schema: {
        operationId: 'replayDelivery',
        tags: ['webhooks'],
        summary: 'Send an event to an endpoint again, whatever became of it before',
        params: deliveryPath,
        response: guardedAnswers({
          200: [deliveryShape, 'It is due now.'],
          404: [fault, '`delivery_not_found`'],
        }),
      },
    },
    async ({ params: { id } }) =>
      presentDelivery((await webhooks.replayDelivery(id)) ?? noDelivery(id)),
  )
}

function notFound(name: string): never {
  const message = `Cannot find the endpoint ${JSON.stringify(name.slice(0, 64))}: it is not configured here`
  throw new Refusal(404, { code: 'endpoint_not_found', message })
}

function noDelivery(id: string): never {
  const message = `Cannot find delivery ${JSON.stringify(id.slice(0, 64))}`
  throw new Refusal(404, { code: 'delivery_not_found', message })
}
