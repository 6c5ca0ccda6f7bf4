import type { Random } from '../clock/random.ts'
import { drawOddity, type Oddity } from '../gateway/oddity.ts'
import type { SimMerchant } from '../merchants/merchant.ts'
import { hasFalseAbsence } from '../merchants/rates.ts'
import type { Scenario } from './scenario.ts'

/** What the payer, the merchant's system and the gateway will do with one order. Times count from its creation. */
export interface OrderPlan {
  readonly kind: PlannedOutcome
  /** How budan gets the order. */
  readonly arrival: 'placed' | 'adopted'
  readonly payAfterMs: number
  /** An adopted order without a known end. */
  readonly isEndless: boolean
  /** How long the gateway accepts a payment, unless the trade is closed before. */
  readonly openMs: number
  /** After its end the gateway answers CLOSED; otherwise it answers NOTPAY for ever. */
  readonly closesItself: boolean
  /** The app id of the trade. */
  readonly appid: string
  /** The fact that the adoption request gets wrong, until an operator corrects it. */
  readonly mistake: 'user' | 'amount' | 'appid' | null
  /** Whether the trade names the user in `attach`, as the merchant's system writes it. */
  readonly attach: 'right' | 'wrong' | 'absent'
  /** Unusual values in fields of the trade that no decision depends on. */
  readonly oddity: Oddity | null
}

export type PlannedOutcome =
  | 'unpaid'
  | 'paid'
  | 'paid_at_the_end' // around its end, possibly during the close
  | 'paid_before_close' // between the last query and the close
  | 'paid_late' // hours or days after its end, unless it was closed
  | 'paid_after_close' // the gateway accepts money for a closed trade, against its own rules
  | 'paid_after_watch' // the same, for a trade that is no longer watched
  | 'paid_slowly' // a payment under way for a while, then paid
  | 'pay_failed' // a payment under way that fails
  | 'paid_wrong_amount'
  | 'paid_wrong_currency'
  | 'paid_wrong_appid'
  | 'paid_wrong_mchid'
  | 'refunded'
  | 'paid_twice' // a second payment, with another transaction id
  | 'closed_there' // by the merchant's system, or another client that placed it
  | 'revoked_there'
  | 'unlisted_then_paid'
  | 'unlisted_then_unpaid'
  | 'appears_late' // at first the gateway answers "no such order"
  | 'forgotten' // the gateway falsely answers "no such order" for a while, then that it is paid
  | 'refused_prepay' // the gateway refuses it until it is placed under another number
  | 'absent' // the gateway never gets it

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

export function drawOrderPlan(
  random: Random,
  { scenario, merchant }: { scenario: Scenario; merchant: SimMerchant },
): OrderPlan {
  const drawn = drawKind(random)
  const kind = drawn === 'forgotten' && hasFalseAbsence(merchant.outages) ? 'paid' : drawn
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

/** One of many adopted orders that the gateway mostly does not know; it gets a tenth of them later. */
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

/** No trade can be paid for longer than this. */
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
