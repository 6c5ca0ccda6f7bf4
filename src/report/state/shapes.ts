import { z } from 'zod'
import type { ComparedFact } from '../../domain/reason.ts'
import type { Entry } from './state.ts'

/** The members of the state file as JSON. Times are RFC 3339, amounts integer fen. */

const fen = z.codec(z.int(), z.bigint(), { decode: BigInt, encode: Number })
const time = z.codec(z.iso.datetime({ precision: 3 }), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
})
const text = z.string().nullable()
const count = z.int().min(0)

/** Which rows of a source a report is about. */
export interface ReportedTable {
  readonly name: string
  readonly place: string
  readonly days: number
}

/** What a report is about. A resumed one must be about the same. */
export interface Header {
  readonly version: 1
  readonly gateway: string
  readonly mchid: string
  readonly appids: readonly string[]
  /** The window of each source ends then. */
  readonly startedAt: Date
  readonly sources: readonly ReportedTable[]
}

export const headerSchema = z.strictObject({
  version: z.literal(1),
  gateway: z.string(),
  mchid: z.string(),
  appids: z.array(z.string()).readonly(),
  startedAt: time,
  sources: z
    .array(z.strictObject({ name: z.string(), place: z.string(), days: z.number() }))
    .readonly(),
}) satisfies z.ZodType<Header>

const facts = [
  ...['order_no', 'mchid', 'app_id', 'amount', 'currency', 'transaction_id', 'attach'],
] as const satisfies readonly ComparedFact[]

const finding = z.strictObject({
  source: z.string(),
  problem: z.enum([
    ...['paid_not_credited', 'amount_differs', 'currency_differs', 'app_id_differs', 'refunded'],
    ...['created_in_future', 'amount_unreadable', 'order_no_impossible', 'order_no_duplicate'],
    ...['user_id_missing', 'time_unreadable', 'status_unknown'],
  ] as const),
  orderNo: text,
  userId: text,
  amount: fen.nullable(),
  status: text,
  transactionId: text,
  paidAt: time.nullable(),
  difference: z
    .strictObject({
      fact: z.enum(facts),
      theirs: text,
      ours: text,
      currency: text.exactOptional(),
    })
    .nullable(),
  fault: z.strictObject({ key: z.string(), column: z.string(), value: text }).nullable(),
})

const answers = z.strictObject({ trades: count, absent: count })

const order = z.strictObject({
  orderNo: z.string(),
  userId: z.string(),
  amount: fen,
  createdAt: time,
  expiresAt: time.nullable(),
  status: z.string(),
  standing: z.enum(['pending', 'revivable']),
})

export const entrySchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('page'),
    source: z.string(),
    next: text,
    seen: z.array(z.string()).readonly(),
    answers,
    findings: z.array(finding).readonly(),
    left: z.array(z.strictObject({ rank: count, order })).readonly(),
  }),
  z.strictObject({
    kind: z.literal('late'),
    source: z.string(),
    rank: count,
    answers,
    finding: finding.nullable(),
  }),
  z.strictObject({
    kind: z.literal('future'),
    source: z.string(),
    rows: count,
    findings: z.array(finding).readonly(),
  }),
]) satisfies z.ZodType<Entry>
