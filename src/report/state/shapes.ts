import { z } from 'zod'
import { comparedFacts } from '../../domain/reason.ts'
import { rowProblems } from '../../sources/source.ts'
import { paidProblems } from '../finding.ts'

/** The members of the state file as JSON. Times are RFC 3339, amounts integer fen. */

const fen = z.codec(z.int(), z.bigint(), { decode: BigInt, encode: Number })
const time = z.codec(z.iso.datetime({ precision: 3 }), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
})
const text = z.string().nullable()
const count = z.int().min(0)

/** What a report is about. A resumed one must be about the same. */
export type Header = z.output<typeof headerSchema>

export const headerSchema = z.strictObject({
  version: z.literal(1),
  gateway: z.string(),
  mchid: z.string(),
  appids: z.array(z.string()).readonly(),
  /** The window of each source ends then. */
  startedAt: time,
  /** Which rows of each it is about. */
  sources: z
    .array(z.strictObject({ name: z.string(), place: z.string(), days: z.number() }))
    .readonly(),
})

const finding = z.strictObject({
  source: z.string(),
  problem: z.enum([...paidProblems, 'created_in_future', ...rowProblems]),
  orderNo: text,
  userId: text,
  amount: fen.nullable(),
  status: text,
  transactionId: text,
  paidAt: time.nullable(),
  difference: z
    .strictObject({
      fact: z.enum(comparedFacts),
      theirs: text,
      ours: text,
      currency: text.exactOptional(),
    })
    .nullable(),
  fault: z.strictObject({ key: z.string(), column: z.string(), value: text }).nullable(),
})

/** How many answers said what: of an order's own trade, or that there is none. */
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

/** What happened to the rows of a source, in order. The state file has one of these in each line. */
export type Entry = z.output<typeof entrySchema>

export type AnswerCounts = z.output<typeof answers>

export const entrySchema = z.discriminatedUnion('kind', [
  /** A page was read, and its rows were queried. */
  z.strictObject({
    kind: z.literal('page'),
    source: z.string(),
    /** Where the next page begins; null: this was the last. */
    next: text,
    /** Of its rows and faults. */
    seen: z.array(z.string()).readonly(),
    answers,
    findings: z.array(finding).readonly(),
    /** Rows without an answer. */
    left: z.array(z.strictObject({ rank: count, order })).readonly(),
  }),
  /** A row that had been left without an answer. */
  z.strictObject({
    kind: z.literal('late'),
    source: z.string(),
    rank: count,
    answers,
    finding: finding.nullable(),
  }),
  /** Rows that were created in the future, before the first page was read; some of them as findings. */
  z.strictObject({
    kind: z.literal('future'),
    source: z.string(),
    rows: count,
    findings: z.array(finding).readonly(),
  }),
])
