/** A payment in a callback's decrypted text. The code is independent of the program's reader. */
export interface Payment {
  readonly orderNo: string
  readonly appid: unknown
  readonly total: unknown
  readonly currency: unknown
  readonly transactionId: string
}

/**
 * Returns the merchant's payment in the text, or null. Only the exact word SUCCESS counts, and only own
 * members of the object. Of a key that occurs twice, JSON takes the last.
 */
export function paymentIn(text: Uint8Array, ofMchid: string): Payment | null {
  const trade = objectIn(text)
  if (trade === null || own(trade, 'trade_state') !== 'SUCCESS') return null
  const orderNo = own(trade, 'out_trade_no')
  const transactionId = own(trade, 'transaction_id')
  if (typeof orderNo !== 'string' || orderNo.length < 1 || orderNo.length > 64) return null
  if (typeof transactionId !== 'string' || !isWord(transactionId)) return null
  const [mchid, appid] = [own(trade, 'mchid'), own(trade, 'appid')]
  // A payment of another merchant is not for this one; and no app has such an id: the text is not a trade.
  if (mchid !== ofMchid || !isWord(appid)) return null
  const amount = own(trade, 'amount')
  const parts = isObject(amount) ? amount : {}
  return {
    ...{ orderNo, transactionId, appid },
    total: own(parts, 'total'),
    currency: own(parts, 'currency'),
  }
}

/** A text after byte order marks may be accepted or rejected, but not read wrongly. */
export function startsWithMark(text: Uint8Array): boolean {
  return text[0] === 0xef && text[1] === 0xbb && text[2] === 0xbf
}

/** Wrong bytes and control characters affect only the member that contains them. */
export function objectIn(text: Uint8Array): Record<string, unknown> | null {
  const whole = Buffer.from(text)
    .toString()
    .replace(/^\ufeff+/, '')
  const blank = [...whole].map((each) => (each < ' ' ? ' ' : each)).join('')
  return parsedObject(whole) ?? parsedObject(blank)
}

function parsedObject(text: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(text)
    return isObject(parsed) ? parsed : null
  } catch {
    return null
  }
}

export function own(from: Record<string, unknown>, key: string): unknown {
  return Object.getOwnPropertyDescriptor(from, key)?.value
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isWord(value: unknown): boolean {
  return typeof value === 'string' && value.length <= 64 && /^[A-Za-z0-9_-]+$/.test(value)
}
