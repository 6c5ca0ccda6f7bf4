import { formatAmount } from '../domain/money.ts'
import type { ComparedFact, Reason, ReasonCode } from '../domain/reason.ts'
import type { ExceptionKind } from '../domain/review/exception.ts'
import { catalog, type Locale } from '../i18n/locale.ts'
import { reasonText } from '../i18n/reasons.ts'
import { translate } from '../i18n/translate.ts'
import { shanghaiTime } from '../text/shanghai-time.ts'
import type { Alert, AlertType } from './alert.ts'
import { foreign, numberText } from './plain.ts'

/** The first line of an alert, and what else there is to say of it. */
export interface Said {
  readonly title: string
  readonly lines: readonly string[]
}

type Saying = { readonly [T in AlertType]: (alert: Alert<T>) => Said }

/** Sentences whose parameters are an order number or a gateway's own word at most. */
const saidInFull: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  'credited_to_another',
  'refund_started',
  'refunded_in_whole',
  'refund_started_after_expiry',
  'dismissed_new_payment',
  'unlisted_state',
  'paid_contradicted',
])

/** Chat groups are kept by others: nothing of the payer's is sent there, such as `attach`, ids and sums. */
function reasonIn(reason: Reason | null, locale: Locale): string {
  const { differs, seeTimeline } = wordsOf(locale)
  if (reason === null) return seeTimeline
  if ('difference' in reason) return differs[reason.difference.fact]
  return saidInFull.has(reason.code) ? foreign(reasonText(reason, locale)) : seeTimeline
}

function title(text: string, ...lines: readonly string[]): Said {
  return { title: text, lines }
}

/** `paid_not_credited=1, unbalanced=2`: the names that the audit has, too. */
function countsIn(counts: Alert<'audit_broken'>['counts']): string {
  return counts.map(([name, count]) => `${name}=${count}`).join(', ')
}

const english: Saying = {
  breaker_opened: ({ reason }) =>
    title('Breaker opened: runs are held back, and probe with one order', foreign(reason)),
  breaker_closed: () => title('Breaker closed: runs go on'),
  review_opened: ({ orderNo, reason }) =>
    title(`Order ${numberText(orderNo)} is in review: a person decides`, reasonIn(reason, 'en')),
  order_alarm: ({ orderNo, reason }) =>
    title(`Order ${numberText(orderNo)} needs a look`, reasonIn(reason, 'en')),
  exception_opened: ({ orderNo, exception, amountAtStake, currency }) =>
    title(
      `Money and books differ: order ${numberText(orderNo)}`,
      `${englishExceptions[exception]}; at stake: ${formatAmount(amountAtStake, currency)}`,
    ),
  credit_failed: ({ orderNo }) =>
    title(
      `Order ${numberText(orderNo)} was paid, and could not be credited`,
      'it is queried again; the log says why',
    ),
  audit_broken: ({ counts }) =>
    title('Audit: the books do not agree', countsIn(counts), 'the orders: budan audit'),
  clocks_disagree: ({ detail }) =>
    title('Clocks disagree: no order is closed meanwhile', foreign(detail)),
  clocks_agree: () => title('Clocks agree again'),
  runs_missing: ({ lastFinishedAt }) =>
    title(
      'No run has finished for two intervals: paid orders may be waiting for their credit',
      lastFinishedAt === null
        ? 'the last one is not known'
        : `the last one: ${shanghaiTime(lastFinishedAt)}`,
    ),
  runs_back: () => title('Runs finish again'),
  falling_behind: ({ remaining }) =>
    title('Falling behind: orders come due faster than they are queried', `due: ${remaining}`),
  caught_up: () => title('Caught up: no more than a batch of orders is due'),
  proofs_failing: ({ what }) => title(englishProofs[what]),
  orders_foreign: ({ mchid, count }) =>
    title(
      `${count} pending orders of merchant ${foreign(mchid)} are queried by nobody`,
      'it is not in the configuration of this node',
    ),
  endpoint_failing: ({ endpoint }) =>
    title(`Webhook endpoint ${foreign(endpoint)} takes nothing: its deliveries wait`),
  endpoint_recovered: ({ endpoint }) => title(`Webhook endpoint ${foreign(endpoint)} is back`),
}

const englishProofs: Readonly<Record<Alert<'proofs_failing'>['what'], string>> = {
  credit: 'Credits are posted without their proofs, which cannot be written',
  key: 'Credits keep no proof: no key can be kept here',
  sealing: 'What was there before proofs cannot be sealed',
}

const englishExceptions: Readonly<Record<ExceptionKind, string>> = {
  review: 'it waits for a person',
  duplicate_payment: 'it was paid twice',
  refunded_after_credit: 'it was refunded after its credit',
  partly_refunded: 'a part of it was refunded after its credit',
  unknown_payment: 'a payment that no order has',
  not_in_bill: 'it was credited, and the bill does not have it',
  amount_differs: 'the bill has another amount',
  not_credited_by_shop: "it was paid, and the shop's own table has no credit",
}

const chinese: Saying = {
  breaker_opened: ({ reason }) =>
    title('已熔断：暂停补单，每次只用一个订单试探', foreign(translate(reason, 'zh'))),
  breaker_closed: () => title('熔断已解除：恢复补单'),
  review_opened: ({ orderNo, reason }) =>
    title(`订单 ${numberText(orderNo)} 待人工处理`, reasonIn(reason, 'zh')),
  order_alarm: ({ orderNo, reason }) =>
    title(`订单 ${numberText(orderNo)} 需要查看`, reasonIn(reason, 'zh')),
  exception_opened: ({ orderNo, exception, amountAtStake, currency }) =>
    title(
      `资金与账目不一致：订单 ${numberText(orderNo)}`,
      `${chineseExceptions[exception]}；涉及金额：${formatAmount(amountAtStake, currency)}`,
    ),
  credit_failed: ({ orderNo }) =>
    title(`订单 ${numberText(orderNo)} 已支付，但未能入账`, '稍后会再次查单；原因见日志'),
  audit_broken: ({ counts }) =>
    title('账目自检未通过', countsIn(counts), '涉及的订单见 `budan audit`'),
  clocks_disagree: ({ detail }) =>
    title('时钟不一致：在此期间不关单', foreign(translate(detail, 'zh'))),
  clocks_agree: () => title('时钟已恢复一致'),
  runs_missing: ({ lastFinishedAt }) =>
    title(
      '已有两个周期没有完成补单：已支付的订单可能尚未入账',
      lastFinishedAt === null ? '上一次的时间未知' : `上一次：${shanghaiTime(lastFinishedAt)}`,
    ),
  runs_back: () => title('补单已恢复'),
  falling_behind: ({ remaining }) =>
    title('处理落后：到期待查的订单增加得比查询快', `到期待查：${remaining}`),
  caught_up: () => title('已赶上：到期待查的订单不超过一批'),
  proofs_failing: ({ what }) => title(chineseProofs[what]),
  orders_foreign: ({ mchid, count }) =>
    title(
      `商户号 ${foreign(mchid)} 有 ${count} 个未结束的订单无人查询`,
      '该商户不在本节点的配置里',
    ),
  endpoint_failing: ({ endpoint }) =>
    title(`接收端“${foreign(endpoint)}”无法送达：发给它的事件在等待`),
  endpoint_recovered: ({ endpoint }) => title(`接收端“${foreign(endpoint)}”已恢复`),
}

const chineseProofs: Readonly<Record<Alert<'proofs_failing'>['what'], string>> = {
  credit: '入账的证明无法写入，入账照常',
  key: '此处无法保存证明密钥：入账不留证明',
  sealing: '开始留证明之前的内容无法封存',
}

const chineseExceptions: Readonly<Record<ExceptionKind, string>> = {
  review: '待人工处理',
  duplicate_payment: '重复支付',
  refunded_after_credit: '入账之后已退款',
  partly_refunded: '入账之后部分退款',
  unknown_payment: '有支付而没有对应的订单',
  not_in_bill: '已入账，而账单里没有',
  amount_differs: '金额与账单不一致',
  not_credited_by_shop: '已支付，而商城自己的表里没有入账',
}

const sayingIn = catalog({ en: english, zh: chinese })

/** What is to be said of an alert. An alert that no sentence can be made of is named by its type. */
export function sayAlert(alert: Alert, locale: Locale): Said {
  try {
    return (sayingIn(locale)[alert.type] as (alert: Alert) => Said)(alert)
  } catch {
    return title(wordsOf(locale).types[alert.type])
  }
}

export const wordsOf = catalog({
  en: {
    /** Of each type, for a summary. */
    types: {
      breaker_opened: 'breaker opened',
      breaker_closed: 'breaker closed',
      review_opened: 'orders in review',
      order_alarm: 'orders that need a look',
      exception_opened: 'money and books differ',
      credit_failed: 'paid and not credited yet',
      audit_broken: 'audit: the books do not agree',
      clocks_disagree: 'clocks disagree',
      clocks_agree: 'clocks agree again',
      runs_missing: 'no run finished',
      runs_back: 'runs finish again',
      falling_behind: 'falling behind',
      caught_up: 'caught up',
      proofs_failing: 'proofs cannot be written',
      orders_foreign: 'orders of a merchant that is not configured',
      endpoint_failing: 'webhook endpoint takes nothing',
      endpoint_recovered: 'webhook endpoint is back',
    } satisfies Record<AlertType, string>,
    differs: {
      order_no: 'it was paid under another order number',
      mchid: 'it was paid to another merchant number',
      app_id: 'it was paid under another app id',
      amount: 'it was paid, and the amount is not the one that was ordered',
      currency: 'it was paid, and the currency is not the one that was ordered',
      transaction_id: 'there is another payment',
      attach: 'it was paid, and attach is not the one that was expected',
    } satisfies Record<ComparedFact, string>,
    seeTimeline: 'its timeline says why',
    summary: (count: number, since: string) => `${count} alerts since ${since}`,
    ofType: (type: string, count: number) => `${type}: ${count}`,
    lastOrders: (orderNos: readonly string[]) => `the last: ${orderNos.join(', ')}`,
    now: 'now: ',
    merchant: (name: string) => `merchant: ${name}`,
    node: (node: string, time: string) => `node: ${node}, ${time}`,
    test: 'A test: alerts arrive here',
    testLine: 'it was sent by budan alerts test',
  },
  zh: {
    types: {
      breaker_opened: '熔断',
      breaker_closed: '熔断解除',
      review_opened: '订单待人工处理',
      order_alarm: '订单需要查看',
      exception_opened: '资金与账目不一致',
      credit_failed: '已支付，尚未入账',
      audit_broken: '账目自检未通过',
      clocks_disagree: '时钟不一致',
      clocks_agree: '时钟恢复一致',
      runs_missing: '没有完成补单',
      runs_back: '补单恢复',
      falling_behind: '处理落后',
      caught_up: '已赶上',
      proofs_failing: '证明无法写入',
      orders_foreign: '有未配置商户的订单',
      endpoint_failing: '接收端无法送达',
      endpoint_recovered: '接收端恢复',
    },
    differs: {
      order_no: '已支付，但不是这个订单号',
      mchid: '已支付，但不是这个商户号',
      app_id: '已支付，但 appid 与订单不符',
      amount: '已支付，但金额与订单不符',
      currency: '已支付，但币种与订单不符',
      transaction_id: '又有另一笔支付',
      attach: '已支付，但 attach 与预期不符',
    },
    seeTimeline: '原因见订单的时间线',
    summary: (count, since) => `${since} 以来有 ${count} 条告警`,
    ofType: (type, count) => `${type}：${count}`,
    lastOrders: (orderNos) => `最近的：${orderNos.join('、')}`,
    now: '目前：',
    merchant: (name) => `商户：${name}`,
    node: (node, time) => `节点：${node}，${time}`,
    test: '测试：告警会发到这里',
    testLine: '由 `budan alerts test` 发出',
  },
})
