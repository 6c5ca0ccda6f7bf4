import type { Evidence, UnknownAnswer, UnknownCause, UnknownWhy } from '../domain/trade.ts'

export function unknownAnswer(
  cause: UnknownCause,
  message: string,
  options: { systemic?: boolean; evidence?: Evidence; why?: UnknownWhy | null } = {},
): UnknownAnswer {
  return {
    kind: 'unknown',
    cause,
    ...(options.why && { why: options.why }),
    message,
    systemic: options.systemic ?? false,
    evidence: options.evidence ?? {},
  }
}
