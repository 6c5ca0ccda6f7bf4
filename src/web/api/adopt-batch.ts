import { z } from 'zod'
import type { Clock } from '../../domain/clock.ts'
import type { Actor } from '../../domain/order.ts'
import type { Adoption } from '../../orders/adopt.ts'
import type { AdoptRequest } from '../../orders/requests.ts'
import type { Budan } from '../../service.ts'
import { actorOf } from '../access/actor.ts'
import { faultsMessage, Refusal } from '../errors.ts'
import { bodyFaults, documented, fault, guarded } from '../schema.ts'
import type { WebApp } from '../web-app.ts'
import { adoptionRefusal } from './orders.ts'
import { adopting, adoptRequestOf } from './requests/order-request.ts'
import { batchResultShape } from './shapes/shapes.ts'

export type BatchResult = z.output<typeof batchResultShape>

export const batchMax = 500
const bytesMax = 1024 * 1024

const batchRequest = documented(
  z.strictObject({
    orders: documented(
      z
        .array(z.unknown(), { error: 'must be a list' })
        .max(batchMax, { error: `must hold at most ${batchMax} orders` }),
      `At most ${batchMax}, each as \`POST /v1/orders\` takes one to adopt; \`adopt\` may be left out.`,
    ),
  }),
  'Orders to adopt. Each has its own result.',
)

/** Adopts many orders at a time. */
export function addAdoptBatch(app: WebApp, { budan, clock }: { budan: Budan; clock: Clock }): void {
  app.post(
    '/v1/orders/batch',
    {
      bodyLimit: bytesMax,
      ...guarded('orders:adopt', {
        operationId: 'adoptOrders',
        tags: ['orders'],
        summary: 'Adopt up to 500 orders placed elsewhere; may be repeated',
        body: batchRequest,
        answers: {
          200: [
            z.object({ results: z.array(batchResultShape) }),
            'The result of each order, in their order. The others are adopted whatever one is refused for.',
          ],
          ...bodyFaults,
          400: [fault, '`request_invalid`, `json_malformed`: nothing was adopted.'],
        },
      }),
    },
    async (request) => {
      const by = { now: clock(), actor: actorOf(request) }
      return { results: await adoptBatch(budan, request.body.orders, by) }
    },
  )
}

/** Adopts what can be adopted. `given` may hold anything; its results are in its order. */
export async function adoptBatch(
  budan: Pick<Budan, 'adoptOrders'>,
  given: readonly unknown[],
  by: { readonly now: Date; readonly actor: Actor },
): Promise<BatchResult[]> {
  const requests = given.map((item) => requestOf(item, by))
  const valid = requests.filter((request): request is AdoptRequest => !(request instanceof Refusal))
  const adoptions = (await budan.adoptOrders(valid)).values()
  return requests.map((request, nth) => {
    if (request instanceof Refusal) return refused(orderNoIn(given[nth]), request)
    const { value: adoption } = adoptions.next()
    return resultOf(request.orderNo, adoption as Adoption)
  })
}

function requestOf(item: unknown, by: { now: Date; actor: Actor }): AdoptRequest | Refusal {
  const isObject = typeof item === 'object' && item !== null && !Array.isArray(item)
  const { success, data, error } = adopting.safeParse(isObject ? { adopt: true, ...item } : item)
  if (!success) {
    const message = isObject ? faultsMessage(error.issues, item) : 'the order must be a JSON object'
    return new Refusal(400, { code: 'request_invalid', message })
  }
  try {
    return adoptRequestOf(data, by)
  } catch (refusal) {
    if (refusal instanceof Refusal) return refusal
    throw refusal
  }
}

function orderNoIn(item: unknown): string | null {
  const { order_no: orderNo } = (item ?? {}) as { order_no?: unknown }
  return typeof orderNo === 'string' ? orderNo : null
}

function resultOf(orderNo: string, adoption: Adoption): BatchResult {
  if (adoption.kind === 'adopted' || adoption.kind === 'exists') {
    return { order_no: orderNo, status: adoption.order.status }
  }
  const status = adoption.kind === 'conflict' ? adoption.status : null
  return { ...refused(orderNo, adoptionRefusal(adoption)), status }
}

function refused(orderNo: string | null, { code, message }: Refusal): BatchResult {
  return { order_no: orderNo, status: null, code, message }
}
