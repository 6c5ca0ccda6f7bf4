import type { Control } from 'budan-simulator'
import type { OrderStatus } from '../domain/order-states.ts'

/** The events around an order of the demo, and the status in which budan must end it. */
export interface Scenario {
  readonly title: string
  readonly count: number
  /** Runs once the order is placed: the acts of the payer, the gateway and the network. */
  readonly begin: (control: Control, orderNo: string) => void
  readonly expected: OrderStatus
}

const unpaidUntilItEnds = () => undefined

export const scenarios: readonly Scenario[] = [
  {
    title: 'paid, callback arrives',
    count: 12,
    begin: (control, orderNo) => void control.pay(orderNo),
    expected: 'paid',
  },
  {
    title: 'paid, callback arrives twice',
    count: 4,
    begin: (control, orderNo) => {
      onCallback(control, { orderNo, fault: { kind: 'duplicate', copies: 2 } })
      control.pay(orderNo)
    },
    expected: 'paid',
  },
  {
    title: 'paid, callback with a forged signature, nothing else',
    count: 2,
    begin: (control, orderNo) => {
      onCallback(control, { orderNo, fault: { kind: 'wrong_signature' } })
      control.pay(orderNo)
    },
    expected: 'paid',
  },
  {
    title: 'paid, callback lost',
    count: 16,
    begin: (control, orderNo) => void control.pay(orderNo, { callback: false }),
    expected: 'paid',
  },
  {
    title: 'paid, callback lost, gateway answers 503 for a while',
    count: 4,
    begin: (control, orderNo) => {
      const fault = { kind: 'error', status: 503, body: 'html' } as const
      control.addFault({ operation: 'query', out_trade_no: orderNo, times: 3, fault })
      control.pay(orderNo, { callback: false })
    },
    expected: 'paid',
  },
  {
    title: 'paid, callback lost, gateway hangs for a while',
    count: 2,
    begin: (control, orderNo) => {
      const fault = { kind: 'hang' } as const
      control.addFault({ operation: 'query', out_trade_no: orderNo, times: 2, fault })
      control.pay(orderNo, { callback: false })
    },
    expected: 'paid',
  },
  {
    title: 'paid between the last query and the close',
    count: 4,
    begin: (control, orderNo) => {
      const fault = { kind: 'pay', when: 'before', callback: false, force: true } as const
      control.addFault({ operation: 'close', out_trade_no: orderNo, times: 1, fault })
    },
    expected: 'paid',
  },
  { title: 'never paid', count: 8, begin: unpaidUntilItEnds, expected: 'expired' },
  {
    title: 'closed elsewhere',
    count: 6,
    begin: (control, orderNo) => void control.close(orderNo),
    expected: 'expired',
  },
  {
    title: 'paid, callback lost, then refunded',
    count: 4,
    begin: (control, orderNo) => {
      control.pay(orderNo, { callback: false })
      control.refund(orderNo)
    },
    expected: 'review',
  },
  {
    title: 'paid, ¥0.01 short',
    count: 4,
    begin: (control, orderNo) => {
      const total = control.order(orderNo).total - 1
      control.pay(orderNo, { answered: { amount: { total } } })
    },
    expected: 'review',
  },
]

type NotifyFault = { kind: 'duplicate'; copies: number } | { kind: 'wrong_signature' }

function onCallback(
  control: Control,
  { orderNo, fault }: { orderNo: string; fault: NotifyFault },
): void {
  control.addFault({ operation: 'notify', out_trade_no: orderNo, fault })
}
