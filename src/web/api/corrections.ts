import { z } from 'zod'
import type { Clock } from '../../domain/clock.ts'
import type { Budan } from '../../service.ts'
import { actorOf } from '../access/actor.ts'
import { Refusal } from '../errors.ts'
import { bodyFaults, fault, guardedAnswers, orderNoPattern } from '../schema.ts'
import type { WebApp } from '../web-app.ts'
import { abandonRequest, correctionRequest, correctRequestOf } from './order-request.ts'
import { adoptionRefusal, orderNotFound } from './orders.ts'
import { presentOrder } from './present.ts'
import { orderShape } from './shapes.ts'

interface RouteParts {
  readonly budan: Budan
  readonly clock: Clock
}

/** What a person may change of an order by hand: wrong facts, and that it was placed at all. */
export function addCorrectionRoutes(app: WebApp, parts: RouteParts): void {
  addCorrect(app, parts)
  addAbandon(app, parts)
}

const orderPath = z.object({ order_no: z.string() })

function addCorrect(app: WebApp, { budan, clock }: RouteParts): void {
  app.patch(
    '/v1/orders/:order_no',
    {
      schema: {
        operationId: 'correctOrder',
        tags: ['orders'],
        summary: 'Correct an adopted order of which nothing was credited',
        params: orderPath,
        body: correctionRequest,
        response: guardedAnswers({
          200: [orderShape, 'As it is now. Its state stays.'],
          ...bodyFaults,
          404: [fault, '`order_not_found`'],
          409: [
            fault,
            '`credited`: it stays as it is. `not_adopted`: it was placed here. `crediting`: it is being settled at this moment; try again.',
          ],
          422: [fault, '`app_id_unknown`: not configured.'],
        }),
      },
    },
    async (request) => {
      const { order_no } = request.params
      const correction = correctRequestOf(request.body, { actor: actorOf(request) })
      const corrected = orderNoPattern.test(order_no)
        ? await budan.correctOrder(order_no, correction)
        : null
      if (corrected === null) throw orderNotFound(order_no)
      switch (corrected.kind) {
        case 'corrected':
          return presentOrder(corrected.order, clock())
        case 'app_id_unknown':
        case 'end_too_far':
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

function addAbandon(app: WebApp, { budan, clock }: RouteParts): void {
  app.post(
    '/v1/orders/:order_no/abandon',
    {
      schema: {
        operationId: 'abandonOrder',
        tags: ['orders'],
        summary:
          'Give up an order that the gateway never accepted; its Idempotency-Key is free then',
        params: orderPath,
        body: abandonRequest,
        response: guardedAnswers({
          200: [
            orderShape,
            'It has expired. A payment that turns up later is credited all the same.',
          ],
          ...bodyFaults,
          404: [fault, '`order_not_found`'],
          409: [fault, '`order_accepted`: the gateway knows it. `order_ended`: it is not pending.'],
          502: [
            fault,
            '`gateway_unavailable`: whether it knows it cannot be said; repeat it later.',
          ],
        }),
      },
    },
    async (request) => {
      const { order_no } = request.params
      const asked = { reason: request.body.reason, actor: actorOf(request) }
      const abandoned = orderNoPattern.test(order_no)
        ? await budan.abandonOrder(order_no, asked)
        : null
      if (abandoned === null) throw orderNotFound(order_no)
      switch (abandoned.kind) {
        case 'abandoned':
          return presentOrder(abandoned.order, clock())
        case 'unanswered':
          throw new Refusal(502, { code: 'gateway_unavailable', message: abandoned.message })
        case 'accepted':
        case 'ended':
          throw new Refusal(409, { code: `order_${abandoned.kind}`, message: abandoned.message })
      }
    },
  )
}
