import type { Random } from '../clock/random.ts'

const secondMs = 1000
const hourMs = 3600 * secondMs
const dayMs = 24 * hourMs

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

/** The probability of each fault, for each occasion. */
export type Rates = Readonly<Record<keyof typeof rateMax, number>>

/** The highest probabilities that a seed may draw. */
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
  misdirectedCallback: 1,
  duplicateCallback: 0.4,
  replayedCallback: 0.3,
} as const

/** Most faults are off in each seed, so that one fault does not hide another. */
export function drawRates(random: Random, outages: readonly Outage[]): Rates {
  const share = random.pick([0.15, 0.4, 0.8])
  const drawn = Object.entries(rateMax).map(([name, max]) => [
    name,
    random.chance(share) ? max * random.next() ** 2 : 0,
  ])
  const rates = Object.fromEntries(drawn) as Rates
  // A false absence besides such an outage could give absent answers over a longer time than budan tolerates.
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

/** An outage of all nodes may take days: no node runs meanwhile, so it costs nothing to simulate. */
const nodesDownMsMax = 6 * dayMs

/** Shorter, because each node tries again four times a minute, which is slow to simulate. */
const databaseDownMsMax = dayMs / 2

export function drawOutages(random: Random, faultyMs: number): readonly Outage[] {
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
