import type { Random } from '../../proof/sim/clock/random.ts'

/** A kind of payers: when they pay. */
export interface Payers {
  readonly name: string
  readonly about: string
  /** Minutes from the order to its payment; one beyond the order's life is drawn again. */
  readonly payAfterMins: (random: Random) => number
}

/** A shopper who pays by phone does so within a minute or two; one in a hundred takes ten. */
const checkout = (random: Random) => lognormal(random, { median: 1, sigma: 1 })

/**
 * Nobody publishes when WeChat Pay's payers pay. Each of these makes one thing hard for a schedule;
 * the parameters are from WeChat Pay's advice to stop asking after half an hour, and beyond it.
 */
export const allPayers: readonly Payers[] = [
  {
    name: 'counter',
    about: 'a code on the counter: lognormal, median 15 s, σ 0.6',
    payAfterMins: (random) => lognormal(random, { median: 0.25, sigma: 0.6 }),
  },
  {
    name: 'checkout',
    about: 'a web shop: lognormal, median 60 s, σ 1, so that one in a hundred takes ten minutes',
    payAfterMins: checkout,
  },
  {
    name: 'hesitant',
    about: 'as *checkout*, but 20 % think it over: exponential, 15 minutes on average',
    payAfterMins: mixture({ share: 0.2, of: (random) => exponential(random, 15) }),
  },
  {
    name: 'slow',
    about: 'as *checkout*, but 20 % take 20 minutes on average: some of them an hour',
    payAfterMins: mixture({ share: 0.2, of: (random) => exponential(random, 20) }),
  },
  {
    name: 'last minute',
    about: 'as *checkout*, but 5 % pay within the last 15 minutes, as after a reminder',
    payAfterMins: mixture({ share: 0.05, of: (random) => random.between(105, 120) }),
  },
  {
    name: 'any time',
    about:
      'as *checkout*, but 5 % pay at any moment of the two hours: the hardest for few questions',
    payAfterMins: mixture({ share: 0.05, of: (random) => random.between(0, 120) }),
  },
]

function mixture({ share, of }: { share: number; of: Payers['payAfterMins'] }) {
  return (random: Random) => (random.chance(share) ? of(random) : checkout(random))
}

function lognormal(random: Random, { median, sigma }: { median: number; sigma: number }): number {
  return median * Math.exp(sigma * normal(random))
}

function exponential(random: Random, mean: number): number {
  return -mean * Math.log(1 - random.next())
}

/** By Box and Muller. */
function normal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()))
  return radius * Math.cos(2 * Math.PI * random.next())
}
