import type { Evidence, UnknownAnswer, UnknownCause } from '../trade.ts'

export function unknownAnswer(
  cause: UnknownCause,
  message: string,
  options: { systemic?: boolean; evidence?: Evidence } = {},
): UnknownAnswer {
  return {
    kind: 'unknown',
    cause,
    message,
    systemic: options.systemic ?? false,
    evidence: options.evidence ?? {},
  }
}
