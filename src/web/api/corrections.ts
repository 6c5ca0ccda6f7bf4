import { actorOf } from '../access/actor.ts'
import { Refusal } from '../errors.ts'
import { ofOrder } from '../found-order.ts'
import { bodyFaults, fault, guarded } from '../schema.ts'
import type { WebApp } from '../web-app.ts'
import { adoptionRefusal, type OrderRouteParts, orderPath } from './orders.ts'
import { merchantQuery } from './requests/merchant-query.ts'
import { abandonRequest, correctionRequest, correctRequestOf } from './requests/order-request.ts'
import { presentNeedsSecond, secondRefusal } from './requests/second-person.ts'
import { presentOrder } from './shapes/present.ts'
import { needsSecondAnswer } from './shapes/review.ts'
import { orderShape } from './shapes/shapes.ts'

/** What a person may change of an order: correct wrong facts, or give up an order that was never accepted. */
export function addCorrectionRoutes(app: WebApp, parts: OrderRouteParts): void {
  addCorrect(app, parts)
  addAbandon(app, parts)
}

function addCorrect(app: WebApp, { budan, clock }: OrderRouteParts): void {
  app.patch(
    '/v1/orders/:order_no',
    guarded('orders:correct', {
      operationId: 'correctOrder',
      tags: ['orders'],
      summary: 'Correct an adopted order of which nothing was credited',
      params: orderPath,
      querystring: merchantQuery,
      body: correctionRequest,
      answers: {
        200: [orderShape, 'As it is now. Its state stays.'],
        ...needsSecondAnswer,
        ...bodyFaults,
        404: [fault, '`order_not_found`'],
        409: [
          fault,
          '`credited`: it stays as it is. `not_adopted`: it was placed here. `crediting`: it is being settled at this moment; try again. `second_person_needed`: the same person has requested it before.',
        ],
        422: [fault, '`app_id_unknown`, `merchant_unknown`: not configured.'],
      },
    }),
    async (request, reply) => {
      const correction = correctRequestOf(request.body, { actor: actorOf(request) })
      const corrected = await ofOrder(request.params.order_no, (orderNo) =>
        budan.correctOrder(orderNo, { ...correction, ...request.query }),
      )
      switch (corrected.kind) {
        case 'corrected':
          return presentOrder(corrected.order, { now: clock(), ...budan })
        case 'needs_second':
          return reply.code(202).send(presentNeedsSecond(corrected, budan))
        case 'same_person':
        case 'no_own_name':
          throw secondRefusal(corrected)
        case 'app_id_unknown':
        case 'end_too_far':
        case 'merchant_unknown':
          throw adoptionRefusal(corrected)
        case 'end_too_early':
          throw new Refusal(400, { code: 'request_invalid', message: corrected.message })
        case 'credited':
        case 'not_adopted':
        case 'crediting':
          throw new Refusal(409, { code: corrected.kind, message: corrected.message })
      }
    },
  )
}

function addAbandon(app: WebApp, { budan, clock }: OrderRouteParts): void {
  app.post(
    '/v1/orders/:order_no/abandon',
    guarded('orders:correct', {
      operationId: 'abandonOrder',
      tags: ['orders'],
      summary: 'Give up an order that the gateway never accepted; its Idempotency-Key is free then',
      params: orderPath,
      querystring: merchantQuery,
      body: abandonRequest,
      answers: {
        200: [
          orderShape,
          'It has expired. A payment that turns up later is credited all the same.',
        ],
        ...bodyFaults,
        404: [fault, '`order_not_found`'],
        409: [fault, '`order_accepted`: the gateway knows it. `order_ended`: it is not pending.'],
        502: [fault, '`gateway_unavailable`: whether it knows it cannot be said; repeat it later.'],
      },
    }),
    async (request) => {
      const by = { reason: request.body.reason, actor: actorOf(request) }
      const abandoned = await ofOrder(request.params.order_no, (orderNo) =>
        budan.abandonOrder(orderNo, { ...by, ...request.query }),
      )
      switch (abandoned.kind) {
        case 'abandoned':
          return presentOrder(abandoned.order, { now: clock(), ...budan })
        case 'unanswered':
          throw new Refusal(502, { code: 'gateway_unavailable', message: abandoned.message })
        case 'accepted':
        case 'ended':
          throw new Refusal(409, { code: `order_${abandoned.kind}`, message: abandoned.message })
      }
    },
  )
}
