import type { Random } from '../clock/random.ts'
import { drawOutages, drawRates, type Outage, type OutageKind, type Rates } from './rates.ts'

/** One merchant of a world, with the faults of its gateway. */
export interface SimMerchant {
  /** From 0. */
  readonly place: number
  readonly mchid: string
  /** The merchant number in the trades of another merchant: of a real one where there is one. */
  readonly otherMchid: string
  /** Its name in the configuration, and the one that it has on some nodes for a while. */
  readonly name: string
  readonly otherName: string
  readonly userPrefix: string | null
  /** Whose keys its callbacks are signed and encrypted with: merchants may share them. */
  readonly keyId: string
  /** The clock of its gateway minus the true time. */
  readonly clockMs: number
  readonly rates: Rates
  readonly outages: readonly Outage[]
  /** What stays wrong when all other faults have stopped: it must hold up no other merchant. */
  readonly lasting: LastingFault | null
}

/** `removed`: no node has the merchant in its configuration. */
export type LastingFault = OutageKind | 'removed'

const lastingFaults: readonly [LastingFault, ...LastingFault[]] = [
  'gateway_silent',
  'gateway_errors',
  'gateway_throttles',
  'gateway_refuses_client',
  'gateway_keyless',
  'removed',
]

export type FaultsOfMerchant = Pick<SimMerchant, 'rates' | 'outages'>

/** One merchant in nearly half of the worlds. At least one of several has no lasting fault. */
export function drawMerchants(
  random: Random,
  given: { faultyMs: number; first: FaultsOfMerchant; hasPrefixes: boolean },
): readonly [SimMerchant, ...SimMerchant[]] {
  const count = random.pick([1, 1, 1, 2, 2, 3, 4])
  const sound = random.whole(0, count - 1)
  const sharedKeys = random.chance(0.5)
  const draw = (place: number): SimMerchant => ({
    ...{ place, mchid: mchidAt(place) },
    otherMchid: count === 1 ? '1900000002' : mchidAt((place + 1) % count),
    ...{ name: `m-${place}`, otherName: `renamed-${place}` },
    userPrefix: given.hasPrefixes && count > 1 && random.chance(0.6) ? `${place}:` : null,
    keyId: sharedKeys ? 'shared' : `keys-${place}`,
    clockMs: place === 0 ? 0 : random.pick([0, 30_000, -600_000]),
    ...(place === 0 ? given.first : drawFaults(random, given.faultyMs)),
    lasting: place !== sound && random.chance(0.4) ? random.pick(lastingFaults) : null,
  })
  return [draw(0), ...Array.from({ length: count - 1 }, (_, nth) => draw(nth + 1))]
}

function drawFaults(random: Random, faultyMs: number): FaultsOfMerchant {
  const outages = random.chance(0.3) ? [] : drawOutages(random, faultyMs)
  return { outages, rates: drawRates(random, outages) }
}

function mchidAt(place: number): string {
  return `190000000${2 * place + 1}`
}
