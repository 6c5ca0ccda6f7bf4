import { z } from 'zod'
import type { OfMerchant } from '../../../desks.ts'
import {
  appIdPattern,
  appIdRule,
  futureRule,
  idempotencyKeyPattern,
  idempotencyKeyRule,
  isEndedBefore,
  isInFuture,
  orderNoPattern,
  orderNoRule,
  textBounds,
} from '../../../domain/fact-rules.ts'
import type { Actor } from '../../../domain/order.ts'
import type { AdoptRequest, CorrectRequest, PlaceRequest } from '../../../orders/requests.ts'
import { readTime } from '../../../text/rfc3339.ts'
import { Refusal } from '../../errors.ts'
import {
  amountRequest,
  documented,
  gatewayText,
  moment,
  newUserId,
  reasonText,
} from '../../schema.ts'
import { anyMerchantName } from './merchant-query.ts'

const merchant = documented(
  anyMerchantName,
  'The name of the merchant. Needed where there are several.',
)

const placing = documented(
  z.strictObject({
    adopt: z.literal(false).optional(),
    user_id: newUserId,
    amount: amountRequest,
    description: gatewayText(textBounds.description, 'What the payer reads.'),
    attach: gatewayText(
      textBounds.attach,
      'Given back by the gateway with the payment.',
    ).optional(),
    merchant: merchant.optional(),
    app_id: appId('Under which it is placed; the first that is configured by default.').optional(),
  }),
  'Creates the order and its trade.',
)

/** Also the shape of an order in a batch, where `adopt` may be left out. */
export const adopting = documented(
  z.strictObject({
    adopt: z.literal(true),
    order_no: documented(
      z.string({ error: 'must be a string' }).regex(orderNoPattern, { error: orderNoRule }),
      'The number that the gateway knows the trade under.',
    ),
    user_id: newUserId,
    amount: amountRequest,
    description: gatewayText(textBounds.adoptedDescription, 'For people.').optional(),
    created_at: moment('When it was placed; now by default. Not in the future.').optional(),
    expires_at: moment(
      'When it cannot be paid any more, at most 15 days from now. Left out: not known, and budan never closes its trade.',
    ).optional(),
    merchant: merchant.optional(),
    app_id: appId('Under which it was placed. Needed where the merchant has several.').optional(),
  }),
  'Adopts an order that another system placed; the gateway is not called.',
)

export const orderRequest = z.discriminatedUnion('adopt', [placing, adopting], {
  // A fault has a path only where the body is an object.
  error: ({ path }) =>
    path === undefined ? 'the body must be a JSON object' : 'must be true, false or left out',
})

export const correctionRequest = documented(
  z
    .strictObject({
      user_id: newUserId.optional(),
      amount: amountRequest.optional(),
      expires_at: moment('At most 15 days from now; null: not known.').nullable().optional(),
      app_id: appId('Under which it was placed.').optional(),
      reason: reasonText,
    })
    .refine(({ reason: _, ...changes }) => Object.keys(changes).length > 0, {
      error: 'must hold one of user_id, amount, expires_at, app_id',
    }),
  'Fields that are left out stay as they are.',
)

export const abandonRequest = z.strictObject({ reason: reasonText })

export type CorrectionJson = z.output<typeof correctionRequest>
export type PlacingJson = z.output<typeof placing>
export type AdoptingJson = z.output<typeof adopting>

function appId(description: string) {
  return documented(
    z.string({ error: 'must be a string' }).regex(appIdPattern, { error: appIdRule }),
    description,
  )
}

export function placeRequestOf(
  body: PlacingJson,
  { idempotencyKey, actor }: { idempotencyKey: string | undefined; actor: Actor },
): PlaceRequest & OfMerchant {
  return {
    actor,
    merchant: body.merchant ?? null,
    appid: body.app_id ?? null,
    userId: body.user_id,
    amount: BigInt(body.amount),
    description: body.description,
    attach: body.attach ?? null,
    idempotencyKey: checkedKey(idempotencyKey),
  }
}

/** The key is required: a client whose answer was lost finds the created order by it. */
function checkedKey(key: string | undefined): string {
  if (key === undefined || key === '') {
    const message =
      'Idempotency-Key: this header is needed, so that a repeated request is one order'
    throw new Refusal(400, { code: 'idempotency_key_missing', message })
  }
  if (!idempotencyKeyPattern.test(key)) {
    const message = `Idempotency-Key: ${idempotencyKeyRule}`
    throw new Refusal(400, { code: 'idempotency_key_invalid', message })
  }
  return key
}

export function adoptRequestOf(
  body: AdoptingJson,
  { now, actor }: { now: Date; actor: Actor },
): AdoptRequest & OfMerchant {
  const createdAt = timeOf(body.created_at)
  const expiresAt = timeOf(body.expires_at)
  if (isInFuture(createdAt, now)) {
    throw invalid(`created_at: ${futureRule}, but is ${body.created_at}`)
  }
  if (isEndedBefore(expiresAt, { createdAt, now })) {
    throw invalid('expires_at: must be after created_at (now, where that is left out)')
  }
  return {
    merchant: body.merchant ?? null,
    orderNo: body.order_no,
    userId: body.user_id,
    amount: BigInt(body.amount),
    description: body.description ?? '',
    createdAt,
    expiresAt,
    appid: body.app_id ?? null,
    actor,
  }
}

export function correctRequestOf(
  body: CorrectionJson,
  { actor }: { actor: Actor },
): CorrectRequest {
  const { user_id: userId, amount, expires_at: expiresAt, app_id: appid, reason } = body
  return {
    ...{ reason, actor },
    ...(userId !== undefined && { userId }),
    ...(amount !== undefined && { amount: BigInt(amount) }),
    ...(expiresAt !== undefined && { expiresAt: expiresAt === null ? null : new Date(expiresAt) }),
    ...(appid !== undefined && { appid }),
  }
}

function timeOf(text: string | undefined): Date | null {
  return text === undefined ? null : readTime(text)
}

function invalid(message: string): Refusal {
  return new Refusal(400, { code: 'request_invalid', message })
}
