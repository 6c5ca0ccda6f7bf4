import { type Advice, adviceInWords } from '../../orders/review-advice.ts'
import type { PhraseSets } from '../phrases.ts'

export const adviceInChinese: Readonly<Record<Advice, string>> = {
  general:
    '请先查询微信支付：确认已按订单支付的，可入账；交易已关闭的，可设为已关单。只有确知无需再付给付款人任何款项时才可办结：实付和退款金额以商户平台为准。',
  different:
    '只有微信支付现在确认实付与订单完全一致，才可入账。否则应将已付的款项还给付款人：请在商户平台退款，或与付款人另行结清；完成之后才可办结。',
  credited_elsewhere:
    '这笔支付已入账到另一个订单，不会再次入账。请到商户平台查明它付的是哪一单。如果付的是本单，请先与本单的付款人结清；确知不欠付款人任何款项，才可办结本单。',
  refunded:
    '请凭微信支付订单号到商户平台查明退款金额。全额退回的，不欠付款人，可办结；只退回一部分的，余款仍欠付款人：请将余款也退回，或与付款人另行结清，之后才可办结。退款失败或已关闭的，微信支付会重新显示已支付：请重新查询，然后入账。',
  came_back:
    '办结之后又出现了付款。请先查询微信支付：已按订单支付的，可入账；否则应将已付的款项还给付款人：请在商户平台退款，或与付款人另行结清，完成之后才可再次办结。',
}

/** `explainReview`: the reason may be in anybody's words, so each advice is looked for by its own. */
const explained = Object.entries(adviceInWords).flatMap(([name, english]) => {
  const chinese = adviceInChinese[name as Advice]
  return [
    [
      `In review since {at:word}: {reason:reviewed?}. ${english}`,
      `自 {at} 起待人工处理：{reason}。${chinese}`,
    ],
    [
      `In review since {at:word}: {reason:reviewed?}. Transaction id: {transactionId:word}. ${english}`,
      `自 {at} 起待人工处理：{reason}。微信支付订单号：{transactionId}。${chinese}`,
    ],
  ]
})

/** What `orders/review.ts` and `domain/resolve.ts` tell an operator. */
export const reviewPhrases = {
  resolution: {
    'the gateway gave no answer: {unknown:unknown}': '微信支付无应答：{unknown}',
    'the gateway knows no such order': '微信支付查无此单',
    'it was paid, and a refund was started; the gateway does not say how much':
      '曾经支付，已发起退款，微信支付没有说明退款金额',
    'the gateway does not say paid, but {state}': '微信支付的状态不是已支付，而是 {state}',
    'paid, everything as ordered': '已支付，各项与订单一致',
    'paid, but not as ordered: {difference:difference}': '已支付，但与订单不符：{difference}',
    'its transaction was credited to order "{orderNo}" already': '这笔支付已入账到订单“{orderNo}”',
    'the answer is about another trade: {difference:difference}':
      '应答说的是另一笔交易：{difference}',
    'its trade is closed': '交易已关闭',
    'the gateway was asked to close its trade, and still says {state}':
      '已请微信支付关单，但状态仍是 {state}',
    'the gateway says {state}: its trade is closed, and asked about again':
      '微信支付返回 {state}：将先关单，再查询一次',
    'its end is not known, so budan does not close its trade: correct its end first':
      '有效期未知，budan 不会关闭这笔交易：请先更正有效期',
    'it was paid': '已支付',
    'a payment is under way': '用户正在支付',
    'a trade state that budan does not know: {state}': '未知的交易状态：{state}',
    'it was dismissed before': '此前已办结（无需入账）',
    'the gateway says paid, and did not at the preview': '微信支付的状态是已支付，而预览时不是',
    'it leaves the queue, and stays in review': '离开待处理队列，订单状态不变',
    'the gateway did not answer the closing': '微信支付没有应答关单请求',
    // Of former versions: timelines keep them.
    'it was paid, and the money is on its way back': '曾经支付，已发起退款，退款金额未知',
  },
  effect: {
    'credits {amount:word} to user "{userId}" for transaction {transactionId:word}':
      '为用户“{userId}”入账 {amount}，微信支付订单号 {transactionId}',
    'makes it expired: {reason:resolution}': '设为已关单：{reason}',
    'closes its trade at the gateway, asks again, and makes it expired only if it is closed then':
      '先向微信支付关单，再查询一次，确认已关闭才设为已关单',
    '{effect:resolution}. {stake:stake}': '{effect}。{stake}',
    'not possible: {reason:resolution}': '不可行：{reason}',
  },
  /** `stakeOf`. */
  stake: {
    'Beware: {sum:word} was paid as ordered, and the payer would have no credit here':
      '注意：已按订单支付 {sum}，这样做付款人将得不到入账',
    'Beware: {sum:word} was paid, and the payer has no credit here':
      '注意：实付 {sum}，付款人没有得到入账',
    'Beware: another sum was paid, and the payer has no credit here':
      '注意：实付金额与订单不同，付款人没有得到入账',
    'Beware: up to {sum:word} is at stake, for what was not refunded is still owed to the payer':
      '注意：最多涉及 {sum}，未退回的部分仍欠付款人',
    'Beware: its {sum:word} can still be paid': '注意：这 {sum} 仍可能被支付',
    'By this answer, its {sum:word} can no longer be paid': '照此应答，这 {sum} 不能再支付',
    'Beware: by this answer nobody knows whether its {sum:word} was paid':
      '注意：照此应答，不知道这 {sum} 是否已支付',
  },
  explanation: {
    ...Object.fromEntries(explained),
    'In review since {at:word}: {reason:reviewed?}. Dismissed by "{operator}" at {dismissedAt:word}: {words}. Another payment brings it back.':
      '自 {at} 起待人工处理：{reason}。已由“{operator}”于 {dismissedAt} 办结（无需入账）：{words}。再有支付会重新进入队列。',
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
    '"{operator}" dismissed it at {at:word}': '“{operator}”已于 {at} 办结（无需入账）',
    '"{operator}" credited it at {at:word}': '“{operator}”已于 {at} 入账',
    '"{operator}" expired it at {at:word}': '“{operator}”已于 {at} 设为已关单',
    '"{operator}" resolved it at {at:word}': '“{operator}”已于 {at} 处理',
    '"{operator}" asked at {at:word} ({reason:happened?})':
      '“{operator}”于 {at} 查询过（{reason}）',
  },
  happened: {
    '{reason:decision}': '{reason}',
    '{event:event}': '{event}',
  },
} as const satisfies PhraseSets
