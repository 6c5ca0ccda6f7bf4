import { gzipSync } from 'node:zlib'
import { formatFen } from '../../src/domain/money.ts'
import { shanghaiTime } from '../../src/text/shanghai-time.ts'

/** A line of a bill, as WeChat Pay has it. */
export interface MadeRow {
  readonly orderNo: string
  readonly transactionId: string
  /** Fen: of a payment what was paid, else what was returned. */
  readonly amount: bigint
  readonly at: Date
  readonly status?: 'SUCCESS' | 'REFUND' | 'REVOKED'
  readonly refundId?: string
  readonly refundStatus?: string
  /** 商品名称 and 商户数据包. */
  readonly description?: string
  readonly attach?: string
  /** What coupons of the merchant take off. */
  readonly coupon?: bigint
}

export interface MadeBill {
  readonly rows: readonly MadeRow[]
  readonly format?: 'ALL' | 'SUCCESS' | 'REFUND'
  /** The format before there was 订单金额. */
  readonly isOld?: boolean
  readonly hasBom?: boolean
  readonly lineEnd?: '\r\n' | '\n'
  /** Puts the titles in another order. */
  readonly order?: (titles: readonly string[]) => readonly string[]
  /** Changes the values of the summary, by their titles. */
  readonly summary?: Readonly<Record<string, string>>
}

const head = [
  ...['交易时间', '公众账号ID', '商户号', '特约商户号', '设备号', '微信订单号', '商户订单号'],
  ...['用户标识', '交易类型', '交易状态', '付款银行', '货币种类', '应结订单金额', '代金券金额'],
]
const refundTitles = [
  ...['微信退款单号', '商户退款单号', '退款金额', '充值券退款金额', '退款类型', '退款状态'],
]
const texts = ['商品名称', '商户数据包', '手续费', '费率']

const titlesOf = {
  ALL: [...head, ...refundTitles, ...texts, '订单金额', '申请退款金额', '费率备注'],
  SUCCESS: [...head, ...texts, '订单金额', '费率备注'],
  REFUND: [
    ...[...head, '退款申请时间', '退款成功时间', ...refundTitles, ...texts],
    ...['订单金额', '申请退款金额', '费率备注'],
  ],
}

const oldTitles: Readonly<Record<string, string | null>> = {
  特约商户号: '子商户号',
  应结订单金额: '总金额',
  代金券金额: '企业红包金额',
  充值券退款金额: '企业红包退款金额',
  订单金额: null,
  申请退款金额: null,
  费率备注: null,
}

const oldSummary: Readonly<Record<string, string | null>> = {
  应结订单总金额: '总交易额',
  退款总金额: '总退款金额',
  充值券退款总金额: '总企业红包退款金额',
  订单总金额: null,
  申请退款总金额: null,
}

export const payerOpenid = 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o'

/** The text of a bill. */
export function billText(bill: MadeBill): string {
  const { rows, format = 'ALL', isOld = false, lineEnd = '\r\n', hasBom = true } = bill
  const known: readonly string[] = titlesOf[format]
  const renamed = (title: string, names: Readonly<Record<string, string | null>>) =>
    isOld && title in names ? (names[title] ?? null) : title
  const present = known.filter((title) => renamed(title, oldTitles) !== null)
  const titles = bill.order?.(present) ?? present
  const sums = { ...sumsOf(rows, format), ...bill.summary }
  const summary = Object.entries(sums).filter(([title]) => renamed(title, oldSummary) !== null)
  const lines = [
    titles.map((title) => renamed(title, oldTitles)).join(','),
    ...rows.map((row) => {
      const values = {
        ...valuesOf(row),
        ...(isOld ? { 应结订单金额: valuesOf(row).订单金额 } : {}),
      }
      return titles.map((title) => `\`${values[title as keyof typeof values] ?? ''}`).join(',')
    }),
    summary.map(([title]) => renamed(title, oldSummary)).join(','),
    summary.map(([, value]) => `\`${value}`).join(','),
    '',
  ]
  return `${hasBom ? '\ufeff' : ''}${lines.join(lineEnd)}`
}

export function gzippedBill(bill: MadeBill): Buffer {
  return gzipSync(billText(bill))
}

function valuesOf(row: MadeRow) {
  const { status = 'SUCCESS', amount, coupon = 0n } = row
  const isPayment = status === 'SUCCESS'
  const paid = isPayment ? amount : 0n
  const returned = isPayment ? 0n : amount
  const time = shanghaiTime(row.at).slice(0, 19).replace('T', ' ')
  return {
    交易时间: time,
    公众账号ID: 'wx2421b1c4370ec43b',
    商户号: '1230000109',
    特约商户号: '0',
    设备号: '',
    微信订单号: row.transactionId,
    商户订单号: row.orderNo,
    用户标识: payerOpenid,
    交易类型: 'NATIVE',
    交易状态: status,
    付款银行: 'OTHERS',
    货币种类: 'CNY',
    应结订单金额: yuan(isPayment ? paid - coupon : 0n),
    代金券金额: yuan(coupon),
    退款申请时间: time,
    退款成功时间: time,
    微信退款单号: isPayment ? '0' : (row.refundId ?? `5000${row.transactionId}`),
    商户退款单号: isPayment ? '0' : `R${row.orderNo}`,
    退款金额: yuan(returned),
    充值券退款金额: '0.00',
    退款类型: isPayment ? '' : 'ORIGINAL',
    退款状态: isPayment ? '' : (row.refundStatus ?? 'SUCCESS'),
    商品名称: row.description ?? '充值',
    商户数据包: row.attach ?? '',
    手续费: '0.01000',
    费率: '0.60%',
    订单金额: yuan(paid),
    申请退款金额: yuan(returned),
    费率备注: '',
  }
}

function sumsOf(rows: readonly MadeRow[], format: 'ALL' | 'SUCCESS' | 'REFUND') {
  const isPayment = ({ status = 'SUCCESS' }: MadeRow) => status === 'SUCCESS'
  const sum = (of: readonly MadeRow[]) => of.reduce((total, { amount }) => total + amount, 0n)
  const payments = rows.filter(isPayment)
  const coupons = payments.reduce((total, { coupon = 0n }) => total + coupon, 0n)
  const returned = sum(rows.filter((row) => !isPayment(row)))
  const refunds = { 退款总金额: yuan(returned), 充值券退款总金额: '0.0' }
  return {
    总交易单数: `${rows.length}.0`,
    应结订单总金额: yuan(sum(payments) - coupons),
    ...(format === 'SUCCESS' ? {} : refunds),
    手续费总金额: '0.08',
    订单总金额: yuan(sum(payments)),
    ...(format === 'SUCCESS' ? {} : { 申请退款总金额: yuan(returned) }),
  }
}

/** "12.34" */
export function yuan(fen: bigint): string {
  return formatFen(fen).replace('¥', '')
}
