import { z } from 'zod'

/** How a payer pays: by the control interface, or by a fault during a call. */
export const payInput = z.strictObject({
  /** Whether the callback is sent; default true. */
  callback: z.boolean().optional(),
  /** Time until the callback; default: the switch. */
  delay_ms: z.number().min(0).optional(),
  /** What the payer pays after coupons; fen. */
  payer_total: z.int().min(0).optional(),
  transaction_id: z.string().min(1).max(32).optional(),
  openid: z.string().min(1).max(128).optional(),
  bank_type: z.string().min(1).max(32).optional(),
  paid_at: z.iso.datetime({ offset: true }).optional(),
  /** Pays by scanning this code; refused if it is not the order's newest, or older than two hours. */
  code_url: z.string().optional(),
  /** Pays a paid order a second time, under a second transaction id. */
  again: z.boolean().optional(),
  /** Pays an expired or closed order. */
  force: z.boolean().optional(),
  /** Merged over all further answers and callbacks about the order. It changes what WeChat Pay says, not what is true. */
  answered: z.record(z.string(), z.json()).optional(),
})

export type PayInput = z.input<typeof payInput>
