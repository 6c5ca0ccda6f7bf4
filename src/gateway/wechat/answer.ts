import { z } from 'zod'
import type { Answer, Evidence, UnknownAnswer, UnknownWhy } from '../../domain/trade.ts'
import type { Closing, Prepay } from '../gateway.ts'
import { unknownAnswer } from '../unknown.ts'
import { errorOf, replyEvidence } from './evidence.ts'
import type { Reply } from './http/wire.ts'
import { parseJson, textOf } from './json.ts'
import type { Verification } from './keys/verification.ts'
import { isSystemic, type Meaning, meaningOf } from './outcome.ts'
import { seeTrade } from './trade-body.ts'
import { wordsOf } from './words.ts'

/** A response, the result of its verification, and the attempt for messages: `query order "…"`. */
export interface CheckedReply {
  readonly reply: Reply
  readonly verification: Verification
  readonly attempt: string
}

/** Only a verified 200 gives a trade. */
export function answerOf(checked: CheckedReply): Answer {
  const { reply } = checked
  if (reply.status === 200) return tradeAnswer(checked)
  const meaning = meaningOf(reply.status, errorOf(reply.body).code)
  if (meaning !== 'absent') return unansweredBy(checked)
  return rejectUnverified(checked) ?? { kind: 'absent', evidence: evidenceOf(checked) }
}

/** Only a verified 204 says that the trade is closed. */
export function closingOf(checked: CheckedReply): Closing {
  const { status } = checked.reply
  if (status === 204)
    return rejectUnverified(checked) ?? { kind: 'closed', evidence: evidenceOf(checked) }
  const refusal = status >= 400 && status < 500 && status !== 401 && status !== 429
  return refusal ? (rejectUnverified(checked) ?? refused(checked)) : unansweredBy(checked)
}

const prepaid = z.object({ code_url: z.string().min(1).max(512) })

/** The code of a Native payment works for two hours, even if its trade is open for longer. */
const nativeCodeLifeMs = 2 * 3_600_000

/** Only a verified 200 with a code says that the order is placed. */
export function prepayOf(checked: CheckedReply): Prepay {
  const { status, body } = checked.reply
  if (status === 400 || status === 403) return rejectUnverified(checked) ?? refused(checked)
  if (status !== 200) return unansweredBy(checked)
  const rejection = rejectUnverified(checked)
  if (rejection) return rejection
  const parsed = prepaid.safeParse(parseJson(body))
  if (!parsed.success) return unparsable(checked)
  const { code_url: codeUrl } = parsed.data
  const payment = { kind: 'qr', codeUrl, lifeMs: nativeCodeLifeMs } as const
  return { kind: 'placed', payment, evidence: evidenceOf(checked) }
}

function tradeAnswer(checked: CheckedReply): Answer {
  const { reply, verification } = checked
  if (verification.kind === 'rejected') return unverified(checked, verification)
  const seen = seeTrade(reply.body, verification)
  if (seen === null) return unparsable(checked)
  return {
    kind: 'trade',
    trade: seen.trade,
    evidence: { ...evidenceOf(checked), ...seen.evidence },
    ...(verification.by && { words: wordsOf({ body: reply.body, by: verification.by }) }),
  }
}

/**
 * The answer for a response that is not verified; null: it can be used. A 2xx must be signed. Most
 * errors are not signed, and no final decision uses them; but an error with a wrong signature is rejected.
 */
export function rejectUnverified(checked: CheckedReply): UnknownAnswer | null {
  const { reply, verification } = checked
  if (verification.kind === 'valid') return null
  if (verification.defect === 'unsigned' && reply.status >= 300) return null
  return unverified(checked, verification)
}

function unverified(
  checked: CheckedReply,
  { defect, why, message, systemic }: Extract<Verification, { kind: 'rejected' }>,
): UnknownAnswer {
  const isOthers = defect === 'unsigned' && isPage(checked.reply)
  const words = isOthers ? `${message}: it is a web page` : message
  return unknownAnswer(
    'unverified',
    `Cannot ${checked.attempt}: the HTTP ${checked.reply.status} answer cannot be verified, ${words}`,
    { systemic, why: isOthers ? 'page' : (why ?? defect), evidence: evidenceOf(checked) },
  )
}

/** The unknown answer that a status and a code stand for. */
export function unansweredBy(checked: CheckedReply): UnknownAnswer {
  const { code, message } = errorOf(checked.reply.body)
  const meaning = meaningOf(checked.reply.status, code)
  const details = [`HTTP ${checked.reply.status}`, code, message].filter((each) => each !== null)
  const { why, words } = closerLook(checked.reply, meaning)
  // "Absent" is an answer only to a query.
  return unknownAnswer(
    meaning === 'absent' ? 'refused' : meaning,
    `Cannot ${checked.attempt}: ${details.join(' ')}${words}`,
    { systemic: isSystemic(meaning), why, evidence: evidenceOf(checked) },
  )
}

/** WeChat Pay refuses a request whose time is 5 minutes off, with the same code as for a wrong signature. */
const clockOffMaxMs = 300_000

/** A more exact cause than the status and the code give. */
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

/** A page of a firewall, a proxy, or a network's login: the gateway itself answers only with JSON. */
function isPage({ headers, body }: Reply): boolean {
  const start = textOf(body.subarray(0, 64)).trimStart()
  return start.startsWith('<') || (start !== '' && /html/i.test(String(headers['content-type'])))
}

function unparsable(checked: CheckedReply): UnknownAnswer {
  const { status } = checked.reply
  return unknownAnswer(
    'unparsable',
    `Cannot ${checked.attempt}: the HTTP ${status} answer is not of the expected shape`,
    { evidence: evidenceOf(checked) },
  )
}

function refused(checked: CheckedReply): Extract<Closing, { kind: 'refused' }> {
  const { code, message } = errorOf(checked.reply.body)
  const status = `HTTP_${checked.reply.status}`
  return {
    kind: 'refused',
    code: code ?? status,
    message: message ?? '',
    evidence: evidenceOf(checked),
  }
}

function evidenceOf({ reply, verification }: CheckedReply): Evidence {
  return replyEvidence(reply, verification.kind === 'valid' ? verification.serial : null)
}
