import type { Random } from './clock/random.ts'
import { hasForgetting, type Scenario } from './scenario.ts'

/** What the payer, and the gateway, will do with one order. Times are from the order's creation. */
export interface Fate {
  readonly kind: FateKind
  /** How it comes to budan. */
  readonly arrival: 'placed' | 'adopted'
  readonly payAfterMs: number
}

export type FateKind =
  | 'unpaid'
  | 'paid'
  | 'paid_at_the_end' // around its end, while it may be being closed
  | 'paid_before_close' // between the last question and the close
  | 'paid_late' // hours or days after its end, if nobody closed it
  | 'paid_after_close' // the gateway breaks its word: money for a closed trade
  | 'paid_slowly' // a payment under way for a while, then paid
  | 'pay_failed' // a payment under way that fails
  | 'paid_wrong_amount'
  | 'paid_wrong_currency'
  | 'paid_wrong_appid'
  | 'paid_wrong_mchid'
  | 'refunded'
  | 'paid_twice' // a second payment, with another transaction id
  | 'closed_there'
  | 'revoked_there'
  | 'unlisted_then_paid'
  | 'unlisted_then_unpaid'
  | 'appears_late' // the gateway knows no such order at first
  | 'forgotten' // it knows it, says for a while that it does not, and then that it is paid
  | 'absent' // it never gets there

const minuteMs = 60_000

const weights: readonly (readonly [FateKind, number])[] = [
  ['unpaid', 24],
  ['paid', 20],
  ['paid_at_the_end', 8],
  ['paid_before_close', 5],
  ['paid_late', 4],
  ['paid_after_close', 2],
  ['paid_slowly', 5],
  ['pay_failed', 3],
  ['paid_wrong_amount', 4],
  ['paid_wrong_currency', 1],
  ['paid_wrong_appid', 1],
  ['paid_wrong_mchid', 1],
  ['refunded', 4],
  ['paid_twice', 3],
  ['closed_there', 3],
  ['revoked_there', 1],
  ['unlisted_then_paid', 2],
  ['unlisted_then_unpaid', 1],
  ['appears_late', 3],
  ['forgotten', 2],
  ['absent', 3],
]

const weightSum = weights.reduce((sum, [, weight]) => sum + weight, 0)

export function drawFate(random: Random, { recharge, outages }: Scenario): Fate {
  const drawn = drawKind(random)
  const kind = drawn === 'forgotten' && hasForgetting(outages) ? 'paid' : drawn
  const ttlMs = recharge.orderTtlMins * minuteMs
  const adopted = kind === 'appears_late' || kind === 'forgotten' || random.chance(0.4)
  return {
    kind,
    arrival: adopted ? 'adopted' : 'placed',
    payAfterMs: payAfterMs(random, { kind, ttlMs }),
  }
}

function drawKind(random: Random): FateKind {
  let left = random.next() * weightSum
  for (const [kind, weight] of weights) {
    left -= weight
    if (left < 0) return kind
  }
  return 'unpaid'
}

function payAfterMs(random: Random, { kind, ttlMs }: { kind: FateKind; ttlMs: number }): number {
  switch (kind) {
    case 'paid_at_the_end':
      return ttlMs + random.between(-2, 4) * minuteMs
    case 'paid_late':
      return ttlMs + random.skewed(10, 6 * 24 * 60) * minuteMs
    case 'paid_after_close':
      return ttlMs + random.between(2, 40) * minuteMs
    default:
      return random.skewed(1000, ttlMs)
  }
}
