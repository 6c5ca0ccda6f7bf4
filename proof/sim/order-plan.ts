import type { Random } from './clock/random.ts'
import { drawOddity, type Oddity } from './gateway/oddity.ts'
import { hasFalseAbsence, type Scenario } from './scenario.ts'

/** What the payer, the shop and the gateway will do with one order. Times are from its creation. */
export interface OrderPlan {
  readonly kind: PlannedOutcome
  /** How it comes to budan. */
  readonly arrival: 'placed' | 'adopted'
  readonly payAfterMs: number
  /** An adopted order for which nobody says when it ends. */
  readonly isEndless: boolean
  /** For how long the gateway takes money for its trade, unless somebody closes it before. */
  readonly openMs: number
  /** At its end the gateway says CLOSED, and not NOTPAY for ever. */
  readonly closesItself: boolean
  /** Which of the app ids. */
  readonly appid: string
  /** What was told wrongly when it was adopted, until somebody corrects it. */
  readonly mistake: 'user' | 'amount' | 'appid' | null
  /** Whether its trade carries the user in `attach`, as the shop's orders do. */
  readonly attach: 'right' | 'wrong' | 'absent'
  /** What is odd about the trade, and decides nothing. */
  readonly oddity: Oddity | null
}

export type PlannedOutcome =
  | 'unpaid'
  | 'paid'
  | 'paid_at_the_end' // around its end, while it may be being closed
  | 'paid_before_close' // between the last question and the close
  | 'paid_late' // hours or days after its end, if nobody closed it
  | 'paid_after_close' // the gateway breaks its word: money for a closed trade
  | 'paid_after_watch' // and for one that nobody watches any more
  | 'paid_slowly' // a payment under way for a while, then paid
  | 'pay_failed' // a payment under way that fails
  | 'paid_wrong_amount'
  | 'paid_wrong_currency'
  | 'paid_wrong_appid'
  | 'paid_wrong_mchid'
  | 'refunded'
  | 'paid_twice' // a second payment, with another transaction id
  | 'closed_there' // by the shop, or whoever placed it
  | 'revoked_there'
  | 'unlisted_then_paid'
  | 'unlisted_then_unpaid'
  | 'appears_late' // the gateway knows no such order at first
  | 'forgotten' // it knows it, says for a while that it does not, and then that it is paid
  | 'refused_prepay' // the gateway will not have it, until it is placed under another number
  | 'absent' // it never gets there

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs

const weights: readonly (readonly [PlannedOutcome, number])[] = [
  ['unpaid', 24],
  ['paid', 20],
  ['paid_at_the_end', 8],
  ['paid_before_close', 5],
  ['paid_late', 4],
  ['paid_after_close', 2],
  ['paid_after_watch', 2],
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
  ['refused_prepay', 3],
  ['absent', 3],
]

const weightSum = weights.reduce((sum, [, weight]) => sum + weight, 0)

export function drawOrderPlan(random: Random, scenario: Scenario): OrderPlan {
  const drawn = drawKind(random)
  const kind = drawn === 'forgotten' && hasFalseAbsence(scenario.outages) ? 'paid' : drawn
  const arrival = drawArrival(random, kind)
  const isEndless = arrival === 'adopted' && random.chance(scenario.endlessShare)
  return {
    ...{ kind, arrival, isEndless },
    payAfterMs: payAfterMs(random, { kind, isEndless, scenario }),
    ...drawTradeFacts(random, { isEndless, scenario }),
    mistake:
      arrival === 'adopted' && random.chance(scenario.mistakeShare)
        ? random.pick(['user', 'amount', 'appid'])
        : null,
  }
}

/** One of many numbers that somebody adopted, and that the gateway has not; a few it comes to have. */
export function drawUnknownOrderPlan(random: Random, scenario: Scenario): OrderPlan {
  const kind = random.chance(0.9) ? 'absent' : random.pick(['appears_late', 'paid'] as const)
  const isEndless = random.chance(0.7)
  return {
    ...{ kind, arrival: 'adopted', isEndless, mistake: null },
    payAfterMs: payAfterMs(random, { kind, isEndless: false, scenario }),
    ...drawTradeFacts(random, { isEndless, scenario }),
  }
}

function drawKind(random: Random): PlannedOutcome {
  let left = random.next() * weightSum
  for (const [kind, weight] of weights) {
    left -= weight
    if (left < 0) return kind
  }
  return 'unpaid'
}

function drawArrival(random: Random, kind: PlannedOutcome): OrderPlan['arrival'] {
  if (kind === 'appears_late' || kind === 'forgotten' || kind === 'paid_after_watch')
    return 'adopted'
  if (kind === 'refused_prepay') return 'placed'
  return random.chance(0.4) ? 'adopted' : 'placed'
}

/** No trade can be paid for longer, whatever became of it here. */
const openDaysMax = 15

function drawTradeFacts(
  random: Random,
  { isEndless, scenario }: { isEndless: boolean; scenario: Scenario },
): Pick<OrderPlan, 'openMs' | 'closesItself' | 'appid' | 'attach' | 'oddity'> {
  return {
    openMs: (isEndless ? random.between(0.02, openDaysMax) : openDaysMax) * dayMs,
    closesItself: random.chance(0.5),
    appid: random.pick(scenario.appids),
    attach: random.chance(0.85) ? 'right' : random.pick(['wrong', 'absent']),
    oddity: scenario.isOdd
      ? drawOddity(random, { attachDecides: scenario.adoptAttach !== null })
      : null,
  }
}

function payAfterMs(
  random: Random,
  { kind, isEndless, scenario }: { kind: PlannedOutcome; isEndless: boolean; scenario: Scenario },
): number {
  const ttlMs = scenario.recharge.orderTtlMins * minuteMs
  if (isEndless && scenario.isLong) {
    if (kind === 'paid_after_watch') return random.between(16, 50) * dayMs
    return random.skewed(1000, 14 * dayMs)
  }
  switch (kind) {
    case 'paid_at_the_end':
      return ttlMs + random.between(-2, 4) * minuteMs
    case 'paid_late':
      return ttlMs + random.skewed(10, 6 * 24 * 60) * minuteMs
    case 'paid_after_close':
    case 'paid_after_watch':
      return ttlMs + random.between(2, 40) * minuteMs
    default:
      return random.skewed(1000, ttlMs)
  }
}
