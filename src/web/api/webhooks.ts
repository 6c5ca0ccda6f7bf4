import { z } from 'zod'
import { deliveryStates, readDeliveryName } from '../../domain/webhooks/delivery.ts'
import { publishedTypes } from '../../domain/webhooks/published-event.ts'
import type { WebhookDesk } from '../../outbox/webhooks/webhook-desk.ts'
import type { Store } from '../../store/store.ts'
import { readTime } from '../../text/rfc3339.ts'
import { notFound, Refusal } from '../errors.ts'
import {
  bodyFaults,
  documented,
  fault,
  guarded,
  jsonBody,
  moment,
  pageAnswers,
  pageQuery,
} from '../schema.ts'
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
} from './shapes/webhooks.ts'

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

const replayRequest = jsonBody({
  since: moment('Of events that happened from then on.'),
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
})

const unknownDelivery = [fault, '`delivery_not_found`'] as const
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
    guarded('events:read', {
      operationId: 'listWebhooks',
      tags: ['webhooks'],
      summary: 'The configured endpoints, and how they are',
      answers: { 200: [webhookPageShape, 'All of them.'] },
    }),
    async () => ({
      webhooks: (await webhooks.endpoints()).map(presentEndpoint),
      next_cursor: null,
    }),
  )

  app.post(
    '/v1/webhooks/:name/test',
    guarded('webhooks:write', {
      operationId: 'testWebhook',
      tags: ['webhooks'],
      summary: 'Send a `budan.test` event now, and say what became of it',
      params: endpointPath,
      answers: {
        200: [testedShape, 'What the endpoint answered, whatever that is.'],
        404: unknownEndpoint,
      },
    }),
    async ({ params: { name } }) => presentTested((await webhooks.test(name)) ?? noEndpoint(name)),
  )
}

function addReplay(app: WebApp, { webhooks }: WebhookRouteParts): void {
  app.post(
    '/v1/webhooks/:name/replay',
    guarded('webhooks:write', {
      operationId: 'replayWebhook',
      tags: ['webhooks'],
      summary: 'Send the events of a span again, in portions of at most 10,000',
      params: endpointPath,
      body: replayRequest,
      answers: {
        200: [replayedShape, 'One portion is due now. Repeat with `next_cursor` until it is null.'],
        ...bodyFaults,
        400: [fault, '`request_invalid`, `json_malformed`, `cursor_invalid`'],
        404: unknownEndpoint,
      },
    }),
    async ({ params: { name }, body: { since, types, cursor } }) => {
      const span = { since: readTime(since) ?? new Date(0), types, cursor }
      const made = (await webhooks.replay(name, span)) ?? noEndpoint(name)
      return { replayed: made.replayed, next_cursor: made.nextCursor }
    },
  )
}

function addDeliveries(app: WebApp, { store, webhooks }: WebhookRouteParts): void {
  app.get(
    '/v1/deliveries',
    guarded('events:read', {
      operationId: 'listDeliveries',
      tags: ['webhooks'],
      summary: 'Deliveries of events to endpoints, newest first',
      querystring: deliveryQuery,
      answers: pageAnswers(deliveryPageShape),
    }),
    async ({ query }) => {
      const { endpoint = null, state = null, order_no: orderNo = null, limit } = query
      const { cursor = null } = query
      const page = await store.listDeliveries({ endpoint, state, orderNo, limit, cursor })
      return { deliveries: page.items.map(presentDelivery), next_cursor: page.nextCursor }
    },
  )

  app.get(
    '/v1/deliveries/:id',
    guarded('events:read', {
      operationId: 'getDelivery',
      tags: ['webhooks'],
      summary: 'One delivery with its attempts',
      params: deliveryPath,
      answers: {
        200: [deliveryDetailShape, 'The delivery.'],
        404: unknownDelivery,
      },
    }),
    async ({ params: { id } }) => {
      const number = readDeliveryName(id)
      const found = number === null ? null : await store.findDelivery(number)
      return presentDeliveryDetail(found ?? noDelivery(id))
    },
  )

  app.post(
    '/v1/deliveries/:id/replay',
    guarded('webhooks:write', {
      operationId: 'replayDelivery',
      tags: ['webhooks'],
      summary: 'Send an event to an endpoint again, whatever became of it before',
      params: deliveryPath,
      answers: {
        200: [deliveryShape, 'It is due now.'],
        404: unknownDelivery,
      },
    }),
    async ({ params: { id } }) =>
      presentDelivery((await webhooks.replayDelivery(id)) ?? noDelivery(id)),
  )
}

function noEndpoint(name: string): never {
  const message = `Cannot find the endpoint ${JSON.stringify(name.slice(0, 64))}: it is not configured here`
  throw new Refusal(404, { code: 'endpoint_not_found', message })
}

function noDelivery(id: string): never {
  throw notFound('delivery', id)
}
