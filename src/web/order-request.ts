import { z } from 'zod'
import type { AdoptRequest, PlaceRequest } from '../place.ts'
import { readTime } from '../time.ts'
import { Refusal } from './errors.ts'
import { amountRequest, apiSchemas, gatewayText, orderNoPattern, userId } from './schema.ts'

const placing = z
  .strictObject({
    adopt: z.literal(false).optional(),
    user_id: userId,
    amount: amountRequest,
    description: gatewayText({ min: 1, max: 127, description: 'What the payer reads.' }),
    attach: gatewayText({
      min: 0,
      max: 128,
      description: 'Given back by the gateway with the payment.',
    }).optional(),
  })
  .register(apiSchemas, { description: 'Creates the order and its trade.' })

const adopting = z
  .strictObject({
    adopt: z.literal(true),
    order_no: z
      .string({ error: 'must be a string' })
      .regex(orderNoPattern, { error: 'must be 6 to 32 of 0-9 A-Z a-z _ - | *' })
      .register(apiSchemas, { description: 'The number that the gateway knows the trade under.' }),
    user_id: userId,
    amount: amountRequest,
    description: gatewayText({ min: 0, max: 127, description: 'For people.' }).optional(),
    created_at: moment('When it was placed; now by default. Not in the future.').optional(),
    expires_at: moment(
      'When it cannot be paid any more; `order_ttl_mins` after `created_at` by default.',
    ).optional(),
  })
  .register(apiSchemas, {
    description: 'Takes over an order that was placed elsewhere; the gateway is not called.',
  })

export const orderRequest = z.discriminatedUnion('adopt', [placing, adopting], {
  // Only a body that is an object has got as far as a path.
  error: ({ path }) =>
    path === undefined ? 'the body must be a JSON object' : 'must be true, false or left out',
})

export type PlacingJson = z.output<typeof placing>
export type AdoptingJson = z.output<typeof adopting>

/** Read as the gateway's times are. */
function moment(description: string) {
  const error = 'must be an RFC 3339 time with an offset, of the years 2000 to 2099'
  return z
    .string({ error })
    .refine((value) => readTime(value) !== null, { error })
    .register(apiSchemas, {
      ...{ description, format: 'date-time' },
      examples: ['2026-01-31T16:00:00+08:00'],
    })
}

/** How far a caller's clock may run ahead of ours: what gateways allow too. */
const clockSkewMsMax = 5 * 60_000

export function placeRequestOf(
  body: PlacingJson,
  { idempotencyKey }: { idempotencyKey: string | undefined },
): PlaceRequest {
  return {
    userId: body.user_id,
    amount: BigInt(body.amount),
    description: body.description,
    attach: body.attach ?? null,
    idempotencyKey: checkedKey(idempotencyKey),
  }
}

/** A created order must be found again when its answer is lost, so the key is not optional. */
function checkedKey(key: string | undefined): string {
  if (key === undefined || key === '') {
    const message =
      'Idempotency-Key: this header is needed, so that a repeated request is one order'
    throw new Refusal(400, { code: 'idempotency_key_missing', message })
  }
  if (!/^[!-~]{1,128}$/.test(key)) {
    const message = 'Idempotency-Key: must be 1 to 128 visible ASCII characters'
    throw new Refusal(400, { code: 'idempotency_key_invalid', message })
  }
  return key
}

export function adoptRequestOf(body: AdoptingJson, { now }: { now: Date }): AdoptRequest {
  const createdAt = timeOf(body.created_at)
  const expiresAt = timeOf(body.expires_at)
  if (createdAt !== null && createdAt.getTime() > now.getTime() + clockSkewMsMax) {
    throw invalid(`created_at: must not be in the future, but is ${body.created_at}`)
  }
  if (expiresAt !== null && expiresAt <= (createdAt ?? now)) {
    throw invalid('expires_at: must be after created_at (now, where that is left out)')
  }
  return {
    orderNo: body.order_no,
    userId: body.user_id,
    amount: BigInt(body.amount),
    description: body.description ?? '',
    createdAt,
    expiresAt,
  }
}

function timeOf(text: string | undefined): Date | null {
  return text === undefined ? null : readTime(text)
}

function invalid(message: string): Refusal {
  return new Refusal(400, { code: 'request_invalid', message })
}
