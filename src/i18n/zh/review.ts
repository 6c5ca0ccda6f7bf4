import { sentenceFrom } from '../../domain/reason.ts'
import type { englishExplanation } from '../../orders/explanation.ts'
import type { Advice } from '../../orders/review-advice.ts'
import { chineseReasons } from './reasons.ts'

const advice: Readonly<Record<Advice, string>> = {
  general:
    '请先查询支付渠道：确认已按订单支付的，可入账；交易已关闭的，可设为已关单。只有确知无需再付给付款人任何款项时才可办结：实付和退款金额以商户平台为准。',
  different:
    '只有支付渠道现在确认实付与订单完全一致，才可入账。否则应将已付的款项还给付款人：请在商户平台退款，或与付款人另行结清；完成之后才可办结。',
  credited_elsewhere:
    '这笔支付已入账到另一个订单，不会再次入账。请到商户平台查明它付的是哪一单。如果付的是本单，请先与本单的付款人结清；确知不欠付款人任何款项，才可办结本单。',
  refunded:
    '请凭交易单号到商户平台查明退款金额。全额退回的，不欠付款人，可办结；只退回一部分的，余款仍欠付款人：请将余款也退回，或与付款人另行结清，之后才可办结。退款失败或已关闭的，支付渠道会重新显示已支付：请重新查询，然后入账。',
  came_back:
    '办结之后又出现了付款。请先查询支付渠道：已按订单支付的，可入账；否则应将已付的款项还给付款人：请在商户平台退款，或与付款人另行结清，完成之后才可再次办结。',
}

/** `orders/explanation.ts` in Chinese. */
export const chineseExplanation: typeof englishExplanation = {
  reason: (reason) => sentenceFrom(chineseReasons, reason),
  inReview: (since, reason) => `自 ${since} 起待人工处理：${reason}。`,
  noReason: '时间线中没有说明原因',
  transaction: (id) => `交易单号：${id}。`,
  advice,
  dismissed: ({ by, at, reason }) =>
    `已由“${by}”于 ${at} 办结（无需入账）：${reason}。再有支付会重新进入队列。`,
  nobody: '未知人员',
  noReasonGiven: '未填写理由',
  blank: '',
}
