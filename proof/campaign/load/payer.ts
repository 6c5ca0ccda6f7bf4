import { pause } from '../wait.ts'
import type { LoadOptions, Purchase } from './load.ts'
import type { PlannedOutcome } from './order-plan.ts'

export interface PaymentContext extends LoadOptions {
  readonly purchase: Purchase
  /** Requests a check from a node; false if there was no answer. */
  readonly check: (path: string) => Promise<boolean>
}

/** Acts out the plan of one order that has a number: wait, pay, refund, complain. */
export async function pay(context: PaymentContext): Promise<void> {
  const { purchase, ttlMs, over } = context
  const { plan } = purchase
  const checked = plan.checkedByHand ? checkByHand(context) : Promise.resolve()
  await pause(waitMs(plan.kind, { moment: plan.moment, ttlMs }), over)
  if (!over.aborted) await act(context)
  await checked
}

function waitMs(
  kind: PlannedOutcome,
  { moment, ttlMs }: { moment: number; ttlMs: number },
): number {
  switch (kind) {
    case 'late':
      return ttlMs * (1 + 0.5 * moment)
    case 'in_time':
    case 'closed':
      return ttlMs * 0.95 * moment
    default:
      return 1_500 * moment
  }
}

async function act(context: PaymentContext): Promise<void> {
  const { gateway, purchase, over } = context
  const path = `/orders/${purchase.orderNo}`
  switch (purchase.plan.kind) {
    case 'never':
      return
    case 'closed':
      return void (await gateway.control('POST', `${path}/close`))
    case 'refunded':
      await payOnce(context)
      await pause(3_000 * purchase.plan.moment, over)
      return void (await gateway.control('POST', `${path}/refund`))
    case 'twice':
      await payOnce(context)
      await pause(3_000 * purchase.plan.moment, over)
      return void (await gateway.control('POST', `${path}/pay`, { again: true }))
    case 'late':
      await payOnce(context)
      // Expired orders are not queried by the runs: a payer whose callback was lost complains.
      if (purchase.plan.callbackLost) await complain(context)
      return
    default:
      return payOnce(context)
  }
}

async function payOnce({ gateway, purchase }: PaymentContext): Promise<void> {
  const { plan, amount, orderNo } = purchase
  const at = Date.now()
  const paid = await gateway.control('POST', `/orders/${orderNo}/pay`, {
    callback: !plan.callbackLost,
    ...(plan.callbackDelayMs === 0 ? {} : { delay_ms: plan.callbackDelayMs }),
    ...(plan.kind === 'late' ? { force: true } : {}),
    ...changedAnswer(plan.kind, { adopted: plan.adopted, amount }),
  })
  if (paid !== null) purchase.paidAtMs = at
}

function changedAnswer(
  kind: PlannedOutcome,
  { adopted, amount }: { adopted: boolean; amount: number },
) {
  if (kind === 'wrong_currency') return { answered: { amount: { currency: 'USD' } } }
  // An adopted order was already put at the gateway with another total.
  if (kind === 'wrong_amount' && !adopted) return { answered: { amount: { total: amount - 1 } } }
  return {}
}

/** Repeats the check until one gets an answer. */
async function complain({ purchase, check, over }: PaymentContext): Promise<void> {
  do await pause(1_000, over)
  while (!over.aborted && !(await check(`/v1/orders/${purchase.orderNo}/check`)))
}

async function checkByHand({ purchase, check, ttlMs, over }: PaymentContext): Promise<void> {
  await pause(ttlMs * 1.2 * purchase.plan.moment, over)
  if (!over.aborted) await check(`/v1/orders/${purchase.orderNo}/check`)
}
