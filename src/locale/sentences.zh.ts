/**
 * The program's sentences, as they are made in English, and what they say in Chinese. `{name}`
 * stands for any text in between.
 */
export const sentences: Readonly<Record<string, string>> = {
  'not paid yet': '尚未支付',
  'paid, everything as ordered': '已支付，各项与订单一致',
  'no answer: {cause}': '无应答：{cause}',
}
