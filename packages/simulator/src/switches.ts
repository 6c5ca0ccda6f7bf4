import { z } from 'zod'

export const signingSchema = z.enum(['public_key', 'certificate', 'mixed'])

const host = z.enum(['main', 'second'])

/** WeChat Pay's main address, and its backup in another city. */
export type Host = z.infer<typeof host>

/** `mixed`: the transition from certificates to the public key, in which both kinds of signatures occur. */
export type Signing = z.infer<typeof signingSchema>

const refusal = z.strictObject({
  status: z.int().min(400).max(599),
  code: z.string().min(1).max(64),
})
const fraction = z.number().min(0).max(1)
const ms = z
  .number()
  .min(0)
  .max(7 * 86_400_000)

/** Behaviour that the documentation leaves open, and that of the network. All can be changed while the simulator runs. */
export const switchesSchema = z.strictObject({
  signing: signingSchema,
  /** Whether 4xx answers other than 401 and 429 are signed. */
  sign_business_errors: z.boolean(),
  /** NOTPAY answers carry `amount {total, currency}`. */
  unpaid_amount: z.boolean(),
  /** Answers carry `attach: ""` if the order has none. */
  empty_attach: z.boolean(),
  /** Answers carry `promotion_detail: []` if no coupon was used. */
  empty_promotion_detail: z.boolean(),
  /** Answers carry members that no documentation names. */
  extra_fields: z.boolean(),
  /** Answers to the close of a paid, a closed and an unknown order. */
  close_paid: refusal,
  close_closed: z.union([z.literal(204), refusal]),
  close_absent: z.union([z.literal(204), refusal]),
  /** Answer to another prepay for a paid order. */
  prepay_paid: refusal,
  /** Accepts http notification addresses beyond loopback, for networks of containers. */
  any_http_notify_url: z.boolean(),
  /** Addresses whose connections are cut off. `/_sim` still answers. */
  unreachable_hosts: z.array(host),
  /** How long a merchant may take to answer a callback, in real time. */
  callback_timeout_ms: ms.min(1),
  /** Time from the payment to its first callback, on the simulator's clock. */
  callback_delay_ms: ms,
  /** The most that is added to that time, at random for each payment, so that callbacks overtake one another. */
  callback_reorder_ms: ms,
  /** Probability that one attempt is lost; the schedule goes on. */
  callback_drop_probability: fraction,
  /** Probability that all attempts of a payment's callback are lost. */
  callback_loss_probability: fraction,
  /** All callbacks are lost. */
  lose_callbacks: z.boolean(),
  /** Probability of a second callback, one second after an accepted one. */
  callback_duplicate_probability: fraction,
  /** A callback that is sent again has a new `id`. */
  callback_resend_new_id: z.boolean(),
})

export type Switches = z.infer<typeof switchesSchema>
export const switchesPatch = switchesSchema.partial()
export type SwitchesPatch = z.input<typeof switchesPatch>

export const defaultSwitches: Switches = {
  signing: 'public_key',
  sign_business_errors: false,
  unpaid_amount: true,
  empty_attach: false,
  empty_promotion_detail: false,
  extra_fields: false,
  close_paid: { status: 400, code: 'ORDER_PAID' },
  close_closed: 204,
  close_absent: 204,
  prepay_paid: { status: 403, code: 'OUT_TRADE_NO_USED' },
  any_http_notify_url: false,
  unreachable_hosts: [],
  callback_timeout_ms: 5_000, // the documented limit
  callback_delay_ms: 0,
  callback_reorder_ms: 0,
  callback_drop_probability: 0,
  callback_loss_probability: 0,
  lose_callbacks: false,
  callback_duplicate_probability: 0,
  callback_resend_new_id: false,
}
