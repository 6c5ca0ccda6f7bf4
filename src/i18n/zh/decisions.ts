import type { PhraseSets } from '../phrases.ts'

/** What `domain/decide.ts`, `job/check.ts` and `orders/place.ts` write into the timeline, and runs into their results. */
export const decisionPhrases = {
  decision: {
    'not paid yet': '尚未支付',
    'not paid yet; whether it is past its end cannot be said, as the clocks disagree':
      '尚未支付；时钟不一致，无法判断是否已过支付截止时间',
    'the gateway knows no such order; whether it is past its end cannot be said, as the clocks disagree':
      '微信支付查无此单；时钟不一致，无法判断是否已过支付截止时间',
    'not paid, and past its end': '已过支付截止时间，仍未支付',
    'a payment is under way': '用户正在支付',
    'its trade is closed': '交易已关闭',
    'paid, everything as ordered': '已支付，各项与订单一致',
    'no answer: {unknown:unknown}': '无应答：{unknown}',
    'it was paid, and a refund was started; the gateway does not say how much':
      '曾经支付，已发起退款，微信支付没有说明退款金额',
    'it was paid after it expired, and a refund was started; the gateway does not say how much':
      '关单之后才支付，已发起退款，微信支付没有说明退款金额',
    'the answer is about another trade: {difference:difference}':
      '应答说的是另一笔交易：{difference}',
    'a trade state that budan does not know: {state}': '未知的交易状态：{state}',
    'its end is not known, and no trade can be paid for as long as it was watched':
      '有效期未知，跟踪时长已超过任何交易的可支付期限',
    'the gateway knows no such order': '微信支付查无此单',
    'the gateway knows no such order, but most answers say so: not believed':
      '微信支付查无此单，但多数订单都得到这样的应答，故不采信',
    'the gateway knows no such order; not yet said often enough':
      '微信支付查无此单，次数还不够，暂不采信',
    'the gateway knew no such order {count:word} times over, past its end':
      '已过支付截止时间，微信支付连续 {count} 次查无此单',
    'expired; nothing was said of a payment': '已关单；应答中没有支付',
    'expired; the gateway says {state}': '已关单；微信支付返回 {state}',
    'paid; no answer: {unknown:unknown}': '已入账；无应答：{unknown}',
    'paid; the gateway knows no such order now': '已入账；微信支付现在查无此单',
    'paid by this transaction': '已由这笔支付入账',
    'paid already, and now another payment: {difference:difference}':
      '已入账，现在又有另一笔支付：{difference}',
    'paid here; a refund was started; the gateway does not say how much':
      '已入账；已发起退款，微信支付没有说明退款金额',
    'paid since it was asked about': '查询之后已入账',
    'paid here, but the gateway now says {state}': '已入账，但微信支付现在的状态是 {state}',
    'the order is in review': '订单待人工处理',
    'dismissed from review; nothing was said of a payment': '已办结（无需入账）；应答中没有支付',
    'dismissed from review; a refund was started; the gateway does not say how much':
      '已办结（无需入账）；已发起退款，微信支付没有说明退款金额',
    'dismissed from review, with this payment known': '已办结（无需入账），这笔支付当时已知',
    'dismissed from review, and now there is a payment that was not known then':
      '已办结（无需入账），现在出现了当时不知道的支付',
    'paid, but not as ordered: {difference:difference}': '已支付，但与订单不符：{difference}',
    'its transaction was credited to order "{orderNo}" already': '这笔支付已入账到订单“{orderNo}”',
    'a refund of {sum:refundSum} {outcome:refundOutcome}': '{sum}{outcome}',
    'the gateway closed the trade': '微信支付已关单',
    'the gateway refused to close the trade: {code:word} ({message})':
      '微信支付拒绝关单：{code}（{message}）',
    'the gateway did not answer: {unknown:unknown}': '微信支付无应答：{unknown}',
    'refused: {code:word} ({message:gateway?})': '被拒绝：{code}（{message}）',
    'refused to {action:action}: {reason:resolution}': '未能{action}：{reason}',
    'The order is gone': '订单已不存在',
    'onPaid did not end within {ms:word} ms: nothing was credited':
      'onPaid 未在 {ms} 毫秒内结束，没有入账',
    // Of former versions: timelines keep them.
    'it was paid, and the money is on its way back': '曾经支付，已发起退款，退款金额未知',
    'it was paid after it expired, and the money is on its way back':
      '关单之后才支付，已发起退款，退款金额未知',
    'expired, and not paid': '已关单；当时没有支付成功的应答',
    'paid here; a refund was started': '已入账；已发起退款',
  },
  /** `domain/refund.ts`. */
  refundSum: {
    'an amount that is not said': '退款（金额未说明）',
    '{refunded:word} of {total:word}': '退款 {refunded}（支付金额 {total}）',
    '{refunded:word}': '退款 {refunded}',
  },
  refundOutcome: {
    '{state:refundState}, of another payment than the one credited ({transactionId:word})':
      '{state}；所退的是另一笔支付（{transactionId}），不是已入账的那笔',
    '{state:refundState}': '{state}',
  },
  refundState: {
    'was made at the gateway': '已在微信支付完成',
    'is stuck at the gateway: it has to be made there by hand':
      '在微信支付出现异常，需要在那里人工处理',
    'was given up at the gateway': '已在微信支付关闭，没有退成',
    'was started at the gateway': '已在微信支付发起',
    'is in a state that budan does not know: {state:word}': '的状态未知：{state}',
  },
  /** `describeUnknown`. */
  unknown: { '{cause:cause} ({message:gateway?})': '{cause}（{message}）' },
  cause: {
    timeout: '超时',
    network: '网络故障',
    server_error: '服务端错误',
    throttled: '请求过于频繁',
    unverified: '应答验签不通过',
    unparsable: '应答无法解析',
    refused: '被拒绝',
    unauthorized: '身份认证失败',
    forbidden: '无权限',
    foreign: '不属于本商户',
    quota: '查询配额已满',
    aged: '旧订单查询受限',
  },
  difference: {
    'amount {theirs:word}, ordered {ours:word}': '支付金额 {theirs}，订单金额 {ours}',
    'amount absent, ordered {ours:word}': '没有支付金额，订单金额 {ours}',
    '{fact:fact} "absent", ours "{ours}"': '没有{fact}，我方为“{ours}”',
    '{fact:fact} "{theirs}", ours "absent"': '{fact}为“{theirs}”，我方没有',
    '{fact:fact} "{theirs}", ours "{ours}"': '{fact}为“{theirs}”，我方为“{ours}”',
  },
  fact: {
    'order number': '商户订单号',
    'transaction id': '微信支付订单号',
    mchid: '商户号',
    appid: 'appid',
    currency: '币种',
    attach: '附加数据 attach ',
  },
  action: { credit: '入账', expire: '设为已关单', dismiss: '办结（无需入账）' },
} as const satisfies PhraseSets
