import type { FastifySchema } from 'fastify'
import { z } from 'zod'
import {
  amountRule,
  type Faults,
  gatewayTextFaults,
  newUserIdFaults,
  textBounds,
  textFaults,
} from '../domain/fact-rules.ts'
import type { Scope } from '../domain/scope.ts'
import { wordsFault, wordsMax } from '../text/operator-text.ts'
import { readTime } from '../text/rfc3339.ts'

/**
 * What the OpenAPI document says of a schema. A registry of our own: zod's global one would mix
 * with that of a program that embeds budan.
 */
export const apiSchemas = z.registry<{
  id?: string
  description?: string
  format?: string
  /** For schemas whose type zod does not know. */
  type?: string
  minLength?: number
  maxLength?: number
  examples?: readonly unknown[]
}>()

/** The schema with what the document says of it. */
export function documented<S extends z.ZodType>(schema: S, description: string): S {
  const { id: _, ...known } = apiSchemas.get(schema) ?? {}
  // A copy: others use the same schema, and have words of their own.
  const own = schema.clone()
  apiSchemas.add(own, { ...known, description })
  return own
}

/** The shape of an answer, by its name in the document. */
export function named<S extends z.ZodRawShape>(id: string, shape: S) {
  return z.object(shape).register(apiSchemas, { id })
}

/** A body that may hold these members alone. */
export function jsonBody<S extends z.ZodRawShape>(shape: S) {
  return z.strictObject(shape, {
    error: ({ code }) => (code === 'invalid_type' ? 'the body must be a JSON object' : undefined),
  })
}

/** A text that follows the rules that the API and the library share. */
function ruled(faultsOf: (value: string) => Faults) {
  return z.string({ error: 'must be a string' }).check(({ value, issues }) => {
    for (const message of faultsOf(value)) issues.push({ code: 'custom', input: value, message })
  })
}

interface Bounds {
  readonly min: number
  readonly max: number
}

function described({ min, max }: Bounds, description: string) {
  return { description, minLength: min, maxLength: max }
}

/** A text that is sent to the gateway. */
export function gatewayText(bounds: Bounds, description: string) {
  return ruled((value) => gatewayTextFaults(value, bounds)).register(
    apiSchemas,
    described(bounds, description),
  )
}

/** A text for which an operator is responsible: a name, a reason. */
export function operatorText(key: keyof typeof wordsMax, description: string) {
  const max = wordsMax[key]
  return ruled((value) => [wordsFault(value, max)].filter((each) => each !== null)).register(
    apiSchemas,
    described({ min: 1, max }, description),
  )
}

export const reasonText = operatorText('reason', 'Why, for later readers of the timeline.')

export const userId = ruled((value) => textFaults(value, textBounds.userId)).register(
  apiSchemas,
  described(textBounds.userId, 'Whose account; your own name for it.'),
)

/** The user id of a new order. */
export const newUserId = ruled(newUserIdFaults).register(
  apiSchemas,
  described(
    textBounds.userId,
    'Whose account; your own name for it, as NFC. No invisible characters.',
  ),
)

export const amountRequest = z
  .int({ error: amountRule })
  .min(1, { error: amountRule })
  .register(apiSchemas, { description: 'In fen, the hundredth of a yuan.', examples: [1234] })

export const fen = z.int().register(apiSchemas, { description: 'In fen.', examples: [1234] })

/** A sum of amounts has no upper bound. `exactJson` writes it. */
export const sum = z.bigint().register(apiSchemas, {
  type: 'integer',
  description:
    'In fen, exact however large: beyond 2^53 − 1 read it with a parser that keeps all digits.',
  examples: [1234],
})

/** A time in a request. Read by the rules of the gateway's times. */
export function moment(description: string) {
  const error = 'must be an RFC 3339 time with an offset, of the years 2000 to 2099'
  return z
    .string({ error })
    .refine((value) => readTime(value) !== null, { error })
    .register(apiSchemas, {
      ...{ description, format: 'date-time' },
      examples: ['2026-01-31T16:00:00+08:00'],
    })
}

/** RFC 3339 in UTC with milliseconds, as all answers carry it. */
export const time = z
  .string()
  .register(apiSchemas, { format: 'date-time', examples: ['2026-01-31T08:00:00.000Z'] })

export const count = z.int().min(0)

export const nextCursor = documented(
  z.string().nullable(),
  'The cursor of the next page; null on the last page.',
)

/** The shape of a page of a list. */
export function pageOf<S extends z.ZodRawShape>(id: string, list: S) {
  return named(id, { ...list, next_cursor: nextCursor })
}

/** The requested page of a list. */
export const pageQuery = z.strictObject({
  limit: documented(
    z
      .preprocess(
        integerOf,
        z
          .int({ error: 'must be an integer from 1 to 200' })
          .min(1, { error: 'must be an integer from 1 to 200' })
          .max(200, { error: 'must be an integer from 1 to 200' }),
      )
      .default(50),
    'At most this many; 50 by default.',
  ),
  cursor: documented(
    z.string({ error: 'must be given once' }).optional(),
    '`next_cursor` of the page before.',
  ),
})

/** Converts decimal digits of a query string to a number; anything else stays, and is refused. */
function integerOf(value: unknown): unknown {
  return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value
}

export const fault = z.object({ code: z.string(), message: z.string() }).register(apiSchemas, {
  id: 'Error',
  description: 'What went wrong, as a code and as a sentence.',
})

export type FaultJson = z.output<typeof fault>

/** A body in JSON with its description; or the schema of another, which has one itself. */
type Answer = readonly [schema: z.ZodType, description: string] | z.ZodType

interface Described<S extends z.ZodType> {
  description: string
  content: { 'application/json': { schema: S } }
}

type Answers = Readonly<Record<number, Answer>>

type DescribedAnswers<A> = {
  -readonly [S in keyof A]: A[S] extends readonly [infer B extends z.ZodType, string]
    ? Described<B>
    : A[S]
}

/** The answers of a route by status. */
export function answers<const A extends Answers>(list: A) {
  const entries = Object.entries(list).map(([status, answer]) => {
    if (answer instanceof z.ZodType) return [status, answer]
    const [schema, description] = answer
    return [status, { description, content: { 'application/json': { schema } } }]
  })
  return Object.fromEntries(entries) as DescribedAnswers<A>
}

/** The options of a route that needs the token and the database: its scope, and what is documented. */
export function guarded<const R extends FastifySchema & { readonly answers: Answers }>(
  scope: Scope | readonly Scope[],
  { answers: list, ...schema }: R,
) {
  const response = answers({ ...guardedFaults, ...list }) as DescribedAnswers<
    R['answers'] & typeof guardedFaults
  >
  return { config: { scope }, schema: { ...schema, response } }
}

const guardedFaults = {
  401: [fault, '`unauthorized`'],
  403: [
    fault,
    '`scope_missing`: the token lacks the scope. `own_token_needed`: with `reviews.four_eyes`, a token that several may share. `host_unknown`, `other_site`: sent by a page of another site.',
  ],
  500: [fault, '`internal`'],
  503: [fault, '`database_unavailable`, `deadline_exceeded`, `stopping`: repeat it.'],
} as const

/** The answers of a route that returns a list, page by page. */
export function pageAnswers<const S extends z.ZodType>(page: S) {
  return {
    200: [page, 'A page.'],
    400: [fault, '`request_invalid`, `cursor_invalid`'],
  } as const
}

/** The errors of a request with a JSON body. */
export const bodyFaults = {
  400: [fault, '`request_invalid`, `json_malformed`'],
  413: [fault, '`body_too_large`'],
  415: [fault, '`content_type_unsupported`'],
} as const
