import { z } from 'zod'
import { orderNoPattern } from '../orders/order.ts'

/** An order that exists at WeChat Pay without a prepay at this simulator. */
export const putInput = z.strictObject({
  out_trade_no: z.string().regex(orderNoPattern),
  /** Fen. */
  total: z.int().min(1),
  currency: z.string().min(1).max(16).optional(),
  description: z.string().max(127).optional(),
  attach: z.string().max(128).optional(),
  /** Without it, no callbacks are sent. */
  notify_url: z.url().max(255).optional(),
  /** Default: now. It may be in the past. */
  created_at: z.iso.datetime({ offset: true }).optional(),
  /** Default: seven days after its creation. */
  expires_at: z.iso.datetime({ offset: true }).optional(),
  /** Default: the simulator's own. */
  appid: z.string().min(1).max(32).optional(),
  mchid: z.string().min(1).max(32).optional(),
})

export type PutInput = z.input<typeof putInput>
