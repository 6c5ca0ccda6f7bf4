import { z } from 'zod'
import type { Answer, Evidence, UnknownAnswer, UnknownWhy } from '../../domain/trade.ts'
import type { Closing, Prepay } from '../gateway.ts'
import { errorOf, replyEvidence } from './evidence.ts'
import type { Reply } from './http/wire.ts'
import { parseJson, textOf } from './json.ts'
import type { Verification } from './keys/verification.ts'
import { isSystemic, type Meaning, meaningOf } from './outcome.ts'
import { seeTrade } from './trade-body.ts'
import { unknownAnswer } from './unknown.ts'

/** A response, who wrote it, and what we were about: `query order "…"`. */
export interface Heard {
  readonly reply: Reply
  readonly verification: Verification
  readonly attempt: string
}

/** A trade only from a verified 200. */
export function answerOf(heard: Heard): Answer {
  const { reply } = heard
  if (reply.status === 200) return tradeAnswer(heard)
  const meaning = meaningOf(reply.status, errorOf(reply.body).code)
  if (meaning !== 'absent') return unansweredBy(heard)
  return disbelief(heard) ?? { kind: 'absent', evidence: evidenceOf(heard) }
}

/** Closed only by a verified 204. */
export function closingOf(heard: Heard): Closing {
  const { status } = heard.reply
  if (status === 204) return disbelief(heard) ?? { kind: 'closed', evidence: evidenceOf(heard) }
  const refusal = status >= 400 && status < 500 && status !== 401 && status !== 429
  return refusal ? (disbelief(heard) ?? refused(heard)) : unansweredBy(heard)
}

const prepaid = z.object({ code_url: z.string().min(1).max(512) })

/** A Native code works for two hours, however long its trade is open. */
const nativeCodeLifeMs = 2 * 3_600_000

/** Placed only by a verified 200 with a code to scan. */
export function prepayOf(heard: Heard): Prepay {
  const { status, body } = heard.reply
  if (status === 400 || status === 403) return disbelief(heard) ?? refused(heard)
  if (status !== 200) return unansweredBy(heard)
  const doubt = disbelief(heard)
  if (doubt) return doubt
  const parsed = prepaid.safeParse(parseJson(body))
  if (!parsed.success) return unparsable(heard)
  const { code_url: codeUrl } = parsed.data
  const payment = { kind: 'qr', codeUrl, lifeMs: nativeCodeLifeMs } as const
  return { kind: 'placed', payment, evidence: evidenceOf(heard) }
}

function tradeAnswer(heard: Heard): Answer {
  const { reply, verification } = heard
  if (verification.kind === 'rejected') return disbelieved(heard, verification)
  const seen = seeTrade(reply.body, verification)
  if (seen === null) return unparsable(heard)
  return {
    kind: 'trade',
    trade: seen.trade,
    evidence: { ...evidenceOf(heard), ...seen.evidence },
  }
}

/**
 * Why a response is not believed; null when it may be. A 2xx must be signed. Errors mostly are
 * not, and nothing final rests on them; but a wrong signature on one is no better than on a 2xx.
 */
export function disbelief(heard: Heard): UnknownAnswer | null {
  const { reply, verification } = heard
  if (verification.kind === 'genuine') return null
  if (verification.flaw === 'unsigned' && reply.status >= 300) return null
  return disbelieved(heard, verification)
}

function disbelieved(
  heard: Heard,
  { flaw, why, message, systemic }: Extract<Verification, { kind: 'rejected' }>,
): UnknownAnswer {
  const isOthers = flaw === 'unsigned' && isPage(heard.reply)
  const words = isOthers ? `${message}: it is a web page` : message
  return unknownAnswer(
    'unverified',
    `Cannot ${heard.attempt}: the HTTP ${heard.reply.status} answer cannot be verified, ${words}`,
    { systemic, why: isOthers ? 'page' : (why ?? flaw), evidence: evidenceOf(heard) },
  )
}

/** An answer that is none, by its status and code. */
export function unansweredBy(heard: Heard): UnknownAnswer {
  const { code, message } = errorOf(heard.reply.body)
  const meaning = meaningOf(heard.reply.status, code)
  const details = [`HTTP ${heard.reply.status}`, code, message].filter((each) => each !== null)
  const { why, words } = closerLook(heard.reply, meaning)
  // "Absent" is no answer to anything but a query.
  return unknownAnswer(
    meaning === 'absent' ? 'refused' : meaning,
    `Cannot ${heard.attempt}: ${details.join(' ')}${words}`,
    { systemic: isSystemic(meaning), why, evidence: evidenceOf(heard) },
  )
}

/** WeChat Pay refuses what is 5 minutes off, and says so by the same code as a wrong signature. */
const clockOffMaxMs = 300_000

/** What the status and the code leave open. */
function closerLook(
  reply: Reply,
  meaning: Meaning,
): { readonly why: UnknownWhy | null; readonly words: string } {
  if (isPage(reply)) return { why: 'page', words: ', a web page instead of an answer' }
  const offMs = -(reply.clockOffset?.leastMs ?? 0)
  if (meaning !== 'unauthorized' || Math.abs(offMs) < clockOffMaxMs) return { why: null, words: '' }
  const off = `${Math.abs(Math.round(offMs / 1000))} s ${offMs < 0 ? 'behind' : 'ahead of'}`
  return { why: 'clock', words: `; this machine's clock is ${off} the gateway's` }
}

/** Of a firewall, a proxy, or the login of a network: the gateway itself answers by JSON alone. */
function isPage({ headers, body }: Reply): boolean {
  const start = textOf(body.subarray(0, 64)).trimStart()
  return start.startsWith('<') || (start !== '' && /html/i.test(String(headers['content-type'])))
}

function unparsable(heard: Heard): UnknownAnswer {
  const { status } = heard.reply
  return unknownAnswer(
    'unparsable',
    `Cannot ${heard.attempt}: the HTTP ${status} answer is not of the expected shape`,
    { evidence: evidenceOf(heard) },
  )
}

function refused(heard: Heard): Extract<Closing, { kind: 'refused' }> {
  const { code, message } = errorOf(heard.reply.body)
  const status = `HTTP_${heard.reply.status}`
  return {
    kind: 'refused',
    code: code ?? status,
    message: message ?? '',
    evidence: evidenceOf(heard),
  }
}

function evidenceOf({ reply, verification }: Heard): Evidence {
  return replyEvidence(reply, verification.kind === 'genuine' ? verification.serial : null)
}
