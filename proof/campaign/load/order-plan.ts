import type { Chance } from '../../../packages/simulator/src/chance.ts'

/** What happens to an order at the gateway. */
export const plannedOutcomes = [
  'at_once',
  'in_time',
  /** Paid after the order's end; the gateway accepts the payment all the same. */
  'late',
  'never',
  'wrong_amount',
  'wrong_currency',
  /** Paid and refunded. */
  'refunded',
  /** The trade is closed at the gateway before it is paid. */
  'closed',
  /** Paid a second time, with a second transaction id. */
  'twice',
] as const
export type PlannedOutcome = (typeof plannedOutcomes)[number]

export interface OrderPlan {
  readonly kind: PlannedOutcome
  /** Placed by another system, and adopted. */
  readonly adopted: boolean
  /** The gateway never sends a callback for the payment. */
  readonly callbackLost: boolean
  /** The delay of the first callback. */
  readonly callbackDelayMs: number
  /** A check is requested by hand at some moment. */
  readonly checkedByHand: boolean
  /** When in its time span the payment is made: 0 to 1. */
  readonly moment: number
}

/** In percent. */
const shares: Readonly<Record<PlannedOutcome, number>> = {
  at_once: 42,
  in_time: 16,
  late: 8,
  never: 14,
  wrong_amount: 5,
  wrong_currency: 2,
  refunded: 5,
  closed: 4,
  twice: 4,
}

export function planOrder(chance: Chance, index: number): OrderPlan {
  const draw = (what: string) => chance.fraction('order', index, what)
  return {
    kind: kindAt(100 * draw('kind')),
    adopted: draw('adopted') < 0.25,
    callbackLost: draw('lost') < 0.3,
    callbackDelayMs: draw('delayed') < 0.3 ? 3_000 * draw('delay') : 0,
    checkedByHand: draw('checked') < 0.1,
    moment: draw('moment'),
  }
}

function kindAt(point: number): PlannedOutcome {
  let passed = 0
  for (const kind of plannedOutcomes) {
    passed += shares[kind]
    if (point < passed) return kind
  }
  return 'at_once'
}
