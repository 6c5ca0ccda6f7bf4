import { createHash } from 'node:crypto'
import { z } from 'zod'
import { fenOf } from '../../domain/money.ts'
import type { RefundNotice } from '../../domain/refund.ts'
import type { RefundState } from '../../domain/trade.ts'
import { kept, maskRefund } from './evidence.ts'
import { parseJson } from './json.ts'
import type { Note } from './notes.ts'

/** No member is required, and no value is refused: nothing is decided by a refund's notice. */
const anything = z.record(z.string(), z.unknown()).catch({})
const number = z.string().min(1).max(64).nullable().catch(null)
const word = z
  .string()
  .regex(/^[\w-]{1,64}$/)
  .nullable()
  .catch(null)

const refundBody = z
  .object({
    out_trade_no: number,
    transaction_id: word,
    refund_id: number,
    out_refund_no: number,
    refund_status: word,
    amount: anything,
  })
  .catch({
    ...{ out_trade_no: null, transaction_id: null, refund_id: null, out_refund_no: null },
    ...{ refund_status: null, amount: {} },
  })

const states: Readonly<Record<string, RefundState>> = {
  SUCCESS: 'succeeded',
  ABNORMAL: 'abnormal',
  CLOSED: 'closed',
  PROCESSING: 'under_way',
}

/** The events of refunds: `REFUND.SUCCESS`, `REFUND.ABNORMAL`, `REFUND.CLOSED`. */
export const refundEvents = 'REFUND.'

/** A refund's notice, and the merchants that it names. */
export interface SeenRefund {
  readonly mchids: readonly string[]
  readonly notice: RefundNotice
}

/** The parts of a notification outside the encrypted resource: its event, its number, and the key that signed it. */
export interface RefundEnvelope {
  readonly serial: string
  readonly eventType: string
  readonly id: unknown
}

/** Never fails: a member that cannot be read is dropped, with a note. */
export function seeRefund(
  bytes: Uint8Array,
  { serial, eventType, id }: RefundEnvelope,
): SeenRefund {
  const notes: string[] = []
  const note: Note = (text) => void notes.push(text)
  const parsed = parseJson(bytes, note)
  const body = refundBody.parse(parsed)
  // The event has the same state, for a body without one.
  const reported = body.refund_status ?? eventType.slice(refundEvents.length)
  const eventId = kept(id, { name: 'id', note })
  const refund = maskRefund(parsed, note)
  const key = keyOf([body.refund_id ?? body.out_refund_no ?? eventId ?? refund, reported])
  return {
    mchids: mchidsIn(parsed),
    notice: {
      orderNo: body.out_trade_no,
      transactionId: body.transaction_id,
      refundId: body.refund_id ?? body.out_refund_no,
      key,
      state: stateOf(reported),
      reported,
      refunded: amountOf(body.amount.refund),
      total: amountOf(body.amount.total),
      evidence: {
        ...{ signed_by: serial, event_type: eventType },
        ...(eventId !== null && { event_id: eventId }),
        ...{ refund, refund_key: key },
        ...(notes.length > 0 && { notes }),
      },
    },
  }
}

/** A hash, so that the key is short whatever the parts are. */
function keyOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
}

function stateOf(reported: string): RefundState {
  return Object.hasOwn(states, reported) ? (states[reported] ?? 'unlisted') : 'unlisted'
}

/** Null for a value that is not a valid sum. */
function amountOf(value: unknown): bigint | null {
  const fen = fenOf(value)
  return fen !== null && fen >= 0n ? fen : null
}

/** A partner's notice names two merchants. */
function mchidsIn(body: unknown): readonly string[] {
  const { mchid, sp_mchid, sub_mchid } = anything.parse(body)
  return [mchid, sp_mchid, sub_mchid].flatMap((id) =>
    typeof id === 'string' || typeof id === 'number' ? [String(id)] : [],
  )
}
