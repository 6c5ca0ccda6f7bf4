import type { Random } from './clock/random.ts'
import { appids } from './gateway/gateway-order.ts'

const secondMs = 1000
const minuteMs = 60 * secondMs
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** What a seed makes of the world: how budan is configured, and how often what goes wrong. */
export interface Scenario {
  readonly kind: 'postgres' | 'pglite'
  /** Weeks instead of an hour: long enough to stop watching an order, and for its late checks. */
  readonly isLong: boolean
  readonly nodeCount: number
  readonly orderCount: number
  /** So many more numbers are adopted that the gateway does not know. */
  readonly unknownOrderCount: number
  /** Of the adopted orders, those without a known end, and those that were told wrongly. */
  readonly endlessShare: number
  readonly mistakeShare: number
  /** Trades carry odd things in what decides nothing. */
  readonly isOdd: boolean
  readonly appids: readonly [string, ...string[]]
  readonly adoptPrefixes: readonly string[] | null
  readonly adoptAttach: string | null
  readonly recharge: {
    readonly compensationIntervalMins: number
    readonly compensationThresholdMins: number
    readonly compensationBatchSize: number
    readonly compensationConcurrency: number
    readonly compensationRecheckMins: readonly number[]
    readonly orderTtlMins: number
  }
  readonly drain: boolean
  readonly timeoutMs: number
  readonly hasOnPaid: boolean
  /** Orders come in over this time. */
  readonly arrivalMs: number
  /** Faults stop after this. */
  readonly faultyMs: number
  /** At most so long between two things that people do. */
  readonly operatorGapMsMax: number
  readonly databaseSkewMs: number
  readonly nodeSkewMsMax: number
  readonly callbackLoss: number
  /** Once faults have stopped, do callbacks come through, or is there the job alone? */
  readonly callbacksHeal: boolean
  readonly rates: Rates
  /** Stretches of time in which everything of a kind fails. */
  readonly outages: readonly Outage[]
}

export interface Outage {
  readonly kind: OutageKind
  readonly fromMs: number
  readonly toMs: number
}

export type OutageKind =
  | 'gateway_silent'
  | 'gateway_errors'
  | 'gateway_throttles'
  | 'gateway_refuses_client'
  | 'gateway_keyless'
  | 'gateway_false_absence'
  | 'database_down'
  | 'nodes_down'

/** Probabilities, of each time that the thing could happen. */
export type Rates = Readonly<Record<keyof typeof rateMax, number>>

/** As bad as a seed may make it. */
const rateMax = {
  queryLost: 0.15,
  answerLost: 0.15,
  answerLate: 0.1,
  serverError: 0.2,
  throttled: 0.1,
  refusedOnce: 0.05,
  garbage: 0.1,
  lookalike: 0.1,
  probe: 0.1,
  otherTrade: 0.02,
  falseAbsence: 0.05,
  statementFails: 0.02,
  statementAckLost: 0.02,
  commitAckLost: 0.08,
  commitLost: 0.05,
  conflict: 0.05,
  crash: 0.008,
  crashInCommit: 0.04,
  pause: 0.001,
  onPaidFails: 0.1,
  forgedCallback: 0.5,
  duplicateCallback: 0.4,
  replayedCallback: 0.3,
} as const

/** Fates are drawn with these weights; see `plan.ts`. */
export function drawScenario(random: Random): Scenario {
  const kind = random.chance(0.15) ? 'pglite' : 'postgres'
  const isLong = random.chance(0.06)
  const timing = isLong ? drawLongTiming(random) : drawTiming(random)
  const { faultyMs, recharge } = timing
  const hasUnknownOrders = random.chance(0.05)
  const isFaultless = random.chance(0.08)
  const outages = isFaultless ? [] : drawOutages(random, faultyMs)
  const rates = isFaultless ? noRates : drawRates(random, outages)
  return {
    ...{ kind, isLong },
    nodeCount: kind === 'pglite' ? 1 : random.pick([2, 2, 3, 3, 4]),
    orderCount: Math.round(random.skewed(5, isLong ? 15 : 40)),
    unknownOrderCount: hasUnknownOrders
      ? drawUnknownOrderCount(random, recharge.compensationBatchSize)
      : 0,
    endlessShare: isLong ? 0.8 : random.pick([0, 0.2, 0.5]),
    mistakeShare: random.pick([0, 0, 0.3]),
    isOdd: random.chance(0.4),
    appids: random.chance(0.5) ? appids : [appids[0]],
    adoptPrefixes: random.chance(0.3) ? ['SITE', 'OLD-'] : null,
    adoptAttach: random.chance(0.25) ? 'uid={user_id}' : null,
    recharge,
    drain: random.chance(0.3),
    timeoutMs: random.pick([1000, 5000, 5000]),
    hasOnPaid: random.chance(0.3),
    arrivalMs: timing.arrivalMs,
    faultyMs,
    operatorGapMsMax: timing.operatorGapMsMax,
    databaseSkewMs: isFaultless || random.chance(0.4) ? 0 : random.between(-4, 4) * minuteMs,
    nodeSkewMsMax:
      isFaultless || random.chance(0.4) ? 0 : random.pick([5 * secondMs, hourMs, 40 * hourMs]),
    callbackLoss: random.pick([0, 0.5, 0.9, 1, 1]),
    callbacksHeal: random.chance(0.5),
    rates,
    outages,
  }
}

type Timing = Pick<Scenario, 'recharge' | 'arrivalMs' | 'faultyMs' | 'operatorGapMsMax'>

function drawTiming(random: Random): Timing {
  const orderTtlMins = random.pick([5, 5, 10, 20])
  const recheckMins = random.pick<readonly number[]>([
    [5, 5, 10, 15, 30],
    [1, 2, 5, 10],
    [2],
    [1, 1, 3, 20],
    [10, 1],
  ])
  return {
    recharge: {
      ...drawBatch(random),
      compensationIntervalMins: random.pick([1, 1, 2, 5]),
      compensationThresholdMins: random.pick([0.5, 1, 2, 5]),
      compensationRecheckMins: recheckMins,
      orderTtlMins,
    },
    arrivalMs: random.between(1, 10) * minuteMs,
    faultyMs: (orderTtlMins + random.skewed(4, 60)) * minuteMs,
    operatorGapMsMax: 15 * minuteMs,
  }
}

/** Hours between runs: there are no more of them in these weeks than elsewhere in some hours. */
function drawLongTiming(random: Random): Timing {
  const intervalMins = random.pick([120, 240, 720])
  return {
    recharge: {
      ...drawBatch(random),
      compensationIntervalMins: intervalMins,
      compensationThresholdMins: random.pick([5, 60]),
      compensationRecheckMins: random.pick<readonly number[]>([
        [intervalMins, 1440],
        [60, 360, 1440],
        [720],
      ]),
      orderTtlMins: random.pick([20, 300, 1440]),
    },
    arrivalMs: random.between(0.1, 2) * dayMs,
    faultyMs: random.between(17, 50) * dayMs,
    operatorGapMsMax: 4 * dayMs,
  }
}

function drawBatch(
  random: Random,
): Pick<Scenario['recharge'], 'compensationBatchSize' | 'compensationConcurrency'> {
  return {
    compensationBatchSize: random.pick([1, 2, 3, 5, 10, 50]),
    compensationConcurrency: random.pick([1, 2, 5]),
  }
}

/** In batches of one each of them would have a run of its own. */
function drawUnknownOrderCount(random: Random, batchSize: number): number {
  return Math.round(random.skewed(10, batchSize < 3 ? 30 : batchSize < 10 ? 80 : 250))
}

/** Each seed has a mix of its own: most faults are off in it, so that one does not hide another. */
function drawRates(random: Random, outages: readonly Outage[]): Rates {
  const share = random.pick([0.15, 0.4, 0.8])
  const drawn = Object.entries(rateMax).map(([name, max]) => [
    name,
    random.chance(share) ? max * random.next() ** 2 : 0,
  ])
  const rates = Object.fromEntries(drawn) as Rates
  // "No such order" at both edges of such an outage, and a lapse besides, is more than is promised.
  return hasFalseAbsence(outages) ? { ...rates, falseAbsence: 0 } : rates
}

export function hasFalseAbsence(outages: readonly Outage[]): boolean {
  return outages.some(({ kind }) => kind === 'gateway_false_absence')
}

export const noRates = Object.fromEntries(
  Object.keys(rateMax).map((name) => [name, 0]),
) as unknown as Rates

const outageKinds = [
  'gateway_silent',
  'gateway_errors',
  'gateway_throttles',
  'gateway_refuses_client',
  'gateway_keyless',
  'gateway_false_absence',
  'database_down',
  'nodes_down',
] as const

/** An outage of all nodes may take days: nothing ticks meanwhile, so it costs nothing to simulate. */
const nodesDownMsMax = 6 * dayMs

/** Each node tries again four times a minute, which takes its time to simulate. */
const databaseDownMsMax = dayMs / 2

function drawOutages(random: Random, faultyMs: number): readonly Outage[] {
  const count = random.pick([0, 0, 1, 1, 2, 3])
  const kinds = new Set(Array.from({ length: count }, () => random.pick(outageKinds)))
  return [...kinds].map((kind) => {
    const fromMs = random.between(0, faultyMs * 0.9)
    const lengthMs =
      kind === 'nodes_down' && random.chance(0.4)
        ? random.between(hourMs, nodesDownMsMax)
        : random.pick([random.skewed(5 * secondMs, faultyMs), random.between(0.1, 0.7) * faultyMs])
    const endMs = kind === 'database_down' ? Math.min(lengthMs, databaseDownMsMax) : lengthMs
    return { kind, fromMs, toMs: fromMs + endMs }
  })
}
