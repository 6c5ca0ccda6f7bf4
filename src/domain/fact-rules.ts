import { type Fen, fenMax } from './money.ts'

/**
 * What the facts of an order must be, in words that stand behind the name of the field; none: nothing
 * is wrong. Both doors have these rules: requests by HTTP (`web/api/order-request.ts`), and values that an
 * embedder calls with (`orders/validate.ts`).
 */
export type Faults = readonly string[]

/** WeChat's alphabet is the narrowest of all gateways', and ours. */
export const orderNoPattern = /^[0-9A-Za-z_\-|*]{6,32}$/
export const orderNoRule = 'must be 6 to 32 of 0-9 A-Z a-z _ - | *'

export const appIdPattern = /^[0-9A-Za-z_-]{1,32}$/
export const appIdRule = 'must be an app id, like wx0123…'

export const idempotencyKeyPattern = /^[!-~]{1,128}$/
export const idempotencyKeyRule = 'must be 1 to 128 visible ASCII characters'

/** How long texts may be, in characters (code points), as people, PostgreSQL and JSON Schema count. */
export const textBounds = {
  userId: { min: 1, max: 64 },
  /** What the payer reads. */
  description: { min: 1, max: 127 },
  /** Of an adopted order its description is for people here alone. */
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
  return saidOf([
    [unprintable.test(value), 'must not hold control characters or lone surrogates'],
    [length < min || length > max, `must have ${min} to ${max} characters`],
  ])
}

/** The same for what the gateway is told. */
export function gatewayTextFaults(value: string, bounds: Bounds): Faults {
  const emoji = saidOf([[fourByte.test(value), 'must not hold emoji (4-byte characters)']])
  return [...textFaults(value, bounds), ...emoji]
}

/**
 * Of a new order. Two accounts that look the same are taken for one by whoever reads them, and money
 * goes to the wrong one. Orders and accounts that have such a name already can be read by it.
 */
export function newUserIdFaults(value: string): Faults {
  const seldom = unseenIn(value)
  return [
    ...textFaults(value, textBounds.userId),
    ...saidOf([
      [seldom !== null, `must not hold ${seldom}, which looks like nothing`],
      [/^\s|\s$/u.test(value), 'must not begin or end with a blank'],
      // Pages show several as one.
      [/\s\s/u.test(value), 'must not hold two blanks in a row'],
      // `é` is one character, or two that look like it.
      [
        value !== value.normalize('NFC'),
        'must be in Unicode’s composed form (NFC), for others look like it',
      ],
    ]),
  ]
}

/** Of no width, of the reading direction, or blanks other than the usual one. */
const unseen = /[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\u2800]|(?! )\p{Zs}/u

/** The first such character, by its number: `U+200B`. */
function unseenIn(value: string): string | null {
  const point = unseen.exec(value)?.[0]?.codePointAt(0)
  return point === undefined ? null : `U+${point.toString(16).toUpperCase().padStart(4, '0')}`
}

export const amountRule = `must be an integer from 1 to ${fenMax} (fen)`

export function isAmount(value: unknown): value is Fen {
  return typeof value === 'bigint' && value >= 1n && value <= fenMax
}

/** How far a caller's clock may run ahead of ours: what gateways allow too. */
const clockSkewMsMax = 5 * 60_000

/** Nobody adopts what is not placed yet. */
export function isInFuture(createdAt: Date | null, now: Date): boolean {
  return createdAt !== null && +createdAt > +now + clockSkewMsMax
}

export const futureRule = 'must not be in the future'

/** An order that had ended when it was placed. */
export function isEndedBefore(
  expiresAt: Date | null,
  { createdAt, now }: { createdAt: Date | null; now: Date },
): boolean {
  return expiresAt !== null && expiresAt <= (createdAt ?? now)
}

function saidOf(list: readonly (readonly [isWrong: boolean, words: string])[]): Faults {
  return list.filter(([isWrong]) => isWrong).map(([, words]) => words)
}
