import type { Control } from 'budan-simulator'
import type { OrderStatus } from '../domain/order-states.ts'

/** What becomes of an order in the demo, and how budan must end it. */
export interface Fate {
  readonly title: string
  readonly count: number
  /** Called once the order is placed: what the payer, the gateway and the network do. */
  readonly begin: (control: Control, orderNo: string) => void
  readonly ends: OrderStatus
}

const unpaidUntilItEnds = () => undefined

export const fates: readonly Fate[] = [
  {
    title: 'paid, callback arrives',
    count: 12,
    begin: (control, orderNo) => void control.pay(orderNo),
    ends: 'paid',
  },
  {
    title: 'paid, callback arrives twice',
    count: 4,
    begin: (control, orderNo) => {
      onCallback(control, { orderNo, fault: { kind: 'duplicate', copies: 2 } })
      control.pay(orderNo)
    },
    ends: 'paid',
  },
  {
    title: 'paid, callback with a forged signature, nothing else',
    count: 2,
    begin: (control, orderNo) => {
      onCallback(control, { orderNo, fault: { kind: 'wrong_signature' } })
      control.pay(orderNo)
    },
    ends: 'paid',
  },
  {
    title: 'paid, callback lost',
    count: 16,
    begin: (control, orderNo) => void control.pay(orderNo, { callback: false }),
    ends: 'paid',
  },
  {
    title: 'paid, callback lost, gateway answers 503 for a while',
    count: 4,
    begin: (control, orderNo) => {
      const fault = { kind: 'error', status: 503, body: 'html' } as const
      control.addFault({ operation: 'query', out_trade_no: orderNo, times: 3, fault })
      control.pay(orderNo, { callback: false })
    },
    ends: 'paid',
  },
  {
    title: 'paid, callback lost, gateway hangs for a while',
    count: 2,
    begin: (control, orderNo) => {
      const fault = { kind: 'hang' } as const
      control.addFault({ operation: 'query', out_trade_no: orderNo, times: 2, fault })
      control.pay(orderNo, { callback: false })
    },
    ends: 'paid',
  },
  {
    title: 'paid between the last question and the close',
    count: 4,
    begin: (control, orderNo) => {
      const fault = { kind: 'pay', when: 'before', callback: false, force: true } as const
      control.addFault({ operation: 'close', out_trade_no: orderNo, times: 1, fault })
    },
    ends: 'paid',
  },
  { title: 'never paid', count: 8, begin: unpaidUntilItEnds, ends: 'expired' },
  {
    title: 'closed elsewhere',
    count: 6,
    begin: (control, orderNo) => void control.close(orderNo),
    ends: 'expired',
  },
  {
    title: 'paid, callback lost, then refunded',
    count: 4,
    begin: (control, orderNo) => {
      control.pay(orderNo, { callback: false })
      control.refund(orderNo)
    },
    ends: 'review',
  },
  {
    title: 'paid, ¥0.01 short',
    count: 4,
    begin: (control, orderNo) => {
      const total = control.order(orderNo).total - 1
      control.pay(orderNo, { answered: { amount: { total } } })
    },
    ends: 'review',
  },
]

type NotifyFault = { kind: 'duplicate'; copies: number } | { kind: 'wrong_signature' }

function onCallback(
  control: Control,
  { orderNo, fault }: { orderNo: string; fault: NotifyFault },
): void {
  control.addFault({ operation: 'notify', out_trade_no: orderNo, fault })
}
