import { type Fen, fenMax, fenOfYuan } from '../../../domain/money.ts'
import { readShanghaiTime } from '../../../text/shanghai-time.ts'
import { BillError, type BillProblem } from './bill-error.ts'
import { type Columns, fieldsOf } from './columns.ts'
import type { BillRefund, BillRow } from './row.ts'
import type { Totals } from './summary.ts'

type Key = keyof Columns['at']

/** What WeChat Pay accepts as a merchant's number. */
const orderNoRule = /^[\w\-|*@]{1,64}$/
const transactionIdRule = /^\w{1,64}$/

const kinds: Readonly<Record<string, BillRow['kind']>> = {
  SUCCESS: 'payment',
  REFUND: 'refund',
  REVOKED: 'revoked',
}

/** `CHANGE`: the payer's account did not take the money, which stays with the merchant. */
const refundStatuses: Readonly<Record<string, BillRefund['status']>> = {
  SUCCESS: 'succeeded',
  FAIL: 'failed',
  CHANGE: 'failed',
}

/** Reads the lines of one bill, and adds them up. */
export class RowReader {
  readonly totals: Totals = { rows: 0, paid: 0n, settledRefunds: 0n, refunds: 0n }
  readonly #file: string
  readonly #columns: Columns
  #fields: readonly string[] = []
  #line = 0

  constructor(file: string, columns: Columns) {
    this.#file = file
    this.#columns = columns
  }

  /** Throws BillError. */
  read(text: string, line: number): BillRow {
    const fields = fieldsOf(text, this.#columns)
    if (fields === null) throw new BillError(this.#file, 'fields', { line })
    this.#fields = fields
    this.#line = line
    const kind = kinds[this.#text('status')] ?? this.#fault('status', 'status')
    const currency = this.#text('currency')
    if (currency !== 'CNY') this.#fault('currency', 'currency')
    const amount = this.#amount('amount')
    this.totals.rows += 1
    if (kind === 'payment') this.totals.paid += amount
    return {
      line,
      kind,
      amount,
      at: readShanghaiTime(this.#text('time')) ?? this.#fault('time', 'time'),
      appId: this.#text('appId'),
      mchid: this.#text('mchid'),
      transactionId: this.#matching('transactionId', transactionIdRule, 'transaction_id'),
      orderNo: this.#matching('orderNo', orderNoRule, 'order_no'),
      refund: kind === 'payment' ? null : this.#refund(),
    }
  }

  #refund(): BillRefund {
    const amount = this.#amount('refundAmount')
    this.totals.refunds += amount
    this.totals.settledRefunds += this.#amount('settledRefund')
    return {
      amount,
      refundId: this.#matching('refundId', transactionIdRule, 'refund_id'),
      refundNo: this.#text('refundNo'),
      status: refundStatuses[this.#text('refundStatus')] ?? 'unsettled',
    }
  }

  #text(key: Key): string {
    return this.#fields[this.#columns.at[key]] ?? ''
  }

  #amount(key: Key): Fen {
    const amount = fenOfYuan(this.#text(key))
    return amount === null || amount > fenMax ? this.#fault(key, 'amount') : amount
  }

  #matching(key: Key, rule: RegExp, problem: BillProblem): string {
    const text = this.#text(key)
    return rule.test(text) ? text : this.#fault(key, problem)
  }

  #fault(key: Key, problem: BillProblem): never {
    const place = { line: this.#line, column: this.#columns.title[key], value: this.#text(key) }
    throw new BillError(this.#file, problem, place)
  }
}
