import { rechargeTransfer } from '../../src/domain/ledger/transfer.ts'
import type { Order } from '../../src/domain/order.ts'
import type { TradeAnswer } from '../../src/domain/trade.ts'
import type { Credit, Store } from '../../src/store/store.ts'
import { creditOne } from '../../test/support/credit-one.ts'
import { keyOf } from '../../test/support/order-key.ts'
import type { PaidOrder } from '../gateway/answers.ts'

/** The smallest crediting transaction: lock, post, commit. The answer is already known. */
export async function creditAlone(
  store: Store,
  { order: paid, sample }: { order: PaidOrder; sample: TradeAnswer },
): Promise<void> {
  const { orderNo, transactionId } = paid
  await store.transaction(async (tx) => {
    const locked = await tx.lockOrder(keyOf(orderNo), { transactionId })
    if (locked === null) throw new Error(`Cannot credit "${orderNo}": no such order`)
    const { order, ...credit } = creditOf(locked.order, { paid, sample })
    await creditOne(tx, order, credit)
  })
}

/** The same for many orders, in one transaction. */
export async function creditTogether(
  store: Store,
  { orders, sample }: { orders: readonly PaidOrder[]; sample: TradeAnswer },
): Promise<void> {
  const paidBy = new Map(orders.map((paid) => [paid.orderNo, paid]))
  await store.transaction(async (tx) => {
    const locked = await tx.lockOrders(
      orders.map(({ orderNo, transactionId }) => ({ key: keyOf(orderNo), transactionId })),
    )
    if (locked.length < orders.length) {
      throw new Error(`Cannot credit ${orders.length} orders: ${locked.length} are there`)
    }
    const credits = locked.flatMap(({ order }) => {
      const paid = paidBy.get(order.orderNo)
      return paid === undefined ? [] : [creditOf(order, { paid, sample })]
    })
    await tx.credit(credits)
  })
}

function creditOf(
  order: Order,
  { paid, sample }: { paid: PaidOrder; sample: TradeAnswer },
): Credit {
  const { orderNo, transactionId } = paid
  const trade = { ...sample.trade, orderNo, transactionId, amount: BigInt(paid.amount) }
  return {
    order,
    transfer: rechargeTransfer(order, trade),
    source: 'compensation',
    event: {
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
  }
}
