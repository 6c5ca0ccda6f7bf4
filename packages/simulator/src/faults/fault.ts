import { z } from 'zod'
import { payInput } from '../control/pay-input.ts'

export const clientOperations = ['native', 'query', 'query_by_id', 'close', 'certificates'] as const
/** `notify` is the other direction: the simulator's callback to the merchant. */
export const operations = [...clientOperations, 'notify'] as const

export type ClientOperation = (typeof clientOperations)[number]
export type Operation = (typeof operations)[number]

const merge = z.record(z.string(), z.json())
const performed = z.boolean().optional()

/** Faults of signed answers and of callbacks. */
const sealFaults = [
  /** A deliberately wrong signature, which WeChat Pay sends now and then to test clients. */
  z.strictObject({ kind: z.literal('probe'), base64: z.enum(['valid', 'invalid']).optional() }),
  /** Properly signed, but with a timestamp that is off. */
  z.strictObject({ kind: z.literal('timestamp'), offset_seconds: z.int() }),
  z.strictObject({ kind: z.literal('missing_header'), headers: z.array(z.string()).min(1) }),
  /** The serial number is that of no key. */
  z.strictObject({ kind: z.literal('unknown_serial'), serial: z.string().optional() }),
  /** A well-formed signature of something else. */
  z.strictObject({ kind: z.literal('wrong_signature') }),
  /** The body is changed after signing: by a merge patch, or by a trailing blank. */
  z.strictObject({ kind: z.literal('changed_body'), merge: merge.optional() }),
  /** Signs an answer that would be unsigned, or leaves out the signature. */
  z.strictObject({ kind: z.literal('sign'), signed: z.boolean() }),
  z.strictObject({ kind: z.literal('key'), use: z.enum(['public_key', 'certificate']) }),
  /** Signs other content: a merge patch over the trade. */
  z.strictObject({ kind: z.literal('answer'), merge }),
] as const

const answerFaults = [
  /** Another status. `performed`: the operation has its effect nevertheless. */
  z.strictObject({
    kind: z.literal('error'),
    status: z.int().min(200).max(599),
    code: z.string().optional(),
    message: z.string().optional(),
    body: z.enum(['json', 'html', 'empty']).optional(),
    signed: z.boolean().optional(),
    retry_after: z.int().min(0).optional(),
    performed,
  }),
  z.strictObject({ kind: z.literal('slow'), ms: z.int().min(0).max(600_000) }),
  /** No answer. */
  z.strictObject({ kind: z.literal('hang'), performed }),
  /** The connection is reset before the answer. */
  z.strictObject({ kind: z.literal('reset'), performed }),
  /** The connection ends in the middle of the answer. */
  z.strictObject({ kind: z.literal('cut'), after_bytes: z.int().min(0).optional() }),
  /** Answers with another order's trade. */
  z.strictObject({ kind: z.literal('other_order'), out_trade_no: z.string() }),
  /** The payer pays before the operation takes effect, or between its effect and the answer. */
  payInput.extend({ kind: z.literal('pay'), when: z.enum(['before', 'after']) }),
] as const

const callbackFaults = [
  /** This attempt is lost. */
  z.strictObject({ kind: z.literal('drop') }),
  z.strictObject({
    kind: z.literal('duplicate'),
    copies: z.int().min(1).max(10).optional(),
    gap_ms: z.int().min(0).optional(),
  }),
  /** Encrypted with a key that is not the merchant's. */
  z.strictObject({ kind: z.literal('wrong_api_key') }),
] as const

export const faultSchema = z.discriminatedUnion('kind', [
  ...sealFaults,
  ...answerFaults,
  ...callbackFaults,
])

export type Fault = z.infer<typeof faultSchema>
export type FaultKind = Fault['kind']

const answerOnly: ReadonlySet<string> = new Set(answerFaults.map((each) => each.shape.kind.value))
const callbackOnly: ReadonlySet<string> = new Set(
  callbackFaults.map((each) => each.shape.kind.value),
)

/** Whether the fault can be injected into the operation. */
export function fits(kind: FaultKind, operation: Operation): boolean {
  return operation === 'notify' ? !answerOnly.has(kind) : !callbackOnly.has(kind)
}

/** The first fault of that kind, if any. */
export function faultOf<K extends FaultKind>(
  faults: readonly Fault[],
  kind: K,
): Extract<Fault, { kind: K }> | undefined {
  return faults.find((fault): fault is Extract<Fault, { kind: K }> => fault.kind === kind)
}
