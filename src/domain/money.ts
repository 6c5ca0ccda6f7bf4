/** An amount of money in the smallest unit of its currency (fen for CNY). Never a float. */
export type Fen = bigint

/** The most that every part can carry exactly: JSON numbers, PostgreSQL's bigint, WeChat's integers. */
export const fenMax: Fen = BigInt(Number.MAX_SAFE_INTEGER)

/** Fen from an integer as JSON carries it; null for anything that is not a whole, exact number. */
export function fenOf(value: unknown): Fen | null {
  return Number.isSafeInteger(value) ? BigInt(value as number) : null
}

/**
 * Fen from yuan in decimal digits: "12", "12.3", "12.3400"; null for anything else, and where a digit
 * after the second place is not 0. Never by way of a float.
 */
export function fenOfYuan(text: string): Fen | null {
  const match = /^(-?)(\d{1,16})(?:\.(\d{1,2})(0*))?$/.exec(text)
  if (match === null) return null
  const [, sign, yuan = '', cents = ''] = match
  const fen = BigInt(yuan + cents.padEnd(2, '0'))
  return sign === '-' ? -fen : fen
}

/** The JSON number of an amount. Exact, because amounts never exceed `fenMax`. */
export function fenToNumber(amount: Fen): number {
  return Number(amount)
}

/**
 * "¥12.34", for people. Of another currency nobody here knows how many of its smallest unit make
 * one: "1234(USD)".
 */
export function formatAmount(amount: Fen, currency: string | null): string {
  return currency === 'CNY' || currency === null ? formatFen(amount) : `${amount}(${currency})`
}

/** "¥12.34", for people. */
export function formatFen(amount: Fen): string {
  const sign = amount < 0n ? '-' : ''
  const absolute = amount < 0n ? -amount : amount
  return `${sign}¥${absolute / 100n}.${String(absolute % 100n).padStart(2, '0')}`
}
