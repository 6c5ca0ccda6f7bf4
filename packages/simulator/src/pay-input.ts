import { z } from 'zod'

/** How a payer pays, for the control interface and for payments in the middle of a call. */
export const payInput = z.strictObject({
  /** Whether the merchant is told of it. */
  callback: z.boolean().optional(),
  /** Time until the callback; instead of the switch's. */
  delay_ms: z.number().min(0).optional(),
  /** What the payer pays after coupons; fen. */
  payer_total: z.int().min(0).optional(),
  transaction_id: z.string().min(1).max(32).optional(),
  openid: z.string().min(1).max(128).optional(),
  bank_type: z.string().min(1).max(32).optional(),
  paid_at: z.iso.datetime({ offset: true }).optional(),
  /** Pays by scanning this code: refused if it is not the order's newest, or older than two hours. */
  code_url: z.string().optional(),
  /** Pays a paid order a second time, under a second transaction id. */
  again: z.boolean().optional(),
  /** Pays although the order is expired or closed. */
  force: z.boolean().optional(),
  /** Merged over all answers and callbacks about the order from now on: what WeChat Pay says, not what is true. */
  answered: z.record(z.string(), z.json()).optional(),
})

export type PayInput = z.input<typeof payInput>
