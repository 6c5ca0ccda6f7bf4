import { z } from 'zod'
import { documented, fault } from '../../schema.ts'

export const anyMerchantName = z
  .string({ error: 'must be a string' })
  .max(64, { error: 'has at most 64 characters' })

/** Which merchant's order, in the query of every route with an order number. */
export const merchantName = documented(
  anyMerchantName,
  'The name of the merchant; of one that is not configured, its gateway and number: `wechatpay/1900000001`. Needed where several merchants have this order number.',
)

/** Whose orders, in the query of a list. */
export const merchantOfList = documented(
  anyMerchantName.optional(),
  'Only orders of this merchant, by its name; of one that is not configured, by its gateway and number: `wechatpay/1900000001`.',
)

export const merchantOfListFaults = {
  422: [fault, '`merchant_unknown`: no merchant of this name is configured.'],
} as const

export const merchantQuery = z.strictObject({ merchant: merchantName.optional() })

/** Of every route with an order number. */
export const merchantFaults = {
  409: [fault, '`merchant_required`: several merchants have this order number.'],
  422: [fault, '`merchant_unknown`: no merchant of this name is configured.'],
} as const
