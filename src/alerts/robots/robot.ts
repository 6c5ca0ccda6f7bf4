import type { RateLimit } from '../limit.ts'
import type { Message } from '../message.ts'

/** A kind of receiver: how a message is written for it, and what its answer means. */
export interface Robot {
  readonly limits: readonly RateLimit[]
  /** Of a text. */
  readonly bytesMax: number
  /** @param at the time of this attempt, which some of them sign. */
  request(message: Message, at: Date): RobotRequest
  judge(answer: RobotAnswer): Verdict
}

export interface RobotRequest {
  readonly method: 'POST' | 'GET'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface RobotAnswer {
  readonly status: number
  /** The beginning of it. */
  readonly body: string
}

/** `reason` is what it answered, for the log. */
export type Verdict =
  | { readonly kind: 'taken' }
  /** Too many: nothing more is to be sent for this time. */
  | { readonly kind: 'limited'; readonly reason: string; readonly holdMs: number }
  | { readonly kind: 'refused'; readonly reason: string }

/**
 * By the code in the body: the robots answer 200 to what they refuse, too. An answer without any code, such
 * as a page of a proxy, is a refusal.
 */
export function judgeByCode(
  { status, body }: RobotAnswer,
  { codes, messages, limited }: CodedAnswer,
): Verdict {
  const fields = fieldsOf(body)
  const code = codes.map((name) => fields[name]).find((value) => typeof value === 'number')
  if (code === undefined) return { kind: 'refused', reason: `HTTP ${status}, and no code` }
  if (code === 0) return { kind: 'taken' }
  const message = messages.map((name) => fields[name]).find((value) => typeof value === 'string')
  const reason = message === undefined ? `${code}` : `${code}: ${String(message).slice(0, 200)}`
  const holdMs = limited[String(code)]
  return holdMs === undefined ? { kind: 'refused', reason } : { kind: 'limited', reason, holdMs }
}

interface CodedAnswer {
  /** Names of the member that has the code, the usual one first. */
  readonly codes: readonly string[]
  readonly messages: readonly string[]
  /** Codes for "too many", and how long nothing is taken then. */
  readonly limited: Readonly<Record<string, number>>
}

function fieldsOf(body: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(body)
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {}
  } catch {
    return {}
  }
}

export function jsonPost(url: string, body: object, headers = {}): RobotRequest {
  return {
    ...{ method: 'POST', url, body: JSON.stringify(body) },
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  }
}
