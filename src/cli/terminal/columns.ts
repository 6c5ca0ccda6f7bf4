import type { Locale } from '../../i18n/locale.ts'

interface Column {
  /** The English heading, if it is not the key itself. */
  readonly en?: string
  readonly zh: string
  /** Contains sentences, which may be wrapped when the terminal is narrow. */
  readonly isProse?: true
}

const columns = {
  order_no: { zh: '订单号' },
  merchant: { zh: '商户' },
  mchid: { en: 'merchant number', zh: '商户号' },
  status: { zh: '状态' },
  user_id: { zh: '用户' },
  amount: { zh: '金额' },
  description: { zh: '商品描述', isProse: true },
  created_at: { zh: '创建时间' },
  expires_at: { zh: '支付截止' },
  next_check_at: { zh: '下次查询' },
  transaction_id: { zh: '交易单号' },
  paid_at: { zh: '支付时间' },
  credited_at: { zh: '入账时间' },
  credited_by: { zh: '入账方式' },
  dismissed_at: { zh: '办结时间' },
  trade_state: { zh: '交易状态' },
  decision: { zh: '处理决定' },
  reason: { zh: '原因', isProse: true },
  problem: { zh: '问题', isProse: true },
  at: { zh: '时间' },
  event: { zh: '事件' },
  source: { zh: '来源' },
  action: { zh: '操作' },
  possible: { zh: '可行' },
  effect: { en: 'what it would do', zh: '会怎样', isProse: true },
  review_since: { en: 'in review since', zh: '转人工时间' },
  dismissed_by: { en: 'dismissed by', zh: '办结人' },
  id: { zh: '编号' },
  kind: { zh: '类型' },
  amount_at_stake: { en: 'at stake', zh: '涉及金额' },
  opened_at: { en: 'opened', zh: '发现时间' },
  closed_by: { en: 'closed by', zh: '关闭人' },
  outcome: { zh: '结果' },
  ms: { zh: '毫秒' },
  scenario: { zh: '情形', isProse: true },
  expected: { zh: '应有结局' },
  orders: { zh: '订单数' },
  as_expected: { en: 'as expected', zh: '相符' },
  remark: { en: '', zh: '', isProse: true },
  invariant: { zh: '检查项' },
  count: { zh: '数量' },
  database: { zh: '数据库' },
  table: { zh: '表' },
  rows: { zh: '行数' },
  rights: { zh: '权限' },
  line: { zh: '行号' },
  code: { zh: '代码' },
  meaning: { en: 'what it counts', zh: '含义', isProse: true },
  finding: { zh: '差异' },
  export_amount: { en: 'in the export', zh: '导出金额' },
  refunded: { zh: '已退款' },
  column: { zh: '列' },
  value: { zh: '值' },
  alert: { zh: '告警接收方' },
  taken: { en: 'result', zh: '结果' },
  answer: { zh: '应答', isProse: true },
  endpoint: { zh: '接收端' },
  url: { zh: '地址' },
  pending: { zh: '待推送' },
  failed: { en: 'given up', zh: '已放弃' },
  failing_since: { en: 'failing since', zh: '失败起始' },
  delivery: { zh: '推送' },
  type: { zh: '类型' },
  state: { zh: '状态' },
  attempts: { zh: '次数' },
} satisfies Record<string, Column>

export type ColumnKey = keyof typeof columns

export function headingOf(key: ColumnKey, locale: Locale): string {
  const column: Column = columns[key]
  return column[locale] ?? key
}

export function isProse(key: ColumnKey): boolean {
  const column: Column = columns[key]
  return column.isProse ?? false
}
