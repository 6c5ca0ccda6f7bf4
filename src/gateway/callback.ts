import { z } from 'zod'
import type { Clock } from '../clock.ts'
import { openSealed, sealedText } from './cipher.ts'
import { maskTrade, tidy } from './evidence.ts'
import type { OpenedCallback, RawCallback } from './gateway.ts'
import { parseJson } from './json.ts'
import type { KeyRing } from './keys.ts'
import { readTrade } from './trade-body.ts'
import { verifySeal } from './verification.ts'

/** The only event of payments; refunds and contracts send others. */
const paidEvent = 'TRANSACTION.SUCCESS'

const notification = z.object({
  id: z.string().max(64).nullish().catch(null),
  event_type: z.string(),
  resource: z.unknown(),
})

/**
 * Verifies a notification over the bytes as they came, then decrypts and reads it. 401: whoever
 * wrote it has not shown to be WeChat Pay. 400: it is, but this is no payment that we can read.
 * Either makes WeChat Pay send it again.
 */
export async function openNotification(
  callback: RawCallback,
  options: { keys: KeyRing; apiV3Key: Buffer; clock: Clock; signal: AbortSignal },
): Promise<OpenedCallback> {
  const { keys, clock, signal } = options
  const verification = await verifySeal(callback, {
    keys: { find: (serial, signal) => keys.findForCallback(serial, signal) },
    now: clock(),
    signal,
  })
  if (verification.kind === 'rejected') {
    return rejected(401, `Cannot verify the callback: ${verification.message}`)
  }
  return open(callback.body, { apiV3Key: options.apiV3Key, signedBy: verification.serial })
}

function open(
  body: Uint8Array,
  { apiV3Key, signedBy }: { apiV3Key: Buffer; signedBy: string },
): OpenedCallback {
  const envelope = notification.safeParse(parseJson(body))
  if (!envelope.success) return rejected(400, 'Cannot read the callback: it is no notification')
  const { id, event_type, resource } = envelope.data
  if (event_type !== paidEvent) {
    return rejected(400, `Cannot use a callback of type "${tidy(event_type)}": only "${paidEvent}"`)
  }
  const sealed = sealedText.safeParse(resource)
  if (!sealed.success) return rejected(400, 'Cannot read the callback: its resource is incomplete')
  const text = openSealed(sealed.data, apiV3Key)
  if (text === null) {
    return rejected(400, 'Cannot decrypt the callback: the APIv3 key does not fit')
  }
  return tradeIn(text, { signed_by: signedBy, event_type, ...(id ? { event_id: tidy(id) } : {}) })
}

function tradeIn(text: string, seen: Readonly<Record<string, string>>): OpenedCallback {
  const body = parseJson(Buffer.from(text))
  const trade = readTrade(body)
  if (trade === null) return rejected(400, 'Cannot read the callback: its resource is no trade')
  if (trade.state !== 'paid') {
    return rejected(400, `Cannot use a callback of a trade that is "${trade.reported}"`)
  }
  const evidence = { ...seen, trade: maskTrade(body) }
  return { kind: 'opened', answer: { kind: 'trade', trade, evidence } }
}

function rejected(status: 400 | 401, reason: string): OpenedCallback {
  return { kind: 'rejected', status, reason }
}
