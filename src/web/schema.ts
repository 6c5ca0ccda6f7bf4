import { z } from 'zod'
import { fenMax } from '../domain/money.ts'
import { wordsFault, wordsMax } from '../text/operator-text.ts'

/**
 * What the OpenAPI document says of a schema. A registry of our own: zod's global one would mix
 * with that of a program that embeds budan.
 */
export const apiSchemas = z.registry<{
  id?: string
  description?: string
  format?: string
  /** Of what zod cannot tell the type. */
  type?: string
  minLength?: number
  maxLength?: number
  examples?: readonly unknown[]
}>()

/** WeChat's alphabet is the narrowest of all gateways', and ours. */
export const orderNoPattern = /^[0-9A-Za-z_\-|*]{6,32}$/

/** Control characters (NUL is refused by PostgreSQL) and halves of surrogate pairs. */
const unprintable = /[\p{Cc}\p{Cs}]/u

/** Characters of four bytes in UTF-8, emoji mostly: gateways refuse them. */
const fourByte = /[\u{10000}-\u{10FFFF}]/u

interface TextBounds {
  readonly min: number
  /** In characters (code points), as people, PostgreSQL and JSON Schema count. */
  readonly max: number
  readonly description: string
}

/** One line of text that every part can carry. */
function text({ min, max, description }: TextBounds) {
  return z
    .string({ error: 'must be a string' })
    .refine((value) => !unprintable.test(value), {
      error: 'must not hold control characters or lone surrogates',
    })
    .refine((value) => isWithin([...value].length, { min, max }), {
      error: `must have ${min} to ${max} characters`,
    })
    .register(apiSchemas, { description, minLength: min, maxLength: max })
}

/** The same for what the gateway is told. */
export function gatewayText(bounds: TextBounds) {
  const { min, max, description } = bounds
  return text(bounds)
    .refine((value) => !fourByte.test(value), { error: 'must not hold emoji (4-byte characters)' })
    .register(apiSchemas, { description, minLength: min, maxLength: max })
}

/** What a person is to answer for: a name, a reason. */
export function operatorText(key: keyof typeof wordsMax, description: string) {
  const maxLength = wordsMax[key]
  return z
    .string({ error: 'must be a string' })
    .check(({ value, issues }) => {
      const message = wordsFault(value, maxLength)
      if (message !== null) issues.push({ code: 'custom', input: value, message })
    })
    .register(apiSchemas, { description, minLength: 1, maxLength })
}

export const reasonText = operatorText(
  'reason',
  'Why, in words for whoever reads the timeline later.',
)

function isWithin(length: number, { min, max }: { min: number; max: number }): boolean {
  return length >= min && length <= max
}

export const userId = text({ min: 1, max: 64, description: 'Whose account; your own name for it.' })

/**
 * Of a new order. Two accounts that look the same are taken for one by whoever reads them, and money
 * goes to the wrong one. Orders and accounts that have such a name are read by `userId`.
 */
export const newUserId = userId
  .refine((value) => unseenIn(value) === null, {
    error: ({ input }) => `must not hold ${unseenIn(String(input))}, which looks like nothing`,
  })
  .refine((value) => !/^\s|\s$/u.test(value), { error: 'must not begin or end with a blank' })
  // Pages show several as one.
  .refine((value) => !/\s\s/u.test(value), { error: 'must not hold two blanks in a row' })
  // `é` is one character, or two that look like it.
  .refine((value) => value === value.normalize('NFC'), {
    error: 'must be in Unicode’s composed form (NFC), for others look like it',
  })
  .register(apiSchemas, {
    description: 'Whose account; your own name for it, as NFC. No invisible characters.',
    minLength: 1,
    maxLength: 64,
  })

/** Of no width, of the reading direction, or blanks other than the usual one. */
const unseen = /[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\u2800]|(?! )\p{Zs}/u

/** The first such character, by its number: `U+200B`. */
function unseenIn(value: string): string | null {
  const point = unseen.exec(value)?.[0]?.codePointAt(0)
  return point === undefined ? null : `U+${point.toString(16).toUpperCase().padStart(4, '0')}`
}

export const amountRequest = z
  .int({ error: `must be an integer from 1 to ${fenMax} (fen)` })
  .min(1, { error: `must be an integer from 1 to ${fenMax} (fen)` })
  .register(apiSchemas, { description: 'In fen, the hundredth of a yuan.', examples: [1234] })

export const fen = z.int().register(apiSchemas, { description: 'In fen.', examples: [1234] })

/** A sum of amounts has no bound. `exactJson` writes it. */
export const sum = z.bigint().register(apiSchemas, {
  type: 'integer',
  description:
    'In fen, exact however large: beyond 2^53 − 1 read it with a parser that keeps all digits.',
  examples: [1234],
})

/** RFC 3339 in UTC with milliseconds, as all answers carry it. */
export const time = z
  .string()
  .register(apiSchemas, { format: 'date-time', examples: ['2026-01-31T08:00:00.000Z'] })

export const count = z.int().min(0)

export const nextCursor = z
  .string()
  .nullable()
  .register(apiSchemas, { description: 'Ask for the next page with it; null on the last page.' })

/** The page that a list is asked for. */
export const pageQuery = z.strictObject({
  limit: z
    .preprocess(
      integerOf,
      z
        .int({ error: 'must be an integer from 1 to 200' })
        .min(1, { error: 'must be an integer from 1 to 200' })
        .max(200, { error: 'must be an integer from 1 to 200' }),
    )
    .default(50)
    .register(apiSchemas, { description: 'How many at most; 50 by default.' }),
  cursor: z
    .string({ error: 'must be given once' })
    .optional()
    .register(apiSchemas, { description: '`next_cursor` of the page before.' }),
})

/** A query string's decimal digits as a number; anything else as it is, to be refused. */
function integerOf(value: unknown): unknown {
  return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value
}

export const fault = z
  .object({ code: z.string(), message: z.string() })
  .register(apiSchemas, { id: 'Error', description: 'What went wrong: for programs, for people.' })

export type FaultJson = z.output<typeof fault>

type Answer = readonly [schema: z.ZodType, description: string]

interface Described<S extends z.ZodType> {
  description: string
  content: { 'application/json': { schema: S } }
}

/** The JSON answers of a route by status. */
export function answers<const A extends Readonly<Record<number, Answer>>>(list: A) {
  const entries = Object.entries(list).map(([status, [schema, description]]) => [
    status,
    { description, content: { 'application/json': { schema } } },
  ])
  return Object.fromEntries(entries) as { [S in keyof A]: Described<SchemaOf<A[S]>> }
}

type SchemaOf<A> = A extends readonly [infer S extends z.ZodType, string] ? S : never

/** The same for a route that needs the token and the database. */
export function guardedAnswers<const A extends Readonly<Record<number, Answer>>>(list: A) {
  return answers({
    ...list,
    401: [fault, '`unauthorized`'],
    403: [fault, '`host_unknown`, `other_site`: sent by a page of another site.'],
    500: [fault, '`internal`'],
    503: [fault, '`database_unavailable`, `deadline_exceeded`, `stopping`: ask again.'],
  } as const)
}

/** What may be wrong with a request that carries JSON. */
export const bodyFaults = {
  400: [fault, '`request_invalid`, `json_malformed`'],
  413: [fault, '`body_too_large`'],
  415: [fault, '`content_type_unsupported`'],
} as const
