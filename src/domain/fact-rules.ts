import { type Fen, fenMax } from './money.ts'

/**
 * What is wrong with a fact of an order, in words that follow the name of the field. Empty: nothing.
 * HTTP requests (`web/api/requests/order-request.ts`) and an embedder's calls (`orders/validate.ts`) have the
 * same rules.
 */
export type Faults = readonly string[]

/** WeChat's alphabet, which is the narrowest of all gateways'. */
export const orderNoPattern = /^[0-9A-Za-z_\-|*]{6,32}$/
export const orderNoRule = 'must be 6 to 32 of 0-9 A-Z a-z _ - | *'

/** Of the form that is given to orders that are placed here. */
export function isPlacedNo(orderNo: string): boolean {
  return /^RECH\d{14}[0-9A-Za-z]{10}$/.test(orderNo)
}

export const appIdPattern = /^[0-9A-Za-z_-]{1,32}$/
export const appIdRule = 'must be an app id, like wx0123…'

export const idempotencyKeyPattern = /^[!-~]{1,128}$/
export const idempotencyKeyRule = 'must be 1 to 128 visible ASCII characters'

/** How long texts may be, in characters (code points), as people, PostgreSQL and JSON Schema count. */
export const textBounds = {
  userId: { min: 1, max: 64 },
  /** For the payer. */
  description: { min: 1, max: 127 },
  /** The payer does not see the description of an adopted order. */
  adoptedDescription: { min: 0, max: 127 },
  attach: { min: 0, max: 128 },
} as const

interface Bounds {
  readonly min: number
  readonly max: number
}

/** Control characters (NUL is refused by PostgreSQL) and halves of surrogate pairs. */
const unprintable = /[\p{Cc}\p{Cs}]/u

/** Characters of four bytes in UTF-8, emoji mostly: gateways refuse them. */
const fourByte = /[\u{10000}-\u{10FFFF}]/u

/** One line of text that every part can carry. */
export function textFaults(value: string, { min, max }: Bounds): Faults {
  const length = [...value].length
  return wordsOf([
    [unprintable.test(value), 'must not hold control characters or lone surrogates'],
    [length < min || length > max, `must have ${min} to ${max} characters`],
  ])
}

/** The same for text that is sent to the gateway. */
export function gatewayTextFaults(value: string, bounds: Bounds): Faults {
  const emoji = wordsOf([[fourByte.test(value), 'must not hold emoji (4-byte characters)']])
  return [...textFaults(value, bounds), ...emoji]
}

/**
 * For a new order. A reader cannot distinguish two accounts that look the same, and would send money to
 * the wrong one. Orders and accounts that have such an id already can still be read.
 */
export function newUserIdFaults(value: string): Faults {
  const invisible = invisibleIn(value)
  return [
    ...textFaults(value, textBounds.userId),
    ...wordsOf([
      [invisible !== null, `must not hold ${invisible}, which looks like nothing`],
      [/^\s|\s$/u.test(value), 'must not begin or end with a blank'],
      // A page shows several blanks as one.
      [/\s\s/u.test(value), 'must not hold two blanks in a row'],
      // `é` is one character, or two that look like it.
      [
        value !== value.normalize('NFC'),
        'must be in Unicode’s composed form (NFC), for others look like it',
      ],
    ]),
  ]
}

/** Characters without width, those that set the reading direction, and blanks other than the usual one. */
const invisiblePattern = /[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\u2800]|(?! )\p{Zs}/u

/** The first such character, by its number: `U+200B`. */
function invisibleIn(value: string): string | null {
  const point = invisiblePattern.exec(value)?.[0]?.codePointAt(0)
  return point === undefined ? null : `U+${point.toString(16).toUpperCase().padStart(4, '0')}`
}

export const amountRule = `must be an integer from 1 to ${fenMax} (fen)`

export function isAmount(value: unknown): value is Fen {
  return typeof value === 'bigint' && value >= 1n && value <= fenMax
}

/** How far a caller's clock may be ahead of ours. Gateways allow as much. */
const clockSkewMsMax = 5 * 60_000

/** An order cannot be adopted before it was placed. */
export function isInFuture(createdAt: Date | null, now: Date): boolean {
  return createdAt !== null && +createdAt > +now + clockSkewMsMax
}

export const futureRule = 'must not be in the future'

/** Whether the order had ended when it was placed. */
export function isEndedBefore(
  expiresAt: Date | null,
  { createdAt, now }: { createdAt: Date | null; now: Date },
): boolean {
  return expiresAt !== null && expiresAt <= (createdAt ?? now)
}

function wordsOf(list: readonly (readonly [isWrong: boolean, words: string])[]): Faults {
  return list.filter(([isWrong]) => isWrong).map(([, words]) => words)
}
