import type { Random } from '../../proof/sim/clock/random.ts'

/** A kind of payers, defined by when they pay. */
export interface Payers {
  readonly name: string
  readonly about: string
  /** Whether nearly all of them pay within a quarter of an hour. */
  readonly soon: boolean
  /** Minutes from the order to its payment. A payment after the order's end is drawn again. */
  readonly payAfterMins: (random: Random) => number
}

/** Most payers with a phone pay within a minute or two; one in a hundred takes ten. */
const checkout = (random: Random) => lognormal(random, { median: 1, sigma: 1 })

/**
 * No statistics are published on when WeChat Pay's payers pay. Each kind is difficult for a schedule in
 * one way. The parameters reach and exceed the half hour after which WeChat Pay advises to stop
 * querying. The first three kinds pay soon: in seconds, in a minute, in minutes. Of the others, some
 * pay late.
 */
export const allPayers: readonly Payers[] = [
  {
    name: 'counter',
    about: 'a code on the counter: lognormal, median 15 s, σ 0.6',
    soon: true,
    payAfterMins: (random) => lognormal(random, { median: 0.25, sigma: 0.6 }),
  },
  {
    name: 'checkout',
    about:
      'a web checkout: lognormal, median 60 s, σ 1, so that one in a hundred takes ten minutes',
    soon: true,
    payAfterMins: checkout,
  },
  {
    name: 'unhurried',
    about:
      'reads the order once more, fetches the phone: exponential, 3 minutes, on a page that counts down 15 minutes',
    soon: true,
    payAfterMins: (random) => exponential(random, { mean: 3, max: 15 }),
  },
  {
    name: 'hesitant',
    about: 'as *checkout*, but 20 % think it over: exponential, 15 minutes on average',
    soon: false,
    payAfterMins: mixture({ share: 0.2, of: (random) => exponential(random, { mean: 15 }) }),
  },
  {
    name: 'slow',
    about: 'as *checkout*, but 20 % take 20 minutes on average: some of them an hour',
    soon: false,
    payAfterMins: mixture({ share: 0.2, of: (random) => exponential(random, { mean: 20 }) }),
  },
  {
    name: 'last minute',
    about: 'as *checkout*, but 5 % pay within the last 15 minutes, as after a reminder',
    soon: false,
    payAfterMins: mixture({ share: 0.05, of: (random) => random.between(105, 120) }),
  },
  {
    name: 'any time',
    about:
      'as *checkout*, but 5 % pay at any moment of the two hours: the hardest case for few queries',
    soon: false,
    payAfterMins: mixture({ share: 0.05, of: (random) => random.between(0, 120) }),
  },
]

function mixture({ share, of }: { share: number; of: Payers['payAfterMins'] }) {
  return (random: Random) => (random.chance(share) ? of(random) : checkout(random))
}

function lognormal(random: Random, { median, sigma }: { median: number; sigma: number }): number {
  return median * Math.exp(sigma * normal(random))
}

/** Truncated at `max`: distributed as if values above it were drawn again. */
function exponential(
  random: Random,
  { mean, max = Infinity }: { mean: number; max?: number },
): number {
  return -mean * Math.log(1 - random.next() * (1 - Math.exp(-max / mean)))
}

/** Uses the Box-Muller transform. */
function normal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()))
  return radius * Math.cos(2 * Math.PI * random.next())
}
