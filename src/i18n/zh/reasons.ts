import { formatFen } from '../../domain/money.ts'
import {
  amountsOf,
  type ComparedFact,
  type Difference,
  type Happened,
  type Reason,
  type ReasonSentences,
  type Stake,
  sentenceFrom,
  stakeText,
} from '../../domain/reason.ts'
import type { RefundState, UnknownCause } from '../../domain/trade.ts'
import { shanghaiTime } from '../../text/shanghai-time.ts'
import { termsOf } from '../terms.ts'
import { translate } from '../translate.ts'
import { causes } from './settling.ts'

const terms = termsOf('zh')

const absent = '支付渠道查无此单'
const refundStarted = '已发起退款，支付渠道没有说明退款金额'
const clocksDisagree = '时钟不一致，无法判断是否已过支付截止时间'

/** `domain/reason.ts` in Chinese. */
export const chineseReasons: ReasonSentences = {
  not_paid_yet: '尚未支付',
  unpaid_past_end: '已过支付截止时间，仍未支付',
  watch_ended: '有效期未知，跟踪时长已超过任何交易的可支付期限',
  never_begun: '截至支付截止时间，无人开始支付',
  payment_under_way: '用户正在支付',
  trade_closed: '交易已关闭',
  absent,
  absent_not_credible: `${absent}，但多数订单都得到这样的应答，故不采信`,
  absent_too_seldom: `${absent}，次数还不够，暂不采信`,
  absent_past_end: ({ answers }) => `已过支付截止时间，支付渠道连续 ${answers} 次查无此单`,
  clocks_disagree: ({ seen }) => `${seen === 'absent' ? absent : '尚未支付'}；${clocksDisagree}`,
  as_ordered: '已支付，各项与订单一致',
  not_as_ordered: ({ difference }) => `已支付，但与订单不符：${differenceText(difference)}`,
  credited_to_another: ({ orderNo }) => `这笔支付已入账到订单“${orderNo}”`,
  refund_started: `曾经支付，${refundStarted}`,
  refunded_in_whole: '已支付，按退款通知已全额退款',
  about_another_trade: ({ difference }) => `应答说的是另一笔交易：${differenceText(difference)}`,
  unlisted_state: ({ state }) => `未知的交易状态：${state}`,
  unanswered: (reason) => unknownText(reason),
  no_answer: (reason) => `无应答：${unknownText(reason)}`,
  expired_unpaid: '已关单；应答中没有支付',
  expired_still: ({ state }) => `已关单；支付渠道返回 ${state}`,
  refund_started_after_expiry: `关单之后才支付，${refundStarted}`,
  paid_no_answer: (reason) => `已入账；无应答：${unknownText(reason)}`,
  paid_absent: '已入账；支付渠道现在查无此单',
  paid_by_this: '已由这笔支付入账',
  another_payment: ({ difference }) => `已入账，现在又有另一笔支付：${differenceText(difference)}`,
  refund_started_after_credit: `已入账；${refundStarted}`,
  paid_meanwhile: '查询之后已入账',
  paid_contradicted: ({ state }) => `已入账，但支付渠道现在的状态是 ${state}`,
  in_review: '订单待人工处理',
  dismissed_unpaid: '已办结（无需入账）；应答中没有支付',
  refund_started_after_dismissal: `已办结（无需入账）；${refundStarted}`,
  dismissed_payment_known: '已办结（无需入账），这笔支付当时已知',
  dismissed_new_payment: '已办结（无需入账），现在出现了当时不知道的支付',
  review_no_answer: (reason) => `支付渠道无应答：${unknownText(reason)}`,
  not_paid: ({ state }) => `支付渠道的状态不是已支付，而是 ${state}`,
  end_unknown: '有效期未知，budan 不会关闭这笔交易：请先更正有效期',
  still_open: ({ state }) => `已请支付渠道关单，但状态仍是 ${state}`,
  to_be_closed: ({ state }) => `支付渠道返回 ${state}：将先关单，再查询一次`,
  was_paid: '已支付',
  dismissed_before: '此前已办结（无需入账）',
  waits_for_second: '申请已记录，第二人提交相同操作后执行',
  same_person: '同一人此前已提交过申请：须由第二人提交相同操作',
  no_own_name: '须由两人操作，而这个令牌可能由多人共用：请使用有名称的令牌',
  payment_not_seen: '支付渠道的状态是已支付，而预览时不是',
  dismissible: '离开待处理队列，订单状态不变',
  close_not_answered: '支付渠道没有应答关单请求',
  action_refused: ({ action, because }) => `未能${terms.action[action]}：${inChinese(because)}`,
  would_credit: ({ amount, userId, transactionId }) =>
    `为用户“${userId}”入账 ${formatFen(BigInt(amount))}，交易单号 ${transactionId}`,
  would_expire: ({ because }) => `设为已关单：${inChinese(because)}`,
  would_close: '先向支付渠道关单，再查询一次，确认已关闭才设为已关单',
  would_dismiss: ({ stake }) => `${chineseReasons.dismissible}。${stakeInChinese(stake)}`,
  not_possible: ({ because }) => `不可行：${inChinese(because)}`,
  not_in_review: ({ orderNo, status, first }) =>
    `订单“${orderNo}”${terms.status[status]}，不在待处理中${first === null ? '' : `：${happenedText(first)}`}`,
  changed_since_preview: ({ orderNo, first }) =>
    `订单“${orderNo}”在预览之后有了变化：${happenedText(first)}`,
  closed_at_gateway: '支付渠道已关单',
  close_refused: ({ gatewayCode, message }) =>
    `支付渠道拒绝关单：${gatewayCode}（${translate(message, 'zh')}）`,
  close_unanswered: (reason) => `支付渠道无应答：${unknownText(reason)}`,
  prepay_refused: ({ gatewayCode, message }) =>
    `被拒绝：${gatewayCode}（${translate(message, 'zh')}）`,
  prepay_unanswered: (reason) => `无应答：${unknownText(reason)}`,
  about_another_payment: '应答说的是另一笔支付',
  refunded_after_credit: ({ refunded, inAll, amount }) => {
    const sum = refunded === null ? '（金额未说明）' : ` ${formatFen(BigInt(refunded))}`
    return `已入账；之后退款${sum}，累计已退 ${formatFen(BigInt(inAll))}，订单金额 ${formatFen(BigInt(amount))}`
  },
  refund_sum_known: ({ refundId }) => `退款金额现已得知，见退款单 ${refundId} 的异常`,
  paid_without_order: '已支付，但此处没有这个单号的订单',
  payment_refunded: '这笔支付已全额退款',
  payment_has_order: '现在已有这个单号的订单',
  refund_notice: ({ state, reported, refunded, total, otherTransactionId }) => {
    const of = total === null ? '' : `（支付金额 ${formatFen(BigInt(total))}）`
    const sum =
      refunded === null ? '退款（金额未说明）' : `退款 ${formatFen(BigInt(refunded))}${of}`
    const other =
      otherTransactionId === null
        ? ''
        : `；所退的是另一笔支付（${otherTransactionId}），不是已入账的那笔`
    return `${sum}${refundOutcomes[state] ?? `的状态未知：${reported}`}${other}`
  },
}

function inChinese(reason: Reason): string {
  return sentenceFrom(chineseReasons, reason)
}

function unknownText({ cause, message }: { cause: UnknownCause; message: string }): string {
  return `${causes[cause]}（${translate(message, 'zh')}）`
}

const refundOutcomes: Readonly<Record<RefundState, string | null>> = {
  succeeded: '已在支付渠道完成',
  abnormal: '在支付渠道出现异常，需要在那里人工处理',
  closed: '在支付渠道已关闭，没有退成',
  under_way: '已在支付渠道发起',
  unlisted: null,
}

const facts: Readonly<Record<Exclude<ComparedFact, 'amount'>, string>> = {
  order_no: '商户订单号',
  mchid: '商户号',
  app_id: 'appid',
  currency: '币种',
  transaction_id: '交易单号',
  attach: '附加数据 attach ',
}

function differenceText({ fact, theirs, ours, currency = null }: Difference): string {
  if (fact === 'amount') {
    const { paid, ordered } = amountsOf({ theirs, ours, currency })
    return `${paid === null ? '没有支付金额' : `支付金额 ${paid}`}，订单金额 ${ordered}`
  }
  const name = facts[fact]
  if (theirs === null) return `没有${name}，我方为“${ours}”`
  return `${name}为“${theirs}”，我方${ours === null ? '没有' : `为“${ours}”`}`
}

function stakeInChinese(stake: Stake): string {
  const sum = stakeText(stake)
  switch (stake.kind) {
    case 'creditable':
      return `注意：已按订单支付 ${sum}，这样做付款人将得不到入账`
    case 'paid':
      return `注意：${sum === null ? '实付金额与订单不同' : `实付 ${sum}`}，付款人没有得到入账`
    case 'refunded':
      return `注意：最多涉及 ${sum}，未退回的部分仍欠付款人`
    case 'payable':
      return `注意：这 ${sum} 仍可能被支付`
    case 'closed':
      return `照此应答，这 ${sum} 不能再支付`
    case 'not_known':
      return `注意：照此应答，不知道这 ${sum} 是否已支付`
  }
}

function happenedText({ at, kind, operator, source, decision, reason }: Happened): string {
  const when = shanghaiTime(new Date(at))
  const text =
    reason === null ? terms.event[kind] : typeof reason === 'string' ? reason : inChinese(reason)
  if (operator === null) return `${terms.source[source]}于 ${when} 带来了应答（${text}）`
  if (kind === 'dismissed') return `“${operator}”已于 ${when} 办结（无需入账）`
  if (kind !== 'resolved') return `“${operator}”于 ${when} 查询过（${text}）`
  const done = decision === 'pay' ? '入账' : decision === 'expire' ? '设为已关单' : '处理'
  return `“${operator}”已于 ${when} ${done}`
}
