import type { Fen } from '../../domain/money.ts'
import type { BillRow } from '../../gateway/wechat/bills/row.ts'
import type { ExportRow, Standing } from '../export/row.ts'
import { KeyIndex, NumberColumn, TextPages } from './key-index.ts'

/** A payment, as a bill has it. */
export interface Payment {
  readonly transactionId: string
  readonly amount: Fen
  readonly paidAt: Date
}

/** A refund, or a reversal, as a bill has it. */
export interface Refund {
  readonly transactionId: string
  readonly refundId: string
  readonly amount: Fen
  readonly status: 'succeeded' | 'failed' | 'unsettled'
}

/** What the shop's export says of an order. */
export interface ShopOrder {
  readonly standing: Standing
  readonly status: string
  /** Null: the row has none, which only an unpaid one may. */
  readonly amount: Fen | null
  readonly paidAt: Date | null
  readonly userId: string | null
  readonly line: number
}

/** All that both sides say of one number. */
export interface Entry {
  readonly orderNo: string
  readonly payments: readonly Payment[]
  readonly refunds: readonly Refund[]
  /** `faulty`: a row has this number, but cannot be judged. Null: no row has. */
  readonly shop: ShopOrder | 'faulty' | null
}

/** One payment has two amounts, in the bills that were given: which of them is right is not known. */
export class ContradictingBillsError extends Error {
  override readonly name = 'ContradictingBillsError'
}

const standings = ['paid', 'unpaid', 'refunded'] as const
const faulty = standings.length + 1

/**
 * What bills and export say, by order number: columns of numbers and packed texts, because a million
 * objects for each side would not fit into 300 MB. More than one payment of a number, and refunds, are
 * rare; they are objects.
 */
export class TradeTable {
  readonly #numbers = new KeyIndex()
  readonly #texts = new TextPages()
  readonly #paid = {
    transactionId: new NumberColumn(Uint32Array),
    fen: new NumberColumn(Float64Array),
    at: new NumberColumn(Uint32Array),
  }
  readonly #more = new Map<number, Payment[]>()
  readonly #refunds = new Map<number, Refund[]>()
  readonly #shop = {
    standing: new NumberColumn(Uint8Array),
    status: new NumberColumn(Uint16Array),
    /** Plus 1; 0: none. */
    fen: new NumberColumn(Float64Array),
    at: new NumberColumn(Uint32Array),
    userId: new NumberColumn(Uint32Array),
    line: new NumberColumn(Uint32Array),
  }
  readonly #statuses: string[] = []
  readonly #statusCodes = new Map<string, number>()

  /** False: the row was there before; bills repeat rows. */
  addBillRow(row: BillRow): boolean {
    const index = this.#numbers.add(row.orderNo)
    return row.refund === null ? this.#addPayment(index, row) : this.#addRefund(index, row)
  }

  #addPayment(index: number, { transactionId, amount, at }: BillRow): boolean {
    if (this.#paid.transactionId.get(index) === 0) {
      this.#paid.transactionId.set(index, this.#texts.add(transactionId))
      this.#paid.fen.set(index, Number(amount))
      this.#paid.at.set(index, +at / 1000)
      return true
    }
    const known = this.#paymentsAt(index).find((each) => each.transactionId === transactionId)
    if (known === undefined) {
      const payment = { transactionId, amount, paidAt: at }
      this.#more.set(index, [...(this.#more.get(index) ?? []), payment])
      return true
    }
    if (known.amount !== amount) throw new ContradictingBillsError(transactionId)
    return false
  }

  #addRefund(index: number, { transactionId, refund }: BillRow): boolean {
    if (refund === null) return false
    const { refundId, amount, status } = refund
    const refunds = this.#refunds.get(index) ?? []
    const known = refunds.findIndex((each) => each.refundId === refundId)
    // A later bill may know how it ended.
    if (known >= 0) {
      const before = refunds[known]
      if (before?.status === 'unsettled') refunds[known] = { ...before, status }
      return false
    }
    refunds.push({ transactionId, refundId, amount, status })
    this.#refunds.set(index, refunds)
    return true
  }

  /** Whether a bill has this number. */
  isInBills(orderNo: string): boolean {
    const index = this.#numbers.find(orderNo)
    return index >= 0 && (this.#paid.transactionId.get(index) > 0 || this.#refunds.has(index))
  }

  /** False: another row has the number already. */
  addExportRow(row: ExportRow): boolean {
    const index = this.#numbers.add(row.orderNo)
    const shop = this.#shop
    if (shop.line.get(index) > 0) return false
    shop.line.set(index, row.line)
    shop.standing.set(index, standings.indexOf(row.standing) + 1)
    shop.status.set(index, this.#codeOf(row.status))
    if (row.amount !== null) shop.fen.set(index, Number(row.amount) + 1)
    if (row.paidAt !== null) shop.at.set(index, Math.floor(+row.paidAt / 1000))
    if (row.userId !== null) shop.userId.set(index, this.#texts.add(row.userId))
    return true
  }

  /** A row that cannot be judged has this number: nothing is found about it. */
  addFaulty(orderNo: string, line: number): void {
    const index = this.#numbers.add(orderNo)
    this.#shop.standing.set(index, faulty)
    if (this.#shop.line.get(index) === 0) this.#shop.line.set(index, line)
  }

  /** How many numbers have one payment, of the same amount on both sides, and no refund. */
  countAgreed(): number {
    let count = 0
    for (let index = 0; index < this.#numbers.size; index += 1) {
      if (this.#paid.transactionId.get(index) > 0 && this.#isClosed(index)) count += 1
    }
    return count
  }

  /** All numbers but those on which both sides agree at first sight. */
  *openEntries(): Generator<Entry> {
    for (let index = 0; index < this.#numbers.size; index += 1) {
      if (this.#isClosed(index)) continue
      yield {
        orderNo: this.#numbers.textAt(index),
        payments: this.#paymentsAt(index),
        refunds: this.#refunds.get(index) ?? [],
        shop: this.#shopAt(index),
      }
    }
  }

  /** Paid on both sides as much, or on neither. Seen without making a text or an object. */
  #isClosed(index: number): boolean {
    const standing = standings[this.#shop.standing.get(index) - 1]
    if (standing === undefined || this.#refunds.has(index) || this.#more.has(index)) return false
    const isPaid = this.#paid.transactionId.get(index) > 0
    if (standing === 'unpaid') return !isPaid
    return isPaid && this.#shop.fen.get(index) === this.#paid.fen.get(index) + 1
  }

  #paymentsAt(index: number): readonly Payment[] {
    const position = this.#paid.transactionId.get(index)
    if (position === 0) return []
    const first = {
      transactionId: this.#texts.at(position),
      amount: BigInt(this.#paid.fen.get(index)),
      paidAt: new Date(this.#paid.at.get(index) * 1000),
    }
    return [first, ...(this.#more.get(index) ?? [])]
  }

  #shopAt(index: number): Entry['shop'] {
    const shop = this.#shop
    const standing = shop.standing.get(index)
    if (standing === 0) return null
    const known = standings[standing - 1]
    if (known === undefined) return 'faulty'
    const [fen, at, userId] = [shop.fen.get(index), shop.at.get(index), shop.userId.get(index)]
    return {
      standing: known,
      status: this.#statuses[shop.status.get(index)] ?? '',
      amount: fen === 0 ? null : BigInt(fen - 1),
      paidAt: at === 0 ? null : new Date(at * 1000),
      userId: userId === 0 ? null : this.#texts.at(userId),
      line: shop.line.get(index),
    }
  }

  #codeOf(status: string): number {
    const known = this.#statusCodes.get(status)
    if (known !== undefined) return known
    const code = this.#statuses.push(status) - 1
    this.#statusCodes.set(status, code)
    return code
  }
}
