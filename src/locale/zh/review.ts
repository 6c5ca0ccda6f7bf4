import type { PhraseSets } from '../phrases.ts'

const advice: Readonly<Record<string, string>> = {
  'Preview it: credit it if the gateway says that it was paid as ordered, expire it if it cannot be paid any more, dismiss it if nothing is owed.':
    '请先预览：微信支付确认已按订单支付的，可入账；再也不能支付的，可设为过期；无需入账的，可移出待处理。',
  'It can be credited only if the gateway now says that exactly what was ordered was paid. Otherwise settle it with the payer, such as by a refund at the gateway, and dismiss it.':
    '只有微信支付现在确认支付与订单完全一致，才可入账；否则请与付款人协商处理（如在微信支付退款），再移出待处理。',
  'That payment has credited the other order, and never credits a second one. Find out which was meant, and dismiss this one.':
    '这笔支付已入账到另一个订单，不会再入账第二次。请查明付的是哪一单，再将本单移出待处理。',
  'The payer gets the money back, so there is nothing to credit: dismiss it. If the refund failed, the gateway says paid again, and it can be credited.':
    '款项将退回付款人，无需入账，可移出待处理。若退款失败，微信支付会重新显示已支付，届时可入账。',
  'A payment turned up after it was dismissed. Preview it: credit it if it was paid as ordered, else settle it with the payer and dismiss it again.':
    '移出待处理之后又出现了支付。请先预览：按订单支付的，可入账；否则请与付款人协商处理，再移出待处理。',
}

/** `explainReview`: the reason may be in anybody's words, so each advice is looked for by its own. */
const explained = Object.entries(advice).map(([english, chinese]) => [
  `In review since {at:word}: {reason:reviewed?}. ${english}`,
  `自 {at} 起待人工处理：{reason}。${chinese}`,
])

/** What `review.ts` and `resolve.ts` tell an operator. */
export const reviewPhrases = {
  resolution: {
    'the gateway gave no answer: {unknown:unknown}': '微信支付无应答：{unknown}',
    'the gateway knows no such order': '微信支付查无此单',
    'it was paid, and the money is on its way back': '曾经支付，款项正在退回',
    'the gateway does not say paid, but {state}': '微信支付的状态不是已支付，而是 {state}',
    'paid, everything as ordered': '已支付，各项与订单一致',
    'paid, but not as ordered: {difference:difference}': '已支付，但与订单不符：{difference}',
    'its transaction was credited to order "{orderNo}" already': '这笔支付已入账到订单“{orderNo}”',
    'the answer is about another trade: {difference:difference}':
      '应答说的是另一笔交易：{difference}',
    'its trade is closed': '交易已关闭',
    'the gateway was asked to close its trade, and still says unpaid':
      '已请微信支付关单，但状态仍是未支付',
    'its trade is unpaid: it is closed, and asked about again': '交易未支付：将先关单，再查询一次',
    'its end is not known, so budan does not close its trade: correct its end first':
      '有效期未知，budan 不会关闭这笔交易：请先更正有效期',
    'it was paid': '已支付',
    'a payment is under way': '用户正在支付',
    'a trade state that budan does not know: {state}': '未知的交易状态：{state}',
    'it was dismissed before': '此前已移出待处理',
    'the gateway says paid, and did not at the preview': '微信支付的状态是已支付，而预览时不是',
    'it leaves the queue, and stays in review': '移出待处理队列，状态不变',
    'the gateway did not answer the closing': '微信支付没有应答关单请求',
  },
  effect: {
    'credits {amount:word} to user "{userId}" for transaction {transactionId:word}':
      '为用户“{userId}”入账 {amount}，微信支付订单号 {transactionId}',
    'makes it expired: {reason:resolution}': '设为过期：{reason}',
    'closes its trade at the gateway, asks again, and makes it expired only if it is closed then':
      '先向微信支付关单，再查询一次，确认已关闭才设为过期',
    '{effect:resolution}. Beware: it was paid as ordered, and the payer would have no credit here':
      '{effect}。注意：该订单已按订单支付，这样做付款人将得不到入账',
    'not possible: {reason:resolution}': '不可行：{reason}',
  },
  explanation: {
    ...Object.fromEntries(explained),
    'In review since {at:word}: {reason:reviewed?}. Dismissed by "{operator}" at {dismissedAt:word}: {words}. Another payment brings it back.':
      '自 {at} 起待人工处理：{reason}。已由“{operator}”于 {dismissedAt} 移出：{words}。再有支付会重新进入队列。',
  },
  reviewed: {
    '{reason:decision}': '{reason}',
    'its timeline does not say why': '时间线中没有说明原因',
  },
  obstacle: {
    'order "{orderNo}" is {status:status}, not in review': '订单“{orderNo}”{status}，不在待处理中',
    'order "{orderNo}" is {status:status}, not in review: {since:since}':
      '订单“{orderNo}”{status}，不在待处理中：{since}',
    'order "{orderNo}" has changed since the preview: {since:since}':
      '订单“{orderNo}”在预览之后有了变化：{since}',
    '{obstacle:obstacle}; preview it again': '{obstacle}；请重新预览',
  },
  /** `describeResolution`. */
  since: {
    '{source:source} brought an answer at {at:word} ({reason:happened?})':
      '{source}于 {at} 带来了应答（{reason}）',
    '"{operator}" dismissed it at {at:word}': '“{operator}”已于 {at} 移出待处理',
    '"{operator}" credited it at {at:word}': '“{operator}”已于 {at} 入账',
    '"{operator}" expired it at {at:word}': '“{operator}”已于 {at} 设为过期',
    '"{operator}" resolved it at {at:word}': '“{operator}”已于 {at} 处理',
    '"{operator}" asked at {at:word} ({reason:happened?})':
      '“{operator}”于 {at} 查询过（{reason}）',
  },
  happened: {
    '{reason:decision}': '{reason}',
    '{event:event}': '{event}',
  },
} as const satisfies PhraseSets
