import { z } from 'zod'
import { beijingTime } from '../clock.ts'
import { ControlError } from '../control/control-error.ts'
import { type JsonObject, merged } from '../merge.ts'
import type { Order } from '../orders/order.ts'
import type { World } from '../world.ts'

/** The notice of a refund: its status, and a patch that is merged over its content. */
export const noticeInput = z.strictObject({
  status: z.string().default('SUCCESS'),
  /** Default: `REFUND.` and the status. */
  event_type: z.string().optional(),
  merge: z.record(z.string(), z.json()).default({}),
})

export type NoticeInput = z.input<typeof noticeInput>

/** A callback that is not about a payment. */
export interface Notice {
  readonly eventType: string
  readonly originalType: string
  readonly summary: string
  readonly content: JsonObject
}

/** The notice of the newest refund. */
export function noticeOf(
  world: Pick<World, 'clock'>,
  order: Order,
  input: z.output<typeof noticeInput>,
): Notice {
  const refund = order.refunds.at(-1)
  if (refund === undefined) {
    throw new ControlError(
      409,
      'CONFLICT',
      `Cannot send a notice: "${order.outTradeNo}" has no refund`,
    )
  }
  const { status, event_type: eventType = `REFUND.${status}`, merge } = input
  const content: JsonObject = {
    mchid: order.mchid,
    transaction_id: refund.transactionId,
    out_trade_no: order.outTradeNo,
    refund_id: refund.refundId,
    out_refund_no: refund.outRefundNo,
    refund_status: status,
    ...(status === 'SUCCESS' ? { success_time: beijingTime(world.clock.now()) } : {}),
    user_received_account: '招商银行信用卡0403',
    amount: {
      ...{ total: refund.total, refund: refund.amount },
      ...{ payer_total: refund.total, payer_refund: refund.amount },
    },
  }
  return {
    ...{ eventType, originalType: 'refund', summary: '退款通知' },
    content: merged(content, merge),
  }
}
