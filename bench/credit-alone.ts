import { rechargeTransfer } from '../src/ledger/transfer.ts'
import type { Store } from '../src/store/store.ts'
import type { TradeAnswer } from '../src/trade.ts'
import type { PaidOrder } from './gateway/answers.ts'

/** The minimal crediting transaction: lock, post, commit, with the answer known. */
export async function creditAlone(
  store: Store,
  { order, sample }: { order: PaidOrder; sample: TradeAnswer },
): Promise<void> {
  const { orderNo, transactionId } = order
  const trade = { ...sample.trade, orderNo, transactionId, amount: BigInt(order.amount) }
  await store.transaction(async (tx) => {
    const locked = await tx.lockOrder(orderNo, { transactionId })
    if (locked === null) throw new Error(`Cannot credit "${orderNo}": no such order`)
    const transfer = rechargeTransfer(locked.order, trade)
    await tx.credit(locked.order, {
      transfer,
      source: 'compensation',
      event: {
        orderNo,
        kind: 'answered',
        source: 'compensation',
        tradeState: trade.reported,
        decision: 'pay',
        reason: 'paid as ordered',
        alarm: false,
        evidence: sample.evidence,
        runId: '1',
        node: 'bench',
      },
    })
  })
}
