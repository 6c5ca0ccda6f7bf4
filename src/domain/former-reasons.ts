import { refundStarted } from './decide.ts'
import { formatFen } from './money.ts'

/**
 * Timelines are never changed, so they hold reasons in the words of former versions. Two of those
 * mislead: amounts stand in fen without saying so, and a refund was called "on its way back", of
 * which nobody knows how much it is, nor whether it succeeds. People read them in today's words.
 */
export function restated(reason: string): string {
  return reason
    .replace(formerAmounts, (_, before: string, theirs: string, ours: string) => {
      return `${before}amount ${yuanOf(theirs)}, ordered ${yuanOf(ours)}`
    })
    .replace(formerRefund, `$1${refundStarted}`)
}

/** Nothing but the whole reason: others' words may look like a part of it. */
const formerAmounts =
  /^((?:refused to [a-z]+: )?(?:paid, but not as ordered|paid already, and now another payment): )amount (\d+|absent), ordered (\d+)$/
const formerRefund =
  /^((?:refused to [a-z]+: )?it was paid(?: after it expired)?, and )the money is on its way back$/

function yuanOf(fen: string): string {
  return fen === 'absent' ? fen : formatFen(BigInt(fen))
}
