import { BillError } from './bill-error.ts'

/**
 * What a bill lists: payments and refunds, or only one of them. A bill of refunds says nothing of
 * which orders were paid on its day.
 */
export type BillFormat = 'all' | 'payments' | 'refunds'

type Key = keyof typeof titles

/**
 * The columns that are read, by their titles: the present one first, then those of the old format.
 * That of the payer's openid is not among them, and is never kept.
 */
const titles = {
  time: ['交易时间'],
  appId: ['公众账号ID'],
  mchid: ['商户号'],
  transactionId: ['微信订单号'],
  orderNo: ['商户订单号'],
  status: ['交易状态'],
  currency: ['货币种类'],
  // 应结订单金额 is no amount of an order: coupons of the merchant are taken off. The old 总金额 is one.
  amount: ['订单金额', '总金额'],
  refundId: ['微信退款单号'],
  refundNo: ['商户退款单号'],
  settledRefund: ['退款金额'],
  refundAmount: ['申请退款金额', '退款金额'],
  refundStatus: ['退款状态'],
} as const

/** The only texts of others in a line, and so the only ones that may look like two fields. */
const freeTexts = ['商品名称', '商户数据包']

const refundKeys: readonly Key[] = [
  ...(['refundId', 'refundNo', 'settledRefund', 'refundAmount', 'refundStatus'] as const),
]

/** Where the columns of a bill are. */
export interface Columns {
  readonly format: BillFormat
  /** How many fields a line has. */
  readonly count: number
  /** The titles as the bill has them. */
  readonly title: Readonly<Record<Key, string>>
  /** The position of each; −1: the format does not have it. */
  readonly at: Readonly<Record<Key, number>>
  /** The first and the last position of a merchant's text; both −1 without one. */
  readonly free: { readonly first: number; readonly last: number }
}

/** Reads the line of titles. They may be in any order; titles that are not known are skipped. */
export function columnsOf(line: string, file: string): Columns {
  if (line.includes('\ufffd')) throw new BillError(file, 'not_utf8', { line: 1 })
  const found = line.split(',').map((title) => title.trim().replace(/^`/, ''))
  const format = formatOf(found)
  const keys = (Object.keys(titles) as Key[]).filter(
    (key) => format !== 'payments' || !refundKeys.includes(key),
  )
  const missing = keys.filter((key) => titleOf(key, found) === undefined)
  if (missing.length > 0) {
    const names = missing.map((key) => titles[key].join(' / ')).join(', ')
    throw new BillError(file, 'title_missing', { line: 1, column: names })
  }
  const title = Object.fromEntries(
    (Object.keys(titles) as Key[]).map((key) => [key, titleOf(key, found) ?? titles[key][0]]),
  ) as Record<Key, string>
  const twice = Object.values(title).find((each) => found.indexOf(each) !== found.lastIndexOf(each))
  if (twice !== undefined) throw new BillError(file, 'title_twice', { line: 1, column: twice })
  const at = Object.fromEntries(
    Object.entries(title).map(([key, each]) => [key, found.indexOf(each)]),
  ) as Record<Key, number>
  const free = freeTexts.map((each) => found.indexOf(each)).filter((each) => each >= 0)
  const bounds =
    free.length === 0
      ? { first: -1, last: -1 }
      : { first: Math.min(...free), last: Math.max(...free) }
  return { format, count: found.length, title, at, free: bounds }
}

function titleOf(key: Key, found: readonly string[]): string | undefined {
  return titles[key].find((title) => found.includes(title))
}

function formatOf(found: readonly string[]): BillFormat {
  if (found.includes('退款申请时间') || found.includes('退款成功时间')) return 'refunds'
  return found.includes('微信退款单号') ? 'all' : 'payments'
}

/**
 * The fields of a line, with or without its carriage return, each at the position of its title; null where the line does not have them.
 * Fields are separated by a comma and a backtick. Where a merchant's text has such a pair too, the
 * fields before it are counted from the left, and those after it from the right.
 */
export function fieldsOf(line: string, { count, free }: Columns): readonly string[] | null {
  const fields = line.slice(1).split(',`')
  const end = fields.length - 1
  fields[end] = fields[end]?.trimEnd() ?? ''
  const surplus = fields.length - count
  if (surplus === 0) return fields
  if (surplus < 0 || free.first < 0) return null
  const between = free.last - free.first + 1
  // Which of the pieces belongs to which column between two texts is not known.
  const unknown = Array.from({ length: between }, () => '')
  return [
    ...fields.slice(0, free.first),
    ...unknown,
    ...fields.slice(free.first + between + surplus),
  ]
}
