/** A table of orders that a shop keeps itself, as `sources:` describes it. Names are those of the table. */
export interface SourceConfig {
  readonly name: string
  /** The name of the merchant whose orders these are. Absent: the file does not say it. */
  readonly merchant?: string
  /** `mysql://…` or `postgres://…`; where the file has none, that of budan's own database. */
  readonly url: string
  /** `orders`, or `shop.orders` with its schema (of MySQL: its database). */
  readonly table: string
  readonly columns: SourceColumns
  readonly status: SourceStatus
  /** Only rows with exactly these values are orders of ours; null: the column is null. */
  readonly only: Readonly<Record<string, string | null>>
  /** Rows that are older are not read. */
  readonly days: number
  /** `report`: nothing is written to the table. There is no other way yet. */
  readonly credit: 'report'
}

/** Which column holds which fact of an order. */
export interface SourceColumns {
  readonly orderNo: string
  readonly userId: string
  /** The amount is the sum of these columns. */
  readonly amount: { readonly columns: readonly string[]; readonly unit: AmountUnit }
  readonly createdAt: TimeColumn
  /** Null: not known. */
  readonly expiresAt: TimeColumn | { readonly minutes: number } | null
  readonly transactionId: string | null
  readonly paidAt: string | null
}

export type AmountUnit = 'yuan' | 'fen'

/** Seconds or milliseconds since 1970. */
export type UnixUnit = 's' | 'ms'

export interface TimeColumn {
  readonly column: string
  /** Of a type that has no zone: `Asia/Shanghai`, `UTC` or `+08:00`. Null: the type says it. */
  readonly zone: string | null
  /** Of a number. Null: it is a date and time. */
  readonly unix: UnixUnit | null
}

/** Values of the status column, compared as text. */
export interface SourceStatus {
  readonly column: string
  /** Not paid, as far as the shop knows. */
  readonly pending: readonly string[]
  /** Ended by the shop; it would still credit them if they were paid. */
  readonly revive: readonly string[]
  readonly paid: string | null
  /** After paid, or ended for good: nothing is owed. */
  readonly done: readonly string[]
  readonly expired: string | null
}
