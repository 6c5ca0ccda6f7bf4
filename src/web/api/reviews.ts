import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { merchantNamed, type OfMerchant } from '../../desks.ts'
import { unreachable } from '../../domain/assert.ts'
import { readSeenMark } from '../../domain/review/resolve.ts'
import { reviewActions } from '../../domain/review/review-action.ts'
import type { Budan } from '../../service.ts'
import { actorOf, ownNameOf } from '../access/actor.ts'
import { Refusal } from '../errors.ts'
import { ofOrder } from '../found-order.ts'
import {
  bodyFaults,
  documented,
  fault,
  guarded,
  operatorText,
  pageAnswers,
  pageQuery,
  reasonText,
} from '../schema.ts'
import type { WebApp } from '../web-app.ts'
import { orderPath } from './orders.ts'
import { merchantOfList, merchantOfListFaults, merchantQuery } from './requests/merchant-query.ts'
import { presentNeedsSecond, secondRefusal } from './requests/second-person.ts'
import { presentPreview, presentResolution, presentReview } from './shapes/present-review.ts'
import {
  needsSecondAnswer,
  previewShape,
  resolutionShape,
  reviewPageShape,
} from './shapes/review.ts'

const reviewQuery = pageQuery.extend({
  dismissed: documented(
    z.enum(['true', 'false'], { error: 'must be true or false' }).default('false'),
    '`true`: dismissed orders, instead of the queue.',
  ),
  merchant: merchantOfList,
})

const action = documented(
  z.enum(reviewActions, { error: `must be one of ${reviewActions.join(', ')}` }),
  '`credit`: only if the gateway says paid, exactly as ordered. `expire`: only if it says closed; an unpaid trade is closed first. `dismiss`: only when the payer is owed nothing; leaves the queue, stays in review.',
)

const previewing = documented(
  z.strictObject({ preview: z.literal(true), action: action.optional() }),
  'Queries the gateway, and changes nothing.',
)

const resolving = documented(
  z.strictObject({
    preview: z.literal(false).optional(),
    action,
    name: operatorText(
      'name',
      'The operator who is responsible: the name of the token, and may be left out; with `server.api_token`, or without a token, it must be given.',
    ).optional(),
    reason: reasonText,
    seen: documented(
      z
        .string({ error: 'must be the `seen` of a preview' })
        .refine((seen) => readSeenMark(seen) !== null, {
          error: 'must be the `seen` of a preview',
        }),
      'From the preview: if the order has changed since, nothing is done.',
    ),
  }),
  'Queries the gateway again, and applies the action.',
)

const reviewRequest = z.discriminatedUnion('preview', [previewing, resolving], {
  error: ({ path }) =>
    path === undefined ? 'the body must be a JSON object' : 'must be true, false or left out',
})

export function addReviewRoutes(app: WebApp, budan: Budan): void {
  addQueue(app, budan)
  addReview(app, budan)
}

function addQueue(app: WebApp, budan: Budan): void {
  app.get(
    '/v1/reviews',
    guarded('orders:read', {
      operationId: 'listReviews',
      tags: ['reviews'],
      summary: 'Orders that wait for an operator, and why, oldest first',
      querystring: reviewQuery,
      answers: { ...pageAnswers(reviewPageShape), ...merchantOfListFaults },
    }),
    async ({ query }) => {
      const { limit, cursor = null } = query
      const merchant =
        query.merchant === undefined ? null : merchantNamed(budan.merchants, query.merchant)
      const dismissed = query.dismissed === 'true'
      const page = await budan.store.listReviews({ limit, cursor, dismissed, merchant })
      return {
        reviews: page.items.map((review) => presentReview(review, budan)),
        next_cursor: page.nextCursor,
      }
    },
  )
}

function addReview(app: WebApp, budan: Budan): void {
  app.post(
    '/v1/orders/:order_no/review',
    guarded('reviews:write', {
      operationId: 'reviewOrder',
      tags: ['reviews'],
      summary: 'Preview what can be done with an order in review, then do it',
      params: orderPath,
      querystring: merchantQuery,
      body: reviewRequest,
      answers: {
        200: [z.union([previewShape, resolutionShape]), 'What would happen, or what was done.'],
        ...needsSecondAnswer,
        ...bodyFaults,
        404: [fault, '`order_not_found`'],
        409: [
          fault,
          '`not_in_review`, `review_changed`: somebody was first, the message names who and when. `action_refused`: the gateway does not bear it out, the message says why. `second_person_needed`: the same person has requested it before.',
        ],
        502: [fault, '`gateway_unavailable`: it gave no answer; repeat it later.'],
      },
    }),
    async (request, reply) => {
      const { body } = request
      const { order_no: orderNo } = request.params
      if (body.preview === true)
        return presentPreview(await previewOf(budan, { orderNo, ...request.query }), budan)
      const { action, reason, seen } = body
      const name = reviewerOf(request, body.name)
      const actor = actorOf(request)
      const wanted = { orderNo, action, name, reason, seen, actor, ...request.query }
      const made = await resolutionOf(budan, wanted)
      if (made.kind === 'resolved') return presentResolution(made, budan)
      return reply.code(202).send(presentNeedsSecond(made, budan))
    },
  )
}

/** A token that several people share does not say who resolves a review; one with a name does. */
export function reviewerOf(request: FastifyRequest, given: string | undefined): string {
  const own = ownNameOf(request)
  if (own === null) {
    if (given !== undefined) return given
    throw new Refusal(400, {
      code: 'request_invalid',
      message: 'name: must be a string, and is missing',
    })
  }
  if (given === undefined || given.trim() === own) return own
  const message = `name: must be ${JSON.stringify(own)}, the name of the token, or left out`
  throw new Refusal(400, { code: 'request_invalid', message })
}

async function previewOf(
  budan: Budan,
  { orderNo, ...which }: OfMerchant & { readonly orderNo: string },
) {
  const made = await ofOrder(orderNo, () => budan.previewReview(orderNo, which))
  if (made.kind === 'previewed') return made.preview
  throw conflict(made)
}

async function resolutionOf(
  budan: Budan,
  { orderNo, ...request }: Parameters<Budan['resolveReview']>[1] & { orderNo: string },
) {
  const made = await ofOrder(orderNo, () => budan.resolveReview(orderNo, request))
  switch (made.kind) {
    case 'resolved':
    case 'needs_second':
      return made
    case 'same_person':
    case 'no_own_name':
      throw secondRefusal(made)
    case 'not_in_review':
    case 'changed':
      throw conflict(made)
    case 'refused': {
      const message = `Cannot ${request.action} order "${orderNo}": ${made.message}`
      // Without an answer nothing is refused for good: the same request may succeed later.
      throw made.cause === 'unanswered'
        ? new Refusal(502, { code: 'gateway_unavailable', message })
        : new Refusal(409, { code: 'action_refused', message })
    }
    default:
      return unreachable(made)
  }
}

function conflict({ kind, message }: { kind: 'not_in_review' | 'changed'; message: string }) {
  const code = kind === 'changed' ? 'review_changed' : kind
  const more = kind === 'changed' ? '; preview it again' : ''
  return new Refusal(409, { code, message: `Cannot review: ${message}${more}` })
}
