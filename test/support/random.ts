import { randomInt } from 'node:crypto'

const runs = process.env.BUDAN_TEST_RUNS

/**
 * How often a random test tries: a quarter of `full` in `npm test`, ten times as often in `npm run
 * properties`.
 */
export function runsOf(full: number): number {
  return Math.ceil(full * Number(runs ?? 0.25))
}

/**
 * The seed of everything random. `npm test` decides whether a commit is accepted, so it gives the
 * same result for the same commit; new inputs are found by `npm run properties`, `npm run fuzz` and
 * `npm run sim`.
 */
export const testSeed = runs === undefined ? 20_261_129 : randomInt(2 ** 31)
