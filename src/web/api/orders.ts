import { z } from 'zod'
import { merchantNamed } from '../../desks.ts'
import { unreachable } from '../../domain/assert.ts'
import type { Clock } from '../../domain/clock.ts'
import type { Actor, Order } from '../../domain/order.ts'
import { orderStatuses } from '../../domain/order-states.ts'
import type { AdoptionRefusal } from '../../orders/adopt.ts'
import type { Budan } from '../../service.ts'
import type { Access } from '../access/access.ts'
import { actorOf } from '../access/actor.ts'
import { requireScope } from '../access/scopes.ts'
import { Refusal } from '../errors.ts'
import { ofOrder } from '../found-order.ts'
import {
  bodyFaults,
  documented,
  fault,
  guarded,
  pageAnswers,
  pageQuery,
  userId,
} from '../schema.ts'
import type { WebApp } from '../web-app.ts'
import {
  merchantFaults,
  merchantName,
  merchantOfList,
  merchantOfListFaults,
  merchantQuery,
} from './requests/merchant-query.ts'
import {
  type AdoptingJson,
  adoptRequestOf,
  orderRequest,
  type PlacingJson,
  placeRequestOf,
} from './requests/order-request.ts'
import { presentCheckReport, presentOrder, presentOrderEvent } from './shapes/present.ts'
import {
  checkReportShape,
  orderEventPageShape,
  orderPageShape,
  orderShape,
} from './shapes/shapes.ts'

export const orderPath = z.object({ order_no: z.string() })

const orderQuery = pageQuery.extend({
  status: z.enum(orderStatuses, { error: `must be one of ${orderStatuses.join(', ')}` }).optional(),
  user_id: userId.optional(),
  merchant: merchantOfList,
})

const idempotencyHeader = z.looseObject({
  'idempotency-key': documented(
    z.string().optional(),
    '1 to 128 visible ASCII characters. Needed unless `adopt` is true.',
  ),
})

const orderAbsent = [fault, '`order_not_found`'] as const

export interface OrderRouteParts {
  readonly budan: Budan
  readonly clock: Clock
  readonly access: Access
}

export function addOrderRoutes(app: WebApp, parts: OrderRouteParts): void {
  const { budan } = parts
  addCreate(app, parts)
  addList(app, parts)
  addGet(app, parts)
  addEvents(app, budan)
  addCheck(app, budan)
}

function addCreate(app: WebApp, { budan, clock, access }: OrderRouteParts): void {
  app.post(
    '/v1/orders',
    guarded(['orders:place', 'orders:adopt'], {
      operationId: 'createOrder',
      tags: ['orders'],
      summary: 'Create an order with its trade, or adopt one placed elsewhere',
      body: orderRequest,
      headers: idempotencyHeader,
      answers: {
        200: [orderShape, 'Adopted before, with the same facts.'],
        201: [orderShape, 'Created or adopted; the same again for the same key and facts.'],
        ...bodyFaults,
        400: [
          fault,
          '`request_invalid`, `json_malformed`, `idempotency_key_missing`, `idempotency_key_invalid`, `app_id_required`, `merchant_required`',
        ],
        403: [
          fault,
          '`scope_missing`. `prefix_not_allowed`: not among `recharge.adopt_prefixes`. `host_unknown`, `other_site`: sent by a page of another site.',
        ],
        409: [
          fault,
          '`idempotency_key_reused`, `order_conflict`: the facts, or merchant or app id, differ. `order_ended`: use a new key. `upgrade_pending`: another merchant has this number or key, until the schema’s breaking step is taken.',
        ],
        422: [
          fault,
          '`gateway_refused`: the gateway will not take this order. `app_id_unknown`, `merchant_unknown`: not configured.',
        ],
        502: [fault, '`gateway_unavailable`: repeat with the same key.'],
      },
    }),
    async (request, reply) => {
      const { body } = request
      const actor = actorOf(request)
      requireScope(access, request, body.adopt === true ? 'orders:adopt' : 'orders:place')
      if (body.adopt === true) {
        const { order, isNew } = await adoptOrder(budan, { body, now: clock(), actor })
        return reply.code(isNew ? 201 : 200).send(presentOrder(order, { now: clock(), ...budan }))
      }
      const idempotencyKey = request.headers['idempotency-key']
      const order = await placeOrder(budan, { body, idempotencyKey, actor })
      return reply.code(201).send(presentOrder(order, { now: clock(), ...budan }))
    },
  )
}

function addList(app: WebApp, { budan: { store, merchants }, clock }: OrderRouteParts): void {
  app.get(
    '/v1/orders',
    guarded('orders:read', {
      operationId: 'listOrders',
      tags: ['orders'],
      summary: 'Orders, newest first',
      querystring: orderQuery,
      answers: { ...pageAnswers(orderPageShape), ...merchantOfListFaults },
    }),
    async ({ query }) => {
      const { limit, cursor = null, status = null, user_id: userId = null } = query
      const now = clock()
      const merchant =
        query.merchant === undefined ? null : merchantNamed(merchants, query.merchant)
      const page = await store.listOrders({ limit, cursor, status, userId, merchant })
      return {
        orders: page.items.map((order) => presentOrder(order, { now, merchants })),
        next_cursor: page.nextCursor,
      }
    },
  )
}

function addGet(app: WebApp, { budan, clock }: OrderRouteParts): void {
  app.get(
    '/v1/orders/:order_no',
    guarded('orders:read', {
      operationId: 'getOrder',
      tags: ['orders'],
      summary: 'One order',
      params: orderPath,
      querystring: merchantQuery,
      answers: {
        200: [orderShape, 'The order.'],
        404: orderAbsent,
        ...merchantFaults,
      },
    }),
    async ({ params, query }) => {
      const order = await ofOrder(params.order_no, (orderNo) => budan.findOrder(orderNo, query))
      return presentOrder(order, { now: clock(), ...budan })
    },
  )
}

function addEvents(app: WebApp, { store, findOrder }: Budan): void {
  app.get(
    '/v1/orders/:order_no/events',
    guarded('orders:read', {
      operationId: 'listOrderEvents',
      tags: ['orders'],
      summary: 'The evidence: every query, answer, decision and reason, oldest first',
      params: orderPath,
      querystring: pageQuery.extend({ merchant: merchantName.optional() }),
      answers: {
        ...pageAnswers(orderEventPageShape),
        404: orderAbsent,
        ...merchantFaults,
      },
    }),
    async ({ params, query: { limit, cursor = null, merchant } }) => {
      const { key } = await ofOrder(params.order_no, (orderNo) => findOrder(orderNo, { merchant }))
      const page = await store.listOrderEvents(key, { limit, cursor })
      return { events: page.items.map(presentOrderEvent), next_cursor: page.nextCursor }
    },
  )
}

function addCheck(app: WebApp, budan: Budan): void {
  app.post(
    '/v1/orders/:order_no/check',
    guarded('orders:check', {
      operationId: 'checkOrder',
      tags: ['orders'],
      summary: 'Query the gateway now, and settle',
      params: orderPath,
      querystring: merchantQuery,
      answers: {
        200: [checkReportShape, 'The result, for every answer of the gateway.'],
        404: orderAbsent,
        ...merchantFaults,
      },
    }),
    async (request) => {
      const by = { actor: actorOf(request), ...request.query }
      const check = (orderNo: string) => budan.checkOrder(orderNo, by)
      return presentCheckReport(await ofOrder(request.params.order_no, check))
    },
  )
}

async function placeOrder(
  budan: Budan,
  { body, ...by }: { body: PlacingJson; idempotencyKey: string | undefined; actor: Actor },
): Promise<Order> {
  const placement = await budan.placeOrder(placeRequestOf(body, by))
  switch (placement.kind) {
    case 'placed':
      return placement.order
    case 'conflict':
      throw new Refusal(409, { code: 'idempotency_key_reused', message: placement.message })
    case 'upgrade_pending':
      throw new Refusal(409, { code: 'upgrade_pending', message: placement.message })
    case 'app_id_unknown':
      throw new Refusal(422, { code: 'app_id_unknown', message: placement.message })
    case 'ended': {
      const message = `The order of this Idempotency-Key is ${placement.order.status}, and there is no code for it that works: use a new key`
      throw new Refusal(409, { code: 'order_ended', message })
    }
    case 'refused': {
      const message = `The gateway refused the order: ${placement.code}: ${placement.message}`
      throw new Refusal(422, { code: 'gateway_refused', message })
    }
    case 'unanswered': {
      const message = `The gateway did not answer (${placement.message}): repeat with the same Idempotency-Key`
      throw new Refusal(502, { code: 'gateway_unavailable', message })
    }
    default:
      return unreachable(placement)
  }
}

async function adoptOrder(
  budan: Budan,
  { body, ...by }: { body: AdoptingJson; now: Date; actor: Actor },
): Promise<{ order: Order; isNew: boolean }> {
  const adoption = await budan.adoptOrder(adoptRequestOf(body, by))
  if (adoption.kind === 'adopted' || adoption.kind === 'exists') {
    return { order: adoption.order, isNew: adoption.kind === 'adopted' }
  }
  throw adoptionRefusal(adoption)
}

/** Also for a batch, and for a correction, which is refused for the same reasons. */
export function adoptionRefusal({ kind, message }: RefusedAdoption) {
  return new Refusal(adoptionStatus[kind], { code: adoptionCodes[kind] ?? kind, message })
}

interface RefusedAdoption {
  readonly kind: AdoptionRefusal | 'conflict'
  readonly message: string
}

const adoptionCodes: Readonly<Record<string, string>> = {
  end_too_far: 'request_invalid',
  conflict: 'order_conflict',
}

const adoptionStatus: Readonly<Record<RefusedAdoption['kind'], number>> = {
  conflict: 409,
  app_id_required: 400,
  end_too_far: 400,
  prefix_not_allowed: 403,
  app_id_unknown: 422,
  upgrade_pending: 409,
  merchant_required: 400,
  merchant_unknown: 422,
}
