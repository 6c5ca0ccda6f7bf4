import { z } from 'zod'
import type { Clock } from '../../domain/clock.ts'
import type { OpenedCallback, RawCallback, RejectedCallback } from '../gateway.ts'
import { kept, tidy } from './evidence.ts'
import { parseJson } from './json.ts'
import { decrypt, encryptedText } from './keys/cipher.ts'
import type { KeyRing } from './keys/keys.ts'
import type { Headers } from './keys/signature.ts'
import { screenSignature, type ValidSignature, verifySignature } from './keys/verification.ts'
import { type RefundEnvelope, refundEvents, seeRefund } from './refund-body.ts'
import { seeTrade } from './trade-body.ts'
import { wordsOf } from './words.ts'

/** The only event about payments that is used. */
const paidEvent = 'TRANSACTION.SUCCESS'

/** Another event with this prefix may be about a payment one day: it is refused, and sent again. */
const tradeEvents = 'TRANSACTION.'

const notification = z.object({
  id: z.unknown().optional(),
  event_type: z.string(),
  resource: z.unknown(),
})

interface OpenOptions {
  readonly keys: KeyRing
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Why a notification is rejected whatever its body is; null: the body has to be read. */
export async function screenNotification(
  headers: Headers,
  { keys, clock, signal }: OpenOptions,
): Promise<RejectedCallback | null> {
  const screened = await screenSignature(headers, {
    keys: forCallbacks(keys),
    now: clock(),
    signal,
  })
  return screened.kind === 'rejected' ? unverified(screened.message) : null
}

/**
 * Verifies a notification over its unchanged bytes, then decrypts and reads it. 401: it is not shown
 * that WeChat Pay sent it. 400: WeChat Pay sent it, but it is not a payment that can be used. After
 * either, WeChat Pay sends it again.
 */
export async function openNotification(
  callback: RawCallback,
  { apiV3Key, mchid, keys, clock, signal }: OpenOptions & Opening,
): Promise<OpenedCallback> {
  const now = clock()
  const verification = await verifySignature(callback, { keys: forCallbacks(keys), now, signal })
  return verification.kind === 'rejected'
    ? unverified(verification.message)
    : open(callback.body, { apiV3Key, mchid, signature: verification })
}

/** What a notification is decrypted with, and for which merchant. */
interface Opening {
  readonly apiV3Key: Buffer
  readonly mchid: string
}

/** Anybody can send a callback with a made-up serial: it must not make us fetch certificates each time. */
function forCallbacks(keys: KeyRing): Pick<KeyRing, 'find'> {
  return { find: (serial, signal) => keys.findForCallback(serial, signal) }
}

/** The bytes that came, and the signature that fits them. */
interface Signed {
  readonly body: Uint8Array
  readonly signature: ValidSignature
}

function open(
  body: Uint8Array,
  { apiV3Key, mchid, signature }: Omit<Signed, 'body'> & Opening,
): OpenedCallback {
  const envelope = notification.safeParse(parseJson(body))
  if (!envelope.success) return rejected(400, 'Cannot read the callback: it is no notification')
  const { id, event_type, resource } = envelope.data
  const isRefund = event_type.startsWith(refundEvents)
  if (event_type !== paidEvent && !isRefund) return unused(tidy(event_type))
  const encrypted = encryptedText.safeParse(resource)
  if (!encrypted.success)
    return rejected(400, 'Cannot read the callback: its resource is incomplete')
  const bytes = decrypt(encrypted.data, apiV3Key)
  if (bytes === null) {
    return rejected(400, 'Cannot decrypt the callback: the APIv3 key does not fit')
  }
  return isRefund
    ? refundIn(bytes, { serial: signature.serial, eventType: tidy(event_type), id, mchid })
    : tradeIn(bytes, { body, signature, id, mchid })
}

function unused(event: string): OpenedCallback {
  return event.startsWith(tradeEvents)
    ? rejected(400, `Cannot use a callback of type "${event}": only "${paidEvent}"`)
    : { kind: 'foreign', event }
}

/** A refund that names no merchant is ours: our key decrypted it. */
function refundIn(
  bytes: Uint8Array,
  { mchid, ...envelope }: RefundEnvelope & { mchid: string },
): OpenedCallback {
  const { mchids, notice } = seeRefund(bytes, envelope)
  if (mchids.length > 0 && !mchids.includes(mchid)) {
    const theirs = tidy(mchids.join(', '))
    return rejected(400, `Cannot use a refund of merchant ${theirs}: this is ${mchid}`)
  }
  return { kind: 'refund', notice }
}

function tradeIn(
  bytes: Uint8Array,
  { body, signature, id, mchid }: Signed & { id: unknown; mchid: string },
): OpenedCallback {
  const { serial, signedAt } = signature
  const notes: string[] = []
  const eventId = kept(id, { name: 'id', note: (text) => notes.push(text) })
  const seen = seeTrade(bytes, { signedAt, notes })
  if (seen === null) return rejected(400, 'Cannot read the callback: its resource is no trade')
  const { trade } = seen
  // Merchants may have one key: the order with this number here is not the one that was paid.
  if (trade.mchid !== mchid) {
    return rejected(400, `Cannot use a payment of merchant ${trade.mchid}: this is ${mchid}`)
  }
  if (trade.state !== 'paid') {
    return rejected(400, `Cannot use a callback of a trade that is "${trade.reported}"`)
  }
  const evidence = {
    ...{ signed_by: serial, event_type: paidEvent },
    ...(eventId === null ? {} : { event_id: eventId }),
    ...seen.evidence,
  }
  const words = signature.by && { words: wordsOf({ body, by: signature.by, opened: bytes }) }
  return { kind: 'opened', answer: { kind: 'trade', trade, evidence, ...words } }
}

function unverified(message: string): RejectedCallback {
  return rejected(401, `Cannot verify the callback: ${message}`)
}

function rejected(status: 400 | 401, reason: string): RejectedCallback {
  return { kind: 'rejected', status, reason }
}
