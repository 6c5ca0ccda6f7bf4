import type { FateKind } from './fate.ts'
import type { LoadOptions, Purchase } from './load.ts'
import { pause } from './wait.ts'

export interface Paying extends LoadOptions {
  readonly purchase: Purchase
  /** Asks a node for a check; false when there was no answer. */
  readonly ask: (path: string) => Promise<boolean>
}

/** Lives the life of one order that has its number: waits, pays, takes back, complains. */
export async function pay(paying: Paying): Promise<void> {
  const { purchase, ttlMs, over } = paying
  const { fate } = purchase
  const checked = fate.checkedByHand ? checkByHand(paying) : Promise.resolve()
  await pause(waitMs(fate.kind, { moment: fate.moment, ttlMs }), over)
  if (!over.aborted) await act(paying)
  await checked
}

function waitMs(kind: FateKind, { moment, ttlMs }: { moment: number; ttlMs: number }): number {
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

async function act(paying: Paying): Promise<void> {
  const { gateway, purchase, over } = paying
  const path = `/orders/${purchase.orderNo}`
  switch (purchase.fate.kind) {
    case 'never':
      return
    case 'closed':
      return void (await gateway.control('POST', `${path}/close`))
    case 'refunded':
      await payOnce(paying)
      await pause(3_000 * purchase.fate.moment, over)
      return void (await gateway.control('POST', `${path}/refund`))
    case 'twice':
      await payOnce(paying)
      await pause(3_000 * purchase.fate.moment, over)
      return void (await gateway.control('POST', `${path}/pay`, { again: true }))
    case 'late':
      await payOnce(paying)
      // Nobody asks about an order that expired: a payer whose callback was lost complains.
      if (purchase.fate.callbackLost) await complain(paying)
      return
    default:
      return payOnce(paying)
  }
}

async function payOnce({ gateway, purchase }: Paying): Promise<void> {
  const { fate, amount, orderNo } = purchase
  const at = Date.now()
  const paid = await gateway.control('POST', `/orders/${orderNo}/pay`, {
    callback: !fate.callbackLost,
    ...(fate.callbackDelayMs === 0 ? {} : { delay_ms: fate.callbackDelayMs }),
    ...(fate.kind === 'late' ? { force: true } : {}),
    ...saidOtherwise(fate.kind, { adopted: fate.adopted, amount }),
  })
  if (paid !== null) purchase.paidAtMs = at
}

function saidOtherwise(kind: FateKind, { adopted, amount }: { adopted: boolean; amount: number }) {
  if (kind === 'wrong_currency') return { answered: { amount: { currency: 'USD' } } }
  // An adopted one was put there with another total.
  if (kind === 'wrong_amount' && !adopted) return { answered: { amount: { total: amount - 1 } } }
  return {}
}

/** Until somebody has looked. */
async function complain({ purchase, ask, over }: Paying): Promise<void> {
  do await pause(1_000, over)
  while (!over.aborted && !(await ask(`/v1/orders/${purchase.orderNo}/check`)))
}

async function checkByHand({ purchase, ask, ttlMs, over }: Paying): Promise<void> {
  await pause(ttlMs * 1.2 * purchase.fate.moment, over)
  if (!over.aborted) await ask(`/v1/orders/${purchase.orderNo}/check`)
}
