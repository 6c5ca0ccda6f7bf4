import type { Books } from './books.ts'
import type { Comparison, TrueTrade } from './cases.ts'
import { compare } from './compare.ts'
import type { FindingKind } from './finding.ts'

/** Throws unless the comparison finds each planted error, and nothing in sound books. */
export function checkComparison(): void {
  const found = compare(soundComparison())
  if (found.length > 0) throw new Error(`The comparison finds ${JSON.stringify(found)} in nothing`)
  for (const { name, finds, hidden } of plants) {
    const kinds = compare(hidden).map(({ kind }) => kind)
    if (!kinds.includes(finds)) {
      throw new Error(`The comparison misses: ${name} (found ${kinds.join(', ') || 'nothing'})`)
    }
  }
}

/** Invented trades and books that agree, with an order for each way to end. */
export function soundComparison(): Comparison {
  const ordered = (nth: number, fields: object = {}) => ({
    orderNo: `ORDER${nth}`,
    key: `key-${nth}`,
    userId: nth % 2 === 0 ? 'even' : 'odd',
    amount: 100 * nth,
    acknowledged: true,
    ...fields,
  })
  return {
    ordered: [1, 2, 3, 4, 5, 6].map((nth) => ordered(nth)).concat(ordered(7, unacknowledged)),
    trades: [
      trade(1, 'SUCCESS'),
      trade(2, 'SUCCESS', { transactionIds: ['T2', 'T2-again'], callbacksAccepted: 0 }),
      trade(3, 'REFUND'),
      trade(4, 'REFUND', { callbacksAccepted: 0 }),
      trade(5, 'SUCCESS', { amount: 499 }),
      trade(6, 'CLOSED', { transactionIds: [], callbacksAccepted: 0 }),
    ],
    books: soundBooks,
    receipts: [1, 2, 3].map(receipt),
  }
}

function receipt(nth: number) {
  const user_id = nth % 2 === 0 ? 'even' : 'odd'
  return { order_no: `ORDER${nth}`, user_id, amount: 100 * nth, transaction_id: `T${nth}` }
}

/** Its caller never got a response. */
const unacknowledged = { orderNo: null, acknowledged: false }

function trade(nth: number, state: string, fields: Partial<TrueTrade> = {}): TrueTrade {
  return {
    orderNo: `ORDER${nth}`,
    state,
    amount: 100 * nth,
    currency: 'CNY',
    transactionIds: [`T${nth}`],
    callbacksAccepted: 1,
    prepaid: true,
    ...fields,
  }
}

const soundBooks: Books = {
  orders: ['paid', 'paid', 'paid', 'review', 'review', 'expired', 'expired'].map((status, index) =>
    bookedOrder(index + 1, status),
  ),
  transfers: [1, 2, 3].map(transfer),
  entries: [1, 2, 3].flatMap(entries),
  callbacks: new Map([1, 3, 5].map((nth) => [`ORDER${nth}`, 1])),
}

function bookedOrder(nth: number, status: string) {
  return {
    order_no: `ORDER${nth}`,
    user_id: nth % 2 === 0 ? 'even' : 'odd',
    amount: 100 * nth,
    status,
    key: `key-${nth}`,
    credited_by: status === 'paid' ? 'callback' : null,
    credited_ms: status === 'paid' ? 0 : null,
  }
}

function transfer(nth: number) {
  return { order_no: `ORDER${nth}`, transaction_id: `T${nth}`, amount: 100 * nth, currency: 'CNY' }
}

function entries(nth: number) {
  const order_no = `ORDER${nth}`
  return [
    { order_no, account: 'gateway:wechat:1900000001', amount: -100 * nth },
    { order_no, account: `user:${nth % 2 === 0 ? 'even' : 'odd'}`, amount: 100 * nth },
  ]
}

interface Plant {
  readonly name: string
  readonly finds: FindingKind
  readonly hidden: Comparison
}

export const plants: readonly Plant[] = [
  plant('a paid order that expired here', 'credit_lost', {
    orders: replaceOrder(1, { status: 'expired' }),
    ...withoutCredit(1),
  }),
  plant('a paid order that is in review here', 'credit_lost', {
    orders: replaceOrder(2, { status: 'review' }),
    ...withoutCredit(2),
  }),
  plant('a second transfer of one order', 'credited_twice', {
    transfers: [...soundBooks.transfers, { ...transfer(1), transaction_id: 'T1-again' }],
  }),
  plant('a second deposit of one order', 'credited_twice', {
    entries: [...soundBooks.entries, ...entries(1)],
  }),
  plant('one transaction that credits two orders', 'credited_twice', {
    transfers: soundBooks.transfers.map((each) => ({ ...each, transaction_id: 'T1' })),
  }),
  plant('a credit of an order that nobody paid', 'credited_wrongly', {
    orders: replaceOrder(6, { status: 'paid' }),
    transfers: [...soundBooks.transfers, transfer(6)],
    entries: [...soundBooks.entries, ...entries(6)],
  }),
  plant('a credit of an order that was paid by another amount', 'credited_wrongly', {
    orders: replaceOrder(5, { status: 'paid' }),
    transfers: [...soundBooks.transfers, transfer(5)],
    entries: [...soundBooks.entries, ...entries(5)],
  }),
  plant('a transfer that is off by one fen', 'credited_wrongly', {
    transfers: soundBooks.transfers.map((each, index) =>
      index === 0 ? { ...each, amount: each.amount + 1 } : each,
    ),
  }),
  plant('a deposit that is off by one fen', 'balance_wrong', {
    entries: soundBooks.entries.map((each, index) =>
      index === 1 ? { ...each, amount: each.amount + 1 } : each,
    ),
  }),
  plant('a deposit to another user', 'credited_wrongly', {
    entries: soundBooks.entries.map((each) => ({
      ...each,
      account: each.account.replace('user:odd', 'user:even'),
    })),
  }),
  plant("a transaction that is another order's", 'credited_wrongly', {
    transfers: soundBooks.transfers.map((each, index) =>
      index === 0 ? { ...each, transaction_id: 'T9' } : each,
    ),
  }),
  plant('an order for another amount than was ordered', 'credited_wrongly', {
    orders: replaceOrder(6, { amount: 601 }),
  }),
  plant('a transfer without its order', 'sum_wrong', {
    transfers: [...soundBooks.transfers, transfer(9)],
  }),
  plant('an acknowledged order that is gone', 'order_lost', {
    orders: soundBooks.orders.filter(({ order_no }) => order_no !== 'ORDER6'),
  }),
  plant('an order that nobody ordered', 'stranger', {
    orders: [...soundBooks.orders, bookedOrder(9, 'expired')],
  }),
  plant('an acknowledged callback that is gone', 'callback_lost', { callbacks: new Map() }),
  plant('an order that is still open', 'unsettled', {
    orders: replaceOrder(6, { status: 'pending' }),
  }),
  plant('an unpaid order in review', 'wrong_state', {
    orders: replaceOrder(6, { status: 'review' }),
  }),
  plant('a wrong payment that expired', 'wrong_state', {
    orders: replaceOrder(5, { status: 'expired' }),
  }),
  {
    name: 'a credit that the backend never received',
    finds: 'backend_wrong',
    hidden: { ...soundComparison(), receipts: [1, 2].map(receipt) },
  },
  {
    name: 'an order that the backend has credited twice',
    finds: 'backend_wrong',
    hidden: { ...soundComparison(), receipts: [1, 2, 3, 3].map(receipt) },
  },
  {
    name: 'an order that the backend alone has credited',
    finds: 'backend_wrong',
    hidden: { ...soundComparison(), receipts: [1, 2, 3, 6].map(receipt) },
  },
  {
    name: 'an expired order whose trade is open',
    finds: 'expired_while_payable',
    hidden: withTrade(6, { state: 'NOTPAY' }),
  },
  {
    name: 'a trade that was placed, without its order',
    finds: 'order_lost',
    hidden: withTrade(6, { orderNo: 'ORDER8' }),
  },
]

function plant(name: string, finds: FindingKind, books: Partial<Books>): Plant {
  return { name, finds, hidden: { ...soundComparison(), books: { ...soundBooks, ...books } } }
}

function replaceOrder(nth: number, fields: object): Books['orders'] {
  return soundBooks.orders.map((order) =>
    order.order_no === `ORDER${nth}` ? { ...order, ...fields } : order,
  )
}

function withoutCredit(nth: number): Pick<Books, 'transfers' | 'entries'> {
  const others = (row: { readonly order_no: string }) => row.order_no !== `ORDER${nth}`
  return {
    transfers: soundBooks.transfers.filter(others),
    entries: soundBooks.entries.filter(others),
  }
}

function withTrade(nth: number, fields: Partial<TrueTrade>): Comparison {
  const sound = soundComparison()
  const trades = sound.trades.map((each) =>
    each.orderNo === `ORDER${nth}` ? { ...each, ...fields } : each,
  )
  return { ...sound, trades }
}
