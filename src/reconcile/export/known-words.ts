import type { AmountUnit } from './cells.ts'
import type { Standing } from './row.ts'

/** What the export's columns are used for. */
export type ColumnUse = 'order_no' | 'amount' | 'status' | 'paid_at' | 'user_id'

/** Needed to judge a row. */
export const neededUses: readonly ColumnUse[] = ['order_no', 'amount', 'status']

/** By which names a column is recognized, the most certain first. */
const names: Readonly<Record<ColumnUse, readonly string[]>> = {
  order_no: [
    ...['outTradeNo', 'order_no', 'order_sn', 'order_number', 'order_id', 'trade_no'],
    ...['商户订单号', '商户单号', '商家订单号', '订单号', '订单编号', '订单流水号'],
  ],
  amount: [
    ...['amount_fen', 'amount_yuan', 'pay_amount', 'paid_amount', 'actual_price', 'amount'],
    ...['实付金额', '实付款', '支付金额', '付款金额', '应付金额', '订单金额', '金额'],
  ],
  status: ['status', 'order_status', 'pay_status', '状态', '订单状态', '支付状态'],
  paid_at: [
    ...['paid_at', 'pay_time', 'paid_time', 'payment_time', 'success_time'],
    ...['支付时间', '付款时间', '支付完成时间', '支付成功时间'],
  ],
  user_id: ['user_id', 'uid', 'user', 'member_id', '用户', '用户ID', '用户编号', '会员ID'],
}

/** Two of these may differ, and the wrong one gives a wrong all-clear. */
const ambiguous: readonly ColumnUse[] = ['status']

/** The column for a use, by its name; null: none is recognized, or several are. */
export function recognizedColumn(use: ColumnUse, header: readonly string[]): string | null {
  const found = names[use].flatMap((name) =>
    header.filter((each) => bareName(each) === bareName(name)),
  )
  if (ambiguous.includes(use) && new Set(found).size > 1) return null
  return found[0] ?? null
}

/** `Order No`, `orderNo` and `order_no` are one name; a unit in brackets is none. */
function bareName(name: string): string {
  return name
    .replace(unitPattern, '')
    .replaceAll(/[\s_-]/g, '')
    .toLowerCase()
}

const unitPattern = /\s*[(（[]\s*(元|分|yuan|fen|CNY|RMB)\s*[)）\]]\s*$/i

/** A bare amount is in yuan, as people export it. */
export function unitOf(column: string): AmountUnit {
  const [, stated = ''] =
    unitPattern.exec(column) ??
    /[-_\s](fen|yuan)$/i.exec(column) ??
    /[a-z](Fen|Yuan)$/.exec(column) ??
    []
  return ['分', 'fen'].includes(stated.toLowerCase()) ? 'fen' : 'yuan'
}

/** Statuses that mean the same everywhere. Whatever else there is must be mapped. */
const statuses: Readonly<Record<Standing, readonly string[]>> = {
  paid: [
    ...['paid', 'success', 'succeeded', 'completed', 'credited'],
    ...['已支付', '已付款', '支付成功', '付款成功', '已完成', '已入账', '充值成功', '交易成功'],
  ],
  unpaid: [
    ...['unpaid', 'pending', 'not_paid', 'waiting', 'created', 'expired', 'closed', 'failed'],
    ...['cancelled', 'canceled', '未支付', '待支付', '未付款', '待付款', '等待支付', '支付中'],
    ...['已取消', '已关闭', '已过期', '已超时', '交易关闭', '支付失败', '已失效'],
  ],
  refunded: ['refunded', '已退款', '退款成功', '全额退款'],
}

export function recognizedStanding(status: string): Standing | null {
  const word = status.toLowerCase()
  const found = Object.entries(statuses).find(([, words]) => words.includes(word))
  return (found?.[0] as Standing | undefined) ?? null
}
