import type { Random } from '../clock/random.ts'
import { appids } from '../gateway/gateway-order.ts'
import { drawMerchants, type SimMerchant } from '../merchants/merchant.ts'
import { drawOutages, drawRates, noRates, type Outage, type Rates } from '../merchants/rates.ts'

const secondMs = 1000
const minuteMs = 60 * secondMs
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** What a seed draws: the configuration of budan, and the rates of all faults. */
export interface Scenario {
  readonly kind: 'postgres' | 'pglite'
  /** Weeks instead of an hour: long enough for the end of an order's watch and for its late checks. */
  readonly isLong: boolean
  readonly nodeCount: number
  readonly orderCount: number
  /** How many additional orders are adopted that the gateway does not know. */
  readonly unknownOrderCount: number
  /** The shares of adopted orders without a known end, and with a mistake in the request. */
  readonly endlessShare: number
  readonly mistakeShare: number
  /** Whose orders the nodes have, each with a gateway of its own. */
  readonly merchants: readonly [SimMerchant, ...SimMerchant[]]
  /** Nodes start without a merchant, with another name for it, or with a wrong key of it. */
  readonly hasConfigFaults: boolean
  /** Trades have unusual values in fields that no decision depends on. */
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
  /** Orders are created during this time. */
  readonly arrivalMs: number
  /** Faults stop after this time. */
  readonly faultyMs: number
  /** The longest time between two actions of operators. */
  readonly operatorGapMsMax: number
  readonly databaseSkewMs: number
  readonly nodeSkewMsMax: number
  readonly callbackLoss: number
  /** Whether callbacks arrive after the faults have stopped; otherwise only the job finds payments. */
  readonly callbacksHeal: boolean
  /** Of the nodes, the database and the first gateway. */
  readonly rates: Rates
  /** Periods in which every call of one kind fails. */
  readonly outages: readonly Outage[]
}

/** Draws the scenario of one seed. The plans of its orders are drawn in `order-plan.ts`. */
export function drawScenario(random: Random): Scenario {
  const kind = random.chance(0.15) ? 'pglite' : 'postgres'
  const isLong = random.chance(0.06)
  const timing = isLong ? drawLongTiming(random) : drawTiming(random)
  const { faultyMs, recharge } = timing
  const hasUnknownOrders = random.chance(0.05)
  const isFaultless = random.chance(0.08)
  const outages = isFaultless ? [] : drawOutages(random, faultyMs)
  const rates = isFaultless ? noRates : drawRates(random, outages)
  const adoptAttach = random.chance(0.25) ? 'uid={user_id}' : null
  const merchants = drawMerchants(random, {
    ...{ faultyMs, first: { rates, outages } },
    // `adopt_attach` names the user as the merchant does, without a prefix.
    hasPrefixes: adoptAttach === null && random.chance(0.5),
  })
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
    adoptAttach,
    merchants,
    hasConfigFaults: merchants.length > 1 && !isFaultless && random.chance(0.5),
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

/** Hours between runs, so that weeks have no more runs to simulate than a short world has. */
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

/** Fewer for small batches: in batches of one, each order would take a run of its own. */
function drawUnknownOrderCount(random: Random, batchSize: number): number {
  return Math.round(random.skewed(10, batchSize < 3 ? 30 : batchSize < 10 ? 80 : 250))
}
