import type { OrderEvent } from '../domain/order.ts'
import type { DecisionKind, OrderEventKind, OrderStatus } from '../domain/order-states.ts'
import type { ExceptionKind } from '../domain/review/exception.ts'
import type { ReviewAction } from '../domain/review/review-action.ts'
import type { Outcome, RunStatus, RunTrigger } from '../domain/runs/run.ts'
import type { Role } from '../domain/scope.ts'
import type { DeliveryState } from '../domain/webhooks/delivery.ts'
import { catalog } from './locale.ts'

export interface Terms {
  readonly status: Readonly<Record<OrderStatus, string>>
  /** The origin of an answer or another event. */
  readonly source: Readonly<Record<OrderEvent['source'], string>>
  readonly decision: Readonly<Record<DecisionKind, string>>
  readonly event: Readonly<Record<OrderEventKind, string>>
  readonly outcome: Readonly<Record<Outcome, string>>
  readonly trigger: Readonly<Record<RunTrigger, string>>
  readonly runStatus: Readonly<Record<RunStatus, string>>
  readonly action: Readonly<Record<ReviewAction, string>>
  readonly role: Readonly<Record<Role, string>>
  readonly exception: Readonly<Record<ExceptionKind, string>>
  readonly delivery: Readonly<Record<DeliveryState, string>>
}

export const termsOf = catalog<Terms>({
  en: {
    status: { pending: 'not confirmed yet', paid: 'paid', expired: 'expired', review: 'in review' },
    source: {
      callback: 'callback',
      check: 'check by hand',
      compensation: 'compensation job',
      operator: 'operator',
      api: 'API',
      budan: 'budan',
    },
    decision: {
      pay: 'credit',
      wait: 'wait',
      close: 'close',
      expire: 'expire',
      review: 'review',
      keep: 'keep',
    },
    event: {
      created: 'created',
      adopted: 'adopted',
      prepaid: 'code to scan given',
      unplaced: 'not accepted by the gateway',
      answered: 'answer',
      closing: 'closing at the gateway',
      corrected: 'facts corrected',
      abandoned: 'given up',
      resolved: 'review resolved',
      dismissed: 'review dismissed',
      second_needed: 'waits for a second person',
      refund_noticed: 'refund notice',
    },
    outcome: {
      credited: 'credited',
      waiting: 'waiting',
      expired: 'expired',
      review: 'in review',
      kept: 'kept',
      unknown: 'no answer',
      error: 'error',
    },
    trigger: { schedule: 'schedule', start: 'start', manual: 'by hand' },
    runStatus: { running: 'running', finished: 'finished', stopped: 'stopped', failed: 'failed' },
    action: { credit: 'credit', expire: 'expire', dismiss: 'dismiss' },
    role: { viewer: 'viewer', operator: 'operator', admin: 'admin' },
    exception: {
      review: 'review',
      duplicate_payment: 'paid twice',
      refunded_after_credit: 'refunded after the credit',
      partly_refunded: 'partly refunded',
      unknown_payment: 'payment without an order',
      not_in_bill: 'not in the bill',
      amount_differs: 'amount differs',
      not_credited_by_shop: 'not credited by the shop',
    },
    delivery: { pending: 'pending', delivered: 'delivered', failed: 'given up' },
  },
  zh: {
    status: { pending: '待确认', paid: '已入账', expired: '已关单', review: '待人工处理' },
    source: {
      callback: '支付回调',
      check: '手工查单',
      compensation: '补单任务',
      operator: '人工处理',
      api: 'API',
      budan: 'budan',
    },
    decision: {
      pay: '入账',
      wait: '等待',
      close: '关单',
      expire: '设为已关单',
      review: '转人工',
      keep: '不变',
    },
    event: {
      created: '已创建',
      adopted: '已导入',
      prepaid: '已生成支付二维码',
      unplaced: '支付渠道未受理下单',
      answered: '查单结果',
      closing: '向支付渠道关单',
      corrected: '已更正订单信息',
      abandoned: '已放弃',
      resolved: '人工处理完成',
      dismissed: '已办结（无需入账）',
      second_needed: '等待第二人确认',
      refund_noticed: '退款通知',
    },
    outcome: {
      credited: '已入账',
      waiting: '继续等待',
      expired: '已关单',
      review: '转人工',
      kept: '不变',
      unknown: '无应答',
      error: '出错',
    },
    trigger: { schedule: '定时', start: '启动', manual: '手动' },
    runStatus: { running: '进行中', finished: '已完成', stopped: '已中止', failed: '失败' },
    action: { credit: '入账', expire: '设为已关单', dismiss: '办结（无需入账）' },
    role: { viewer: '只读', operator: '操作员', admin: '管理员' },
    exception: {
      review: '待人工处理',
      duplicate_payment: '重复支付',
      refunded_after_credit: '入账后退款',
      partly_refunded: '部分退款',
      unknown_payment: '有支付、无订单',
      not_in_bill: '账单中没有',
      amount_differs: '金额不符',
      not_credited_by_shop: '业务系统未入账',
    },
    delivery: { pending: '待推送', delivered: '已送达', failed: '已放弃' },
  },
})
